"""Rows about retries: what is sent again, how often, and what never is."""

from types import MappingProxyType

from alchemy import Retries
from fault_outcomes import KEPT, NOTHING, SERVER, fails, times_out, whole
from fault_row import Differs, Row
from fault_rows_broken import ANTHROPIC, inner
from fault_rows_said import ONE_BODY

TWICE = MappingProxyType({"retries": Retries(count=2, backoff=0.02)})
WELL: tuple[str, ...] = ()


def again(name: str, title: str, *faults: tuple[str, ...], **given) -> Row:
    """A row in which the request fails in these ways, one after the other, and is answered then."""
    expected = whole(requests=len(faults) + 1, **given)
    return Row(name, title, faults[0], then=(*faults[1:], WELL), options=TWICE, streamed=expected, whole=expected)


RETRIES = (
    again("again after a reset", "a reset in place of an answer, then an answer", ("reset@head",)),
    again("again after a close", "the connection is closed in place of an answer, then an answer", ("drop@head",)),
    again("again after 408", "408, then an answer", ("status=408",)),
    again("again after 409", "409, then an answer", ("status=409",)),
    again("again after 429", "429, then an answer", ("status=429",)),
    again(
        "again after 500 and 502", "500, then 502 with a page of HTML, then an answer", ("status=500",), ("html=502",)
    ),
    again("again after 503 and 529", "503, then 529, then an answer", ("status=503",), ("status=529",)),
    again(
        "again after a wait",
        "429 with `retry-after-ms: 150`, then an answer",
        ("status=429", "retry-after-ms=150"),
        least=0.15,
    ),
    Row(
        "again after an overload",
        "the provider says inside a 200, before any event, that it is overloaded, then an answer",
        ("error=overloaded@start",),
        then=(WELL,),
        options=TWICE,
        streamed=whole(requests=2),
        absent=ONE_BODY,
    ),
    Row(
        "again at once",
        "the kept connection is closed by the server in the moment of the next request",
        ("close-idle",),
        then=(WELL,),
        options=TWICE,
        asks=2,
        between=0.0,
        streamed=whole(requests=2),
        whole=whole(requests=2),
    ),
    Row(
        "three times in vain",
        "503 each time",
        ("status=503",),
        then=(("status=503",), ("status=503",)),
        options=TWICE,
        streamed=fails("OverloadedError", NOTHING, status=503, requests=3, connection=KEPT),
        whole=fails("OverloadedError", NOTHING, status=503, requests=3, connection=KEPT),
    ),
    Row(
        "too long a wait",
        "429 with `retry-after: 3600`",
        ("status=429", "retry-after=3600"),
        options=TWICE,
        streamed=fails(
            "RateLimitError", NOTHING, says="3600", status=429, retry_after=3600.0, connection=KEPT, most=0.5
        ),
        whole=fails("RateLimitError", NOTHING, says="3600", status=429, retry_after=3600.0, connection=KEPT, most=0.5),
    ),
    Row(
        "not again after 400",
        "400, with retries on",
        ("status=400",),
        options=TWICE,
        streamed=fails("BadRequestError", NOTHING, status=400, connection=KEPT),
        whole=fails("BadRequestError", NOTHING, status=400, connection=KEPT),
    ),
    Row(
        "not again after a word",
        "a reset in the middle of the text, with retries on",
        ("delay=0.05@{said}", "reset@{said}"),
        options=TWICE,
        streamed=fails("ApiConnectionError", connection=SERVER),
        whole=fails("ApiConnectionError", NOTHING, connection=SERVER),
    ),
    Row(
        "not again after an error in the text",
        "the provider says in the middle of the text that it is overloaded, with retries on",
        ("error=overloaded@{said}",),
        options=TWICE,
        streamed=inner(503),
        absent=ONE_BODY,
        differs=(Differs(ANTHROPIC, "Anthropic's word for it stands for 529", inner(529)),),
    ),
    Row(
        "not again after a time limit",
        "the server says nothing at all, with retries on",
        ("stall@head",),
        options=TWICE,
        timeout={"first_event": 0.2},
        streamed=times_out("FirstEventTimeoutError", NOTHING, status=None),
        whole=times_out("FirstEventTimeoutError", NOTHING, status=None),
    ),
)
