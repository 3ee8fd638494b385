"""Write the fault table of docs/reliability.md: what alchemy makes of each fault, and what was measured of others.

Needs the built extension. Called without arguments it runs every case of tests/faults, which takes two minutes, and
writes what it observed. `--check` runs nothing: it fails where the page is not what the rows of the table state, and
the tests hold those against what is observed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("faults", "", "conformance")]


def main() -> int:
    """Write the page, or compare it."""
    # The table belongs to the tests, which are no package.
    import fault_page  # pyright: ignore[reportMissingImports]

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the page is out of date")
    arguments = parser.parse_args()
    text = fault_page.page(fault_page.expected if arguments.check else fault_page.observed)
    if fault_page.PAGE.read_text(encoding="utf-8") == text:
        return 0
    if arguments.check:
        print(f"out of date: {fault_page.PAGE.relative_to(ROOT)}; run make docs", file=sys.stderr)
        return 1
    fault_page.PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
