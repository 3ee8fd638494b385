"""What a recorded `openai-responses` answer means, read as plain JSON and without any product code."""

import base64
import json

from plain_sse import data_of_events
from plain_usage import read_responses_usage
from reading import (
    MADE_UP,
    Failure,
    JsonText,
    Reading,
    block,
    error_text,
    failed_reading,
    finished,
    inner_failure,
    rest,
    without_nulls,
)

API = "openai-responses"
TERMINAL = {f"response.{status}" for status in ("completed", "incomplete", "failed", "cancelled")}
WAITING = {"queued", "in_progress"}
# What the final answer repeats of the request, and what has a field of its own.
READ_OF_ANSWER = {"id", "object", "model", "output", "output_text", "status"}
ECHOES = {
    *("background", "frequency_penalty", "instructions", "max_output_tokens", "max_tool_calls", "metadata"),
    *("parallel_tool_calls", "presence_penalty", "previous_response_id", "prompt", "prompt_cache_key"),
    *("prompt_cache_retention", "reasoning", "safety_identifier", "store", "temperature", "text", "tool_choice"),
    *("tools", "top_logprobs", "top_p", "truncation", "user"),
}
# Client tools: the kind of item -> the tool's name and where the item holds its arguments.
CLIENT_TOOLS = {
    "shell_call": ("shell", "action"),
    "local_shell_call": ("local_shell", "action"),
    "apply_patch_call": ("apply_patch", "operation"),
    "computer_call": ("computer", "action"),
    "tool_search_call": ("tool_search", "arguments"),
}
# What an item says while it is written; all other items are told once they are whole.
SPEAKS = (
    *("response.output_text.delta", "response.refusal.delta"),
    *("response.reasoning_summary_text.delta", "response.reasoning_text.delta"),
    *("response.function_call_arguments.delta", "response.custom_tool_call_input.delta"),
)
# News of progress, by the words of which their types are made.
PROGRESS = (
    *("response.created", "response.queued", "response.in_progress", "keepalive"),
    *("response.output_item.", "response.content_part.", "response.output_text.", "response.refusal."),
    *("response.function_call_arguments.", "response.custom_tool_call_input.", "response.reasoning_"),
    *("response.web_search_call.", "response.file_search_call.", "response.code_interpreter_call", "response.mcp_"),
    *("response.image_generation_call.", "response.shell_call_", "response.apply_patch_call_"),
)


def is_hosted(item: dict) -> bool:
    """Whether the provider itself runs what the item asks for."""
    if item["type"] == "shell_call":
        return str((item.get("environment") or {}).get("type") or "").startswith("container")
    if item["type"] == "tool_search_call":
        return item.get("execution") != "client"
    return False


def message_blocks(item: dict) -> list[dict]:
    signature = rest(item, "type", "role", "status", "content")
    found = []
    for part in item.get("content") or []:
        if part["type"] == "refusal":
            refused = JsonText({**(signature.value if signature else {}), "refusal": True})
            found.append(block("text", text=part["refusal"], signature=refused))
        elif part["text"] or part.get("annotations"):
            citations = part.get("annotations") or []
            found.append(block("text", text=part["text"], signature=signature, citations=citations))
    return found


def reasoning_block(item: dict) -> dict:
    parts = [part.get("text") or "" for name in ("summary", "content") for part in item.get(name) or []]
    thinking = "\n\n".join(filter(None, parts))
    redacted = not thinking and item.get("encrypted_content") is not None
    return block("thinking", thinking=thinking, signature=JsonText(item, verbatim=True), redacted=redacted)


def client_call(item: dict) -> dict:
    name, place = CLIENT_TOOLS[item["type"]]
    arguments = {"actions": item["actions"]} if item.get("actions") else item.get(place)
    return block(
        "tool_call",
        id=item.get("call_id") or MADE_UP,
        name=name,
        raw_arguments=JsonText(arguments),
        signature=JsonText(item, verbatim=True),
    )


def is_base64(text) -> bool:
    """Whether it is the bytes of a file; some sources cut them out of the middle."""
    try:
        return bool(base64.b64decode(text or "", validate=True))
    except ValueError:
        return False


def blocks_of(item: dict) -> list[dict]:
    """The blocks of one output item, in the JSON form of the message."""
    kind = item["type"]
    if kind == "message":
        return message_blocks(item)
    if kind == "reasoning":
        return [reasoning_block(item)]
    if kind in {"function_call", "custom_tool_call"}:
        place = "input" if kind == "custom_tool_call" else "arguments"
        signature = rest(item, "type", "call_id", "name", place, "status")
        call = block(
            "tool_call",
            id=item.get("call_id") or MADE_UP,
            name=item["name"],
            raw_arguments=item.get(place) or "",
            custom=kind == "custom_tool_call",
            signature=signature,
        )
        return [call]
    if kind in CLIENT_TOOLS and not is_hosted(item):
        return [client_call(item)]
    if kind == "image_generation_call" and is_base64(item.get("result")):
        left = JsonText({name: value for name, value in item.items() if name != "result"})
        mime_type = "image/" + (item.get("output_format") or "png")
        return [block("image", data=item["result"], mime_type=mime_type, signature=left)]
    return [block("opaque", api=API, kind=kind, data=item)]


