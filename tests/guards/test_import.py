"""`import alchemy` stays light, and the package exports what it says it does."""

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import alchemy
import pytest

HEAVY = ("asyncio", "dataclasses", "inspect", "json", "logging", "pydantic", "ssl", "typing_extensions", "xllamacpp")
HEAVY += ("alchemy.hooks", "opentelemetry")


def heavy_modules(code):
    """Returns which of the heavy modules `code` brings into a fresh interpreter that did not have them before."""
    program = f"""
import sys
before = set(sys.modules)
{code}
print(*sorted((set(sys.modules) - before) & set({HEAVY!r})))
"""
    done = subprocess.run([sys.executable, "-I", "-c", program], check=True, capture_output=True, text=True)
    return done.stdout.split()


def export_differences(module):
    """Returns the names that are public and not in `__all__`, or in `__all__` and not there."""
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and name not in {"annotations", "TYPE_CHECKING"}
    }
    listed = set(module.__all__) - {"__version__"}
    return sorted((public ^ listed) - {name for name in listed if hasattr(module, name) and name not in public})


@pytest.mark.parametrize("code", ["import alchemy", "import alchemy; alchemy.Client()"])
def test_import_is_light(code):
    """Importing alchemy and making a client load neither pydantic nor asyncio nor dataclasses nor hooks."""
    assert heavy_modules(code) == []


def test_the_import_guard_can_fail():
    """The guard names a heavy module where one is loaded."""
    assert "dataclasses" in heavy_modules("import dataclasses")


def test_exports():
    """`alchemy.__all__` is sorted, has no doubles, and is exactly what the package offers."""
    assert export_differences(alchemy) == []
    assert len(alchemy.__all__) == len(set(alchemy.__all__))


@pytest.mark.parametrize(
    ("module", "difference"),
    [
        (SimpleNamespace(__all__=["a"], a=1, b=2), ["b"]),
        (SimpleNamespace(__all__=["a", "gone"], a=1), ["gone"]),
        (SimpleNamespace(__all__=["a"], a=1, _private=2), []),
    ],
    ids=["not listed", "not there", "private"],
)
def test_the_export_guard_can_fail(module, difference):
    """The guard names what is public and unlisted, and what is listed and missing."""
    assert export_differences(module) == difference


def test_every_export_is_documented():
    """Every exported class and function has a docstring, so that an editor has something to show."""
    bare = [
        name
        for name in alchemy.__all__
        if isinstance(value := getattr(alchemy, name), type) and not (value.__doc__ or "").strip()
    ]
    assert bare == []
