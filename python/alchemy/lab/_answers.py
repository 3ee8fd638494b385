"""What a lab answers, and the changes that faults make to an answer before it is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from alchemy._data import field_values
from alchemy.content import Text, Thinking, ToolCall
from alchemy.errors import InvalidRequestError
from alchemy.lab._kinds import FORMS
from alchemy.lab._seen import Request
from alchemy.lab._tape import Tape
from alchemy.lab.protocols import Form, UnwritableError
from alchemy.lab.protocols._writing import arguments_of
from alchemy.messages import AssistantMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alchemy._data import Data
    from alchemy.lab._faults import Fault
    from alchemy.lab.protocols import Protocol

    D = TypeVar("D", bound=Data)

__all__ = ["Answer", "Said", "check_answer", "fit", "message_of"]

Said: TypeAlias = str | AssistantMessage | Tape
Answer: TypeAlias = Said | Callable[[Request], Said]
"""What a lab answers: a text, a message, a tape, or a function of the request that gives one of these."""

_EMOJI = "\U0001f600"
_TWO = 2


def check_answer(answer: Any) -> None:
    """Refuse what is no answer."""
    if not (isinstance(answer, (str, AssistantMessage, Tape)) or callable(answer)):
        what = "a str, an AssistantMessage, a Tape, or a function that takes the request and gives one"
        raise InvalidRequestError(f"lab: no answer: expected {what}, got {type(answer).__name__}", path="answer")


def message_of(said: Any) -> AssistantMessage | Tape:
    """Give an answer as message or tape."""
    if isinstance(said, str):
        return AssistantMessage(content=[Text(text=said)] if said else [])
    if isinstance(said, (AssistantMessage, Tape)):
        return said
    raise InvalidRequestError(f"lab: no answer: the function gave {type(said).__name__}", path="answer")


def fit(message: AssistantMessage, faults: Sequence[Fault], protocol: Protocol) -> tuple[AssistantMessage, Form]:
    """Change an answer, and the form in which it is said, as the faults ask.

    Raises:
        UnwritableError: The protocol has no such form, or the answer nothing to which it applies.
    """
    form: dict[str, bool] = {}
    for fault in faults:
        field = FORMS.get(fault.kind)
        if field is None:
            continue
        if field not in protocol.forms:
            raise UnwritableError(f"{protocol.api} has no use for the fault {fault.kind}")
        if field == "halves":
            message = _with_emoji(message)
        elif field == "cut_arguments":
            message = _cut_arguments(message)
        elif field == "together":
            _need(fault, isinstance(_block(message, 0), Thinking) and isinstance(_block(message, 1), Text))
        elif field == "interleaved":
            _need(fault, len(message.tool_calls) >= _TWO)
        elif field != "one_end":
            _need(fault, bool(message.tool_calls))
        form[field] = True
    return message, Form(**form)


def _need(fault: Fault, there: object) -> None:
    """Refuse an answer to which a fault cannot happen."""
    needs = {
        "together": "an answer that begins with thinking and goes on with text",
        "interleaved": "an answer with two tool calls",
    }
    if not there:
        raise UnwritableError(f"the fault {fault.kind} needs {needs.get(fault.kind, 'an answer with a tool call')}")


def _block(message: AssistantMessage, place: int) -> object:
    return message.content[place] if place < len(message.content) else None


def _changed(old: D, **fields: Any) -> D:
    """Give a copy with other values in some fields."""
    filled: dict[str, Any] = {**field_values(old), **fields}
    return type(old)(**filled)


def _with_emoji(message: AssistantMessage) -> AssistantMessage:
    """Give the answer a character that can be cut in half, unless it has one."""
    if any(character > "\uffff" for character in message.text):
        return message
    content = list(message.content)
    for place, block in enumerate(content):
        if isinstance(block, Text):
            content[place] = _changed(block, text=f"{block.text} {_EMOJI} ")
            break
    else:
        content.append(Text(text=f"{_EMOJI} "))
    return _changed(message, content=content)


def _cut_arguments(message: AssistantMessage) -> AssistantMessage:
    """End the answer in the middle of its last tool call, as a limit of tokens does."""
    calls = [place for place, block in enumerate(message.content) if isinstance(block, ToolCall)]
    if not calls:
        raise UnwritableError("the fault cut-arguments needs an answer with a tool call")
    content = list(message.content[: calls[-1] + 1])
    call = content[-1]
    if isinstance(call, ToolCall):
        raw = arguments_of(call) or json.dumps({"path": "/tmp/long"})  # noqa: S108 - an argument, no file
        content[-1] = _changed(call, arguments=None, raw_arguments=raw[: len(raw) // 2], state="truncated")
    return _changed(message, content=content, stop_reason="length", raw_stop_reason=None)
