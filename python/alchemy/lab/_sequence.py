"""Puts the events of an answer and what happens between them in order."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal

from alchemy.lab._steps import Act, Grown, Item, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alchemy.lab._faults import Fault, Place
    from alchemy.lab.protocols import Frame, Protocol

__all__ = ["fill", "provider_words"]

_GARBAGE = b"\x00\xff garbage \xfe\n\ndata: }garbage{\n\n"
_ACTS: dict[str, Literal["wait", "stall", "reset", "close", "drop", "end", "cut"]] = {
    "delay": "wait",
    "stall": "stall",
    "reset": "reset",
    "close": "close",
    "drop": "drop",
    "truncate": "end",
    "split": "cut",
}


def provider_words(fault: Fault) -> tuple[bool, str]:
    """Give what the provider says of its failure: whether it has too much to do, and in words."""
    overloaded = fault.value == "overloaded"
    return overloaded, "The lab was told to be overloaded." if overloaded else "The lab was told to fail."


def fill(
    reply: Reply,
    frames: list[Frame],
    faults: Sequence[Fault],
    protocol: Protocol,
    *,
    before: Callable[[int], Act | None],
    whole: bool,
) -> None:
    """Put events and faults in order.

    Args:
        reply: What is filled.
        frames: The events.
        faults: What goes wrong.
        protocol: Gives the events that faults put in.
        before: Gives what is waited for before an event, by its number from 0.
        whole: Whether the answer is not streamed.
    """
    events = _shaped(frames, faults, whole=whole)
    slots, in_middle = _placed(reply, events, frames, faults, protocol, whole=whole)
    reply.items = list(slots[0])
    for number, item in enumerate(events):
        wait = before(number)
        if wait is not None:
            reply.items.append(wait)
        if number == len(frames) // 2 and in_middle and isinstance(item, bytes):
            reply.items += [item[: len(item) // 2], *in_middle, item[len(item) // 2 :]]
        elif item:
            reply.items.append(item)
        reply.items += slots[number + 1]
    for number in range(len(events), len(frames)):
        reply.items += slots[number + 1]


def _placed(
    reply: Reply, events: list[Item], frames: list[Frame], faults: Sequence[Fault], protocol: Protocol, *, whole: bool
) -> tuple[defaultdict[int, list[Item]], list[Item]]:
    """Give what happens behind so many events, and what in the middle of one; the rest goes where it belongs."""
    slots: defaultdict[int, list[Item]] = defaultdict(list)
    in_middle: list[Item] = []
    for fault in faults:
        place = fault.place
        if place is None:
            continue
        if fault.kind == "huge":
            _grow(events, _slot(place, frames, whole=whole), frames, int(fault.number))
            continue
        items = _items_of(fault, protocol, whole=whole)
        if place.kind == "head":
            reply.before.extend(item for item in items if isinstance(item, Act))
        elif place.kind == "byte":
            reply.at_bytes.extend((place.count, item) for item in items)
        elif place.kind == "middle" and len(events) > len(frames) // 2:
            in_middle.extend(items)
        else:
            slots[_slot(place, frames, whole=whole)].extend(items)
    reply.at_bytes.sort(key=lambda entry: entry[0])
    return slots, in_middle


def _shaped(frames: list[Frame], faults: Sequence[Fault], *, whole: bool) -> list[Item]:
    """Give the events that are sent at all."""
    kept = list(frames)
    for fault in faults:
        if fault.kind == "no-terminal":
            kept = (
                [frame for frame in kept if not frame.terminal]
                if fault.value is None
                else kept[: -int(fault.number) or None]
            )
    items: list[Item] = [frame.data for frame in kept]
    if not whole and any(fault.kind == "no-newline" for fault in faults):
        items[-1:] = [frame.data.rstrip(b"\r\n") for frame in kept[-1:]]
    for fault in faults:
        if fault.kind == "bomb":
            _grow(items, 0, frames, int(fault.number))
    return items


def _grow(items: list[Item], first: int, frames: list[Frame], size: int) -> None:
    """Make one event long: the first from the place on that has text, or else any by blanks inside its JSON."""
    order = [*range(first, len(items)), *range(min(first, len(items)))]
    for number in order:
        data, grows_at = items[number], frames[number].grows_at
        if isinstance(data, bytes) and grows_at is not None:
            items[number] = Grown(data[:grows_at], b"a", size, data[grows_at:])
            return
    for number in order:
        data = items[number]
        if isinstance(data, bytes) and b"{" in data:
            inside = data.index(b"{") + 1
            items[number] = Grown(data[:inside], b" ", size, data[inside:])
            return
    items.append(Grown(b"data: ", b"a", size, b"\n\n"))


def _slot(place: Place, frames: list[Frame], *, whole: bool) -> int:
    """Give how many events stand before a place; a body that is not streamed is one event, cut in half."""
    match place.kind:
        case "event":
            return min(place.count, 1 if whole else len(frames))
        case "last":
            return next((number for number, frame in enumerate(frames) if frame.terminal), len(frames))
        case "end":
            return len(frames)
        case "middle":
            return len(frames) // 2
        case _:
            return 0


def _items_of(fault: Fault, protocol: Protocol, *, whole: bool) -> list[Item]:
    """Give what happens at a fault's place."""
    match fault.kind:
        case "malformed":
            return [b'{"broken": ' if whole else protocol.malformed_event()]
        case "unknown":
            return [] if whole else [protocol.unknown_event()]
        case "error" if not whole:
            overloaded, words = provider_words(fault)
            return [protocol.error_event(words, overloaded=overloaded), Act("end")]
        case "garbage":
            return [_GARBAGE]
        case kind if kind in _ACTS:
            return [Act(_ACTS[kind], fault.number)]
        case _:
            return []
