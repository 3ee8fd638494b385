"""What a recorded `google-generative-ai` answer means, read as plain JSON and without any product code."""

import json
import re

from plain_sse import data_of_events
from plain_usage import read_google_usage
from reading import MADE_UP, Failure, JsonText, Reading, block, failed_reading, finished, inner_failure, without_nulls

API = "google-generative-ai"
# https://ai.google.dev/api/generate-content#FinishReason, in the order of the enum's numbers.
REASONS = [
    *("FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "BLOCKLIST"),
    *("PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL"),
]
FILTERED = {
    *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
}
FAILED = {
    *("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"),
    *("MALFORMED_RESPONSE", "LANGUAGE", "OTHER", "NO_IMAGE", "IMAGE_OTHER"),
}
STOP_REASONS = {"STOP": "stop", "MAX_TOKENS": "length"} | dict.fromkeys(FILTERED, "content_filter")
READ_OF_ANSWER = {"candidates", "usageMetadata", "modelVersion", "responseId"}
READ_OF_CANDIDATE = {"content", "finishReason", "index", "groundingMetadata", "urlContextMetadata"}
MEDIA = {"image": "image", "audio": "audio"}
STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]")


def put(into, steps: list, value) -> object:
    """`into` with `value` at the place that the steps lead to; texts at one place add up."""
    if not steps:
        return into + value if isinstance(into, str) and isinstance(value, str) else value
    step, *others = steps
    if isinstance(step, int):
        into = [] if into is None else into
        into += [None] * (step + 1 - len(into))
    else:
        into = {} if into is None else into
        into.setdefault(step, None)
    into[step] = put(into[step], others, value)
    return into


def add_partial(arguments: dict, part: dict) -> None:
    """Takes in one entry of `partialArgs`, which says what stands at a path."""
    value = next((value for name, value in part.items() if name.endswith("Value")), None)
    if "nullValue" in part:
        value = None
    steps = [int(index) if index else name or quoted for name, index, quoted in STEP.findall(part["jsonPath"])]
    put(arguments, steps, value)


