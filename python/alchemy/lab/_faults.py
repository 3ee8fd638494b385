"""The fault language: `kind[=value][@place]`."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from alchemy.errors import InvalidRequestError
from alchemy.lab._kinds import FAULTS, FORMS, FaultKind

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Fault", "Faults", "Place", "faults_of"]

_PLACE = re.compile(r"head|start|middle|last|end|(?P<count>\d{1,12})(?P<bytes>b?)")
_NOT_PRINTED = re.compile(r"[^\x20-\x7e]")
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A place in an answer."""

    kind: str
    """`head`: before the status line; `start`: behind the headers; `event`: behind so many events; `byte`: behind so
    many bytes of the body; `middle`: inside the event in the middle; `last`: before the first event that says the
    answer has ended; `end`: behind everything."""
    count: int = 0
    """How many events or bytes."""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a place as it stands behind `@`; None if it is none."""
        match = _PLACE.fullmatch(text)
        if match is None:
            return None
        if match["count"] is None:
            return cls(text)
        return cls("byte" if match["bytes"] else "event", int(match["count"]))


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with an answer.

    Args:
        kind: What goes wrong; a key of `alchemy.lab.FAULTS`.
        value: What the kind takes, as text or number; None: nothing, or the kind's own default.
        at: Where in the answer: `head` (before the status line), `start` (behind the headers), a number of events
            (`2` or `"2"`; behind the last where there are fewer), a number of bytes of the body (`"40b"`), `middle`
            (inside the event in the middle), `last` (before the event that says the answer has ended) or `end`
            (behind that). None: the kind's own place.

    Raises:
        InvalidRequestError: There is no such kind, or it takes no such value or place. It is a `ValueError`.

    Example:
        >>> from alchemy.lab import Fault
        >>> Fault("delay", 0.5, at=2)
        Fault('delay=0.5@2')
        >>> Fault.parse("delay=0.5@2") == Fault("delay", "0.5", at="2")
        True
    """

    kind: str
    value: str | None = None
    at: str | None = None

    def __init__(self, kind: str, value: str | float | None = None, *, at: str | int | None = None) -> None:
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "value", None if value is None else str(value))
        object.__setattr__(self, "at", None if at is None else str(at))
        _check(self)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a fault as text.

        Args:
            text: `kind`, `kind=value`, `kind@place` or `kind=value@place`.

        Returns:
            The fault.

        Raises:
            InvalidRequestError: The text is no fault; the error says what is wrong and names the nearest kind.

        Example:
            >>> from alchemy.lab import Fault
            >>> Fault.parse("error=overloaded@2").value
            'overloaded'
        """
        match = re.match(r"[^=@]*", text.strip())
        kind = match[0] if match else ""
        rest = text.strip()[len(kind) :]
        known = FAULTS.get(kind)
        at: str | None = None
        if known is None or known.place:
            # The values of kinds that have a place never hold an @.
            rest, sign, place = rest.partition("@")
            at = place if sign else None
        value = rest[1:] if rest.startswith("=") else None
        if rest and value is None:
            raise _wrong(text, f"{kind} stands at no place; write {kind}" + ("=VALUE" if known and known.value else ""))
        return cls(kind, value, at=at)

    @property
    def place(self) -> Place | None:
        """Where in the answer it happens; None for a kind without a place, or without this one's."""
        return Place.parse(self.at if self.at is not None else FAULTS[self.kind].place)

    @property
    def number(self) -> float:
        """The value as a number; 0 where there is none."""
        return float(self.value) if self.value is not None else 0.0

    def fits(self, api: str) -> bool:
        """Tell whether a wire protocol has a use for it.

        Args:
            api: The protocol, such as `anthropic-messages`.

        Returns:
            False for the few kinds that change how tool calls or thinking are said, where the protocol has no such
            form; True for all others.

        Example:
            >>> from alchemy.lab import Fault
            >>> Fault("no-ids").fits("openai-completions"), Fault("no-ids").fits("anthropic-messages")
            (True, False)
        """
        from alchemy.lab.protocols import PROTOCOLS

        form = FORMS.get(self.kind)
        return api in PROTOCOLS and (form is None or form in PROTOCOLS[api].forms)

    def __str__(self) -> str:
        value = "" if self.value is None else f"={self.value}"
        return f"{self.kind}{value}" + ("" if self.at is None else f"@{self.at}")

    def __repr__(self) -> str:
        return f"Fault({str(self)!r})"


