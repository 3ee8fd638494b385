"""Events: what a stream delivers, in the order it arrives."""

from __future__ import annotations

from ._data import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, ClassVar, Literal, TypeAlias

    from .content import AssistantContent, Text, Thinking, ToolCall
    from .messages import AssistantMessage
    from .requests import Notice
    from .typed_dicts import NoticeDict


class Start(Data):
    """The answer has begun. Always the first event, once."""

    type: ClassVar[Literal["start"]] = "start"

    api: str
    """The wire protocol."""
    provider: str
    """The provider's id."""
    model: str
    """The model id that was asked for."""
    response_id: str | None = None
    """The provider's id of the answer, where its first chunk has it."""
    notices: tuple[Notice, ...] = ()
    """What the request could not honour exactly."""

    if TYPE_CHECKING:  # sequences may be given as lists, and objects as dictionaries

        def __init__(
            self,
            *,
            api: str,
            provider: str,
            model: str,
            response_id: str | None = None,
            notices: Iterable[Notice | NoticeDict] = (),
        ) -> None: ...


class TextStart(Data):
    """A text block begins."""

    type: ClassVar[Literal["text_start"]] = "text_start"

    content_index: int
    """Its place in `message.content`, from 0."""


class TextDelta(Data):
    """More text of a block."""

    type: ClassVar[Literal["text_delta"]] = "text_delta"

    content_index: int
    """The block's place in `message.content`, from 0."""
    delta: str
    """What is new, never empty."""


class TextEnd(Data):
    """A text block is whole."""

    type: ClassVar[Literal["text_end"]] = "text_end"

    content_index: int
    """The block's place in `message.content`, from 0."""
    block: Text
    """The block."""


class ThinkingStart(Data):
    """A thinking block begins."""

    type: ClassVar[Literal["thinking_start"]] = "thinking_start"

    content_index: int
    """Its place in `message.content`, from 0."""


class ThinkingDelta(Data):
    """More of a thinking block."""

    type: ClassVar[Literal["thinking_delta"]] = "thinking_delta"

    content_index: int
    """The block's place in `message.content`, from 0."""
    delta: str
    """What is new, never empty."""


class ThinkingEnd(Data):
    """A thinking block is whole."""

    type: ClassVar[Literal["thinking_end"]] = "thinking_end"

    content_index: int
    """The block's place in `message.content`, from 0."""
    block: Thinking
    """The block."""


class ToolCallStart(Data):
    """A tool call begins."""

    type: ClassVar[Literal["tool_call_start"]] = "tool_call_start"

    content_index: int
    """Its place in `message.content`, from 0."""
    id: str
    """The call's id."""
    name: str
    """The tool's name."""


class ToolCallDelta(Data):
    """More of a tool call's arguments."""

    type: ClassVar[Literal["tool_call_delta"]] = "tool_call_delta"

    content_index: int
    """The block's place in `message.content`, from 0."""
    delta: str
    """Raw text of the arguments, never empty."""


class ToolCallEnd(Data):
    """A tool call is over; look at its `state` before running it."""

    type: ClassVar[Literal["tool_call_end"]] = "tool_call_end"

    content_index: int
    """The block's place in `message.content`, from 0."""
    tool_call: ToolCall
    """The call."""


class Block(Data):
    """A block that arrives whole: opaque, image, audio or document."""

    type: ClassVar[Literal["block"]] = "block"

    content_index: int
    """Its place in `message.content`, from 0."""
    block: AssistantContent
    """The block."""


class Done(Data):
    """The answer is whole. The last event of a stream that did not fail."""

    type: ClassVar[Literal["done"]] = "done"

    message: AssistantMessage
    """The whole message."""


class ErrorEvent(Data):
    """The answer failed. The last event, seen only with `errors="event"`."""

    type: ClassVar[Literal["error"]] = "error"

    kind: str
    """The name of the exception that `errors="raise"` would have raised."""
    message: AssistantMessage
    """What had arrived; its `error_message` says what failed."""


Event: TypeAlias = (
    Start
    | TextStart
    | TextDelta
    | TextEnd
    | ThinkingStart
    | ThinkingDelta
    | ThinkingEnd
    | ToolCallStart
    | ToolCallDelta
    | ToolCallEnd
    | Block
    | Done
    | ErrorEvent
)
"""What a stream delivers. This union grows: handle kinds you do not know."""


def event_from_dict(data: Mapping[str, Any], /) -> Event:
    """Read an event of any kind from its JSON form; its `type` tells the kind.

    Args:
        data: A dictionary as `to_dict` gives it.

    Returns:
        An object of the class that the tag names.

    Raises:
        InvalidRequestError: The tag, a key or a value is wrong or missing; the error names its path.

    Example:
        >>> import alchemy
        >>> alchemy.event_from_dict({"type": "text_delta", "content_index": 0, "delta": "Hel"})
        TextDelta(content_index=0, delta='Hel')
    """
    from . import _dicts

    read: Event = _dicts.read(Event, data)
    return read
