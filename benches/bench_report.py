"""Turns the figures of a run into one table, as plain text, Markdown and JSON."""

import json
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench_rounds import Samples

YARDSTICK = "hand-written"
OURS = "alchemy"
RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    title: str
    measure: str
    unit: str
    bound: float | None


def rows(events: tuple[int, ...]) -> list[Row]:
    """The lines of the table with the bounds that alchemy must keep."""
    found = []
    for mode, per_event, per_request in (("sync", 1.3, 60.0), ("async", 1.6, 80.0)):
        found += [
            Row(f"{mode}, per event of {count:,}", f"{mode} events-{count} cpu", "us CPU", per_event)
            for count in events
        ]
        found.append(Row(f"{mode}, per request", f"{mode} request cpu", "us CPU", per_request))
    found.append(Row("import and client", "import wall", "ms", 20.0))
    found.append(Row("import and client", "import cpu", "ms CPU", None))
    return found


def _digits(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def _cell(values: list[float] | None, yardstick: list[float] | None) -> str:
    if not values:
        return "-"
    middle = statistics.median(values)
    text = f"{_digits(middle)} ({_digits(min(values))}-{_digits(max(values))})"
    if yardstick and (base := statistics.median(yardstick)) > 0:
        text += f" {middle / base:.2f}x"
    return text


def over_bound(samples: Samples, events: tuple[int, ...]) -> list[str]:
    """The lines whose median for alchemy is above its bound."""
    found = []
    for row in rows(events):
        values = samples.values.get(row.measure, {}).get(OURS)
        if values and row.bound is not None and statistics.median(values) > row.bound:
            found.append(f"{row.title}: {_digits(statistics.median(values))} {row.unit}, bound {row.bound:g}")
    return found


def cells(samples: Samples, names: list[str], events: tuple[int, ...]) -> list[list[str]]:
    """The table, its head first."""
    table = [["", "unit", *names, "alchemy's bound"]]
    for row in rows(events):
        values = samples.values.get(row.measure, {})
        # An import of orjson and socket is no loop to be compared with.
        yardstick = None if row.measure.startswith("import") else values.get(YARDSTICK)
        others = {name: None if name == YARDSTICK else yardstick for name in names}
        line = [row.title, row.unit, *(_cell(values.get(name), others[name]) for name in names)]
        ours = values.get(OURS)
        verdict = ""
        if row.bound is not None:
            verdict = f"{row.bound:g}"
            if ours:
                verdict += ", kept" if statistics.median(ours) <= row.bound else ", OVER"
        table.append([*line, verdict])
    return table


def plain(table: list[list[str]]) -> str:
    """The table in aligned columns."""
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    lines = []
    for line in table:
        fitted = [
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  ".join(fitted).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def growth(samples: Samples, events: tuple[int, ...]) -> list[str]:
    """How the cost of alchemy's events changes from the shortest stream to the longest."""
    found = []
    for mode in ("sync", "async"):
        ends = [samples.values.get(f"{mode} events-{count} cpu", {}).get(OURS) for count in (events[0], events[-1])]
        if len(events) > 1 and ends[0] and ends[1]:
            ratio = statistics.median(ends[1]) / statistics.median(ends[0])
            found.append(f"alchemy, {mode}: an event of {events[-1]:,} costs {ratio:.2f} times one of {events[0]:,}")
    return found


def write(table: list[list[str]], samples: Samples, notes: list[str], machine: dict[str, str]) -> Path:
    """Writes `latest.md` and `latest.json`; returns the folder."""
    RESULTS.mkdir(exist_ok=True)
    when = datetime.now(UTC).isoformat(timespec="seconds")
    head, *body = table
    markdown = [f"# Benchmark of {when}", "", "| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    markdown += ["| " + " | ".join(line) + " |" for line in body]
    markdown += ["", *(f"- {note}" for note in notes), *(f"- {key}: {value}" for key, value in machine.items()), ""]
    (RESULTS / "latest.md").write_text("\n".join(markdown))
    document = {"when": when, "machine": machine, "versions": samples.versions, "notes": notes}
    (RESULTS / "latest.json").write_text(json.dumps(document | {"samples": samples.values}, indent=1) + "\n")
    return RESULTS
