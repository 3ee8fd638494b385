"""Puts the tables of a run between the markers of docs/performance.md, and its figures and plots beside it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench_environments import ROOT
from bench_report import about, filled, growth_lines
from bench_samples import Samples
from bench_tables import markdown

PAGE = ROOT / "docs" / "performance.md"
FOLDER = ROOT / "docs" / "performance"


def between(page: str, name: str, text: str) -> str:
    """The page with `text` between the markers of that name; a page without them is refused."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise ValueError(f"docs/performance.md: write {begin} and, after it, {end}, each once")
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{text}\n{end}{after}"


def filled_page(page: str, samples: Samples, found: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The page with all tables that it has markers for, and the names of the tables it has no place for."""
    missing = []
    for table, lines in filled(samples):
        if f"<!-- begin {table.name} -->" in page:
            page = between(page, table.name, f"{table.text}\n\n{markdown(lines)}")
        else:
            missing.append(table.name)
    notes = [f"- {line}" for line in (*growth_lines(samples), *samples.notes, *about(found))]
    return between(page, "notes", "\n".join(notes)), missing


def publish(results: Path, samples: Samples, found: Mapping[str, Any]) -> list[str]:
    """Writes page, figures and plots; returns the names of tables that the page has no place for."""
    page, missing = filled_page(PAGE.read_text(encoding="utf-8"), samples, found)
    PAGE.write_text(page, encoding="utf-8")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "reference.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for plot in sorted(results.glob("*.svg")):
        shutil.copyfile(plot, FOLDER / plot.name)
    return missing
