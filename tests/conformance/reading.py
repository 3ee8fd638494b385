"""What the readings of all wire protocols share: the form that an answer is read into, and failed HTTP answers.

A reading is plain JSON walking, written from the vendors' documentation and the recordings, without any product code.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from plain_sse import whole_text

KINDS_BY_STATUS = {
    401: "AuthenticationError",
    402: "PermissionDeniedError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    429: "RateLimitError",
    503: "OverloadedError",
    529: "OverloadedError",
}
# What OpenAI's words for a failure inside an answer stand for, by its table of error codes and OpenRouter's.
STATUSES_BY_WORD = {
    "invalid_prompt": 400,
    "invalid_request_error": 400,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "server_error": 500,
}
# How the recorded vendors say that the conversation is too long.
OVERFLOW = re.compile(
    r"maximum context length|context_length_exceeded|context window|too_many_prompt_tokens|prompt is too long"
    r"|input token count .* exceeds the maximum",
)
# Headers that name the exchange, for the vendor's support.
EXCHANGE = ("x-request-id", "request-id", "x-generation-id", "apim-request-id")
# Stop reasons at which what was being written may be cut.
CUT = {"length", "content_filter", "error"}


@dataclass
class Failure:
    """What an answer that failed is to be reported as."""

    kind: str
    message: str = ""
    status: int | None = None
    # Seconds that the server asks to wait.
    retry_after: float | None = None
    # The id of the exchange, where the body says it.
    request_id: str | None = None


@dataclass(frozen=True)
class JsonText:
    """Stands for a string that is the JSON text of `value`; `verbatim`: as it stands in the body."""

    value: Any
    verbatim: bool = False


class MadeUp:
    """Stands for an id that the wire lacks: any string but the empty one."""

    def __repr__(self) -> str:
        return "an id made up"


MADE_UP = MadeUp()


@dataclass
class Reading:
    """What one answer says. The content is the blocks in the JSON form of the message, in the order of the wire."""

    content: list[dict] = field(default_factory=list)
    stop_reason: str = "stop"
    raw_stop_reason: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    response_id: str | None = None
    response_model: str | None = None
    raw: dict[str, Any] = field(default_factory=dict)
    notices: set[str] = field(default_factory=set)
    failure: Failure | None = None


def without_nulls(value: dict) -> dict:
    return {name: item for name, item in value.items() if item is not None}


def rest(value: dict, *read: str) -> JsonText | None:
    """The signature that carries the keys of a block which have no field of their own; None where there are none."""
    left = without_nulls({name: item for name, item in value.items() if name not in read})
    return JsonText(left) if left else None


def block(of: str, **fields) -> dict:
    """A block in the JSON form: fields at their defaults are left out."""
    given = {name: value for name, value in fields.items() if value is not None and value is not False and value != []}
    return {"type": of, **given}


def no_constants(word: str):
    raise ValueError(word)


def parsed(text: str):
    """The value of a JSON text, in which `NaN` and its like are errors as in any other JSON."""
    return whole_text(json.loads(text, parse_constant=no_constants))


def state_of(raw: str, *, custom: bool, cut: bool) -> tuple[str, dict | None]:
    """State and arguments of a tool call of which `raw` arrived; `cut`: the answer ended before its time."""
    if custom:
        return "complete", None
    text = raw.strip()
    if not cut and text in {"", "null"}:
        text = "{}"
    try:
        value = parsed(text)
    except ValueError:
        return ("truncated" if cut else "invalid"), None
    return ("complete", value) if isinstance(value, dict) else ("invalid", None)


def settled(content: list[dict], *, cut: bool) -> list[dict]:
    """The blocks, with the state and the arguments of the tool calls decided and halves of emoji joined."""
    for each in content:
        if each["type"] == "tool_call":
            raw = each.setdefault("raw_arguments", "")
            text = json.dumps(raw.value) if isinstance(raw, JsonText) else raw
            state, arguments = state_of(text, custom=each.get("custom", False), cut=cut)
            if state != "complete":
                each["state"] = state
            if arguments is not None:
                each["arguments"] = arguments
            if raw == "":
                del each["raw_arguments"]
    return [
        {
            name: JsonText(whole_text(item.value), item.verbatim) if isinstance(item, JsonText) else whole_text(item)
            for name, item in each.items()
        }
        for each in content
    ]


def error_text(body) -> str:
    """The provider's own words in an error body of any of the shapes seen."""
    if isinstance(body, list):
        body = body[0] if body else None
    if not isinstance(body, dict):
        return ""
    error = body.get("error")
    if isinstance(error, dict):
        return error.get("message") or ""
    if isinstance(error, str):
        return error
    return body.get("message") or ""


def inner_failure(body) -> Failure:
    """What an error inside an answer that began well is to be reported as; a code that is a status, or a word, is one."""
    error = body.get("error")
    told = [each for each in (error, body) if isinstance(each, dict)]
    numbers = [int(each["code"]) for each in told if str(each.get("code")).isdecimal()]
    words = [each.get(key) for key in ("code", "type") for each in told]
    statuses = [n for n in numbers if 400 <= n < 600] + [STATUSES_BY_WORD.get(str(word)) for word in words]
    return Failure("ResponseError", error_text(body), next(filter(None, statuses), None))


def exchange_of(case: dict) -> str | None:
    """The vendor's id of the HTTP exchange."""
    headers = case.get("response_headers") or {}
    return next((headers[name] for name in EXCHANGE if headers.get(name)), None)


def wait(case: dict, value) -> float | None:
    """How long the server asks to wait, by its headers or by an error body of Google's."""
    headers = case.get("response_headers") or {}
    if "retry-after-ms" in headers:
        return float(headers["retry-after-ms"]) / 1000
    if headers.get("retry-after", "").isdecimal():
        return float(headers["retry-after"])
    error = value.get("error") if isinstance(value, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    delays = [each.get("retryDelay") for each in details or [] if isinstance(each, dict)]
    return next((float(delay.removesuffix("s")) for delay in delays if delay), None)


def failure_of_status(case: dict, body: bytes) -> Failure:
    """What an answer whose HTTP status is no success is to be reported as."""
    status = case["status"]
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    message = error_text(value)
    by_class = {3: "ResponseError", 4: "BadRequestError", 5: "ServerError"}
    kind = KINDS_BY_STATUS.get(status) or by_class[status // 100]
    if kind == "BadRequestError" and OVERFLOW.search(body.decode("utf-8", "replace")):
        kind = "ContextOverflowError"
    named = value.get("request_id") if isinstance(value, dict) else None
    return Failure(kind, message, status, wait(case, value), named)


def failed_reading(case: dict, body: bytes) -> Reading:
    """The reading of an answer whose HTTP status is no success."""
    return Reading(stop_reason="error", failure=failure_of_status(case, body))


def finished(reading: Reading) -> Reading:
    """The reading once everything is gathered: what only the whole answer tells is decided."""
    if reading.failure is not None:
        reading.stop_reason = "error"
    reading.content = settled(reading.content, cut=reading.stop_reason in CUT)
    calls = [each for each in reading.content if each["type"] == "tool_call"]
    ids = set()
    for call in calls:
        if call["id"] in ids:
            call["id"] = MADE_UP
            reading.notices.add("tool_call_renamed")
        elif call["id"] is not MADE_UP:
            ids.add(call["id"])
    if reading.stop_reason in {"stop", "tool_use"}:
        reading.stop_reason = "tool_use" if calls else "stop"
    reading.raw = whole_text(reading.raw)
    return reading
