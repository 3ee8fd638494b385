"""Conversations in the form of OpenTelemetry's conventions. Imported where somebody asked for them in spans.

The attributes are JSON texts, since a span holds no structures. The bytes of images, documents and audio are left
out: a span of megabytes is refused on its way, with all that it tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from ._opentelemetry_data import FINISH_REASONS
from .content import Audio, Document, Image, Opaque, Text, Thinking, ToolCall
from .messages import AssistantMessage, Context, ToolResultMessage, UserMessage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ._verbs import ContextLike
    from .content import ContentBlock
    from .messages import Message


def sent(given: ContextLike) -> dict[str, str]:
    """Return the attributes that hold what the model is to read."""
    context = _context(given)
    attributes = {"gen_ai.input.messages": _text([_message(message) for message in context.messages])}
    if context.system_prompt:
        attributes["gen_ai.system_instructions"] = _text([{"type": "text", "content": context.system_prompt}])
    return attributes


def received(message: AssistantMessage) -> dict[str, str]:
    """Return the attributes that hold what the model answered."""
    reason = FINISH_REASONS.get(message.stop_reason, message.stop_reason)
    return {"gen_ai.output.messages": _text([{**_message(message), "finish_reason": reason}])}


def _context(given: ContextLike) -> Context:
    """Read a conversation in any of the forms that the verbs take."""
    if isinstance(given, Context):
        return given
    if isinstance(given, str):
        return Context(messages=(UserMessage(content=given),))
    return Context(**given) if isinstance(given, Mapping) else Context(messages=given)


def _message(message: Message) -> dict[str, Any]:
    if isinstance(message, ToolResultMessage):
        part = {"type": "tool_call_response", "id": message.tool_call_id, "response": _result(message.content)}
        return {"role": "tool", "parts": [part]}
    return {"role": message.role, "parts": _parts(message.content)}


def _result(content: str | Sequence[ContentBlock]) -> str | list[dict[str, Any]]:
    return content if isinstance(content, str) else _parts(content)


def _parts(content: str | Sequence[ContentBlock]) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "content": content}]
    return [_part(block) for block in content]


def _part(block: ContentBlock) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"type": "text", "content": block.text}
    if isinstance(block, Thinking):
        return {"type": "reasoning", "content": block.thinking}
    if isinstance(block, ToolCall):
        arguments = block.raw_arguments if block.arguments is None else block.arguments
        return {"type": "tool_call", "id": block.id, "name": block.name, "arguments": arguments}
    if isinstance(block, Opaque):
        return {"type": block.kind, "content": block.text}
    return _file(block)


def _file(block: Image | Audio | Document) -> dict[str, Any]:
    part: dict[str, Any] = {"modality": block.type}
    if block.mime_type is not None:
        part["mime_type"] = block.mime_type
    file_id = block.id if isinstance(block, Audio) else block.file_id
    if block.url is not None:
        return {"type": "uri", **part, "uri": block.url}
    if block.data is None and file_id is not None:
        return {"type": "file", **part, "file_id": file_id}
    return {"type": "blob", **part, "content": "", "bytes": len(block.data or b"")}


def _text(value: object) -> str:
    """Return JSON that any exporter can encode: half a surrogate pair, which UTF-8 has no form for, is replaced."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
