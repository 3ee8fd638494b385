"""Prints what a distribution takes with all that it needs: `installed.py REQUIREMENT`, in the environment it is in."""

import importlib
import json
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

# pip has it with it, and every environment has pip.
requirements: Any = importlib.import_module("pip._vendor.packaging.requirements")
names: Any = importlib.import_module("pip._vendor.packaging.utils")


def needed(text: str, seen: set[tuple[str, str]]) -> Iterator[metadata.Distribution]:
    """The distribution of a requirement and those it requires, each once."""
    requirement = requirements.Requirement(text)
    name = names.canonicalize_name(requirement.name)
    for extra in ("", *requirement.extras):
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found = metadata.distribution(name)
        if not extra:
            yield found
        for line in found.requires or []:
            marker = requirements.Requirement(line).marker
            if marker is None or marker.evaluate({"extra": extra}):
                yield from needed(line, seen)


def size(distribution: metadata.Distribution) -> int:
    """Bytes of its files, compiled Python included."""
    paths = [Path(str(distribution.locate_file(file))) for file in distribution.files or []]
    return sum(path.stat().st_size for path in paths if path.is_file())


def main() -> None:
    """Prints one line of JSON."""
    found = list(needed(sys.argv[1], set()))
    editable = '"editable": true' in (found[0].read_text("direct_url.json") or "")
    answer = {"megabytes": sum(map(size, found)) / 1e6, "distributions": len(found), "editable": editable}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
