"""What a recorded `openai-completions` answer means, read as plain JSON and without any product code."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from plain_sse import chunks_of, whole_text
from plain_usage import read_usage
from reading import CUT, Failure, failure_of_status, inner_failure, state_of

API = "openai-completions"
# Providers that serve models which think inside the text; everywhere else the tags are text.
THINK_TAGS = {"groq", "huggingface"}
THOUGHT = re.compile(r"\s*<think>(.*?)(?:</think>\s*|$)(.*)", re.DOTALL)
LENGTHS = {"length", "max_tokens", "max_output_tokens", "MAX_TOKENS", "model_length"}
STOP_REASONS = {
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "tool_use": "tool_use",
    "content_filter": "content_filter",
    "sensitive": "content_filter",  # Z.AI
} | dict.fromkeys(LENGTHS, "length")
# Words for a stop, of the servers behind gateways too; Snowflake sends an empty one.
STOPS = {"stop", "end_turn", "stop_sequence", "eos", "COMPLETE", ""}
# OpenRouter, Z.AI and DeepSeek.
FAILED = {"error", "network_error", "insufficient_system_resource"}
# Names with a field of their own on the message, or that carry nothing: everything else has to be kept.
READ_OF_CHUNK = {"id", "object", "created", "model", "choices", "usage", "error", "obfuscation"}
READ_OF_CHOICE = {"index", "delta", "message", "finish_reason", "native_finish_reason", "text"}
READ_OF_MESSAGE = {
    *("role", "name", "content", "refusal", "reasoning", "reasoning_content", "reasoning_details"),
    *("tool_calls", "function_call", "annotations", "audio", "padding", "token_id"),
}


@dataclass
class Call:
    """One tool call as the answer holds it."""

    id: str = ""
    name: str = ""
    raw_arguments: str = ""
    custom: bool = False
    arguments: dict | None = None
    state: str = ""

    def settle(self, *, cut: bool) -> None:
        """Decides state and arguments once everything is there."""
        self.raw_arguments = whole_text(self.raw_arguments)
        self.state, self.arguments = state_of(self.raw_arguments, custom=self.custom, cut=cut)


@dataclass
class CompletionsReading:
    """What one answer says."""

    text: str = ""
    refusal: str = ""
    thinking: str = ""
    details: list[dict] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    annotations: list[dict] = field(default_factory=list)
    audio: dict = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    stop_reason: str = "stop"
    raw_stop_reason: str | None = None
    usage: dict[str, Any] = field(default_factory=lambda: read_usage({}))
    response_id: str | None = None
    response_model: str | None = None
    more_choices: bool = False
    unknown_reason: bool = False
    renamed: bool = False
    trailing: bool = False
    failure: Failure | None = None


def carries(value) -> bool:
    """Whether a JSON value says anything: not null, and not empty all the way down."""
    if isinstance(value, dict):
        return any(carries(item) for item in value.values())
    if isinstance(value, list):
        return any(carries(item) for item in value)
    return value is not None and value != ""


def fold_details(parts: list[dict]) -> list[dict]:
    """Streamed `reasoning_details` joined into whole ones: pieces of the same kind and index are one detail."""
    folded: dict[tuple, dict] = {}
    for part in parts:
        whole = folded.setdefault((part.get("type"), part.get("index")), {})
        for name, value in part.items():
            if name in {"text", "summary", "data"} and isinstance(value, str):
                whole[name] = whole.get(name, "") + value
            elif value is not None:
                whole[name] = value
    return list(folded.values())


def text_of(content) -> str:
    """The text of `content`, be it a string or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    return ""


