"""How a case ends: as the caller sees it and as the server sees it."""

from dataclasses import dataclass

WHOLE = "whole"
"""The message is what the server was told to answer, and the events add up to it."""
ALL_SAID = "all that was said"
"""All content is there; only the word that the answer has ended is not."""
SAID = "what was said"
"""The message is the prefix that had been sent before the fault, to the letter."""
CALL = "part of a call"
"""A tool call without arguments."""
PREFIX = "a prefix"
"""The beginning of the answer; where it is cut differs by protocol."""
NOTHING = "nothing"
"""The message has no content."""

KEPT = "kept"
"""The connection served the next request."""
CLOSED = "closed"
"""The client closed it: the server saw that in time."""
SERVER = "server"
"""The server had closed it itself."""
EITHER = "kept or closed"
"""Kept where the end of the body was there with the end of the answer, or soon after; else closed by the client."""
NONE = "none"
"""There was no connection."""


@dataclass(frozen=True)
class Outcome:
    """How a request ends. A row states one, and a case gives one that must be equal."""

    error: str = ""
    """The class of the error; empty: none."""
    message: str = WHOLE
    """What of the answer is in the message, or in the error's partial message; one of the words above."""
    stop: str = "stop"
    """The stop reason of that message."""
    status: int | None = 200
    """The HTTP status, of the answer or of the error."""
    retry_after: float | None = None
    """What the error says to wait. Unit: seconds."""
    notices: tuple[str, ...] = ()
    """The codes of the message's notices."""
    states: tuple[str, ...] = ()
    """The states of the tool calls."""
    connection: str = KEPT
    """What becomes of the connection; one of the words above."""
    requests: int = 1
    """How many requests the server saw."""


@dataclass(frozen=True)
class Expected:
    """An outcome with what is asserted about it besides."""

    outcome: Outcome
    says: str = ""
    """A pattern that the error's line has."""
    least: float = 0.0
    """It takes at least so long. Unit: seconds."""
    most: float = 2.0
    """It takes at most so long. Unit: seconds."""
    may_note: tuple[str, ...] = ()
    """The codes of notices that may be there or not, by what the client happens to read at once."""
    closes: float = 0.05
    """How soon after the end the server sees the connection closed, where the client closes it. Unit: seconds."""


TIMES = ("says", "least", "most", "may_note", "closes")


def _expected(given: dict, **changes) -> Expected:
    """Parts what is asserted besides from the fields of the outcome."""
    besides = {name: given.pop(name) for name in TIMES if name in given}
    return Expected(Outcome(**changes, **given), **besides)


def whole(**given) -> Expected:
    """The answer is whole. Takes the fields of `Outcome` and of `Expected`."""
    return _expected(given)


def fails(error: str, message: str = SAID, **given) -> Expected:
    """An error that keeps `message`; the client closes the connection unless something else is said."""
    return _expected({"stop": "error", "connection": CLOSED, **given}, error=error, message=message)


def times_out(error: str, message: str = SAID, *, limit: float = 0.2, **given) -> Expected:
    """An error after a time limit, which holds to within 100 milliseconds."""
    return fails(error, message, says=rf"\b{limit} s\b", least=limit, most=limit + 0.1, **given)
