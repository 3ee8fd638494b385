"""From an answer and its faults to what is put on the wire. Pure work, without sockets and clocks."""

from __future__ import annotations

import email.utils
import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from alchemy.lab._answers import fit
from alchemy.lab._sequence import fill, provider_words
from alchemy.lab._steps import Act, Grown, Reply
from alchemy.lab._tape import Tape
from alchemy.lab.protocols import Frame
from alchemy.lab.protocols._protocol import HERE, dump

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alchemy.lab._faults import Fault
    from alchemy.lab.protocols import Asked, Protocol
    from alchemy.messages import AssistantMessage

__all__ = ["error_reply", "plan"]

_NO_BODY = {204, 205, 304}
_FIRST_ERROR = 300


def plan(
    answer: AssistantMessage | Tape,
    asked: Asked,
    protocol: Protocol,
    *,
    streamed: bool,
    faults: Sequence[Fault],
    pace: float,
) -> Reply:
    """Make a reply of an answer.

    Raises:
        UnwritableError: The answer or a fault has no form in the protocol.
    """
    status = next((int(fault.number) for fault in faults if fault.kind in {"status", "html"}), 200)
    html = any(fault.kind == "html" for fault in faults)
    whole = not streamed
    frames: list[Frame] = []
    headers: dict[str, str] = {}
    if status in _NO_BODY:
        whole = True
    elif html or status >= _FIRST_ERROR:
        whole = True
        frames, headers = _refusal(protocol, status, html=html)
    elif isinstance(answer, Tape):
        whole = False
        frames, headers = _tape_frames(answer), dict(answer.headers)
        status = answer.status if status == 200 else status  # noqa: PLR2004 - nothing else was asked for
    else:
        frames, headers = _message_frames(answer, asked, protocol, faults, whole=whole)
    headers.setdefault(protocol.request_id, f"lab-{asked.number}")
    reply = Reply(status, headers, [])
    tape = answer if isinstance(answer, Tape) and not whole else None

    def before(number: int) -> Act | None:
        if tape is not None:
            return Act("until", tape.chunks[number][0] / tape.speed)
        return Act("wait", pace) if number and pace and not whole else None

    fill(reply, frames, faults, protocol, before=before, whole=whole)
    _dress(reply, faults)
    if status in _NO_BODY:
        return reply
    length = _length(reply) if whole else None
    if length is None:
        reply.headers["transfer-encoding"] = "chunked"
    else:
        reply.headers["content-length"] = str(length)
    return reply


def error_reply(protocol: Protocol, status: int, words: str, number: int) -> Reply:
    """Make a reply that says an error of the request's own."""
    body = dump(protocol.error_body(status, words))
    headers = {"content-type": "application/json", protocol.request_id: f"lab-{number}"}
    return Reply(status, {**headers, "content-length": str(len(body))}, [body])


def _refusal(protocol: Protocol, status: int, *, html: bool) -> tuple[list[Frame], dict[str, str]]:
    words = f"The lab was told to answer {status}."
    if html:
        page = f"<!doctype html>\n<html><head><title>{status}</title></head><body><h1>{words}</h1></body></html>\n"
        return _halved(page.encode()), {"content-type": "text/html; charset=utf-8"}
    return _halved(dump(protocol.error_body(status, words))), {"content-type": "application/json"}


def _tape_frames(tape: Tape) -> list[Frame]:
    last = len(tape.chunks) - 1
    return [Frame(data, terminal=number == last) for number, (_, data) in enumerate(tape.chunks)]


def _message_frames(
    message: AssistantMessage, asked: Asked, protocol: Protocol, faults: Sequence[Fault], *, whole: bool
) -> tuple[list[Frame], dict[str, str]]:
    message, form = fit(message, faults, protocol)
    asked = replace(asked, form=form)
    if not whole:
        return protocol.events(message, asked), {"content-type": "text/event-stream", "cache-control": "no-cache"}
    body = protocol.whole(message, asked)
    for fault in faults:
        if fault.kind == "unknown":
            body["lab_unknown"] = {"note": "no such key"}
        elif fault.kind == "error":
            overloaded, words = provider_words(fault)
            body = protocol.error_body(503 if overloaded else 500, words)
    return _halved(dump(body, ascii_only=form.halves)), {"content-type": "application/json"}


def _halved(body: bytes) -> list[Frame]:
    """Make two parts of a body that is not streamed, the second of which ends it."""
    place = body.find(HERE.encode())
    body = body.replace(HERE.encode(), b"")
    middle = len(body) // 2
    inside = place if place >= 0 else None
    return [
        Frame(body[:middle], grows_at=inside if inside is not None and inside < middle else None),
        Frame(
            body[middle:], terminal=True, grows_at=inside - middle if inside is not None and inside >= middle else None
        ),
    ]


def _dress(reply: Reply, faults: Sequence[Fault]) -> None:
    """Change headers and the way of writing."""
    for fault in faults:
        value = fault.value or ""
        if fault.kind == "retry-after":
            off = value.removeprefix("date:")
            late = email.utils.formatdate(time.time() + float(off), usegmt=True)
            reply.headers["retry-after"] = value if off == value else late
        elif fault.kind == "retry-after-ms":
            reply.headers["retry-after-ms"] = value
        elif fault.kind == "header":
            name, _, content = value.partition(":")
            reply.headers[name.lower()] = content.strip()
        elif fault.kind == "content-type":
            reply.headers.pop("content-type", None)
            reply.headers.update({"content-type": value} if value else {})
        else:
            _dress_writing(reply, fault)


def _dress_writing(reply: Reply, fault: Fault) -> None:
    if fault.kind == "slow-head":
        reply.head_seconds = fault.number
    elif fault.kind in {"gzip", "bomb"}:
        reply.packed = True
        reply.headers["content-encoding"] = "gzip"
    elif fault.kind == "close-idle":
        reply.closes_idle = fault.number
    elif fault.kind == "split" and (fault.value is not None or fault.at is None):
        reply.sizes = _sizes(fault.value or "1")


def _sizes(value: str) -> Iterator[int]:
    kind, _, seed = value.partition(":")
    chosen = random.Random(int(seed)) if seed else random.Random()  # noqa: S311 - sizes are no secret
    while True:
        yield chosen.randint(1, 40) if kind == "random" else int(value)


def _length(reply: Reply) -> int | None:
    """Give the length of a body that is as long as it says; None where a fault changes that."""
    ends = {"end", "close"}
    everything = [*reply.items, *[item for _, item in reply.at_bytes]]
    changed = any(isinstance(item, Grown) or (isinstance(item, Act) and item.kind in ends) for item in everything)
    if reply.packed or changed:
        return None
    return sum(len(item) for item in everything if isinstance(item, bytes))
