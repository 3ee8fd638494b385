"""What a wire protocol is to the lab: where it is asked, and how it says an answer, an error and nonsense."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from alchemy.messages import AssistantMessage

__all__ = ["HERE", "Asked", "Form", "Frame", "Protocol", "UnwritableError", "dump"]

#: Stands behind a piece of text while it is encoded, to find the place again; never sent.
HERE = "<lab/63f1c0/here>"
_HERE = HERE.encode()


class UnwritableError(ValueError):
    """An answer has something for which the protocol has no words."""


@dataclass(frozen=True, slots=True)
class Form:
    """The ways, all of them legal, in which servers differ when they say the same thing."""

    halves: bool = False
    """Characters beyond U+FFFF go as two escapes in two events."""
    interleaved: bool = False
    """The pieces of several tool calls come in turns."""
    empty_ids: bool = False
    """Every piece of a tool call after the first has an empty id and name."""
    no_ids: bool = False
    """Tool calls have no ids, and come whole in one event."""
    together: bool = False
    """Thinking and text share events."""
    cut_arguments: bool = False
    """The last tool call is cut in half, by a limit of tokens."""
    one_end: bool = False
    """One event says all that is left to say at the end: why it ended, and usage."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer has to know of the request that it answers."""

    model: str
    body: Mapping[str, Any]
    number: int
    """How many requests the lab had seen, with this one; it is part of the ids."""
    size: int = 0
    """The size of the request's body, which stands for its tokens where an answer has no usage. Unit: bytes."""
    form: Form = Form()
    created: int = field(default_factory=lambda: int(time.time()))


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it stands in the body, or a part of a body that is not streamed."""

    data: bytes
    terminal: bool = False
    """Whether it says that the answer has ended."""
    grows_at: int | None = None
    """Where more text can be put into it."""

    @classmethod
    def of(cls, data: bytes, *, terminal: bool = False) -> Frame:
        """Make a frame of encoded data in which `HERE` may stand."""
        place = data.find(_HERE)
        return cls(data.replace(_HERE, b"", 1), terminal, place if place >= 0 else None)


class Protocol(ABC):
    """A wire protocol as the lab speaks it. One object of each stands in the table of `alchemy.lab.protocols`."""

    api: ClassVar[str]
    """Its name, a value of `alchemy.literals.Api`."""
    path: ClassVar[re.Pattern[str]]
    """Which paths, without query, lead to it; whatever stands before is somebody's base URL."""
    marks: ClassVar[tuple[str, ...]]
    """Headers, or beginnings of paths, by which a request to a wrong path is known to mean this protocol."""
    required: ClassVar[str]
    """The key that every request's body has."""
    request_id: ClassVar[str]
    """The header that names the exchange."""
    forms: ClassVar[frozenset[str]]
    """The fields of `Form` that it has a use for."""
    stop_words: ClassVar[Mapping[str, str]]
    """Its word for each `alchemy.literals.StopReason` that it has one for."""

    def streamed(self, path: str, body: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Tell whether a request asks for a stream; most protocols say so in the body's `stream`."""
        return body.get("stream") is True

    def model(self, path: str, body: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Give the model id that a request names, most in the body's `model`; empty where it names none."""
        return str(body.get("model") or "")

    @abstractmethod
    def events(self, message: AssistantMessage, asked: Asked) -> list[Frame]:
        """Say an answer as a stream."""

    @abstractmethod
    def whole(self, message: AssistantMessage, asked: Asked) -> dict[str, Any]:
        """Say an answer as one body; `HERE` may stand behind a text of it."""

    @abstractmethod
    def error_body(self, status: int, words: str) -> dict[str, Any]:
        """Say an HTTP error."""

    @abstractmethod
    def error_event(self, words: str, *, overloaded: bool) -> bytes:
        """Say inside a stream that the provider failed, or has too much to do."""

    @abstractmethod
    def unknown_event(self) -> bytes:
        """Give an event of a kind that the protocol does not have."""

    def malformed_event(self) -> bytes:
        """Give an event that is no JSON."""
        return b'data: {"broken": \n\n'

    def stop_word(self, message: AssistantMessage) -> str:
        """Give the protocol's word for why an answer ended."""
        if message.raw_stop_reason is not None:
            return message.raw_stop_reason
        word = self.stop_words.get(message.stop_reason)
        if word is None:
            raise UnwritableError(f"{self.api} has no word for the stop reason {message.stop_reason!r}")
        return word


def dump(value: Any, *, ascii_only: bool = False) -> bytes:
    """Encode JSON as short as it goes, with characters as they are unless one of them is half a character."""
    text = json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()
