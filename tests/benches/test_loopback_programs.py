"""The programs of the benchmarks' provider end when they should, and say what they read."""

import json
import subprocess

import pytest

# The first test waits for the programs to be built.
pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize(
    ("arguments", "events"), [(["--streams", "50", "--events", "10", "--pause", "5"], 500), (["--burst", "3000"], 3000)]
)
def test_the_floor_reads_streams_to_their_end(programs, provider, arguments, events):
    """`alchemy-floor` reads every byte of its streams and says what it took."""
    provider.reset()
    command = [programs["alchemy-floor"], str(provider.port), *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60)
    figures = json.loads(done.stdout)
    assert set(figures) == {"wall_seconds", "cpu_seconds", "events", "bytes"}
    assert figures["events"] == events == provider.stats()["events"]
    assert 280 * events < figures["bytes"] < 500 * events
    assert 0 <= figures["cpu_seconds"] <= figures["wall_seconds"]


def test_the_provider_ends_by_itself(programs):
    """Without words on its input it ends; so it does after `--seconds`, and at once where its arguments are wrong."""
    binary = programs["alchemy-loopback"]
    done = subprocess.run([binary], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.startswith("port ")
    with subprocess.Popen([binary, "--seconds", "1"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.wait(30) == 0
    wrong = subprocess.run([binary, "--port", "1"], capture_output=True, text=True, timeout=30, check=False)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("alchemy-loopback: unknown argument")
    assert wrong.stderr.count("\n") == 1
