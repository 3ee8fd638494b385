"""What the tests of the local model share: whether there is one, and programs run apart from the test's process."""

import importlib.util
import subprocess
import sys

import pytest
from alchemy.local.catalog import CATALOG
from alchemy.local.files import installed_file


def reason_to_skip():
    if importlib.util.find_spec("xllamacpp") is None:
        return "xllamacpp is not installed; `make local` installs it"
    if installed_file(CATALOG["smollm2-135m"]) is None:
        return "SmolLM2 is not on this machine; `make local` fetches it"
    return None


@pytest.fixture
def smollm2():
    """The base URL of a model that can be started here."""
    if reason := reason_to_skip():
        pytest.skip(reason)
    return "local:smollm2-135m"


@pytest.fixture
def run_program(tmp_path):
    """Run a program in an interpreter of its own; gives the finished process with its output as text."""

    def run(source, *, expect=0):
        program = tmp_path / "program.py"
        program.write_text(source, encoding="utf-8")
        command = [sys.executable, "-X", "dev", "-W", "error", str(program)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=55, check=False)
        assert done.returncode == expect, done.stderr
        return done

    return run
