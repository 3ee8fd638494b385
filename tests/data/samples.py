"""Sample objects and hypothesis strategies for every data class, built from schema/data.toml."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import alchemy
from hypothesis import strategies as st

TABLE: dict[str, Any] = tomllib.loads(
    (Path(__file__).resolve().parents[2] / "schema" / "data.toml").read_text(encoding="utf-8")
)
CLASSES: dict[str, dict[str, Any]] = {row["name"]: row for row in TABLE["class"]}
UNIONS: dict[str, list[str]] = {row["name"]: row["members"] for row in TABLE["union"]}
LITERALS: dict[str, list[str]] = {row["name"]: [value["value"] for value in row["values"]] for row in TABLE["literal"]}
OBJECT = {"text": "one", "integer": 2**70, "fraction": 0.5, "list": [1, {"deep": None}], "flag": True}


def sample(name: str) -> Any:
    """Return an object of a class with every field set to something other than its default."""
    values = {field["name"]: _value(field["type"], field) for field in CLASSES[name]["fields"]}
    return getattr(alchemy, name)(**values)


def smallest(name: str) -> Any:
    """Return an object of a class with its required fields alone."""
    values = {
        field["name"]: _value(field["type"], field) for field in CLASSES[name]["fields"] if "default" not in field
    }
    return getattr(alchemy, name)(**values)


def python_default(field: dict[str, Any]) -> Any:
    """Return a field's default as the Python object it stands for."""
    value = json.loads(field["default"])
    if field["type"] in CLASSES:
        return getattr(alchemy, field["type"])(**value)
    return tuple(value) if isinstance(value, list) else value


def members(kind: str) -> list[str]:
    """Split a type of the table at its outermost bars."""
    return [part.strip() for part in re.split(r"\|(?![^\[]*\])", kind)]


def _value(kind: str, field: dict[str, Any]) -> Any:
    default = python_default(field) if "default" in field else None
    candidates = [value for part in members(kind) for value in _candidates(part) if value != default]
    return candidates[-1] if kind.startswith("str | list") else candidates[0]


def _candidates(kind: str) -> list[Any]:
    if match := re.fullmatch(r"list\[(.+)\]", kind):
        return [tuple(_candidates(match[1]))]
    if match := re.fullmatch(r"map\[(.+)\]", kind):
        return [{"x-one": value} for part in members(match[1]) for value in _candidates(part)]
    if kind in CLASSES:
        return [sample(kind)]
    if kind in UNIONS:
        return [sample(member) for member in UNIONS[kind]]
    if kind in LITERALS:
        return list(LITERALS[kind])
    plain: dict[str, list[Any]] = {
        "str": ["words"],
        "int": [7],
        "float": [1.25],
        "bool": [True, False],
        "bytes": [b"\x00\xff bytes"],
        "object": [OBJECT],
        "json": [[OBJECT, "item"]],
        "None": [None],
    }
    return plain[kind]


# ---------------------------------------------------------------- hypothesis

_text = st.text(max_size=20)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=8,
)
_objects = st.dictionaries(_text, _json, max_size=3)


def instances(name: str) -> st.SearchStrategy[Any]:
    """Return a strategy for objects of a class, with any of its optional fields left out."""
    required = {f["name"]: _strategy(f["type"]) for f in CLASSES[name]["fields"] if "default" not in f}
    optional = {f["name"]: _strategy(f["type"]) for f in CLASSES[name]["fields"] if "default" in f}
    return st.fixed_dictionaries(required, optional=optional).map(lambda values: getattr(alchemy, name)(**values))


def _strategy(kind: str) -> st.SearchStrategy[Any]:  # noqa: PLR0911 (one return for each kind of type)
    parts = members(kind)
    if len(parts) > 1:
        return st.one_of(*[_strategy(part) for part in parts])
    if match := re.fullmatch(r"list\[(.+)\]", kind):
        return st.lists(_strategy(match[1]), max_size=2).map(tuple)
    if match := re.fullmatch(r"map\[(.+)\]", kind):
        return st.dictionaries(_text, _strategy(match[1]), max_size=3)
    if kind in CLASSES:
        return st.deferred(lambda: instances(kind))
    if kind in UNIONS:
        return st.one_of(*[_strategy(member) for member in UNIONS[kind]])
    if kind in LITERALS:
        return st.sampled_from(LITERALS[kind])
    plain: dict[str, st.SearchStrategy[Any]] = {
        "str": _text,
        "int": st.integers(),
        "float": st.floats(allow_nan=False, allow_infinity=False),
        "bool": st.booleans(),
        "bytes": st.binary(max_size=20),
        "object": _objects,
        "json": _json,
        "None": st.none(),
    }
    return plain[kind]
