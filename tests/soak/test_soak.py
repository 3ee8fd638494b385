"""Twenty seconds of faults at random: every outcome is true, every call ends in time, and nothing grows."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.timeout(240)
def test_twenty_seconds_of_the_soak():
    """The short form of `make soak`."""
    program = [sys.executable, str(Path(__file__).parent / "soak.py"), "--seconds", "20"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    calls = next(line for line in done.stdout.splitlines() if line.startswith("| calls |"))
    assert int(calls.split("|")[2].replace(",", "")) > 200
