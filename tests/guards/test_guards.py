"""Each rule of scripts/guards.py holds for the checkout, and is shown a violation that it must find."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = "crates/alchemy-core/src"
BINDING = "crates/alchemy-py/src"


def load_guards():
    specification = importlib.util.spec_from_file_location("guards", ROOT / "scripts/guards.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


guards = load_guards()


@pytest.fixture
def checkout(tmp_path):
    """A small checkout in which every guard is content."""
    files = {
        "crates/alchemy-core/Cargo.toml": '[package]\nname = "alchemy-core"\n',
        "crates/alchemy-core/data/providers.json": json.dumps([{"id": "acme"}]),
        f"{CORE}/lib.rs": "//! A core.\npub mod types;\n",
        f"{CORE}/types/mod.rs": "//! Types.\nuse crate::json::Json;\n",
        f"{CORE}/protocols/mod.rs": "//! Protocols.\nuse crate::{error::Error, types::{Text, Tool}};\n",
        f"{CORE}/transport.rs": "//! Transport.\nuse crate::error::Error;\nuse reqwest::Client;\n",
        f"{CORE}/client.rs": "//! Client.\nuse crate::transport::Pool;\n",
        f"{CORE}/env.rs": "//! Environment.\nuse std::env;\n",
        f"{BINDING}/lib.rs": "//! Binding.\nuse pyo3::prelude::*;\n",
        "python/alchemy/__init__.py": '"""A package."""\n',
        "scripts/script.py": '"""A script."""\n',
    }
    for name, text in files.items():
        write(tmp_path, name, text)
    return tmp_path


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("guard", guards.GUARDS, ids=lambda guard: getattr(guard, "__name__", "guard"))
def test_the_checkout_follows_the_rule(guard):
    """The repository itself breaks no rule."""
    assert guard(ROOT) == []


@pytest.mark.parametrize("guard", guards.GUARDS, ids=lambda guard: getattr(guard, "__name__", "guard"))
def test_a_clean_checkout_passes(guard, checkout):
    """A guard has nothing to say about code that follows its rule."""
    assert guard(checkout) == []


VIOLATIONS = {
    "types use a protocol": ("import_direction", f"{CORE}/types/tool.rs", "use crate::protocols::Encoded;"),
    "a group hides an upward use": (
        "import_direction",
        f"{CORE}/types/tool.rs",
        "use crate::{json::Json, client::{A, B}};",
    ),
    "super leads to the root": ("import_direction", f"{CORE}/error.rs", "use super::client::Client;"),
    "two supers lead to the root": ("import_direction", f"{CORE}/types/tool.rs", "use super::super::client::Client;"),
    "a path without use": ("import_direction", f"{CORE}/types/tool.rs", "fn f() { crate::client::call() }"),
    "siblings see each other": ("import_direction", f"{CORE}/quirks.rs", "use crate::framing::sse::Frames;"),
    "a protocol opens a connection": ("import_direction", f"{CORE}/protocols/a.rs", "use crate::transport::Pool;"),
    "an answer opens a connection": ("import_direction", f"{CORE}/answer.rs", "use crate::transport::Pool;"),
    "the transport sees a key": ("import_direction", f"{CORE}/transport.rs", "use crate::auth::Key;"),
    "a module nobody placed": ("import_direction", f"{CORE}/surprise.rs", "use crate::json::Json;"),
    "a name from the crate's root": ("import_direction", f"{CORE}/client.rs", "use crate::Model;"),
    "the core speaks Python": ("core_without_python", f"{CORE}/types/tool.rs", "use pyo3::prelude::*;"),
    "the binding decides": ("code_without_providers", f"{BINDING}/a.rs", 'fn f(p: &str) -> bool { p == "acme" }'),
    "a protocol decides": ("code_without_providers", f"{CORE}/protocols/a.rs", 'const A: &str = "acme";'),
    "the environment is read": ("environment", f"{CORE}/client.rs", 'fn f() { std::env::var("KEY"); }'),
    "the binding reads it": ("environment", f"{BINDING}/a.rs", "use std::env;"),
    "a second HTTP client": ("http_client", f"{CORE}/client.rs", "fn f() -> reqwest::Client {}"),
    "a long file": ("file_lengths", "python/alchemy/long.py", "x = 1\n" * 501),
    "a long Rust file": ("file_lengths", f"{CORE}/client.rs", "fn f() {}\n" * 501),
    "a file that does not say why": ("first_lines", f"{CORE}/client.rs", None),
    "a Python file that does not": ("first_lines", "scripts/script.py", None),
}


@pytest.mark.parametrize(("name", "path", "code"), VIOLATIONS.values(), ids=VIOLATIONS.keys())
def test_a_violation_is_found(name, path, code, checkout):
    """Every guard finds what it is there for, and names the file."""
    guard = getattr(guards, name)
    write(
        checkout, path, "use a::b;\n" if code is None else f"{'#' if path.endswith('.py') else '//!'} A file.\n{code}\n"
    )
    found = guard(checkout)
    assert len(found) == 1, found
    assert found[0].startswith(path)


def test_core_manifest_names_pyo3(checkout):
    """A dependency on PyO3 is found in the core's manifest as well."""
    write(checkout, "crates/alchemy-core/Cargo.toml", "[dependencies]\npyo3.workspace = true\n")
    assert guards.core_without_python(checkout) == ["crates/alchemy-core/Cargo.toml: names pyo3"]


@pytest.mark.parametrize(
    ("name", "path", "code"),
    [
        ("import_direction", f"{CORE}/types/tool.rs", "// see crate::client for its use\nuse crate::json::Json;"),
        ("import_direction", f"{CORE}/types/tool.rs", "#[cfg(test)]\nmod tests {\n    use crate::client::Client;\n}"),
        ("file_lengths", f"{CORE}/client.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n" + "fn f() {}\n" * 501 + "}"),
        ("code_without_providers", f"{CORE}/protocols/a.rs", '/// "acme" sends it twice.\nfn f() {}'),
    ],
)
def test_comments_and_tests_are_left_alone(name, path, code, checkout):
    """What a comment mentions and what a file's tests import is nobody's business."""
    write(checkout, path, f"//! A file.\n{code}\n")
    assert getattr(guards, name)(checkout) == []


def test_the_command_fails_on_a_violation(checkout, monkeypatch, capsys):
    """`make guards` ends with exit code 1 and names the offender on stderr."""
    monkeypatch.setattr(guards, "ROOT", checkout)
    assert guards.main() == 0
    write(checkout, f"{CORE}/client.rs", "//! Client.\nuse reqwest::Client;\n")
    assert guards.main() == 1
    assert "client.rs" in capsys.readouterr().err


def test_a_module_stands_in_one_layer():
    """The list of layers names no module twice."""
    placed = [name for row in guards.LAYERS for name in row]
    assert len(placed) == len(set(placed))
