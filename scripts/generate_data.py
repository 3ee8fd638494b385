"""Write what follows from schema/data.toml: python/alchemy/typed_dicts.py and docs/reference/data.md.

Called without arguments it writes both files; `--check` writes nothing and exits with 1, naming the files
that are out of date.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "schema" / "data.toml"
TYPED_DICTS = ROOT / "python" / "alchemy" / "typed_dicts.py"
REFERENCE = ROOT / "docs" / "reference" / "data.md"
LONGEST_LINE = 120
GROUPS = {
    "content": "Content blocks",
    "messages": "Messages",
    "tools": "Tools",
    "usage": "Usage and cost",
    "models": "Models",
    "requests": "Requests and answers",
    "events": "Events",
}
TYPED_DICTS_HEAD = '''"""The JSON form of every data class as a `TypedDict`: what `to_dict` gives and `from_dict` takes.

Made by scripts/generate_data.py from schema/data.toml; change it there.
"""

# ruff: noqa: TC001, TC003 (the types are looked up at run time by whoever reads a TypedDict)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from .literals import LITERALS'''


def main() -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is out of date")
    arguments = parser.parse_args()
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    stale = []
    for path, text in ((TYPED_DICTS, typed_dicts(table)), (REFERENCE, reference(table))):
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if arguments.check:
            stale.append(str(path.relative_to(ROOT)))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"{', '.join(stale)}: out of date; run python scripts/generate_data.py", file=sys.stderr)
    return 1 if stale else 0


# ---------------------------------------------------------------- TypedDicts


def typed_dicts(table: dict[str, Any]) -> str:
    """Return the text of typed_dicts.py."""
    named = {row["name"] for row in [*table["class"], *table["union"]]}
    types = [field["type"] for row in table["class"] for field in row["fields"]]
    literals = sorted(row["name"] for row in table["literal"] if any(row["name"] in kind for kind in types))
    sources = [typed_dict(row, named) for row in table["class"]]
    aliases: list[str] = []
    for row in table["union"]:
        members = [f"{name}Dict" for name in row["members"]]
        line = f"{row['name']}Dict: TypeAlias = {' | '.join(members)}"
        if len(line) > LONGEST_LINE:
            rows = f"    {' | '.join(members)}"
            if len(rows) > LONGEST_LINE:
                rows = "    " + "\n    | ".join(members)
            line = f"{row['name']}Dict: TypeAlias = (\n{rows}\n)"
        aliases.append(f'{line}\n"""{row["doc"]}"""')
    head = TYPED_DICTS_HEAD.replace("LITERALS", ", ".join(literals))
    return "\n\n\n".join([head, *sources, "\n\n".join(aliases)]) + "\n"


def typed_dict(row: dict[str, Any], named: set[str]) -> str:
    """Return the source of one TypedDict."""
    lines = [f"class {row['name']}Dict(TypedDict):", f'    """{row["doc"]}"""', ""]
    if "tag" in row:
        key, word = row["tag"]
        lines += [f'    {key}: Literal["{word}"]']
    for field in row["fields"]:
        kind = dict_type(field["type"], named)
        if row["name"] == "AssistantMessage" and field["name"] == "content":
            kind = f"str | {kind}"
        lines.append(f"    {field['name']}: {f'NotRequired[{kind}]' if 'default' in field else kind}")
        lines += textwrap.wrap(
            f'"""{field_doc(field)}"""', 120, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
        )
    return "\n".join(lines)


def dict_type(kind: str, named: set[str]) -> str:
    """Return the type of a field in the JSON form; bytes may also be given as they are."""
    kind = re.sub(r"\b[A-Z]\w*\b", lambda match: f"{match[0]}Dict" if match[0] in named else match[0], kind)
    kind = re.sub(r"\bobject\b", "Mapping[str, Any]", kind)
    kind = re.sub(r"\bjson\b", "Any", kind)
    kind = re.sub(r"\bbytes\b", "str | bytes", kind)
    return kind.replace("list[", "Sequence[").replace("map[", "Mapping[str, ")


def field_doc(field: dict[str, Any]) -> str:
    """Return a field's docstring; the unit stands in it unless the type says it."""
    unit = field.get("unit")
    doc: str = field["doc"]
    return f"{doc} Unit: {unit}." if unit and unit != "bytes" else doc


# ---------------------------------------------------------------- reference page


def reference(table: dict[str, Any]) -> str:
    """Return the text of the reference page."""
    lines = [
        "# Data reference",
        "",
        "Every class, field, union and literal, made by `scripts/generate_data.py` from `schema/data.toml`.",
        "",
        "All classes are frozen and take keyword arguments only. In the JSON form (`to_dict`, `from_dict`) fields at",
        "their default are left out, bytes are base64 text and tuples are lists. The unions grow: handle kinds you do",
        "not know. Each class has a `TypedDict` of its JSON form in `alchemy.typed_dicts`, such as `TextDict`.",
        "",
    ]
    for group, title in GROUPS.items():
        lines += [f"## {title}", ""]
        for row in table["class"]:
            if row["group"] == group:
                lines += class_section(row)
    lines += ["## Unions", ""]
    for row in table["union"]:
        members = " \\| ".join(f"[`{name}`](#{name.lower()})" for name in row["members"])
        lines += [f"### `{row['name']}`", "", row["doc"], "", members.replace("\\|", "|"), ""]
    lines += ["## Literals", ""]
    for row in table["literal"]:
        lines += [f"### `{row['name']}`", "", row["doc"], "", "| value | meaning |", "| --- | --- |"]
        lines += [f"| `{value['value']}` | {value['doc']} |" for value in row["values"]]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def class_section(row: dict[str, Any]) -> list[str]:
    """Return the lines on one class."""
    lines = [f"### `{row['name']}`", "", row["doc"], ""]
    if "tag" in row:
        lines += [f"JSON tag: `{row['tag'][0]}` is `{row['tag'][1]}`.", ""]
    lines += ["| field | type | default | unit | meaning |", "| --- | --- | --- | --- | --- |"]
    for field in row["fields"]:
        kind = python_type(field["type"]).replace("|", "\\|")
        default = f"`{python_default(field)}`" if "default" in field else "required"
        lines.append(f"| `{field['name']}` | `{kind}` | {default} | {field.get('unit', '')} | {field['doc']} |")
    return [*lines, ""]


def python_type(kind: str) -> str:
    """Return a type of the table as Python writes it."""
    kind = re.sub(r"\blist\[([^\[\]]+)\]", r"tuple[\1, ...]", kind)
    kind = re.sub(r"\bmap\[([^\[\]]+)\]", r"dict[str, \1]", kind)
    return re.sub(r"\bjson\b", "Any", re.sub(r"\bobject\b", "dict[str, Any]", kind))


def python_default(field: dict[str, Any]) -> str:
    """Return a default of the table as Python writes it."""
    value = json.loads(field["default"])
    if isinstance(value, list):
        return repr(tuple(value))
    if value == {} and not field["type"].startswith(("map[", "object")):
        return f"{field['type']}()"
    return repr(value)


if __name__ == "__main__":
    sys.exit(main())
