"""`google-generative-ai` as the lab speaks it: each event a piece of the response object."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

from alchemy.content import Opaque, Text, Thinking, ToolCall
from alchemy.lab.protocols._protocol import HERE, Asked, Frame, Protocol, UnwritableError, dump
from alchemy.lab.protocols._writing import Block, argument_pieces, blocks_of, json_object, numbers, usage_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alchemy.messages import AssistantMessage
    from alchemy.usage import Usage

__all__ = ["GoogleGenerativeAI"]

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class GoogleGenerativeAI(Protocol):
    """The protocol of Google's Gemini API."""

    api = "google-generative-ai"
    path = re.compile(r"/[^/]+:(?:streamG|g)enerateContent/?$")
    marks = ("x-goog-api-key", "/v1beta/")
    required = "contents"
    request_id = "x-request-id"
    forms = frozenset({"halves", "no_ids", "one_end", "together"})
    stop_words = {  # noqa: RUF012 (never changed)
        "stop": "STOP",
        "length": "MAX_TOKENS",
        "tool_use": "STOP",
        "content_filter": "SAFETY",
    }

    def streamed(self, path: str, body: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Read the verb at the end of the path."""
        return ":streamGenerateContent" in path

    def model(self, path: str, body: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Read the last part of the path, before its verb."""
        return path.partition("?")[0].rpartition("/")[2].partition(":")[0]

    def events(self, message: AssistantMessage, asked: Asked) -> list[Frame]:
        """Say an answer in pieces; arguments come in pieces where the request asks for that."""
        form = asked.form
        blocks = blocks_of(message, self.api)
        lists = [list(_pieces(block, asked)) for block in blocks]
        if form.together:
            lists[:2] = [[lists[0][0], lists[1][0]], lists[0][1:], lists[1][1:]]
            told = [lists[0], *([part] for parts in lists[1:] for part in parts)]
        elif form.no_ids:
            calls = [
                part
                for parts, block in zip(lists, blocks, strict=True)
                if isinstance(block, ToolCall)
                for part in parts
            ]
            rest = [parts for parts, block in zip(lists, blocks, strict=True) if not isinstance(block, ToolCall)]
            told = [*([part] for parts in rest for part in parts), calls]
        else:
            told = [[part] for parts in lists for part in parts]

        def event(parts: list[dict[str, Any]], *, terminal: bool = False, **more: Any) -> Frame:
            candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
            if terminal:
                candidate["finishReason"] = self.stop_word(message)
            data = dump({"candidates": [candidate], **_head(asked), **more}, ascii_only=form.halves)
            return Frame.of(b"data: " + data + b"\n\n", terminal=terminal)

        usage = _usage(usage_of(message, asked))
        return [*map(event, told), event([{"text": ""}], terminal=True, usageMetadata=usage)]

    def whole(self, message: AssistantMessage, asked: Asked) -> dict[str, Any]:
        """Say an answer as one object."""
        parts = [_whole(block, asked) for block in blocks_of(message, self.api)]
        texts = [part for part in parts if isinstance(part.get("text"), str)]
        if texts:
            texts[-1]["text"] += HERE
        candidate = {
            "content": {"role": "model", "parts": parts},
            "finishReason": self.stop_word(message),
            "index": 0,
        }
        return {"candidates": [candidate], "usageMetadata": _usage(usage_of(message, asked)), **_head(asked)}

    def error_body(self, status: int, words: str) -> dict[str, Any]:
        """Say an HTTP error as Google does."""
        return {"error": {"code": status, "message": words, "status": _STATUSES.get(status, "UNKNOWN")}}

    def error_event(self, words: str, *, overloaded: bool) -> bytes:
        """Say an error in place of a piece."""
        return b"data: " + dump(self.error_body(503 if overloaded else 500, words)) + b"\n\n"

    def unknown_event(self) -> bytes:
        """Give an object that is no piece of an answer."""
        return b"data: " + dump({"labUnknown": {"note": "no such event"}}) + b"\n\n"


def _head(asked: Asked) -> dict[str, Any]:
    return {"modelVersion": asked.model, "responseId": f"lab-{asked.number}"}


def _signed(part: dict[str, Any], signature: str | None) -> dict[str, Any]:
    return part if signature is None else {**part, "thoughtSignature": signature}


def _arguments(call: ToolCall) -> dict[str, Any]:
    if call.arguments is not None:
        return call.arguments
    read = json_object(call.raw_arguments)
    if read is None and call.raw_arguments:
        raise UnwritableError("google-generative-ai cannot say arguments that are cut or no JSON object")
    return read or {}


def _call(block: ToolCall, asked: Asked) -> dict[str, Any]:
    if block.custom:
        raise UnwritableError("google-generative-ai has no tools that take free text")
    return {"name": block.name} if asked.form.no_ids else {"id": block.id, "name": block.name}


def _whole(block: Block, asked: Asked) -> dict[str, Any]:
    match block:
        case Text():
            return _signed({"text": block.text}, block.signature)
        case Thinking():
            return _signed({"text": block.thinking, "thought": True}, block.signature)
        case ToolCall():
            call = {**_call(block, asked), "args": _arguments(block)}
            return _signed({"functionCall": call}, block.signature)
        case Opaque():
            return dict(block.data)


def _pieces(block: Block, asked: Asked) -> Iterator[dict[str, Any]]:
    """Give the parts of a block; its signature stands on the last."""
    if isinstance(block, ToolCall):
        yield from _call_pieces(block, asked)
        return
    if isinstance(block, Opaque):
        yield dict(block.data)
        return
    thought = {"thought": True} if isinstance(block, Thinking) else {}
    said = block.thinking if isinstance(block, Thinking) else block.text
    pieces = words(said, halves=asked.form.halves) or [""]
    for piece in pieces[:-1]:
        yield {"text": piece if thought else piece + HERE, **thought}
    last = pieces[-1] if thought or not said else pieces[-1] + HERE
    yield _signed({"text": last, **thought}, block.signature)


def _call_pieces(block: ToolCall, asked: Asked) -> Iterator[dict[str, Any]]:
    arguments = _arguments(block)
    config: Any = asked.body.get("toolConfig")
    wanted = config.get("functionCallingConfig", {}).get("streamFunctionCallArguments") if config else False
    leaves = list(_leaves("$", arguments))
    if not wanted or asked.form.no_ids or any(isinstance(value, (dict, list)) for _, value in leaves):
        yield _whole(block, asked)
        return
    yield _signed({"functionCall": {**_call(block, asked), "willContinue": True}}, block.signature)
    for path, value in leaves:
        for partial in _partials(path, value, halves=asked.form.halves):
            yield {"functionCall": {"partialArgs": [partial], "willContinue": True}}
    yield {"functionCall": {}}


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Give the values inside arguments with their paths; an empty list or object is a value too."""
    if isinstance(value, dict) and value:
        entries = cast("dict[str, Any]", value)
        for name, inner in entries.items():
            plain = re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII)
            yield from _leaves(f"{path}.{name}" if plain else f"{path}[{json.dumps(name)}]", inner)
    elif isinstance(value, list) and value:
        items = cast("Sequence[Any]", value)
        for index, inner in enumerate(items):
            yield from _leaves(f"{path}[{index}]", inner)
    elif path != "$":
        yield path, value


def _partials(path: str, value: Any, *, halves: bool) -> Iterator[dict[str, Any]]:
    match value:
        case str():
            pieces = argument_pieces(value, halves=halves) or [""]
            for piece in pieces[:-1]:
                yield {"jsonPath": path, "stringValue": piece, "willContinue": True}
            yield {"jsonPath": path, "stringValue": pieces[-1]}
        case bool():
            yield {"jsonPath": path, "boolValue": value}
        case None:
            yield {"jsonPath": path, "nullValue": "NULL_VALUE"}
        case _:
            yield {"jsonPath": path, "numberValue": value}


def _usage(usage: Usage) -> dict[str, Any]:
    sent = (usage.input or 0) + (usage.cache_read or 0)
    written = usage.output or 0
    return numbers(
        promptTokenCount=sent,
        candidatesTokenCount=written - (usage.reasoning or 0),
        cachedContentTokenCount=usage.cache_read,
        thoughtsTokenCount=usage.reasoning,
        totalTokenCount=sent + written if usage.total_tokens is None else usage.total_tokens,
    )
