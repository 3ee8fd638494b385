"""Turns figures into tables: who took part down the side, what was measured along the top, the bound last."""

import statistics
from dataclasses import dataclass

from bench_bounds import bound_of
from bench_contestants import OURS
from bench_samples import Samples

NOTHING = "-"


@dataclass(frozen=True)
class Column:
    """One measure; the row says of which group."""

    title: str
    measure: str
    """What follows the row's group."""
    ratio: bool = False
    """Whether to show how many times alchemy's figure it is."""
    plain: bool = False
    """Whether the median alone is shown, for what does not vary."""


@dataclass(frozen=True)
class Row:
    """One contestant."""

    title: str
    name: str
    """Under which its figures are kept."""
    group: str


@dataclass(frozen=True)
class Table:
    """A table with what it needs to be understood."""

    name: str
    """Its marker in the page."""
    title: str
    text: str
    """What the figures are, in a sentence or two."""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def digits(value: float) -> str:
    """A figure with the digits that say something."""
    size = abs(value)
    if size < 0.995:
        return f"{value:.3f}" if size < 0.0995 else f"{value:.2f}"
    return f"{value:.2f}" if size < 9.995 else f"{value:,.1f}" if size < 999.5 else f"{value:,.0f}"


def spread(values: list[float]) -> str:
    """The median, and behind it the lowest and the highest where there are several."""
    if not values:
        return NOTHING
    middle = digits(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({digits(min(values))}-{digits(max(values))})"


def cell(row: Row, column: Column, samples: Samples) -> str:
    """One figure of the table."""
    measure = f"{row.group} {column.measure}"
    values = samples.of(measure, row.name)
    if not values:
        return NOTHING
    if column.ratio:
        base = samples.median(measure, OURS)
        return f"{statistics.median(values) / base:.1f}x" if base else NOTHING
    if column.plain:
        middle = statistics.median(values)
        return f"{middle:,.0f}" if middle == int(middle) else digits(middle)
    return spread(values)


def verdict(row: Row, table: Table, samples: Samples) -> str:
    """The bounds of a row, where it is alchemy's."""
    if row.name != OURS:
        return ""
    found = [
        (column.title, bound)
        for column in table.columns
        if not column.ratio and (bound := bound_of(f"{row.group} {column.measure}", samples))
    ]
    words = {str(bound) for _, bound in found}
    if len(words) == 1:
        return words.pop()
    return "; ".join(f"{title.partition(', ')[0]} {bound}" for title, bound in found)


def cells(table: Table, samples: Samples) -> list[list[str]]:
    """The table, its head first; empty where nothing of it was measured."""
    columns = [
        column
        for column in table.columns
        if any(samples.of(f"{row.group} {column.measure}", row.name) for row in table.rows)
    ]
    lines = []
    for row in table.rows:
        figures = [cell(row, column, samples) for column in columns]
        if any(figure != NOTHING for figure in figures):
            lines.append([row.title, *figures, verdict(row, table, samples)])
    if not lines:
        return []
    head = ["", *(column.title for column in columns), "alchemy's bound"]
    bounded = any(line[-1] for line in lines)
    return [line if bounded else line[:-1] for line in (head, *lines)]


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


def markdown(table: list[list[str]]) -> str:
    """The table as Markdown."""
    head, *lines = table
    rule = ["---", *(["---:"] * (len(head) - 1))]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines))
