"""What a recorded `anthropic-messages` answer means, read as plain JSON and without any product code."""

import json

from plain_sse import data_of_events
from plain_usage import read_anthropic_usage
from reading import (
    MADE_UP,
    Failure,
    JsonText,
    Reading,
    block,
    error_text,
    failed_reading,
    finished,
    rest,
    without_nulls,
)

API = "anthropic-messages"
STOP_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_use",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
    "pause_turn": "pause",
    "compaction": "pause",
}
# https://docs.claude.com/en/api/errors: the status that each kind of error has outside of a stream.
STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
READ_OF_MESSAGE = {"id", "type", "role", "model", "content", "stop_reason", "usage"}


def input_of(wire: dict, pieces: str | None):
    """The whole `input` of a server's tool call: the pieces, parsed where they are JSON."""
    if not pieces:
        return wire.get("input")
    try:
        return json.loads(pieces)
    except ValueError:
        return pieces


def raw_input(wire: dict, pieces: str | None):
    """The arguments of a tool call: the pieces, or what the block says itself, which is empty where pieces may follow."""
    given = wire.get("input")
    if pieces or given is None or (pieces is not None and given == {}):
        return pieces or ""
    return JsonText(given, verbatim=True)


def read_block(wire: dict, pieces: str | None) -> dict | None:
    """One content block in the JSON form of the message, or None where it says nothing.

    Args:
        wire: The block as the wire has it.
        pieces: What came of its input in pieces; None where the block came whole.
    """
    kind = wire["type"]
    if kind == "text":
        citations = wire.get("citations") or []
        return block("text", text=wire["text"], citations=citations) if wire["text"] or citations else None
    if kind == "thinking":
        return block("thinking", thinking=wire["thinking"], signature=wire.get("signature") or None)
    if kind == "redacted_thinking":
        return block("thinking", thinking="", signature=wire["data"], redacted=True)
    if kind == "tool_use":
        raw = raw_input(wire, pieces)
        signature = rest(wire, "type", "id", "name", "input")
        return block("tool_call", id=wire["id"] or MADE_UP, name=wire["name"], raw_arguments=raw, signature=signature)
    data = dict(wire)
    if "input" in wire or pieces:
        data["input"] = input_of(wire, pieces)
    text = wire.get("content") if kind == "compaction" else None
    return block("opaque", api=API, kind=kind, data=data, text=text)


class Reader:
    """Gathers one answer from its events; a body that is not streamed is one message."""

    def __init__(self) -> None:
        self.result = Reading()
        self.usage: dict = {}
        self.stop: str | None = None
        self.begun = False
        # The blocks as the wire has them, with the pieces of their input; None where they came whole.
        self.blocks: list[tuple[dict, list[str] | None]] = []
        self.by_index: dict[int, tuple[dict, list[str]]] = {}

    def message(self, message: dict) -> None:
        result = self.result
        self.begun = True
        result.response_id = result.response_id or message.get("id")
        result.response_model = result.response_model or message.get("model")
        result.raw |= without_nulls({name: value for name, value in message.items() if name not in READ_OF_MESSAGE})
        self.stop = message.get("stop_reason") or self.stop
        self.usage |= message.get("usage") or {}
        self.blocks += [(dict(each), None) for each in message.get("content") or []]

    def event(self, event: dict) -> None:
        kind = event.get("type")
        if kind == "message_start":
            self.message(event["message"])
        elif kind == "content_block_start":
            self.by_index[event["index"]] = (dict(event["content_block"]), [])
            self.blocks.append(self.by_index[event["index"]])
        elif kind == "content_block_delta":
            if event["index"] in self.by_index:
                self.delta(*self.by_index[event["index"]], event["delta"])
            else:
                self.result.failure = Failure("ResponseError", "the server sent a malformed event")
        elif kind == "content_block_stop":
            self.by_index.pop(event["index"], None)
        elif kind == "message_delta":
            delta = event.get("delta") or {}
            self.stop = delta.get("stop_reason") or self.stop
            self.usage |= event.get("usage") or {}
            beside = {name: value for name, value in event.items() if name not in {"type", "delta", "usage"}}
            within = {name: value for name, value in delta.items() if name != "stop_reason"}
            self.result.raw |= without_nulls(beside) | without_nulls(within)
        elif kind != "ping":
            self.result.notices.add("event_ignored")

    def delta(self, wire: dict, pieces: list[str], delta: dict) -> None:
        kind = delta["type"]
        if kind == "input_json_delta":
            pieces.append(delta["partial_json"])
        elif kind == "citations_delta":
            wire["citations"] = [*(wire.get("citations") or []), delta["citation"]]
        else:
            for name, value in delta.items():
                if name != "type":
                    wire[name] = (wire.get(name) or "") + value if isinstance(value, str) else value

    def fail(self, value: dict) -> None:
        kind = (value.get("error") or {}).get("type")
        self.result.failure = Failure(
            "ResponseError", error_text(value), STATUSES.get(kind), request_id=value.get("request_id")
        )

    def end(self) -> Reading:
        result = self.result
        if self.blocks and self.blocks[-1][1] is None and STOP_REASONS.get(self.stop or "") == "length":
            # The input of a call that the limit cut is sent empty.
            self.blocks[-1] = (self.blocks[-1][0], [])
        read = [read_block(wire, None if pieces is None else "".join(pieces)) for wire, pieces in self.blocks]
        result.content = [each for each in read if each is not None]
        result.usage = read_anthropic_usage(self.usage)
        if self.usage:
            result.raw["usage"] = self.usage
        result.raw_stop_reason = self.stop
        if self.stop not in STOP_REASONS:
            result.notices.add("stop_reason_unknown")
        result.stop_reason = STOP_REASONS.get(self.stop or "", "stop")
        return finished(result)


def ends(event: dict) -> bool:
    """Whether nothing of the answer follows this event."""
    return event.get("type") == "message_stop"


def begins(event: dict) -> bool:
    """Whether an answer begins with this event."""
    return event.get("type") == "message_start"


def read_stream(reader: Reader, body: bytes) -> None:
    """Takes in the events of a stream up to its end, and what follows that."""
    events = data_of_events(body)
    for place, data in enumerate(events):
        try:
            event = json.loads(data)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            reader.result.failure = Failure("ResponseError", "the server sent a malformed event")
        elif event.get("type") == "error":
            reader.fail(event)
        elif begins(event) and reader.begun:
            reader.result.failure = Failure("ResponseError", "another answer")
        elif ends(event):
            if place + 1 < len(events):
                reader.result.notices.add("trailing_events")
            return
        else:
            reader.event(event)
        if reader.result.failure is not None:
            return
    reader.result.failure = Failure("ResponseError")


def read(case: dict, body: bytes) -> Reading:
    """What the recorded answer says; a failure is in `failure`, beside what had arrived before it."""
    if case["status"] >= 300:
        return failed_reading(case, body)
    reader = Reader()
    if case["response_file"].endswith(".sse"):
        read_stream(reader, body)
        return reader.end()
    answer = json.loads(body)
    if answer.get("type") == "error":
        reader.fail(answer)
    else:
        reader.message(answer)
    return reader.end()
