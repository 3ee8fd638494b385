"""The benchmarks run from end to end, in the smallest size there is."""

import json
import subprocess
import sys
from pathlib import Path

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
    assert {"concurrency 5", "free 5", "memory memory", "tls sync", "tls async", "tls 5"} <= groups
    assert {"protocols google-generative-ai", "protocols anthropic-messages"} <= groups
    assert set(found["samples"]["concurrency 5 paced cpu"]) >= {"alchemy", "raw bytes", "Rust floor"}
    assert found["samples"]["burst sync events-1000 cpu"].keys() == {"alchemy", "raw bytes", "Rust floor"}
    assert all(value >= 0 for value in found["samples"]["concurrency 5 paced late_ms p50"]["alchemy"])
    assert "5 paced streams, one core" in done.stdout
    assert "## TLS and HTTP/2" in (tmp_path / "latest.md").read_text(encoding="utf-8")
