"""`openai-responses` as the lab speaks it: named events about items, and the whole response at the end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from alchemy.content import Opaque, Text, Thinking, ToolCall
from alchemy.lab.protocols._protocol import HERE, Asked, Frame, Protocol, dump
from alchemy.lab.protocols._writing import (
    Block,
    argument_pieces,
    arguments_of,
    blocks_of,
    in_turns,
    json_object,
    numbers,
    prompt_tokens,
    usage_of,
    words,
)

if TYPE_CHECKING:
    from alchemy.messages import AssistantMessage
    from alchemy.usage import Usage

__all__ = ["OpenAIResponses"]

_Event = tuple[str, dict[str, Any]]
#: Why an answer is incomplete, for the stop reasons that leave it so.
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class OpenAIResponses(Protocol):
    """OpenAI's second protocol."""

    api = "openai-responses"
    path = re.compile(r"/responses/?$")
    marks = ()
    required = "input"
    request_id = "x-request-id"
    forms = frozenset({"cut_arguments", "halves", "interleaved", "one_end"})
    stop_words = {  # noqa: RUF012 (never changed)
        "stop": "completed",
        "tool_use": "completed",
        "refusal": "completed",
        "length": "incomplete",
        "content_filter": "incomplete",
    }

    def events(self, message: AssistantMessage, asked: Asked) -> list[Frame]:
        """Say an answer item by item."""
        form = asked.form
        whole = self.whole(message, asked)
        begun: dict[str, Any] = {**whole, "status": "in_progress", "output": [], "usage": None}
        begun["incomplete_details"] = None
        blocks = blocks_of(message, self.api)
        items: list[dict[str, Any]] = whole["output"]
        told = [
            _item_events(index, block, item, halves=form.halves)
            for index, (block, item) in enumerate(zip(blocks, items, strict=True))
        ]
        if form.interleaved:
            kinds = [isinstance(block, ToolCall) for block in blocks]
            calls = [events for events, is_call in zip(told, kinds, strict=True) if is_call]
            rest = [events for events, is_call in zip(told, kinds, strict=True) if not is_call]
            told = [*rest, in_turns(calls)]
        events: list[_Event] = [
            ("response.created", {"response": begun}),
            ("response.in_progress", {"response": begun}),
            *[event for events in told for event in events],
            (f"response.{self.stop_word(message)}", {"response": whole}),
        ]
        frames: list[Frame] = []
        for number, (kind, more) in enumerate(events):
            data = dump({"type": kind, "sequence_number": number, **more}, ascii_only=form.halves)
            raw = b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"
            terminal = number == len(events) - 1
            frames.append(Frame(raw.replace(HERE.encode(), b""), terminal=True) if terminal else Frame.of(raw))
        return frames

    def whole(self, message: AssistantMessage, asked: Asked) -> dict[str, Any]:
        """Say an answer as one response."""
        blocks = blocks_of(message, self.api)
        output = [_item(index, block, message, asked) for index, block in enumerate(blocks)]
        why = _INCOMPLETE.get(message.stop_reason)
        return {
            "id": f"resp_lab_{asked.number}",
            "object": "response",
            "created_at": asked.created,
            "status": self.stop_word(message),
            "error": None,
            "incomplete_details": {"reason": why} if why else None,
            "model": asked.model,
            "output": output,
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": _usage(usage_of(message, asked)),
        }

    def error_body(self, status: int, words: str) -> dict[str, Any]:
        """Say an HTTP error as OpenAI does."""
        kinds = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
        kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")  # noqa: PLR2004
        code = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(status)
        return {"error": {"message": words, "type": kind, "param": None, "code": code}}

    def error_event(self, words: str, *, overloaded: bool) -> bytes:
        """Say an error in an event of its own."""
        code = "server_is_overloaded" if overloaded else "server_error"
        data = dump({"type": "error", "code": code, "message": words, "param": None})
        return b"event: error\ndata: " + data + b"\n\n"

    def unknown_event(self) -> bytes:
        """Give an event of another type."""
        data = dump({"type": "response.lab_unknown.delta", "delta": {"note": "no such event"}})
        return b"event: response.lab_unknown.delta\ndata: " + data + b"\n\n"

    def malformed_event(self) -> bytes:
        """Give a delta that is no JSON."""
        return b'event: response.output_text.delta\ndata: {"type": "response.output_text.delta", "delta": \n\n'


