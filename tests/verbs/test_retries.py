"""A request that fails before its answer began is sent again, and every attempt is told."""

import json
import time

import alchemy
import pytest
from servers import STREAM_HEAD, Close, Pause, Reset, Stall, answer, event_stream, framed, head

KEY = "sk-very-secret-0123456789"
FAST = alchemy.Retries(backoff=0.01)


@pytest.fixture
def ask(drive, at):
    """`complete`, with quick retries: `ask(server, **options)`."""

    def complete(server, **options):
        return drive.complete(at(server), "hello", **{"api_key": KEY, "retries": FAST, **options})

    return complete


def refusal(message="Nope.", **more):
    return {"error": {"message": message, "type": "some_error", "code": None, **more}}


def inside(wire):
    """What the provider sends, in place of an answer that is not streamed, where it is down."""
    return {
        "openai-completions": refusal(type="server_error"),
        "openai-responses": {"error": {"code": "server_error", "message": "Down."}},
        "anthropic-messages": {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        "google-generative-ai": {"error": {"code": 503, "message": "Down.", "status": "UNAVAILABLE"}},
    }[wire.api]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_a_failure_by_status_is_tried_again(serve, ask, wire, status):
    """The same request is sent again, over the same connection, and the answer is that of the second attempt."""
    failed = answer(refusal(), status, headers=[("x-request-id", "req_1")])
    server = serve(failed, answer(wire.whole, headers=[("x-request-id", "req_2")]))
    message = ask(server)
    assert message.text == "Hello there."
    first, second = server.requests
    assert (first.path, first.headers, first.body) == (second.path, second.headers, second.body)
    assert first.connection == second.connection
    failure, success = message.attempts
    assert (failure.status, failure.request_id) == (status, "req_1")
    assert issubclass(getattr(alchemy, failure.error), alchemy.ApiError)
    assert "Nope." in failure.reason
    assert (success.status, success.request_id, success.error) == (200, "req_2", None)
    assert message.request_id == "req_2"


def test_a_stream_is_tried_again(drive, serve, stream_of, wire):
    """A streamed request is too, and its events are those of the answer alone."""
    server = serve(answer(refusal(), 503), [Reset()], event_stream(*wire.text))
    stream = stream_of(server, retries=FAST)
    events = drive.events(stream)
    assert [type(event).__name__ for event in events].count("Start") == 1
    message = drive.result(stream)
    assert message.text == "Hello there."
    assert [attempt.error for attempt in message.attempts] == ["OverloadedError", "ApiConnectionError", None]
    assert len(server.requests) == 3


def test_the_last_failure_is_raised_with_every_attempt(serve, ask, wire):
    """Twice is the default; the error is that of the last attempt, says how often, and hides the key in all."""
    first = answer(refusal(f"Down: {KEY}"), 500, headers=[("x-request-id", "req_1")])
    server = serve(first, [Reset()], answer(wire.refusal, 503))
    with pytest.raises(alchemy.OverloadedError, match=r"Nope; sent 3 times") as caught:
        ask(server)
    assert len(server.requests) == 3
    attempts = caught.value.attempts
    assert [attempt.error for attempt in attempts] == ["ServerError", "ApiConnectionError", "OverloadedError"]
    assert [attempt.status for attempt in attempts] == [500, None, 503]
    assert [attempt.request_id for attempt in attempts] == ["req_1", None, None]
    assert "Down: ***" in attempts[0].reason
    assert caught.value.partial.attempts == attempts
    assert KEY not in repr(attempts)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_what_cannot_get_better_is_sent_once(serve, ask, wire, status):
    """A request that was refused for what it is, is not sent again."""
    server = serve(answer(wire.refusal, status))
    with pytest.raises(alchemy.ApiError) as caught:
        ask(server)
    assert len(server.requests) == len(caught.value.attempts) == 1
    assert "sent" not in str(caught.value)


def test_an_account_without_money_is_asked_once(serve, ask):
    """A 429 that tells of billing is no matter of time."""
    server = serve(answer(refusal(type="insufficient_quota", code="credit_balance_exhausted"), 429))
    with pytest.raises(alchemy.RateLimitError):
        ask(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "word", "count"), [(400, "true", 3), (503, "false", 1), (503, "maybe", 3)])
