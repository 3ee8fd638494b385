"""The page about the lab: its table is the list of faults, its places are places, and its pytest example passes."""

import re
import subprocess
import sys
from pathlib import Path

from alchemy.lab import FAULTS
from alchemy.lab._faults import Place
from test_guide_tables import table

PAGE = Path(__file__).resolve().parents[2] / "docs/guide/lab.md"


def test_the_table_is_the_list():
    """Every kind with its example, its place and what it does, in order; nothing else."""
    told = [(example, row["place"].strip("`"), row["what it does"]) for example, row in table("lab.md", "fault")]
    assert told == [(kind.example, kind.place.strip("-"), kind.meaning) for kind in FAULTS.values()]


def test_places():
    """Every place of the page is one."""
    places = [name for name, _ in table("lab.md", "place")]
    assert len(places) == 7
    assert all(Place.parse(place) for place in places)


def test_the_pytest_example_passes(tmp_path):
    """As a suite of its own, with the fixture from the installed package."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    suites = [block for block in blocks if "def test_" in block]
    assert suites
    for number, suite in enumerate(suites):
        (tmp_path / f"test_{number}.py").write_text(suite, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=55, check=False)
    assert done.returncode == 0, done.stdout
    assert "17 passed" in done.stdout
