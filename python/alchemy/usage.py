"""What an answer used and what it cost."""

from __future__ import annotations

from ._data import Data, field_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    D = TypeVar("D", bound=Data)


class Usage(Data):
    """What an answer used. Every count is None where the provider did not say. Usages add up."""

    input: int | None = None
    """Input read at full price, without cached tokens. Unit: tokens."""
    output: int | None = None
    """Output, thinking included. Unit: tokens."""
    cache_read: int | None = None
    """Input read from the provider's cache. Unit: tokens."""
    cache_write: int | None = None
    """Input written to the provider's cache. Unit: tokens."""
    cache_write_1h: int | None = None
    """The part of `cache_write` that is kept for an hour. Unit: tokens."""
    reasoning: int | None = None
    """The part of `output` that was thinking. Unit: tokens."""
    total_tokens: int | None = None
    """Everything: input, cache reads and writes, and output. Unit: tokens."""
    cost: Cost | None = None
    """What it cost; None where no price is known."""

    def __add__(self, other: Usage, /) -> Usage:
        """Add two usages, field by field; a count that neither knows stays None, one that only one knows is kept."""
        total: Usage = _add(self, other)
        return total

    def __radd__(self, other: int, /) -> Usage:
        """Let `sum()` begin with 0."""
        return self if other == 0 else NotImplemented


class Cost(Data):
    """The price of an answer, computed from the model's prices unless the provider billed a figure."""

    input: float | None = None
    """For `Usage.input`. Unit: USD."""
    output: float | None = None
    """For `Usage.output`. Unit: USD."""
    cache_read: float | None = None
    """For `Usage.cache_read`. Unit: USD."""
    cache_write: float | None = None
    """For `Usage.cache_write`. Unit: USD."""
    total: float | None = None
    """The sum, or `billed` where the provider named a price. Unit: USD."""
    billed: float | None = None
    """What the provider says it charged. Unit: USD."""

    def __add__(self, other: Cost, /) -> Cost:
        """Add two costs, field by field; a figure that neither knows stays None, one that only one knows is kept."""
        total: Cost = _add(self, other)
        return total

    def __radd__(self, other: int, /) -> Cost:
        """Let `sum()` begin with 0."""
        return self if other == 0 else NotImplemented


def _add(first: D, second: D) -> Any:
    """Return the sum of two objects of one class, or `NotImplemented`."""
    if type(first) is not type(second):
        return NotImplemented
    sums: dict[str, Any] = {}
    for name, value in field_values(first).items():
        more = getattr(second, name)
        sums[name] = value if more is None else more if value is None else value + more
    return type(first)(**sums)
