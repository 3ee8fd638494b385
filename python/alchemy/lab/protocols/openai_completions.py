"""`openai-completions` as the lab speaks it: chunks with deltas, and `[DONE]`."""

from __future__ import annotations

import json
import re
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from alchemy.content import Opaque, Text, Thinking, ToolCall
from alchemy.lab.protocols._protocol import HERE, Asked, Frame, Protocol, dump
from alchemy.lab.protocols._writing import (
    argument_pieces,
    arguments_of,
    blocks_of,
    in_turns,
    numbers,
    prompt_tokens,
    usage_of,
    words,
)

if TYPE_CHECKING:
    from alchemy.messages import AssistantMessage
    from alchemy.usage import Usage

__all__ = ["OpenAICompletions"]

_DONE = b"data: [DONE]\n\n"
_Deltas = list[dict[str, Any]]


class OpenAICompletions(Protocol):
    """OpenAI's first protocol, which most other servers speak too."""

    api = "openai-completions"
    path = re.compile(r"/chat/completions/?$")
    marks = ()
    required = "messages"
    request_id = "x-request-id"
    forms = frozenset({"cut_arguments", "halves", "interleaved", "empty_ids", "no_ids", "one_end", "together"})
    stop_words = {  # noqa: RUF012 (never changed)
        "stop": "stop",
        "length": "length",
        "tool_use": "tool_calls",
        "content_filter": "content_filter",
        "refusal": "stop",
        "pause": "pause_turn",
    }

    def events(self, message: AssistantMessage, asked: Asked) -> list[Frame]:
        """Say an answer in chunks; usage comes in one of its own, if it was asked for."""
        ascii_only = asked.form.halves
        head = {**_head(asked), "object": "chat.completion.chunk"}

        def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            return b"data: " + dump({**head, "choices": [choice]}, ascii_only=ascii_only) + b"\n\n"

        deltas: _Deltas = [{"role": "assistant", "content": ""}, *_deltas(message, asked)]
        frames = [Frame.of(chunk(delta)) for delta in deltas]
        options = asked.body.get("stream_options")
        if asked.form.one_end:
            choice: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": self.stop_word(message)}
            ended: dict[str, Any] = {**head, "choices": [choice], "usage": _usage(usage_of(message, asked))}
            return [*frames, Frame(b"data: " + dump(ended) + b"\n\n", terminal=True)]
        frames.append(Frame(chunk({}, self.stop_word(message)), terminal=True))
        if isinstance(options, dict) and options.get("include_usage"):  # pyright: ignore[reportUnknownMemberType]
            usage = dump({**head, "choices": [], "usage": _usage(usage_of(message, asked))})
            frames.append(Frame(b"data: " + usage + b"\n\n", terminal=True))
        return [*frames, Frame(_DONE, terminal=True)]

    def whole(self, message: AssistantMessage, asked: Asked) -> dict[str, Any]:
        """Say an answer as one completion."""
        said: dict[str, Any] = {"role": "assistant", "content": None}
        key = _text_key(message)
        for block in blocks_of(message, self.api):
            match block:
                case Text():
                    said[key] = (said.get(key) or "") + block.text
                case Thinking(signature=None):
                    said["reasoning_content"] = said.get("reasoning_content", "") + block.thinking
                case Thinking():
                    said["reasoning"] = said.get("reasoning", "") + block.thinking
                    said["reasoning_details"] = [*said.get("reasoning_details", ()), *_details(block)]
                case ToolCall():
                    said["tool_calls"] = [*said.get("tool_calls", ()), _call(block, asked)]
                case Opaque():
                    said["content"] = [*(said["content"] or ()), block.data]
        if isinstance(said.get(key), str):
            said[key] += HERE
        choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": self.stop_word(message)}
        usage = _usage(usage_of(message, asked))
        return {**_head(asked), "object": "chat.completion", "choices": [choice], "usage": usage}

    def error_body(self, status: int, words: str) -> dict[str, Any]:
        """Say an HTTP error as OpenAI does."""
        kinds = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
        kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")  # noqa: PLR2004
        code = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(status)
        return {"error": {"message": words, "type": kind, "param": None, "code": code}}

    def error_event(self, words: str, *, overloaded: bool) -> bytes:
        """Say an error in place of a chunk."""
        kind = "overloaded_error" if overloaded else "server_error"
        code = 503 if overloaded else 500
        return b"data: " + dump({"error": {"message": words, "type": kind, "code": code}}) + b"\n\n"

    def unknown_event(self) -> bytes:
        """Give an object that is no chunk."""
        return b"data: " + dump({"object": "lab.unknown", "lab": {"note": "no such event"}}) + b"\n\n"


