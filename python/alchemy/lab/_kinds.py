"""The kinds of faults: what each does and takes, and where it stands; the docs and the parser go by this list."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FAULTS", "FORMS", "FaultKind"]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault."""

    meaning: str
    """What it does, in one line."""
    value: str = ""
    """What stands behind the `=`, such as `seconds`, `count` or `status`; empty: nothing."""
    optional: bool = False
    """Whether the value may be left out."""
    place: str = ""
    """Where it happens unless an `@` says otherwise; empty: it has no place."""
    example: str = ""
    """One fault of the kind as text."""


FAULTS: dict[str, FaultKind] = {
    "delay": FaultKind("waits that long, then goes on", "seconds", place="head", example="delay=0.5@2"),
    "stall": FaultKind("sends nothing more and keeps the connection open", place="1", example="stall@start"),
    "reset": FaultKind(
        "breaks the connection with a TCP reset, a moment after what was sent before", place="1", example="reset@2"
    ),
    "close": FaultKind("ends the answer in order, and the connection with it", place="1", example="close@last"),
    "drop": FaultKind("closes the connection without ending the answer", place="1", example="drop@last"),
    "truncate": FaultKind(
        "ends the answer in order, in the middle of an event", place="middle", example="truncate@90b"
    ),
    "split": FaultKind(
        "writes that many bytes at a time (default 1), or `random` sizes, `random:SEED` the same each time; "
        "with a place and no value, cuts once there",
        "split",
        optional=True,
        place="-",
        example="split=random:7",
    ),
    "malformed": FaultKind("sends an event of broken JSON, then goes on", place="1", example="malformed@2"),
    "unknown": FaultKind(
        "sends an event of a kind that the protocol does not have, then goes on", place="1", example="unknown"
    ),
    "error": FaultKind(
        "says the provider's error inside the answer and ends it; `overloaded`: that it has too much to do",
        "error",
        optional=True,
        place="1",
        example="error=overloaded@2",
    ),
    "huge": FaultKind("makes the text of one event that long", "bytes", place="1", example="huge=70000000@2"),
    "garbage": FaultKind("sends bytes that are no event", place="end", example="garbage"),
    "no-terminal": FaultKind(
        "leaves out everything that says the answer has ended; N: only the last N events",
        "count",
        optional=True,
        example="no-terminal",
    ),
    "no-newline": FaultKind(
        "leaves out the blank line behind the last event, which says all that is left to say", example="no-newline"
    ),
    "status": FaultKind(
        "answers with this HTTP status, from 300 on in the protocol's form of an error", "status", example="status=429"
    ),
    "html": FaultKind("answers with this HTTP status and a page of HTML", "status", example="html=502"),
    "retry-after": FaultKind(
        "sends the header, in seconds; `date:SECONDS`: as the date that is so far off",
        "retry",
        example="retry-after=date:3",
    ),
    "retry-after-ms": FaultKind("sends the header, in milliseconds", "count", example="retry-after-ms=250"),
    "header": FaultKind("sends a header, in place of the answer's own", "header", example="header=x-region:north"),
    "content-type": FaultKind(
        "says this content type; without a value, none", "text", optional=True, example="content-type=text/plain"
    ),
    "slow-head": FaultKind(
        "sends the status line and headers byte by byte over that time", "seconds", example="slow-head=1"
    ),
    "gzip": FaultKind("sends the body compressed", example="gzip"),
    "bomb": FaultKind(
        "sends a compressed body that unpacks to more than that size", "bytes", example="bomb=1000000000"
    ),
    "close-idle": FaultKind(
        "closes the connection behind the answer without saying so, at once or after some seconds",
        "seconds",
        optional=True,
        example="close-idle",
    ),
    "surrogates": FaultKind("cuts an emoji into two escapes in two events", example="surrogates"),
    "interleaved": FaultKind("sends the pieces of several tool calls in turns", example="interleaved"),
    "empty-ids": FaultKind(
        "repeats tool calls' ids and names as empty texts in their later pieces", example="empty-ids"
    ),
    "no-ids": FaultKind("sends tool calls without ids, whole, in one event", example="no-ids"),
    "together": FaultKind("sends thinking and text in the same events", example="together"),
    "cut-arguments": FaultKind(
        "cuts a tool call's arguments in half, as a limit of tokens does", example="cut-arguments"
    ),
}
"""Every kind of fault by its name."""

FORMS = {
    "surrogates": "halves",
    "interleaved": "interleaved",
    "empty-ids": "empty_ids",
    "no-ids": "no_ids",
    "together": "together",
    "cut-arguments": "cut_arguments",
    "no-newline": "one_end",
}
"""The kinds that change the form in which an answer is said, with the field of `alchemy.lab.protocols.Form` of each."""
