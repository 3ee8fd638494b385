"""Writes requirements/hashes/: every package that the pins in requirements/ bring, with the hashes of its files.

`make lock` runs it after a pin has changed. It asks PyPI, for every platform and every CPython from 3.11 at once.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "requirements"
HASHES = PINS / "hashes"
# The first one is installed everywhere: the others take from it what they share.
FIRST = "dev.txt"


def lock(pins: Path) -> None:
    """Writes the hashes for one file of pins."""
    target = HASHES / pins.name
    shared = [] if pins.name == FIRST else ["--constraint", str(HASHES / FIRST)]
    command = [str(Path(sys.executable).parent / "uv"), "pip", "compile", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet", "--upgrade", "--default-index"]
    command += ["https://pypi.org/simple", *shared, "--output-file", str(target), str(pins)]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    text = target.read_text(encoding="utf-8")
    target.write_text(f"# Made by `make lock` from requirements/{pins.name}.\n{text}", encoding="utf-8")


def main() -> int:
    """Locks every file of pins."""
    HASHES.mkdir(exist_ok=True)
    for pins in sorted(PINS.glob("*.txt"), key=lambda file: (file.name != FIRST, file.name)):
        lock(pins)
    return 0


if __name__ == "__main__":
    sys.exit(main())