def _head(asked: Asked) -> dict[str, Any]:
    return {"id": f"chatcmpl-lab-{asked.number}", "created": asked.created, "model": asked.model}


def _text_key(message: AssistantMessage) -> str:
    return "refusal" if message.stop_reason == "refusal" else "content"


def _deltas(message: AssistantMessage, asked: Asked) -> _Deltas:
    """Give the deltas of an answer in order."""
    form = asked.form
    blocks = blocks_of(message, OpenAICompletions.api)
    key = _text_key(message)
    before: list[_Deltas] = []
    calls: list[_Deltas] = []
    for block in blocks:
        match block:
            case Text():
                pieces = words(block.text, halves=form.halves)
                before.append([{key: piece + HERE} for piece in pieces])
            case Thinking():
                before.append(_thinking(block, halves=form.halves))
            case ToolCall():
                calls.append(_call_deltas(len(calls), block, asked))
            case Opaque():
                before.append([{"content": [block.data]}])
    if form.together:
        merged = [{**first, **second} for first, second in zip_longest(*before[:2], fillvalue={})]
        before[:2] = [merged]
    if form.no_ids and calls:
        whole = [_call(block, asked) for block in blocks if isinstance(block, ToolCall)]
        calls = [[{"tool_calls": whole}]]
    told = in_turns(calls) if form.interleaved else [delta for deltas in calls for delta in deltas]
    return [*[delta for deltas in before for delta in deltas], *told]


def _thinking(block: Thinking, *, halves: bool) -> _Deltas:
    """Give the deltas of thinking; a signature goes as OpenRouter sends it, at the end."""
    pieces = words(block.thinking, halves=halves)
    if block.signature is None:
        return [{"reasoning_content": piece} for piece in pieces]
    deltas: _Deltas = [{"reasoning": piece} for piece in pieces] or [{}]
    deltas[-1] = {**deltas[-1], "reasoning_details": _details(block)}
    return deltas


def _details(block: Thinking) -> list[Any]:
    """Give the parts that a signature stands for: it is the list itself, or the mark of the only part."""
    try:
        parts = json.loads(block.signature or "")
    except ValueError:
        parts = None
    if isinstance(parts, list):
        return parts  # pyright: ignore[reportUnknownVariableType]
    if block.redacted:
        return [{"type": "reasoning.encrypted", "data": block.signature, "index": 0}]
    return [{"type": "reasoning.text", "text": block.thinking, "signature": block.signature, "index": 0}]


def _call(block: ToolCall, asked: Asked) -> dict[str, Any]:
    """Give a whole call."""
    known = {} if asked.form.no_ids else {"id": block.id}
    if block.custom:
        return {**known, "type": "custom", "custom": {"name": block.name, "input": arguments_of(block)}}
    return {**known, "type": "function", "function": {"name": block.name, "arguments": arguments_of(block)}}


def _call_deltas(index: int, block: ToolCall, asked: Asked) -> _Deltas:
    kind, key = ("custom", "input") if block.custom else ("function", "arguments")
    again = {"id": ""} if asked.form.empty_ids else {}
    name_again = {"name": ""} if asked.form.empty_ids else {}
    first = {"index": index, "id": block.id, "type": kind, kind: {"name": block.name, key: ""}}
    pieces = argument_pieces(arguments_of(block), halves=asked.form.halves)
    more = [{"index": index, **again, kind: {**name_again, key: piece}} for piece in pieces]
    return [{"tool_calls": [call]} for call in (first, *more)]


def _usage(usage: Usage) -> dict[str, Any]:
    sent, written = prompt_tokens(usage), usage.output or 0
    told: dict[str, Any] = {
        "prompt_tokens": sent,
        "completion_tokens": written,
        "total_tokens": sent + written if usage.total_tokens is None else usage.total_tokens,
    }
    prompt = numbers(cached_tokens=usage.cache_read, cache_write_tokens=usage.cache_write)
    completion = numbers(reasoning_tokens=usage.reasoning)
    if prompt:
        told["prompt_tokens_details"] = prompt
    if completion:
        told["completion_tokens_details"] = completion
    return told