def test_the_server_may_say_whether_another_try_makes_sense(serve, ask, status, word, count):
    """`x-should-retry` is obeyed, whatever the status."""
    server = serve(answer(refusal(), status, headers=[("x-should-retry", word)]))
    with pytest.raises(alchemy.ApiError):
        ask(server)
    assert len(server.requests) == count


def test_a_failure_told_in_the_first_event_is_tried_again(drive, serve, stream_of, wire):
    """A provider that is down may say so inside an answer: nothing of it was delivered, so it is asked again."""
    server = serve(event_stream(*wire.error), event_stream(*wire.text))
    message = drive.result(stream_of(server, retries=FAST))
    assert message.text == "Hello there."
    failure, success = message.attempts
    assert (failure.status, failure.error, success.error) == (200, "ResponseError", None)
    assert "Down." in failure.reason


def test_a_failure_told_as_the_body_is_tried_again(serve, ask, wire):
    """So may an answer that is not streamed."""
    server = serve(answer(inside(wire)), answer(wire.whole))
    assert ask(server).text == "Hello there."
    assert len(server.requests) == 2


def test_overload_told_first_in_a_stream_is_tried_again(drive, serve, stream_of, wire):
    """Anthropic's `overloaded_error` is one, also behind a ping, and as JSON under the label of a stream."""
    body = json.dumps(inside(wire)).encode()
    labelled = answer(body, content_type="text/event-stream")
    server = serve(labelled, event_stream(*wire.text))
    assert drive.result(stream_of(server, retries=FAST)).text == "Hello there."
    assert len(server.requests) == 2


def test_nothing_is_asked_for_twice_once_an_event_was_made(drive, serve, stream_of, wire):
    """The same failure behind the first event is raised, with what had arrived."""
    server = serve(wire.script(*wire.error), event_stream(*wire.text))
    with pytest.raises(alchemy.ResponseError, match=r"Down\."):
        drive.result(stream_of(server, retries=FAST))
    assert len(server.requests) == 1


def test_a_malformed_answer_is_not_asked_for_again(drive, serve, stream_of, wire):
    """What cannot be read was answered, and billed."""
    server = serve(event_stream("{nonsense"), event_stream(*wire.text))
    with pytest.raises(alchemy.ResponseError):
        drive.result(stream_of(server, retries=FAST))
    assert len(server.requests) == 1


def test_a_connection_that_breaks_inside_a_body_is_not_made_again(drive, serve, stream_of, wire):
    """One byte of a success is enough: the provider may have written, and billed, the rest."""
    server = serve([STREAM_HEAD, framed(b": wait\n"), Pause(0.1), Reset()], event_stream(*wire.text))
    with pytest.raises(alchemy.ApiConnectionError):
        drive.result(stream_of(server, retries=FAST))
    assert len(server.requests) == 1


def test_a_connection_that_breaks_before_the_body_is_made_again(drive, serve, stream_of, wire):
    """The head alone is nothing."""
    server = serve([STREAM_HEAD, Pause(0.1), Reset()], event_stream(*wire.text))
    message = drive.result(stream_of(server, retries=FAST))
    assert message.text == "Hello there."
    assert [attempt.status for attempt in message.attempts] == [200, 200]


def test_a_failure_whose_body_is_cut_is_tried_again(serve, ask, wire):
    """The status says enough, also where the connection breaks in the body."""
    cut = answer(refusal(), 503)
    server = serve([cut[0][:-5], Pause(0.1), Reset()], answer(wire.whole))
    message = ask(server)
    assert [attempt.error for attempt in message.attempts] == ["OverloadedError", None]


@pytest.mark.parametrize("ending", [Reset(), Close()], ids=["reset", "closed"])
def test_a_connection_that_was_kept_too_long_is_replaced(serve, ask, wire, ending):
    """A server that closes a kept connection just as a request is sent costs nothing but a moment."""
    server = serve(answer(wire.whole), [ending], answer(wire.whole))
    ask(server)
    message = ask(server)
    first, second, third = server.requests
    assert first.connection == second.connection != third.connection
    assert [attempt.error for attempt in message.attempts] == ["ApiConnectionError", None]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://nowhere.invalid"], ids=["refused", "no such host"])
