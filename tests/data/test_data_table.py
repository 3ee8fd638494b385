# pyright: reportAttributeAccessIssue=false, reportArgumentType=false
"""The classes, literals and unions in Python are those of schema/data.toml."""

import ast
import dataclasses
import importlib
import inspect
import re
import subprocess
import sys
import typing
from pathlib import Path

import alchemy
import pytest
from alchemy import typed_dicts
from samples import CLASSES, LITERALS, TABLE, UNIONS, python_default

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
generate_data = importlib.import_module("generate_data")


def field_lines(name):
    """Read the fields of a class from its source: (name, type as text, docstring)."""
    tree = ast.parse(inspect.getsource(getattr(alchemy, name)))
    body = tree.body[0].body
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and "ClassVar" not in ast.unparse(statement.annotation):
            assert isinstance(following, ast.Expr), f"{name}.{statement.target.id} has no docstring"
            yield statement.target.id, ast.unparse(statement.annotation), " ".join(following.value.value.split())


@pytest.mark.parametrize("name", CLASSES)
def test_class_matches_table(name):
    """A class has the table's fields in its order, with its types, defaults, docstrings and tag."""
    row = CLASSES[name]
    cls = getattr(alchemy, name)
    assert list(field_lines(name)) == [
        (field["name"], generate_data.python_type(field["type"]), generate_data.field_doc(field))
        for field in row["fields"]
    ]
    assert cls.__doc__ == row["doc"]
    assert cls.__module__ == f"alchemy.{row['group']}"
    defaults = {field["name"]: python_default(field) for field in row["fields"] if "default" in field}
    assert repr(cls.__field_defaults__) == repr(defaults)
    assert cls.__field_tag__ == (tuple(row["tag"]) if "tag" in row else None)
    if "tag" in row:
        assert getattr(cls, row["tag"][0]) == row["tag"][1]
    assert cls.__slots__ == tuple(field["name"] for field in row["fields"])


def test_no_class_beyond_the_table():
    """Every data class that is exported stands in the table, and the other way round."""
    exported = {name for name in alchemy.__all__ if isinstance(getattr(alchemy, name), type(alchemy.Text))}
    assert exported == set(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_typed_constructor_names_the_fields(name):
    """Where type checkers are given a constructor by hand, it has the fields, their order and their defaults."""
    tree = ast.parse(inspect.getsource(getattr(alchemy, name)))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            arguments = node.args
            assert [argument.arg for argument in arguments.kwonlyargs] == [f["name"] for f in CLASSES[name]["fields"]]
            for default, field in zip(arguments.kw_defaults, CLASSES[name]["fields"], strict=True):
                if "default" not in field:
                    assert default is None
                elif ast.unparse(default) != "...":
                    assert ast.literal_eval(default) == python_default(field)
                else:
                    assert not python_default(field) or python_default(field) == alchemy.Usage()


@pytest.mark.parametrize(
    "name", [name for name in CLASSES if any("list[" in f["type"] for f in CLASSES[name]["fields"])]
)
def test_sequences_may_be_lists_for_type_checkers(name):
    """Every class with a sequence field has a constructor that takes any iterable there."""
    constructor = inspect.getsource(getattr(alchemy, name)).partition("def __init__")[2]
    for field in CLASSES[name]["fields"]:
        if "list[" in field["type"]:
            assert re.search(rf"[ (]{field['name']}: (str \| )?Iterable\[", constructor), field["name"]


@pytest.mark.parametrize("name", LITERALS)
def test_literal_matches_table(name):
    """A literal has the table's words in its order."""
    assert list(typing.get_args(getattr(alchemy, name))) == LITERALS[name]


@pytest.mark.parametrize("name", UNIONS)
def test_union_matches_table(name):
    """A union has the table's members in its order and works with isinstance."""
    union = getattr(alchemy, name)
    assert [member.__name__ for member in typing.get_args(union)] == UNIONS[name]
    assert not isinstance(3, union)


@pytest.mark.parametrize("name", CLASSES)
def test_typed_dict_matches_table(name):
    """A class's TypedDict has its tag and fields, and requires those without a default."""
    row = CLASSES[name]
    tag = [row["tag"][0]] if "tag" in row else []
    typed = getattr(typed_dicts, f"{name}Dict")
    hints = typing.get_type_hints(typed, include_extras=True)
    assert list(hints) == [*tag, *[field["name"] for field in row["fields"]]]
    optional = {key for key, hint in hints.items() if typing.get_origin(hint) is typing.NotRequired}
    assert optional == {field["name"] for field in row["fields"] if "default" in field}


def test_generated_files_are_up_to_date(tmp_path, monkeypatch, capsys):
    """The generated files follow from the table, and the check says so when they do not."""
    command = [sys.executable, str(ROOT / "scripts" / "generate_data.py"), "--check"]
    assert subprocess.run(command, check=False).returncode == 0
    monkeypatch.setattr(generate_data, "ROOT", tmp_path)
    monkeypatch.setattr(generate_data, "REFERENCE", tmp_path / "data.md")
    monkeypatch.setattr(sys, "argv", ["generate_data.py", "--check"])
    assert generate_data.main() == 1
    assert "data.md: out of date" in capsys.readouterr().err


def test_reference_names_every_field():
    """The reference page has a row for every field of every class."""
    page = (ROOT / "docs" / "reference" / "data.md").read_text(encoding="utf-8")
    sections = {part.split("`")[1]: part for part in page.split("\n### ")[1:]}
    for row in TABLE["class"]:
        for field in row["fields"]:
            assert f"| `{field['name']}` |" in sections[row["name"]]


@pytest.mark.parametrize("name", CLASSES)
def test_dataclass_fields_are_resolved(name):
    """`dataclasses.fields` gives types as objects, not as text."""
    for field in dataclasses.fields(getattr(alchemy, name)):
        assert not isinstance(field.type, str)