Faults: TypeAlias = str | Fault | Iterable[str | Fault]
"""A fault, as text or not, or several."""


def faults_of(faults: Faults) -> tuple[Fault, ...]:
    """Read what `faults=` takes."""
    if isinstance(faults, Fault):
        return (faults,)
    if isinstance(faults, str):
        return (Fault.parse(faults),)
    return tuple(fault if isinstance(fault, Fault) else Fault.parse(fault) for fault in faults)


def _wrong(text: str, why: str) -> InvalidRequestError:
    shown = _NOT_PRINTED.sub("?", text)
    shown = shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 3] + "..."
    why = _NOT_PRINTED.sub("?", why)
    return InvalidRequestError(f"no fault {shown!r}: {why}", path="faults")


def _check(fault: Fault) -> None:
    """Refuse what is no fault."""
    known = FAULTS.get(fault.kind)
    if known is None:
        near = difflib.get_close_matches(fault.kind[:_LONGEST_SHOWN], FAULTS, n=1, cutoff=0)
        raise _wrong(str(fault), f"there is no such kind; the nearest is {near[0]}; all: alchemy lab --list")
    if fault.at is not None:
        if not known.place:
            raise _wrong(str(fault), f"{fault.kind} stands at no place")
        if Place.parse(fault.at) is None:
            places = "head, start, middle, last, end, a number of events such as 2, or of bytes such as 40b"
            raise _wrong(str(fault), f"no such place; one of {places}")
    if fault.value is None:
        if known.value and not known.optional:
            raise _wrong(str(fault), f"{fault.kind} needs a value, for example {known.example}")
    elif not known.value:
        raise _wrong(str(fault), f"{fault.kind} takes no value")
    elif not _fits(known, fault.value):
        raise _wrong(str(fault), f"{fault.kind} takes {_WANTED[known.value]}, for example {known.example}")
    if fault.kind in _NOT_IN_HEAD and fault.place is not None and fault.place.kind == "head":
        raise _wrong(str(fault), f"{fault.kind} belongs to the body, which has not begun there")


#: What stands in the body cannot stand before it.
_NOT_IN_HEAD = {"truncate", "malformed", "unknown", "error", "huge", "garbage"}
_WANTED = {
    "seconds": "a number of seconds",
    "count": "a whole number",
    "bytes": "a whole number of bytes",
    "status": "an HTTP status from 200 to 599",
    "split": "a whole number of bytes from 1, or random, or random:SEED",
    "error": "overloaded or server",
    "retry": "a number of seconds, or date:SECONDS",
    "header": "name:value",
    "text": "text of one line",
}
_LONGEST_WAIT = 86400.0


def _seconds(value: str) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return math.isfinite(number) and 0 <= number <= _LONGEST_WAIT


#: The values of each sort, as patterns; seconds are read as numbers.
_VALUES = {
    "count": r"[0-9]{1,15}",
    "bytes": r"[0-9]{1,15}",
    "status": r"[2-5][0-9]{2}",
    "split": r"random(:[0-9]{1,15})?|[1-9][0-9]{0,14}",
    "error": r"overloaded|server",
    "header": r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*",
    "text": r"[\t\x20-\x7e\x80-\xff]*",
}


def _fits(known: FaultKind, value: str) -> bool:
    """Tell whether a kind takes a value."""
    if known.value in {"seconds", "retry"}:
        return _seconds(value.removeprefix("date:") if known.value == "retry" else value)
    return re.fullmatch(_VALUES[known.value], value) is not None
