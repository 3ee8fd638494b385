"""Messages and the conversation that they form."""

# ruff: noqa: RUF012 (a dictionary given as a default is copied for every object)

from __future__ import annotations

from ._data import Data
from .content import Text, Thinking, ToolCall
from .usage import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, ClassVar, Literal, TypeAlias

    from .content import AssistantContent, ToolResultContent, UserContent
    from .literals import StopReason
    from .requests import Notice
    from .tools import Tool
    from .typed_dicts import (
        AssistantContentDict,
        AttemptDict,
        MessageDict,
        NoticeDict,
        ToolDict,
        ToolResultContentDict,
        UsageDict,
        UserContentDict,
    )


class UserMessage(Data):
    """What the user says."""

    role: ClassVar[Literal["user"]] = "user"

    content: str | tuple[UserContent, ...]
    """Text, or blocks in the order the model is to read them."""
    timestamp_ms: int | None = None
    """When it was said; never sent. Unit: milliseconds since 1970."""

    if TYPE_CHECKING:  # sequences may be given as lists, and objects as dictionaries

        def __init__(
            self,
            *,
            content: str | Iterable[UserContent | UserContentDict],
            timestamp_ms: int | None = None,
        ) -> None: ...


class Attempt(Data):
    """One time that a request was sent, or that its connection was tried."""

    status: int | None = None
    """The HTTP status; None where no answer came."""
    request_id: str | None = None
    """The provider's id of the exchange."""
    error: str | None = None
    """The name of the error class that it failed by; None where it answered."""
    reason: str | None = None
    """What failed, in one line."""
    waited: float = 0.0
    """How long it was held back: by the wait before a retry, or by the client's limits. Unit: seconds."""
    duration: float = 0.0
    """From the send to the head of the answer, or to the failure. Unit: seconds."""


class AssistantMessage(Data):
    """What the model answered. Dictionaries may give `content` as a str, which is taken as one text block."""

    role: ClassVar[Literal["assistant"]] = "assistant"

    content: tuple[AssistantContent, ...]
    """Content blocks in the order the model produced them."""
    api: str | None = None
    """The wire protocol that carried it."""
    provider: str | None = None
    """The provider that answered."""
    model: str | None = None
    """The model id that was asked for."""
    response_model: str | None = None
    """The model id that the provider says answered."""
    response_id: str | None = None
    """The provider's id of the answer."""
    request_id: str | None = None
    """The provider's id of the HTTP exchange, for its support."""
    usage: Usage = Usage()
    """Tokens and cost."""
    stop_reason: StopReason = "stop"
    """Why the model stopped."""
    raw_stop_reason: str | None = None
    """The provider's own word for it; None where it sent none."""
    error_message: str | None = None
    """What failed, in one line, where `stop_reason` is `error` or `aborted`."""
    notices: tuple[Notice, ...] = ()
    """What could not be honoured exactly, in the order it was met."""
    timestamp_ms: int | None = None
    """When the answer began. Unit: milliseconds since 1970."""
    attempts: tuple[Attempt, ...] = ()
    """Every time the request was sent, in order; the last is the one that answered."""
    raw: dict[str, Any] = {}
    """What the protocol sent beyond these fields, such as `logprobs`, and `usage` as it sent it."""

    if TYPE_CHECKING:  # sequences may be given as lists, and objects as dictionaries

        def __init__(
            self,
            *,
            content: Iterable[AssistantContent | AssistantContentDict],
            api: str | None = None,
            provider: str | None = None,
            model: str | None = None,
            response_model: str | None = None,
            response_id: str | None = None,
            request_id: str | None = None,
            usage: Usage | UsageDict = ...,
            stop_reason: StopReason = "stop",
            raw_stop_reason: str | None = None,
            error_message: str | None = None,
            notices: Iterable[Notice | NoticeDict] = (),
            timestamp_ms: int | None = None,
            attempts: Iterable[Attempt | AttemptDict] = (),
            raw: dict[str, Any] = ...,
        ) -> None: ...

    @classmethod
    def __before_reading__(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        content = data.get("content")
        return {**data, "content": (Text(text=content),)} if isinstance(content, str) else data

    @property
    def text(self) -> str:
        """All text blocks, joined without a separator; empty where there is none."""
        return "".join([block.text for block in self.content if isinstance(block, Text)])

    @property
    def thinking(self) -> str:
        """All thinking blocks, joined without a separator; empty where there is none."""
        return "".join([block.thinking for block in self.content if isinstance(block, Thinking)])

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls, in the order the model made them, whatever their `state`."""
        return tuple([block for block in self.content if isinstance(block, ToolCall)])


class ToolResultMessage(Data):
    """What a tool call gave."""

    role: ClassVar[Literal["tool_result"]] = "tool_result"

    tool_call_id: str
    """The `id` of the tool call it answers."""
    content: str | tuple[ToolResultContent, ...]
    """Text, or blocks in order."""
    tool_name: str | None = None
    """The tool's name, for providers that want it; None: taken from the call."""
    is_error: bool = False
    """Whether the tool failed."""
    details: Any = None
    """The application's own record of the run; never sent."""
    timestamp_ms: int | None = None
    """When the tool ended; never sent. Unit: milliseconds since 1970."""

    if TYPE_CHECKING:  # sequences may be given as lists, and objects as dictionaries

        def __init__(
            self,
            *,
            tool_call_id: str,
            content: str | Iterable[ToolResultContent | ToolResultContentDict],
            tool_name: str | None = None,
            is_error: bool = False,
            details: Any = None,
            timestamp_ms: int | None = None,
        ) -> None: ...


class Context(Data):
    """A conversation: what the model is to read."""

    system_prompt: str | None = None
    """Instructions that stand above the conversation."""
    messages: tuple[Message, ...] = ()
    """The messages, oldest first."""
    tools: tuple[Tool, ...] = ()
    """The tools that the model may call."""

    if TYPE_CHECKING:  # sequences may be given as lists, and objects as dictionaries

        def __init__(
            self,
            *,
            system_prompt: str | None = None,
            messages: Iterable[Message | MessageDict] = (),
            tools: Iterable[Tool | ToolDict] = (),
        ) -> None: ...

    def with_messages(self, *more: Message | MessageDict | str) -> Context:
        """Return a context with more messages at its end.

        Args:
            *more: Messages, dictionaries of the same shape, or a str for what the user says.

        Returns:
            A new context; this one stays as it is.

        Raises:
            InvalidRequestError: A dictionary has the wrong shape; the error names its path.

        Example:
            >>> import alchemy
            >>> context = alchemy.Context(system_prompt="Be brief.").with_messages("Hello")
            >>> context.messages
            (UserMessage(content='Hello'),)
        """
        added = [UserMessage(content=item) if isinstance(item, str) else item for item in more]
        return Context(system_prompt=self.system_prompt, messages=(*self.messages, *added), tools=self.tools)


Message: TypeAlias = UserMessage | AssistantMessage | ToolResultMessage
"""One message of a conversation."""


def message_from_dict(data: Mapping[str, Any], /) -> Message:
    """Read a message of any kind from its JSON form; its `role` tells the kind.

    Args:
        data: A dictionary as `to_dict` gives it.

    Returns:
        An object of the class that the tag names.

    Raises:
        InvalidRequestError: The tag, a key or a value is wrong or missing; the error names its path.

    Example:
        >>> import alchemy
        >>> alchemy.message_from_dict({"role": "user", "content": "Hello"})
        UserMessage(content='Hello')
    """
    from . import _dicts

    read: Message = _dicts.read(Message, data)
    return read
