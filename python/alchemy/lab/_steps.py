"""What an answer is made of on the wire: bytes, and what happens between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Act", "Grown", "Item", "Reply"]


@dataclass(frozen=True, slots=True)
class Act:
    """Something other than bytes that happens inside an answer."""

    kind: Literal["wait", "until", "stall", "reset", "close", "drop", "end", "cut"]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Grown:
    """An event that is never whole in memory: something stands so many times inside it."""

    before: bytes
    filler: bytes
    size: int
    after: bytes


Item: TypeAlias = bytes | Act | Grown


@dataclass(slots=True)
class Reply:
    """An answer as it is put on the wire."""

    status: int
    headers: dict[str, str]
    items: list[Item]
    """The body, and what happens inside it."""
    before: list[Act] = field(default_factory=list[Act])
    """What happens before the status line."""
    at_bytes: list[tuple[int, Item]] = field(default_factory=list[tuple[int, Item]])
    """What happens behind so many bytes of the body."""
    head_seconds: float = 0.0
    """How long the head takes, byte by byte."""
    sizes: Iterator[int] | None = None
    """How many bytes each write has; None: whole events."""
    packed: bool = False
    """Whether the body is compressed."""
    closes_idle: float | None = None
    """How long after the answer the connection is closed without a word; None: it is kept."""
