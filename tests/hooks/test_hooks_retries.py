"""A retry is told when it happens, to hooks, the log and the tracer, and not after the wait that follows it."""

import logging
import re

import alchemy
import pytest
from hook_recorder import Recorder
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from servers import TEXT, answer, completion, event_stream

PROMPT_ECHOED = {"error": {"message": "overloaded while reading: hello"}}


def busy(milliseconds=400):
    """An answer that asks to wait."""
    return answer(PROMPT_ECHOED, 503, headers=[("retry-after-ms", str(milliseconds)), ("x-request-id", "req_1")])


def then(streamed):
    return event_stream(*TEXT) if streamed else answer(completion())


class Watching(Recorder):
    """Notes how many requests the server had seen when a retry was told."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.seen = []

    def retry(self, call, attempt, wait):
        super().retry(call, attempt, wait)
        self.seen.append(len(self.server.requests))


def test_a_retry_is_told_before_its_wait(serve, at, way):
    """Whichever way an answer is waited for, the hook hears of a retry before the request is sent again."""
    take, streamed = way
    server = serve(busy(), busy(), then(streamed))
    watching = Watching(server)
    with alchemy.Client(hooks=watching, retries=2) as client:
        assert take(client, at(server)).text == "Hello there."
    sent = ["attempt", "headers", "retry"]
    assert watching.names() == ["request_built", *sent, *sent, "attempt", "headers", "first_event", "done"]
    assert watching.seen == [1, 2]
    assert [detail[0] for name, _, detail in watching.told if name == "attempt"] == [1, 2, 3]
    for name, _, detail in watching.told:
        if name == "retry":
            attempt, wait = detail
            assert (attempt.status, attempt.error, attempt.request_id) == (503, "OverloadedError", "req_1")
            assert 0.4 <= wait < 3
    assert watching.call.attempt == 3
    assert watching.call.response.status == 200


def test_the_last_failure_is_no_retry(serve, at, recorder):
    """What is not sent again ends in the error, with every attempt in it."""
    with alchemy.Client(hooks=recorder, retries=1) as client, pytest.raises(alchemy.OverloadedError) as caught:
        client.complete(at(serve(busy(10))), "hello")
    assert recorder.names() == ["request_built", "attempt", "headers", "retry", "attempt", "headers", "error"]
    assert len(caught.value.attempts) == 2


def test_closing_during_the_wait(serve, at, recorder):
    """A stream that is closed while it waits for its next attempt is told as given up, once."""
    server = serve(busy(5_000))

    class Closing(Watching):
        def retry(self, call, attempt, wait):
            streams[0].close()

    streams = []
    with alchemy.Client(hooks=[Closing(server), recorder], retries=2) as client:
        streams.append(client.stream(at(server), "hello"))
        with pytest.raises(alchemy.AbortedError):
            streams[0].result()
    assert recorder.names() == ["request_built", "attempt", "headers", "retry", "error"]
    assert len(server.requests) == 1


class Noting(logging.Handler):
    """Notes each line with how many requests the server had seen."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.lines = []

    def emit(self, record):
        self.lines.append((record.levelname, record.getMessage(), len(self.server.requests)))


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
def test_a_retry_is_a_line_at_info(serve, at, way, level):
    """It says what failed and when it goes on, when it happens, without a word of provider or user."""
    take, streamed = way
    server = serve(busy(), then(streamed))
    handler = Noting(server)
    logger = logging.getLogger("alchemy")
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        with alchemy.Client(retries=1) as client:
            take(client, at(server))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    ((_, line, seen),) = [told for told in handler.lines if told[0] == "INFO"]
    begin, _, rest = line.partition(": ")
    assert begin.startswith("custom/m #")
    said = r"attempt 1 failed by OverloadedError, status 503, request id req_1; the next follows after \d\.\d{3} s"
    assert re.fullmatch(said, rest)
    assert seen == 1
    assert "hello" not in str(handler.lines)
    assert len(handler.lines) == (1 if level == logging.INFO else 8)


def test_a_retry_is_an_event_of_the_span(serve, at):
    """It has its time, the error's class, the status and the wait; the span covers all attempts, and works out."""
    from alchemy.opentelemetry import OpenTelemetryHooks

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with alchemy.Client(hooks=OpenTelemetryHooks(provider), retries=1) as client:
        client.complete(at(serve(busy(), answer(completion()))), "hello")
    (span,) = exporter.get_finished_spans()
    (event,) = span.events
    attributes = dict(event.attributes)
    assert 0.4 <= attributes.pop("alchemy.retry.wait") < 3
    assert attributes == {
        "error.type": "OverloadedError",
        "http.response.status_code": 503,
        "alchemy.request.id": "req_1",
    }
    assert event.name == "alchemy.retry"
    assert span.start_time < event.timestamp < span.end_time - 200_000_000
    assert span.attributes["http.request.resend_count"] == 1
    assert span.status.is_unset
    assert "hello" not in span.to_json()
