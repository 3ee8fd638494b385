"""The benchmarks run from end to end, in the smallest size there is."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import bench_setup
import pytest

RUN = Path(__file__).resolve().parents[2] / "benches" / "run.py"

# The programs are built by whichever test comes first.
pytestmark = pytest.mark.timeout(600)


def test_a_whole_run(programs, tmp_path):
    """Every measure gives figures for alchemy, the raw reader and the floor; nothing fails, and the report is written."""
    here = Path(programs["alchemy-loopback"]).parent
    command = [sys.executable, str(RUN), "--tiny", "--here", str(here), "--results", str(tmp_path)]
    command += ["--only", "alchemy", "raw bytes", "Rust floor"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "latest.json").read_text(encoding="utf-8"))
    wrong = [note for note in found["notes"] if "left out" in note and "uvloop" not in note]
    assert wrong == []
    ours = [measure for measure, names in found["samples"].items() if any(name.startswith("alchemy") for name in names)]
    groups = {" ".join(measure.split()[:2]) for measure in ours}
    assert {"burst sync", "burst async", "tools sync", "threads one", "threads all", "start import"} <= groups
    assert ("awake sync" in groups) == ("awake 5" in groups) == (len(os.sched_getaffinity(0)) > 1)
    assert {"concurrency 5", "free 5", "memory memory", "tls sync", "tls async", "tls 5"} <= groups
    assert {"protocols google-generative-ai", "protocols anthropic-messages"} <= groups
    assert set(found["samples"]["concurrency 5 paced cpu"]) >= {"alchemy", "raw bytes", "Rust floor"}
    assert found["samples"]["burst sync events-1000 cpu"].keys() == {"alchemy", "raw bytes", "Rust floor"}
    assert all(value >= 0 for value in found["samples"]["concurrency 5 paced late_ms p50"]["alchemy"])
    assert "5 paced streams, one core" in done.stdout
    assert "## TLS and HTTP/2" in (tmp_path / "latest.md").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's class of idle processes")
def test_a_core_that_is_kept_awake_belongs_to_whoever_wants_it():
    core = min(os.sched_getaffinity(0))
    with bench_setup.awake([core]) as (process,):
        assert os.sched_getscheduler(process) == os.SCHED_IDLE
        assert os.sched_getaffinity(process) == {core}
        before = ticks(process)
        deadline = time.monotonic() + 60
        while ticks(process) == before:
            assert time.monotonic() < deadline, "it does not run"
            time.sleep(0.05)
    assert not Path(f"/proc/{process}").exists()


def ticks(process):
    """The CPU time of a process so far, in the system's ticks."""
    stat = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    return int(stat.rpartition(")")[2].split()[11])