class Reader:
    """Gathers one answer from its chunks; a body that is not streamed is a single chunk."""

    def __init__(self, *, think_tags: bool) -> None:
        self.result = CompletionsReading()
        self.think_tags = think_tags
        self.finish: str | None = None
        self.native: str | None = None
        self.by_index: dict[Any, Call] = {}

    def chunk(self, chunk: dict, key: str) -> None:
        """Takes in one chunk; `key` is where its choices hold the message: `delta` or `message`."""
        result = self.result
        result.response_id = result.response_id or chunk.get("id") or None
        result.response_model = result.response_model or chunk.get("model") or None
        result.kept |= {name for name, value in chunk.items() if name not in READ_OF_CHUNK and carries(value)}
        for place, choice in enumerate(chunk.get("choices") or []):
            if choice.get("index", place) == 0:
                self.choice(choice, key)
            else:
                result.more_choices = True
        usage = chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage")
        if usage:
            result.usage = read_usage(usage)

    def choice(self, choice: dict, key: str) -> None:
        if choice.get("usage"):
            self.result.usage = read_usage(choice["usage"])
        self.result.kept |= {name for name, value in choice.items() if name not in READ_OF_CHOICE and carries(value)}
        self.message(choice.get(key) or {})
        if self.finish is None:
            self.finish = choice.get("finish_reason")
        if self.native is None:
            self.native = choice.get("native_finish_reason")

    def message(self, message: dict) -> None:
        result = self.result
        result.kept |= {name for name, value in message.items() if name not in READ_OF_MESSAGE and carries(value)}
        details = message.get("reasoning_details") or []
        told = "".join((part.get("text") or "") + (part.get("summary") or "") for part in details)
        result.thinking += message.get("reasoning_content") or message.get("reasoning") or told
        result.details += details
        result.text += text_of(message.get("content"))
        result.refusal += message.get("refusal") or ""
        result.annotations += message.get("annotations") or []
        if carries(message.get("audio")) and (message["audio"].get("id") or message["audio"].get("data")):
            result.audio |= message["audio"]
        for place, call in enumerate(message.get("tool_calls") or []):
            self.call(call.get("index", place), call)
        if (message.get("function_call") or {}).get("name"):
            self.call("legacy", {"function": message["function_call"]})

    def call(self, index, part: dict) -> None:
        call = self.by_index.setdefault(index, Call())
        call.id = call.id or part.get("id") or ""
        function = part.get("function") or {}
        custom = part.get("custom") or {}
        if not function and custom.get("name"):
            call.custom = True
            function = {"name": custom["name"], "arguments": custom.get("input")}
        call.name = call.name or function.get("name") or ""
        arguments = function.get("arguments")
        call.raw_arguments += arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""

    def end(self, *, ended_by_done: bool) -> CompletionsReading:
        """Settles what only the whole answer tells."""
        result = self.result
        result.calls = list(self.by_index.values())
        result.details = fold_details(result.details)
        if self.think_tags and not result.thinking and (match := THOUGHT.fullmatch(result.text)):
            result.thinking, result.text = match[1], match[2]
        if self.finish is None and result.failure is None:
            # Snowflake is the one provider whose streams may end in `[DONE]` alone; see `read`.
            if ended_by_done:
                self.finish = ""
            else:
                result.failure = Failure("ResponseError")
        if self.finish in FAILED and result.failure is None:
            result.failure = Failure("ResponseError", self.finish)
        self.stop()
        result.raw_stop_reason = self.native or self.finish
        return result

    def stop(self) -> None:
        """Decides why the answer ended, and what that means for the tool calls."""
        result = self.result
        stop = STOP_REASONS.get(self.finish or "", "stop")
        if self.native in LENGTHS:
            stop = "length"
        if result.failure is not None:
            stop = "error"
        elif result.refusal and stop != "length":
            stop = "refusal"
        elif stop in {"stop", "tool_use"}:
            stop = "tool_use" if result.calls else "stop"
        result.stop_reason = stop
        result.unknown_reason = bool(self.finish) and self.finish not in STOPS | STOP_REASONS.keys() | FAILED
        ids = set()
        for call in result.calls:
            call.settle(cut=stop in CUT)
            if call.id in ids:
                call.id, result.renamed = "", True
            ids.add(call.id)
        for name in ("text", "thinking", "refusal", "details", "annotations", "audio"):
            setattr(result, name, whole_text(getattr(result, name)))


def ends(event: dict) -> bool:
    """Whether nothing of the answer follows this event; answers are never joined in the recordings of this protocol."""
    return False


def begins(event: dict) -> bool:
    """Whether an answer begins with this event."""
    return False


def read(case: dict, body: bytes) -> CompletionsReading:
    """What the recorded answer says.

    Args:
        case: The recording's `case.json`.
        body: The bytes of its answer.

    Returns:
        What a decoder has to make of it; a failure is in `failure`, beside what had arrived before it.
    """
    if case["status"] >= 300:
        return CompletionsReading(stop_reason="error", failure=failure_of_status(case, body))
    reader = Reader(think_tags=case["provider"] in THINK_TAGS)
    if not case["response_file"].endswith(".sse"):
        answer = json.loads(body)
        if answer.get("error"):
            reader.result.failure = inner_failure(answer)
            return reader.end(ended_by_done=False)
        reader.chunk(answer, "message")
        return reader.end(ended_by_done=False)
    chunks, ending = chunks_of(body)
    for chunk in chunks:
        if chunk.get("error"):
            reader.result.failure = inner_failure(chunk)
            break
        reader.chunk(chunk, "delta")
    else:
        reader.result.trailing = ending == "trailing"
        if ending == "malformed":
            reader.result.failure = Failure("ResponseError")
    return reader.end(ended_by_done=ending in {"done", "trailing"} and case["provider"] == "snowflake")
