"""Keeps every figure of a run: by measure, then by who took part, one value for each round."""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Samples:
    """The figures, and what was learnt beside them."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, measure: str, name: str, value: float) -> None:
        """Keeps one figure."""
        self.values.setdefault(measure, {}).setdefault(name, []).append(value)

    def add_all(self, group: str, name: str, measured: Mapping[str, Any]) -> None:
        """Keeps all numbers of what a client printed, each under the words that lead to it."""
        for words, value in leaves(measured):
            self.add(" ".join((group, *words)), name, value)

    def of(self, measure: str, name: str) -> list[float]:
        """The figures of one measure; none where it was not taken."""
        return self.values.get(measure, {}).get(name, [])

    def median(self, measure: str, name: str) -> float | None:
        """The middle one; None where it was not taken."""
        values = self.of(measure, name)
        return statistics.median(values) if values else None

    def note(self, line: str) -> None:
        """Keeps a line for below the tables, once."""
        if line not in self.notes:
            self.notes.append(line)


def leaves(tree: Mapping[str, Any], *path: str) -> Iterator[tuple[tuple[str, ...], float]]:
    """Every number of nested objects with the names that lead to it; what is no number is passed over."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, *path, name)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield (*path, name), float(value)
