"""What the data modules cost to import."""

import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = Path(__file__).resolve().parents[2] / "python"
MODULES = ["content", "errors", "events", "messages", "models", "requests", "tools", "usage"]
BANNED = {
    "typing",
    "dataclasses",
    "enum",
    "json",
    "re",
    "asyncio",
    "base64",
    "logging",
    "inspect",
    "functools",
    "pydantic",
}
LOAD = """
import sys, time
sys.path.insert(0, sys.argv[1])
import types
package = types.ModuleType("alchemy")  # the modules alone, without the rest of the package
package.__path__ = [sys.argv[1] + "/alchemy"]
sys.modules["alchemy"] = package
before = set(sys.modules)
start = time.perf_counter()
for name in sys.argv[2].split(","):
    __import__("alchemy." + name)
spent = time.perf_counter() - start
"""


def run(script):
    """Run a script after loading the data modules in a fresh, bare interpreter; return what it prints."""
    command = [sys.executable, "-I", "-S", "-c", LOAD + script, str(PYTHON), ",".join(MODULES)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_import_pulls_in_no_heavy_module():
    """Importing the data modules imports nothing but themselves."""
    loaded = set(run("print('\\n'.join(set(sys.modules) - before))").split())
    assert not loaded & BANNED
    assert {name for name in loaded if not name.startswith("alchemy")} <= {"__future__"}


def test_making_data_pulls_in_no_heavy_module():
    """Making, comparing and matching objects stays as light as importing them."""
    script = (
        "from alchemy.messages import Context, UserMessage\n"
        "assert Context(messages=[UserMessage(content='a')]) == Context().with_messages('a')\n"
        "print('\\n'.join(set(sys.modules) - before))"
    )
    assert not set(run(script).split()) & BANNED


@pytest.mark.alone
def test_import_is_quick():
    """Importing the data modules takes a few milliseconds; the bound is wide, for busy machines."""
    assert min(float(run("print(spent)")) for _ in range(5)) < 0.030


@pytest.mark.parametrize("name", ["StopReason", "Api", "literals", "typed_dicts"])
def test_lazy_names_resolve(name):
    """Names that need `typing` are found on the package when asked for."""
    import alchemy

    assert getattr(alchemy, name) is not None
    assert name in dir(alchemy)


def test_unknown_name_is_an_attribute_error():
    """A name that does not exist is refused as any module does."""
    import alchemy

    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = alchemy.Nothing
