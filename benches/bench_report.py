"""Writes what a run found: tables on the terminal, Markdown and JSON in `benches/results/`."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench_bounds import all_bounds, growth
from bench_contestants import OURS
from bench_samples import Samples
from bench_sections import all_tables
from bench_tables import Table, cells, markdown, plain

RESULTS = Path(__file__).resolve().parent / "results"
LATEST = "latest.json"
HOW_TO_READ = "The median, and in brackets the lowest and the highest, of the rounds. 'kept' and 'OVER' are alchemy's."


def document(samples: Samples, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that was found, as JSON."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    bounds = [
        {"measure": bound.measure, "limit": bound.limit, "value": bound.value, "kept": bound.kept}
        for bound in all_bounds(samples)
    ]
    found = {"when": when, **facts, "versions": samples.versions, "notes": samples.notes, "bounds": bounds}
    return {**found, "samples": samples.values}


def read(path: Path) -> tuple[Samples, dict[str, Any]]:
    """The figures of an earlier run, and the whole document."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return Samples(found["samples"], found["versions"], found["notes"]), found


def filled(samples: Samples) -> list[tuple[Table, list[list[str]]]]:
    """The tables that have something in them."""
    return [(table, lines) for table in all_tables(samples) if (lines := cells(table, samples))]


def growth_lines(samples: Samples) -> list[str]:
    """How the cost of an event grows with its stream, in words."""
    return [f"{bound.measure}: {bound.value:.2f} times ({bound})" for bound in growth(samples)]


def failures(samples: Samples) -> list[str]:
    """What alchemy could not do in this run, in the words of the notes."""
    return [note for note in samples.notes if note.startswith(OURS) and " left out of " in note]


def about(found: Mapping[str, Any]) -> list[str]:
    """When, where and with what the run was made."""
    lines = [f"{found['when']}, plan '{found['plan']}', measured in {found['seconds']:.0f} s"]
    lines.append(f"building and installing before that, not counted: {found['seconds_before']:.0f} s")
    lines.append(", ".join(f"{key}: {value}" for key, value in found["machine"].items()))
    lines.append("versions: " + "; ".join(f"{name}: {version}" for name, version in found["versions"].items()))
    return lines


def text(samples: Samples, found: Mapping[str, Any]) -> str:
    """All of it for the terminal."""
    parts = []
    for table, lines in filled(samples):
        parts += [f"\n{table.title}\n{table.text}\n", plain(lines)]
    parts += ["", HOW_TO_READ, *growth_lines(samples), *samples.notes, *about(found)]
    return "\n".join(parts)


def page(samples: Samples, found: Mapping[str, Any]) -> str:
    """All of it as a Markdown document."""
    parts = ["# Benchmark", "", HOW_TO_READ]
    for table, lines in filled(samples):
        parts += ["", f"## {table.title}", "", table.text, "", markdown(lines)]
    parts += ["", "## Notes", ""]
    parts += [f"- {line}" for line in (*growth_lines(samples), *samples.notes, *about(found))]
    return "\n".join(parts) + "\n"


def write(folder: Path, samples: Samples, found: Mapping[str, Any]) -> None:
    """Writes `latest.md` and `latest.json`."""
    folder.mkdir(exist_ok=True)
    (folder / "latest.md").write_text(page(samples, found), encoding="utf-8")
    (folder / LATEST).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