class Reader:
    """Gathers one answer from its events; a body that is not streamed is a single event."""

    def __init__(self, *, streamed: bool) -> None:
        self.result = Reading()
        self.streamed = streamed
        self.reason: str | None = None
        self.candidates = 0
        self.usage: dict = {}
        # The text or thinking block that came last. A signature ends it: further parts of its kind are another block.
        self.open: dict | None = None
        # The tool call whose arguments come in pieces.
        self.call: dict | None = None
        self.ends: dict[str, dict] = {}

    def event(self, event: dict) -> None:
        result = self.result
        result.response_id = result.response_id or event.get("responseId")
        result.response_model = result.response_model or event.get("modelVersion")
        result.raw |= without_nulls({name: value for name, value in event.items() if name not in READ_OF_ANSWER})
        self.usage = event.get("usageMetadata") or self.usage
        for place, candidate in enumerate(event.get("candidates") or []):
            if candidate.get("index", place) == 0:
                self.candidate(candidate)
            else:
                result.notices.add("choice_dropped")

    def candidate(self, candidate: dict) -> None:
        self.candidates += 1
        for part in (candidate.get("content") or {}).get("parts") or []:
            self.part(part)
        for name in ("groundingMetadata", "urlContextMetadata"):
            if candidate.get(name) is not None:
                self.ends[name] = candidate[name]
        left = {name: value for name, value in candidate.items() if name not in READ_OF_CANDIDATE}
        self.result.raw |= without_nulls(left)
        reason = candidate.get("finishReason")
        if isinstance(reason, int):
            reason = REASONS[reason]
        if reason != REASONS[0]:
            self.reason = reason or self.reason

    def part(self, part: dict) -> None:
        signature = part.get("thoughtSignature") or None
        kinds = [name for name in part if name not in {"thought", "thoughtSignature"}]
        if not kinds or kinds == ["text"]:
            self.text("thinking" if part.get("thought") else "text", part.get("text") or "", signature)
            return
        self.open = None
        kind = kinds[0]
        if kind == "functionCall":
            self.function_call(part["functionCall"], signature)
        elif kind in {"inlineData", "fileData"}:
            value = part[kind]
            where = {"data": value.get("data")} if kind == "inlineData" else {"url": value.get("fileUri")}
            mime_type = value.get("mimeType") or ""
            made = MEDIA.get(mime_type.partition("/")[0], "document")
            self.result.content.append(block(made, **where, mime_type=mime_type, signature=signature))
        else:
            self.result.content.append(block("opaque", api=API, kind=kind, data=part))

    def text(self, kind: str, text: str, signature: str | None) -> None:
        if not text and not signature:
            return
        if not self.streamed or self.open is None or self.open["type"] != kind or "signature" in self.open:
            self.open = block(kind, **{kind: ""})
            self.result.content.append(self.open)
        self.open[kind] += text
        if signature:
            self.open["signature"] = signature

    def function_call(self, call: dict, signature: str | None) -> None:
        if call.get("name"):
            raw = JsonText(call["args"], verbatim=True) if call.get("args") is not None else ""
            made = block("tool_call", id=call.get("id") or MADE_UP, name=call["name"], signature=signature)
            self.call = made | {"raw_arguments": raw}
            self.result.content.append(self.call)
        for part in call.get("partialArgs") or []:
            if not isinstance(self.call["raw_arguments"], JsonText):
                self.call["raw_arguments"] = JsonText({})
            add_partial(self.call["raw_arguments"].value, part)

    def sources(self) -> list[dict]:
        cited = self.result.raw.get("citationMetadata") or {}
        grounds = self.ends.get("groundingMetadata") or {}
        entries = cited.get("citationSources") or cited.get("citations") or []
        return [*(grounds.get("groundingChunks") or []), *entries]

    def end(self) -> Reading:
        result = self.result
        if self.open is not None and self.open["type"] == "text" and self.sources():
            self.open["citations"] = self.sources()
        for name in ("groundingMetadata", "urlContextMetadata"):
            if name in self.ends:
                result.content.append(block("opaque", api=API, kind=name, data=self.ends[name]))
        result.usage = read_google_usage(self.usage)
        if self.usage:
            result.raw["usage"] = self.usage
        feedback = result.raw.get("promptFeedback")
        result.raw_stop_reason = self.reason
        if self.reason in FAILED:
            words = result.raw.get("finishMessage") or self.reason
            result.failure = result.failure or Failure("ResponseError", words)
        elif self.reason is not None:
            result.stop_reason = STOP_REASONS.get(self.reason, "stop")
            if self.reason not in STOP_REASONS:
                result.notices.add("stop_reason_unknown")
        elif feedback is not None and (feedback.get("blockReason") or not self.candidates):
            result.stop_reason = "content_filter"
            result.raw_stop_reason = feedback.get("blockReason")
        else:
            result.failure = result.failure or Failure("ResponseError")
        return finished(result)


def ends(event: dict) -> bool:
    """Whether nothing of the answer follows this event; answers are never joined in the recordings of this protocol."""
    return False


def begins(event: dict) -> bool:
    """Whether an answer begins with this event."""
    return False


def events_of(body: bytes) -> list[str]:
    """The data of the events of a stream, which is one JSON array where it was not asked for as Server-Sent Events."""
    if body.lstrip().startswith(b"["):
        return [json.dumps(event) for event in json.loads(body)]
    return data_of_events(body)


def read(case: dict, body: bytes) -> Reading:
    """What the recorded answer says; a failure is in `failure`, beside what had arrived before it."""
    if case["status"] >= 300:
        return failed_reading(case, body)
    streamed = case["response_file"].endswith(".sse") or body.lstrip().startswith(b"[")
    reader = Reader(streamed=streamed)
    for data in events_of(body) if streamed else [body]:
        try:
            event = json.loads(data)
        except ValueError:
            reader.result.failure = Failure("ResponseError", "the server sent a malformed event")
            break
        if event.get("error"):
            reader.result.failure = inner_failure(event)
            break
        reader.event(event)
    return reader.end()
