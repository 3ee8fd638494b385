"""Rows whose answer is broken: cut short, malformed, an error inside, or refused by status."""

from fault_outcomes import ALL_SAID, CALL, EITHER, KEPT, NOTHING, PREFIX, SAID, SERVER, Expected, fails, whole
from fault_row import Differs, Row
from fault_rows_said import ONE_BODY

COMPLETIONS, RESPONSES = ("openai-completions",), ("openai-responses",)
ANTHROPIC, GOOGLE = ("anthropic-messages",), ("google-generative-ai",)


def inner(status: int, message: str = SAID, **given) -> Expected:
    """An error that is told inside the answer."""
    return fails(
        "ResponseError", message, says="told to (fail|be overloaded)", status=status, **{"connection": EITHER, **given}
    )


CUT = (
    Row(
        "no end marker",
        "a clean end before the protocol's end marker, all text said",
        ("no-terminal",),
        streamed=fails("ResponseError", ALL_SAID, says="it is cut", connection=KEPT),
        whole=fails("ResponseError", NOTHING, connection=KEPT),
    ),
    Row(
        "no last event",
        "the last event is left out",
        ("no-terminal=1",),
        streamed=fails("ResponseError", ALL_SAID, connection=KEPT),
        absent=ONE_BODY,
        differs=(Differs(COMPLETIONS, "its end marker is the finish reason; `[DONE]` says nothing new", whole()),),
    ),
    Row(
        "clean end in a block",
        "a clean end in the middle of the text",
        ("close@{said}",),
        streamed=fails("ResponseError", says="it is cut", connection=SERVER),
        whole=fails("ResponseError", NOTHING, connection=SERVER),
    ),
    Row(
        "clean end in a frame",
        "a clean end in the middle of an event",
        ("truncate",),
        streamed=fails("ResponseError", PREFIX, connection=KEPT),
        whole=fails("ResponseError", NOTHING, connection=KEPT),
    ),
    Row(
        "clean end in a call",
        "a clean end in the middle of a tool call's arguments",
        ("close@{call}",),
        answer="call",
        streamed=fails("ResponseError", CALL, states=("truncated",), connection=SERVER),
        absent="a body that ends in the middle is no JSON, whatever it is cut in",
        only=(*COMPLETIONS, *RESPONSES, *ANTHROPIC),
        only_why="Google's protocol gives the arguments of a call as values, in one event unless more is asked for",
    ),
    Row(
        "an empty answer",
        "headers, and then a clean end",
        ("truncate@start",),
        streamed=fails("ResponseError", NOTHING, says="empty", connection=KEPT),
        whole=fails("ResponseError", NOTHING, says="empty", connection=KEPT),
    ),
    Row(
        "malformed event",
        "an event of broken JSON, then more events",
        ("malformed@{said}",),
        streamed=fails("ResponseError", says="malformed"),
        whole=fails("ResponseError", NOTHING, connection=KEPT),
    ),
    Row(
        "garbage in between",
        "bytes that are no event, between two events",
        ("garbage@{said}",),
        streamed=fails("ResponseError"),
        whole=fails("ResponseError", NOTHING, connection=KEPT),
    ),
    Row(
        "error inside",
        "the provider's error inside a 200",
        ("error@{said}",),
        streamed=inner(500),
        whole=inner(500, NOTHING, connection=KEPT),
    ),
    Row(
        "overloaded inside",
        "the provider says inside a 200 that it is overloaded",
        ("error=overloaded@{said}",),
        streamed=inner(503),
        absent="as the error above: a body that is not streamed says no more of it",
        differs=(Differs(ANTHROPIC, "Anthropic's word for it stands for 529", inner(529)),),
    ),
    Row(
        "HTML as an answer",
        "a page of HTML with the status 200",
        ("html=200",),
        streamed=fails("ResponseError", NOTHING, connection=KEPT),
        whole=fails("ResponseError", NOTHING, connection=KEPT),
    ),
    Row(
        "compression bomb",
        "a compressed answer that unpacks to more than `max_event_bytes`",
        ("bomb=1000000",),
        options={"max_event_bytes": 100_000},
        streamed=fails("ResponseError", NOTHING, connection=EITHER),
        whole=fails("ResponseError", NOTHING, connection=EITHER),
    ),
    Row(
        "event over the limit",
        "an event longer than `max_event_bytes`",
        ("huge=200000@{said}",),
        options={"max_event_bytes": 100_000},
        streamed=fails("ResponseError"),
        whole=fails("ResponseError", NOTHING),
    ),
)


def refused(status: int, error: str, *more: str, name: str = "", title: str = "", differs=None, **changes) -> Row:
    """A row for an HTTP status that is an error, streamed or not; `differs` has protocols, the reason and their error."""

    def expected(error: str) -> Expected:
        return fails(error, NOTHING, says=str(status), status=status, connection=KEPT, **changes)

    return Row(
        name or f"status {status}",
        title or f"the HTTP status {status}",
        (f"status={status}", *more),
        streamed=expected(error),
        whole=expected(error),
        differs=(Differs(*differs[:2], expected(differs[2]), expected(differs[2])),) if differs else (),
    )


REFUSED = (
    refused(400, "BadRequestError"),
    refused(401, "AuthenticationError"),
    refused(403, "PermissionDeniedError"),
    refused(404, "NotFoundError"),
    refused(408, "BadRequestError"),
    refused(409, "BadRequestError"),
    refused(
        413,
        "BadRequestError",
        differs=(ANTHROPIC, "Anthropic says 413 where a prompt is too long", "ContextOverflowError"),
    ),
    refused(422, "BadRequestError"),
    refused(429, "RateLimitError"),
    refused(
        429,
        "RateLimitError",
        "retry-after=3",
        name="status 429, seconds",
        title="429 with `retry-after: 3`",
        retry_after=3.0,
    ),
    refused(
        429,
        "RateLimitError",
        "retry-after-ms=250",
        name="status 429, milliseconds",
        title="429 with `retry-after-ms: 250`",
        retry_after=0.25,
    ),
    refused(500, "ServerError"),
    refused(502, "ServerError"),
    refused(503, "OverloadedError"),
    refused(
        503,
        "OverloadedError",
        "retry-after=3",
        name="status 503, seconds",
        title="503 with `retry-after: 3`",
        retry_after=3.0,
    ),
    refused(504, "ServerError"),
    refused(529, "OverloadedError"),
    Row(
        "redirect",
        "a redirect to another host",
        ("status=302", "header=location:http://elsewhere.invalid/v1"),
        streamed=fails("ResponseError", NOTHING, says="elsewhere.invalid", status=302, connection=KEPT),
        whole=fails("ResponseError", NOTHING, says="elsewhere.invalid", status=302, connection=KEPT),
    ),
    Row(
        "HTML error",
        "502 with a page of HTML",
        ("html=502",),
        streamed=fails("ServerError", NOTHING, says="502", status=502, connection=KEPT),
        whole=fails("ServerError", NOTHING, says="502", status=502, connection=KEPT),
    ),
)