def test_a_server_that_cannot_be_reached_is_tried_three_times(ask, no_proxies, url):
    """The error is that of the connection."""
    with pytest.raises(alchemy.ApiConnectionError, match="sent 3 times") as caught:
        ask(url)
    assert [attempt.status for attempt in caught.value.attempts] == [None, None, None]


def test_a_server_whose_certificate_is_not_trusted_is_tried_once(serve, ask, tls):
    """What somebody has to change first cannot get better by itself."""
    server = serve(tls=tls)
    with pytest.raises(alchemy.ApiConnectionError) as caught:
        ask(server)
    assert len(caught.value.attempts) == 1


def test_a_slow_server_is_not_asked_again(drive, serve, stream_of, wire):
    """A time limit that has passed is the end: the provider may be at work on the first request."""
    server = serve([Pause(5)], event_stream(*wire.text))
    with pytest.raises(alchemy.FirstEventTimeoutError):
        drive.result(stream_of(server, retries=FAST, timeout=alchemy.Timeout(first_event=0.6)))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("retries", "count"),
    [(0, 1), (1, 2), (None, 3), (alchemy.Retries(count=4, backoff=0), 5), ({"count": 1, "backoff": 0.01}, 2)],
    ids=str,
)
def test_retries_are_counted(drive, serve, at, retries, count):
    """A number is the count alone; the default is two."""
    given = {} if retries is None else {"retries": retries}
    server = serve(answer(refusal(), 500))
    with pytest.raises(alchemy.ServerError) as caught:
        drive.complete(at(server), "hello", api_key=KEY, **given)
    assert len(server.requests) == len(caught.value.attempts) == count


def test_a_client_has_retries_that_a_call_overrides(serve, at):
    """`Client(retries=)` is the default of its requests."""
    server = serve(answer(refusal(), 500))
    with alchemy.Client(retries=0) as client:
        with pytest.raises(alchemy.ServerError):
            client.complete(at(server), "hello")
        assert len(server.requests) == 1
        with pytest.raises(alchemy.ServerError):
            client.complete(at(server), "hello", retries=FAST)
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("retries", "path"),
    [
        (-1, "options.retries"),
        ({"backoff": -1.0}, "options.retries.backoff"),
        ({"max_wait": float("inf")}, "options.retries.max_wait"),
        ({"times": 3}, "options.retries.times"),
    ],
    ids=str,
)
def test_wrong_retries_are_refused(at, retries, path):
    """A policy is checked before anything is sent."""
    with pytest.raises(alchemy.InvalidRequestError) as caught:
        alchemy.stream(at("http://127.0.0.1:9"), "hello", retries=retries)
    assert caught.value.path == path


def test_errors_as_events_come_once(drive, serve, stream_of, wire):
    """With `errors="event"` the failures that were tried again are no events."""
    server = serve(answer(refusal(), 500))
    events = drive.events(stream_of(server, retries=FAST, errors="event"))
    assert [type(event).__name__ for event in events] == ["ErrorEvent"]
    assert len(events[0].message.attempts) == 3


def test_nothing_tells_a_retry_from_a_request(serve, ask, wire):
    """No header says how often a request was sent, and none names it, where the provider takes no such name."""
    server = serve(answer(refusal(), 500), answer(wire.whole))
    ask(server)
    for request in server.requests:
        assert not [name for name in request.headers if "stainless" in name or "idempotency" in name]


def test_a_request_is_named_where_the_provider_takes_a_name(drive, serve, at):
    """The name is the same for each attempt of a request and another for the next request."""
    server = serve(answer(refusal(), 500), answer(refusal(), 500), answer(_whole()))
    model = at(server, quirks={"idempotency_header": "Idempotency-Key"})
    for _ in range(2):
        drive.complete(model, "hello", api_key=KEY, retries=FAST)
    names = [request.headers["idempotency-key"] for request in server.requests]
    assert len(names) == 4
    assert names[0] == names[1] == names[2] != names[3]
    assert len(names[0]) >= 32


