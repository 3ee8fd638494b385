"""`anthropic-messages` as the lab speaks it: named events, one content block after the other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from alchemy.content import Opaque, Text, Thinking, ToolCall
from alchemy.lab.protocols._protocol import HERE, Asked, Frame, Protocol, UnwritableError, dump
from alchemy.lab.protocols._writing import (
    Block,
    argument_pieces,
    arguments_of,
    blocks_of,
    in_turns,
    json_object,
    numbers,
    usage_of,
    words,
)

if TYPE_CHECKING:
    from alchemy.messages import AssistantMessage
    from alchemy.usage import Usage

__all__ = ["AnthropicMessages"]

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class AnthropicMessages(Protocol):
    """Anthropic's protocol."""

    api = "anthropic-messages"
    path = re.compile(r"/messages/?$")
    marks = ("x-api-key", "anthropic-version")
    required = "messages"
    request_id = "request-id"
    forms = frozenset({"cut_arguments", "halves", "interleaved", "one_end"})
    stop_words = {  # noqa: RUF012 (never changed)
        "stop": "end_turn",
        "length": "max_tokens",
        "tool_use": "tool_use",
        "refusal": "refusal",
        "pause": "pause_turn",
    }

    def events(self, message: AssistantMessage, asked: Asked) -> list[Frame]:
        """Say an answer block by block, with a ping as the real one sends it."""
        form = asked.form
        usage = usage_of(message, asked)
        begun: dict[str, Any] = {**_head(asked), "content": [], "stop_reason": None}
        begun["usage"] = {**_usage(usage), "output_tokens": 1}

        def event(kind: str, *, terminal: bool = False, **more: Any) -> Frame:
            data = dump({"type": kind, **more}, ascii_only=form.halves)
            return Frame.of(b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n", terminal=terminal)

        def block_events(index: int, block: Block) -> list[Frame]:
            opened, deltas = _pieces(block, halves=form.halves)
            return [
                event("content_block_start", index=index, content_block=opened),
                *[event("content_block_delta", index=index, delta=delta) for delta in deltas],
                event("content_block_stop", index=index),
            ]

        blocks = blocks_of(message, self.api)
        before = [block_events(index, block) for index, block in enumerate(blocks) if not isinstance(block, ToolCall)]
        calls = [block_events(index, block) for index, block in enumerate(blocks) if isinstance(block, ToolCall)]
        if form.interleaved:
            told = [*[frame for frames in before for frame in frames], *in_turns(calls)]
        else:
            told = [frame for index, block in enumerate(blocks) for frame in block_events(index, block)]
        delta = {"stop_reason": self.stop_word(message), "stop_sequence": None}
        ended = event("message_delta", terminal=True, delta=delta, usage=_usage(usage))
        return [
            event("message_start", message=begun),
            event("ping"),
            *told,
            ended,
            event("message_stop", terminal=True),
        ]

    def whole(self, message: AssistantMessage, asked: Asked) -> dict[str, Any]:
        """Say an answer as one message."""
        content = [_whole(block) for block in blocks_of(message, self.api)]
        texts = [block for block in content if isinstance(block.get("text"), str)]
        if texts:
            texts[-1]["text"] += HERE
        usage = _usage(usage_of(message, asked))
        return {**_head(asked), "content": content, "stop_reason": self.stop_word(message), "usage": usage}

    def error_body(self, status: int, words: str) -> dict[str, Any]:
        """Say an HTTP error as Anthropic does."""
        kind = _ERROR_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")  # noqa: PLR2004
        return {"type": "error", "error": {"type": kind, "message": words}}

    def error_event(self, words: str, *, overloaded: bool) -> bytes:
        """Say an error in an event of its own."""
        kind = "overloaded_error" if overloaded else "api_error"
        return b"event: error\ndata: " + dump({"type": "error", "error": {"type": kind, "message": words}}) + b"\n\n"

    def unknown_event(self) -> bytes:
        """Give an event of another type."""
        data = dump({"type": "lab_unknown", "lab": {"note": "no such event"}})
        return b"event: lab_unknown\ndata: " + data + b"\n\n"

    def malformed_event(self) -> bytes:
        """Give a delta that is no JSON."""
        return b'event: content_block_delta\ndata: {"type": "content_block_delta", "index": \n\n'


def _head(asked: Asked) -> dict[str, Any]:
    return {
        "id": f"msg_lab_{asked.number}",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "stop_sequence": None,
    }


def _arguments(call: ToolCall) -> dict[str, Any]:
    """Give the arguments of a call as they stand in a body that is not streamed."""
    read = call.arguments if call.arguments is not None else json_object(call.raw_arguments)
    if read is None and call.raw_arguments:
        # What the model wrote is cut or wrong: such a server gives what it could read of it, which is nothing.
        return {}
    return dict(read or {})


def _whole(block: Block) -> dict[str, Any]:
    match block:
        case Text():
            return {"type": "text", "text": block.text}
        case Thinking(redacted=True):
            return {"type": "redacted_thinking", "data": block.signature or ""}
        case Thinking():
            return {"type": "thinking", "thinking": block.thinking, "signature": block.signature or ""}
        case ToolCall(custom=True):
            raise UnwritableError("anthropic-messages has no tools that take free text")
        case ToolCall():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": _arguments(block)}
        case Opaque():
            return dict(block.data)


def _pieces(block: Block, *, halves: bool) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Give the block as it opens, and the deltas that fill it."""
    whole = _whole(block)
    match block:
        case Text():
            pieces = words(block.text, halves=halves)
            return {**whole, "text": ""}, [{"type": "text_delta", "text": piece + HERE} for piece in pieces]
        case Thinking(redacted=False):
            pieces = words(block.thinking, halves=halves)
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
            if block.signature is not None:
                deltas.append({"type": "signature_delta", "signature": block.signature})
            return {**whole, "thinking": "", "signature": ""}, deltas
        case ToolCall():
            pieces = argument_pieces(arguments_of(block), halves=halves)
            return {**whole, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        case _:
            return whole, []


def _usage(usage: Usage) -> dict[str, Any]:
    told: dict[str, Any] = numbers(
        input_tokens=usage.input or 0,
        output_tokens=usage.output or 0,
        cache_read_input_tokens=usage.cache_read,
        cache_creation_input_tokens=usage.cache_write,
    )
    if usage.cache_write_1h is not None:
        told["cache_creation"] = {"ephemeral_1h_input_tokens": usage.cache_write_1h}
    if usage.reasoning is not None:
        told["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return told
