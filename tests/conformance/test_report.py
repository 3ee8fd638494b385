"""The page about conformance says what the run gave."""

import subprocess
import sys

import pytest
from corpus import OTHER_SET, RECORDINGS
from report import PAGE, page, results


@pytest.mark.skipif(
    OTHER_SET or not RECORDINGS.is_dir(),
    reason=f"no recordings at {RECORDINGS}, or ALCHEMY_WIRE names another set",
)
@pytest.mark.timeout(240)
def test_the_page_is_up_to_date():
    """`docs/conformance.md` is what `make conformance` would write."""
    assert PAGE.read_text(encoding="utf-8") == page(results()), "run make conformance"


def test_without_recordings_the_run_fails_in_one_line(tmp_path):
    """Where there are no recordings the command says so and writes nothing."""
    before = PAGE.read_bytes()
    child = subprocess.run(
        [sys.executable, PAGE.parents[1] / "tests" / "conformance" / "report.py"],
        env={"ALCHEMY_WIRE": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 1
    assert child.stderr.count("\n") == 1
    assert "no recordings" in child.stderr
    assert PAGE.read_bytes() == before