class Reader:
    """Gathers one answer from its events."""

    def __init__(self) -> None:
        self.result = Reading()
        self.final: dict = {}
        # What was said of an item before it is done: its first form, and its texts by kind and number.
        self.begun: dict[int, dict] = {}
        self.pieces: dict[int, dict[tuple, str]] = {}
        # The items by their place in the output; they stand in the order in which they began to say something.
        self.items: dict[int | str, dict | None] = {}

    def event(self, event: dict) -> bool:
        """Takes in one event; whether the answer ends with it."""
        kind = event.get("type") or ""
        answer = event.get("response")
        if isinstance(answer, dict):
            self.result.response_id = self.result.response_id or answer.get("id")
            self.result.response_model = self.result.response_model or answer.get("model")
        if kind in TERMINAL:
            beside = {name: event[name] for name in event if name == "copilot_usage"}
            self.answer(answer, beside)
            return True
        place = event.get("output_index")
        if kind == "response.output_item.added":
            self.begun[place] = event["item"]
            if event["item"]["type"] in {"function_call", "custom_tool_call"}:
                self.items.setdefault(place, None)
        elif kind in SPEAKS:
            self.items.setdefault(place, None)
            part = (kind, event.get("summary_index", event.get("content_index")))
            pieces = self.pieces.setdefault(place, {})
            pieces[part] = pieces.get(part, "") + event["delta"]
        elif kind == "response.output_item.done":
            self.items[place] = event["item"]
        elif not kind.startswith(PROGRESS):
            self.result.notices.add("event_ignored")
        return False

    def untold(self, output: list[dict]) -> list[tuple[int, dict]]:
        """The items of the whole answer that were not done before, with their places.

        They are known again by their ids, or by their place where ids change from event to event, as some servers have it.
        """
        told = {place: item for place, item in self.items.items() if item is not None}
        left = []
        for place, item in enumerate(output):
            known = next((at for at, each in told.items() if each.get("id") == item.get("id")), None)
            if known is None:
                left.append((place, item))
            else:
                del told[known]
        return [(place, item) for place, item in left if place not in told]

    def answer(self, answer: dict, beside: dict) -> None:
        """Takes in the whole answer; items that came before are not read again."""
        result = self.result
        self.final = answer
        result.response_id = result.response_id or answer.get("id")
        result.response_model = result.response_model or answer.get("model")
        for place, item in self.untold(answer.get("output") or []):
            begun = (at for at, told in self.items.items() if told is None)
            known = next(
                (at for at in begun if at == place or self.begun.get(at, {}).get("id") == item.get("id")), None
            )
            self.items[f"untold {place}" if known is None else known] = item
        kept = {name: value for name, value in answer.items() if name not in READ_OF_ANSWER | ECHOES}
        result.raw |= without_nulls(kept | beside)

    def unfinished(self, place: int) -> list[dict]:
        """The blocks of an item that was cut, as far as it was written."""
        begun = self.begun.get(place, {})
        pieces = self.pieces.get(place, {})
        texts = list(pieces.values())
        if begun.get("type") in {"function_call", "custom_tool_call"}:
            custom = begun["type"] == "custom_tool_call"
            fields = {"id": begun["call_id"], "name": begun["name"], "raw_arguments": "".join(texts)}
            return [block("tool_call", **fields, custom=custom)]
        if any("reasoning" in kind for kind, _ in pieces):
            return [block("thinking", thinking="\n\n".join(texts))]
        return [block("text", text=text) for text in texts]

    def end(self) -> Reading:
        result = self.result
        for place, item in self.items.items():
            result.content += self.unfinished(place) if item is None else blocks_of(item)
        items = [item for item in self.items.values() if item is not None]
        parts = [part for item in items if item["type"] == "message" for part in item.get("content") or []]
        if logprobs := [entry for part in parts for entry in part.get("logprobs") or []]:
            result.raw["logprobs"] = logprobs
        result.usage = read_responses_usage(self.final.get("usage") or {})
        self.stop(refused=any(part["type"] == "refusal" for part in parts))
        return finished(result)

    def stop(self, *, refused: bool) -> None:
        result = self.result
        status = self.final.get("status")
        reason = (self.final.get("incomplete_details") or {}).get("reason")
        result.raw_stop_reason = reason or status
        if result.failure is not None:
            return
        if status in {"completed", "complete"}:
            result.stop_reason = "refusal" if refused else "stop"
        elif status == "incomplete":
            result.stop_reason = "content_filter" if reason == "content_filter" else "length"
            if reason not in {"content_filter", "max_output_tokens"}:
                result.notices.add("stop_reason_unknown")
        else:
            words = "no answer yet" if status in WAITING else error_text(self.final)
            result.failure = Failure("ResponseError", words, inner_failure(self.final).status)


def ends(event: dict) -> bool:
    """Whether nothing of the answer follows this event."""
    return event.get("type") in TERMINAL


def begins(event: dict) -> bool:
    """Whether an answer begins with this event."""
    return event.get("type") == "response.created"


def read(case: dict, body: bytes) -> Reading:
    """What the recorded answer says; a failure is in `failure`, beside what had arrived before it."""
    if case["status"] >= 300:
        return failed_reading(case, body)
    reader = Reader()
    if not case["response_file"].endswith(".sse"):
        answer = json.loads(body)
        if answer.get("error"):
            reader.result.failure = inner_failure(answer)
        reader.answer(answer, {})
        return reader.end()
    # Some servers end every stream as chat completions end, which is no event of this protocol.
    events = [data for data in data_of_events(body) if data.strip() != "[DONE]"]
    for place, data in enumerate(events):
        try:
            event = json.loads(data)
        except ValueError:
            reader.result.failure = Failure("ResponseError", "the server sent a malformed event")
            break
        if event.get("type") == "error":
            reader.result.failure = inner_failure(event)
            break
        if reader.event(event):
            if place + 1 < len(events):
                reader.result.notices.add("trailing_events")
            break
    else:
        reader.result.failure = Failure("ResponseError")
    return reader.end()
