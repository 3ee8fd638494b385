"""Writes the figures of a soak into docs/reliability.md."""

import os
import platform
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN = "<!-- begin: made by tests/soak/soak.py -->\n"
END = "<!-- end: made by tests/soak/soak.py -->\n"


def machine(load_before: float) -> str:
    """What a run was made on, and how busy that was."""
    return (
        f"CPython {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores; "
        f"load average {load_before:.1f} before it and {os.getloadavg()[0]:.1f} in the end"
    )


def publish(title: str, figures: str, outcomes: str, faults: str) -> None:
    """Puts the tables of a run in the place of those of the one before."""
    text = PAGE.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} has no place for the soak: put its two marks in, {BEGIN.strip()} and {END.strip()}")
    details = f"<details>\n<summary>By fault</summary>\n\n{faults}\n\n</details>"
    made = f"{title}\n\n{figures}\n\n{outcomes}\n\n{details}"
    PAGE.write_text(f"{before}{BEGIN}\n{made}\n\n{END}{after}", encoding="utf-8")
