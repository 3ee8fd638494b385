"""The pytest fixture, as a project that installed alchemy sees it, and what it costs every run of pytest."""

import subprocess
import sys

import alchemy

SUITE = """
import alchemy
import pytest

def test_answer(alchemy_lab):
    alchemy_lab.add("From the fixture.")
    assert alchemy.complete(alchemy_lab.model(), "hi").text == "From the fixture."

def test_fresh(alchemy_lab):
    assert alchemy_lab.requests == []

def test_failure_is_raised_at_the_end(alchemy_lab):
    alchemy_lab.add("x", faults="no-ids")
    with pytest.raises(alchemy.BadRequestError):
        alchemy.complete(alchemy_lab.model(), "hi")
"""


def pytest_in(folder, *words):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=50, check=False)


def test_here(alchemy_lab):
    """In this repository's own run too."""
    alchemy_lab.add("Here.")
    assert alchemy.complete(alchemy_lab.model(), "hi").text == "Here."


def test_in_a_project(tmp_path):
    """The fixture is there without a conftest, gives a fresh lab, and raises what could not be answered."""
    (tmp_path / "test_it.py").write_text(SUITE)
    done = pytest_in(tmp_path, "-W", "error")
    assert "3 passed, 1 error" in done.stdout
    assert "the fault no-ids needs an answer with a tool call" in done.stdout
    assert done.stderr == ""


def test_what_it_costs_those_who_do_not_use_it(tmp_path):
    """The plugin brings neither asyncio nor ssl nor the lab itself into a run that has no use for it."""
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    assert 'alchemy.lab.pytest_plugin' in sys.modules\n"
        "    assert not {'asyncio', 'ssl', 'alchemy.lab._lab', 'alchemy.lab._server'} & set(sys.modules)\n"
    )
    done = pytest_in(tmp_path, "-p", "no:timeout", "-p", "no:hypothesispytest", "-p", "no:anyio", "-W", "error")
    assert "1 passed" in done.stdout, done.stdout
