"""The rules of the repository that no compiler checks: who may import whom, who may name what, how long a file may be.

Each guard takes the root of a checkout and returns one line per violation. `make guards` runs them all;
`tests/guards` shows each of them a violation.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE = "crates/alchemy-core/src"
BINDING = "crates/alchemy-py/src"
LONGEST_FILE = 500

# From the ground up: a module may use the modules of the rows before its own, and itself.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("json",),
    ("types",),
    ("error", "headers"),
    ("head",),
    ("env", "framing", "overflow", "partial_json", "quirks", "random", "rate_limits", "runtimes", "secrets"),
    ("assembler",),
    ("protocols",),
    ("answer", "auth"),
    ("providers",),
    ("deadlines", "limiter", "retry", "transport"),
    ("stream",),
    ("client",),
)
# What only some may use, wherever they stand.
SEEN_ONLY_BY = {"auth": {"providers", "client"}, "retry": {"stream", "client"}, "transport": {"stream", "client"}}
# The provider id of a model that somebody made by hand; no vendor's name.
NO_VENDOR = "custom"

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
TEST_MODULE = re.compile(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*mod\s+\w+\s*\{")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def rust_files(root: Path, *folders: str) -> Iterator[Path]:
    """Yields the Rust sources under `folders` in a fixed order."""
    for folder in folders:
        yield from sorted((root / folder).rglob("*.rs"))


def library_code(text: str) -> str:
    """Returns Rust source without comments and without its closing test module."""
    test_module = TEST_MODULE.search(text)
    return COMMENT.sub("", text[: test_module.start()] if test_module else text)


def module_of(path: Path, source: Path) -> str:
    """Returns the top-level module of the crate at `source` that the file belongs to."""
    return path.relative_to(source).parts[0].removesuffix(".rs")


def split_group(text: str) -> list[str]:
    """Splits the `{..}` that `text` starts with at its outermost commas."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth == 0:
            break
        if character == "," and depth == 1:
            parts.append("")
        elif not (character == "{" and depth == 1 and parts == [""]):
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def used_names(code: str, depth: int) -> set[str]:
    """Returns the first names after `crate::`, or after `depth` times `super::`, which leads to the root too."""
    roots = r"(?:\bcrate\s*::|" + r"\bsuper\s*::\s*" * depth + r"(?!super\b))\s*"
    names: set[str] = set()
    for match in re.finditer(roots, code):
        rest = code[match.end() :]
        if rest.startswith("{"):
            names.update(re.split(r"\W", part, maxsplit=1)[0] for part in split_group(rest))
        else:
            names.add(re.split(r"\W", rest, maxsplit=1)[0])
    return names - {"", "self", "super"}


def import_direction(root: Path) -> list[str]:
    """The core's modules use only what stands below them."""
    rank = {name: row for row, names in enumerate(LAYERS) for name in names}
    source = root / CORE
    found: list[str] = []
    for path in rust_files(root, CORE):
        if path.name == "tests.rs":
            # A module's tests in a file of their own may use anything.
            continue
        module = module_of(path, source)
        if module == "lib":
            continue
        if module not in rank:
            found.append(f"{path.relative_to(root)}: module {module} has no place in LAYERS of scripts/guards.py")
            continue
        parts = path.relative_to(source).parts
        depth = len(parts) - (1 if parts[-1] == "mod.rs" else 0)
        for used in sorted(used_names(library_code(path.read_text(encoding="utf-8")), depth)):
            if used == module:
                continue
            if used not in rank:
                found.append(f"{path.relative_to(root)}: uses crate::{used}, which is no module; name it by its module")
            elif rank[used] >= rank[module]:
                found.append(f"{path.relative_to(root)}: {module} may not use {used}, which does not stand below it")
            elif used in SEEN_ONLY_BY and module not in SEEN_ONLY_BY[used]:
                found.append(f"{path.relative_to(root)}: {used} is for {', '.join(sorted(SEEN_ONLY_BY[used]))} alone")
    return found