def test_a_callers_own_name_wins(drive, serve, at):
    """A name that the caller gave is sent, and a request that is sent once has none."""
    server = serve(answer(refusal(), 500), answer(_whole()))
    model = at(server, quirks={"idempotency_header": "Idempotency-Key"})
    drive.complete(model, "hello", api_key=KEY, retries=FAST, headers={"idempotency-key": "mine"})
    drive.complete(model, "hello", api_key=KEY, retries=0)
    assert [request.headers.get("idempotency-key") for request in server.requests] == ["mine", "mine", None]


def _whole():
    message = {"role": "assistant", "content": "Hello there."}
    return {"id": "c", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def test_attempts_have_times(serve, ask, wire):
    """How long each was held back and how long it took."""
    server = serve([Pause(0.2), *answer(refusal(), 500, headers=[("retry-after-ms", "300")])], answer(wire.whole))
    began = time.monotonic()
    message = ask(server)
    elapsed = time.monotonic() - began
    first, second = message.attempts
    assert first.waited == 0
    assert 0.19 < first.duration < elapsed
    assert 0.29 < second.waited < elapsed
    assert first.duration + second.waited + second.duration < elapsed


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("body", ["none", "a part", "all but its end"])
def test_a_failure_whose_body_stalls_is_that_failure(drive, serve, at, stream_of, wire, body, streamed):  # noqa: PLR0917
    """What had come of a failure when the time is over is that failure, and no timeout."""
    raw = json.dumps(wire.refusal).encode()
    sent = {"none": b"", "a part": framed(raw[:9]), "all but its end": framed(raw)}[body]
    headers = [("transfer-encoding", "chunked"), ("retry-after", "7")]
    server = serve([head(429, headers) + sent, Stall()])
    options = {"retries": 0, "timeout": 0.8}
    with pytest.raises(alchemy.RateLimitError) as caught:
        _ = (
            drive.result(stream_of(server, **options))
            if streamed
            else drive.complete(at(server), "hello", api_key=KEY, **options)
        )
    assert (caught.value.status, caught.value.retry_after) == (429, 7.0)
    assert ("Nope." in str(caught.value)) == (body == "all but its end")
    assert server.wait_closed(1)


def test_the_body_of_a_failure_is_not_waited_for_long(drive, serve, at):
    """What it has to add is waited for two seconds, and not for the limits of an answer."""
    began = time.monotonic()
    with pytest.raises(alchemy.AuthenticationError):
        drive.complete(at(serve([head(401, [("content-length", 99)]), Stall()])), "hello", api_key=KEY)
    assert time.monotonic() - began < 8


def test_a_failure_whose_body_stalls_is_tried_again(serve, ask, wire):
    """It is tried again like any other, also where a limit of the answer is shorter than that patience."""
    server = serve([head(503, [("content-length", 99)]), Stall()], answer(wire.whole))
    message = ask(server, timeout=alchemy.Timeout(first_event=0.6))
    assert message.text == "Hello there."
    assert [attempt.error for attempt in message.attempts] == ["OverloadedError", None]


@pytest.mark.parametrize(
    "header",
    [[("retry-after", "0.3")], [("retry-after-ms", "300")]],
    ids=["seconds", "milliseconds"],
)
def test_the_head_says_how_long_to_wait_where_the_failure_is_inside(serve, ask, wire, header):
    """A failure told in a 200 is waited for as its headers ask."""
    server = serve(answer(inside(wire), headers=header), answer(wire.whole))
    message = ask(server)
    assert message.text == "Hello there."
    assert message.attempts[1].waited >= 0.3


def test_an_outage_that_names_a_wait_is_an_outage(serve, ask):
    """A 503 is paid for from the budget whatever wait it names, and a 429 only where it names none."""
    down = serve(answer(refusal(), 503, headers=[("retry-after", "0")]))
    with alchemy.Client(retries=alchemy.Retries(backoff=0.001, count=2)) as client:
        for _ in range(30):
            with pytest.raises(alchemy.OverloadedError):
                client.complete(alchemy.Model(id="m", base_url=down.url), "hello", api_key=KEY)
    assert 40 <= len(down.requests) <= 47