def _item(index: int, block: Block, message: AssistantMessage, asked: Asked) -> dict[str, Any]:
    """Give a whole item of the output; what a signature says of it stands in it again."""
    known = json_object(None if isinstance(block, Opaque) else block.signature) or {}
    number = f"lab_{asked.number}_{index}"
    match block:
        case Text():
            text: dict[str, Any] = {"type": "output_text", "text": block.text + HERE, "annotations": [], "logprobs": []}
            refusal: dict[str, Any] = {"type": "refusal", "refusal": block.text}
            known = {name: value for name, value in known.items() if name != "refusal"}
            part = refusal if message.stop_reason == "refusal" else text
            shape: dict[str, Any] = {"type": "message", "role": "assistant", "status": "completed", "content": [part]}
            return {"id": f"msg_{number}", **known, **shape}
        case Thinking():
            if known.get("type") == "reasoning":
                return known
            parts = [{"type": "summary_text", "text": block.thinking}] if block.thinking else []
            item = {"id": f"rs_{number}", "type": "reasoning", "summary": parts}
            return item if block.signature is None else {**item, "encrypted_content": block.signature}
        case ToolCall():
            kind, key = ("custom_tool_call", "input") if block.custom else ("function_call", "arguments")
            status = "completed" if block.state == "complete" else "incomplete"
            call = {"type": kind, "call_id": block.id, "name": block.name, key: arguments_of(block), "status": status}
            return {"id": f"{'ctc' if block.custom else 'fc'}_{number}", **known, **call}
        case Opaque():
            return dict(block.data)


def _item_events(index: int, block: Block, item: dict[str, Any], *, halves: bool) -> list[_Event]:
    """Give the events that tell an item."""
    place = {"output_index": index, "item_id": item.get("id", "")}
    inner: list[_Event] = []
    opened: dict[str, Any] = item
    match block:
        case Text():
            opened = {**item, "status": "in_progress", "content": []}
            inner = _text_events(place, item["content"][0], words(block.text, halves=halves))
        case Thinking():
            opened = {**item, "summary": []}
            inner = _thinking_events(place, words(block.thinking, halves=halves), block.thinking)
        case ToolCall():
            name = "custom_tool_call_input" if block.custom else "function_call_arguments"
            key = "input" if block.custom else "arguments"
            opened = {**item, "status": "in_progress", key: ""}
            pieces = argument_pieces(arguments_of(block), halves=halves)
            inner = [(f"response.{name}.delta", {**place, "delta": piece}) for piece in pieces]
            inner.append((f"response.{name}.done", {**place, key: arguments_of(block)}))
        case Opaque():
            pass
    return [
        ("response.output_item.added", {"output_index": index, "item": opened}),
        *inner,
        ("response.output_item.done", {"output_index": index, "item": item}),
    ]


def _text_events(place: dict[str, Any], part: dict[str, Any], pieces: list[str]) -> list[_Event]:
    at = {**place, "content_index": 0}
    name, key = ("refusal", "refusal") if part["type"] == "refusal" else ("output_text", "text")
    more: dict[str, Any] = {"logprobs": []} if key == "text" else {}
    return [
        ("response.content_part.added", {**at, "part": {**part, key: ""}}),
        *[(f"response.{name}.delta", {**at, "delta": piece + HERE, **more}) for piece in pieces],
        (f"response.{name}.done", {**at, key: part[key], **more}),
        ("response.content_part.done", {**at, "part": part}),
    ]


def _thinking_events(place: dict[str, Any], pieces: list[str], whole: str) -> list[_Event]:
    if not pieces:
        return []
    at = {**place, "summary_index": 0}
    part = {"type": "summary_text", "text": whole}
    return [
        ("response.reasoning_summary_part.added", {**at, "part": {**part, "text": ""}}),
        *[("response.reasoning_summary_text.delta", {**at, "delta": piece}) for piece in pieces],
        ("response.reasoning_summary_text.done", {**at, "text": whole}),
        ("response.reasoning_summary_part.done", {**at, "part": part}),
    ]


def _usage(usage: Usage) -> dict[str, Any]:
    sent, written = prompt_tokens(usage), usage.output or 0
    inner = numbers(cached_tokens=usage.cache_read, cache_write_tokens=usage.cache_write)
    return {
        "input_tokens": sent,
        **({"input_tokens_details": inner} if inner else {}),
        "output_tokens": written,
        **({} if usage.reasoning is None else {"output_tokens_details": {"reasoning_tokens": usage.reasoning}}),
        "total_tokens": sent + written if usage.total_tokens is None else usage.total_tokens,
    }