def core_without_python(root: Path) -> list[str]:
    """The core knows nothing of Python."""
    manifest = root / "crates/alchemy-core/Cargo.toml"
    found = [f"{manifest.relative_to(root)}: names pyo3"] if "pyo3" in manifest.read_text(encoding="utf-8") else []
    return found + [
        f"{path.relative_to(root)}: names PyO3"
        for path in rust_files(root, CORE)
        if re.search(r"\bpyo3\b|\bPyErr\b|\bPy<", library_code(path.read_text(encoding="utf-8")))
    ]


def provider_ids(root: Path) -> set[str]:
    """Returns the ids of the vendors that the core knows."""
    listed = json.loads((root / "crates/alchemy-core/data/providers.json").read_text(encoding="utf-8"))
    return {entry["id"] for entry in listed} - {NO_VENDOR}


def code_without_providers(root: Path) -> list[str]:
    """A provider is data: neither the binding nor a wire protocol compares with one's id."""
    ids = provider_ids(root)
    return [
        f"{path.relative_to(root)}: names the provider {text}; a deviation is a field of Quirks"
        for path in rust_files(root, BINDING, f"{CORE}/protocols")
        for text in sorted(set(STRING.findall(library_code(path.read_text(encoding="utf-8")))) & ids)
    ]


def only_reader(pattern: str, owner: str, what: str) -> Callable[[Path], list[str]]:
    """Makes a guard: of the core and the binding, only the module `owner` of the core may match `pattern`."""

    def guard(root: Path) -> list[str]:
        source = root / CORE
        return [
            f"{path.relative_to(root)}: {what} belongs in {CORE}/{owner}"
            for path in rust_files(root, CORE, BINDING)
            if not (path.is_relative_to(source) and module_of(path, source) == owner)
            and re.search(pattern, library_code(path.read_text(encoding="utf-8")))
        ]

    guard.__doc__ = f"Only {owner} has to do with {what}."
    return guard


environment = only_reader(
    r"\bstd\s*::\s*env\b|\benv\s*::\s*(?:var|vars|var_os|vars_os)\b", "env", "reading the environment"
)
http_client = only_reader(r"\b(?:reqwest|hyper)\b", "transport", "naming the HTTP client")


def counted_files(root: Path) -> Iterator[Path]:
    """Yields the files whose length and first line are looked at: code, without data and tests."""
    yield from rust_files(root, CORE, BINDING, "benches")
    for folder in ("python/alchemy", "scripts"):
        yield from sorted((root / folder).rglob("*.py"))


def file_lengths(root: Path) -> list[str]:
    """A file has at most 500 lines; its tests, and files that a script makes from data, aside."""
    found: list[str] = []
    for path in counted_files(root):
        text = path.read_text(encoding="utf-8")
        if "Made by scripts/" in text[:500]:
            continue
        test_module = TEST_MODULE.search(text) if path.suffix == ".rs" else None
        lines = text[: test_module.start() if test_module else len(text)].count("\n")
        if lines > LONGEST_FILE:
            found.append(f"{path.relative_to(root)}: {lines} lines, {LONGEST_FILE} at most")
    return found


def first_lines(root: Path) -> list[str]:
    """A file's first line says what its one job is."""
    starts = {".rs": "//! ", ".py": '"""'}
    return [
        f"{path.relative_to(root)}: the first line does not say what the file is for"
        for path in counted_files(root)
        if not path.read_text(encoding="utf-8").startswith((starts[path.suffix], "#!"))
    ]


GUARDS: tuple[Callable[[Path], list[str]], ...] = (
    import_direction,
    core_without_python,
    code_without_providers,
    environment,
    http_client,
    file_lengths,
    first_lines,
)


def main() -> int:
    """Runs every guard over the checkout, prints what it found and returns the exit code."""
    found = [line for guard in GUARDS for line in guard(ROOT)]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
