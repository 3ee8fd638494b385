"""Every failure has its own error, with what is known about it and no secret."""

import copy
import json
import pickle
import socket
import time

import alchemy
import pytest
from servers import FINISH, HELLO, STREAM_HEAD, Close, Pause, Reset, Stall, answer, event_stream, unaccepting

KEY = "sk-very-secret-0123456789"

pytestmark = pytest.mark.usefixtures("no_retries")


def refusal(message="Nope."):
    return {"error": {"message": message, "type": "invalid_request_error", "code": None}}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (413, "BadRequestError"),
        (422, "BadRequestError"),
        (429, "RateLimitError"),
        (500, "ServerError"),
        (502, "ServerError"),
        (503, "OverloadedError"),
        (529, "OverloadedError"),
    ],
)
def test_each_status_has_its_error(drive, serve, at, status, kind):
    """The error has the type of the status, the provider's words, the body and the request id."""
    server = serve(answer(refusal(), status, headers=[("x-request-id", "req_9")]))
    with pytest.raises(alchemy.ApiError) as caught:
        drive.complete(at(server), "hello", api_key=KEY)
    error = caught.value
    assert type(error).__name__ == kind
    assert (error.status, error.request_id, error.provider, error.model) == (status, "req_9", "custom", "m")
    assert "Nope." in str(error)
    assert "Nope." in error.body
    assert "\n" not in str(error)
    (attempt,) = error.attempts
    assert (attempt.status, attempt.request_id, attempt.error) == (status, "req_9", kind)
    assert attempt.reason == str(error)


def test_errors_of_a_stream_are_the_same(drive, serve, stream_of, wire):
    """A request that is refused raises from the stream as it does from `complete`, over each protocol."""
    with pytest.raises(alchemy.NotFoundError, match=r"Nope\.") as caught:
        drive.events(stream_of(serve(answer(wire.refusal, 404))))
    assert json.loads(caught.value.body) == wire.refusal


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("seconds", [20, 1.5])
def test_what_may_pass_names_the_wait(drive, serve, at, status, seconds):
    """`retry_after` is the header's value in seconds."""
    server = serve(answer(refusal(), status, headers=[("retry-after", seconds)]))
    with pytest.raises((alchemy.RateLimitError, alchemy.ServerError, alchemy.OverloadedError)) as caught:
        drive.complete(at(server), "hello", api_key=KEY)
    assert caught.value.retry_after == seconds


def test_a_rate_limit_without_a_wait(drive, serve, at):
    """`retry_after` is None where the provider did not say."""
    with pytest.raises(alchemy.RateLimitError) as caught:
        drive.complete(at(serve(answer(refusal(), 429))), "hello", api_key=KEY)
    assert caught.value.retry_after is None


def test_context_overflow(drive, serve, at):
    """A conversation that is too long has an error of its own, which is a bad request too."""
    body = refusal("This model's maximum context length is 8192 tokens.")
    body["error"]["code"] = "context_length_exceeded"
    with pytest.raises(alchemy.ContextOverflowError) as caught:
        drive.complete(at(serve(answer(body, 400))), "hello", api_key=KEY)
    assert isinstance(caught.value, alchemy.BadRequestError)


def test_an_html_error_page(drive, serve, at, wire):
    """An HTML page is the error of its status, in one line."""
    page = b"<html>\n<body>\n<h1>502 Bad Gateway</h1>\n</body>\n</html>"
    with pytest.raises(alchemy.ServerError) as caught:
        drive.complete(at(serve(answer(page, 502, "text/html"))), "hello", api_key=KEY)
    assert "\n" not in str(caught.value)
    assert "Bad Gateway" in caught.value.body


@pytest.mark.parametrize("status", [200, 500])
def test_an_empty_body(drive, serve, at, status):
    """An answer without a body is an error, whatever its status."""
    kind = alchemy.ResponseError if status == 200 else alchemy.ServerError
    with pytest.raises(kind) as caught:
        drive.complete(at(serve(answer(b"", status))), "hello", api_key=KEY)
    assert caught.value.status == status


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"{}", b"null", b""])
def test_an_answer_that_is_none_keeps_its_body(drive, serve, at, wire, body):
    """A success whose body is no answer is an error that carries the body."""
    with pytest.raises(alchemy.ResponseError) as caught:
        drive.complete(at(serve(answer(body))), "hello", api_key=KEY)
    assert caught.value.body == body.decode()


def test_a_redirect_is_not_followed(drive, serve, at):
    """A redirect is an error that names the host, and the other host sees no request."""
    other = serve()
    server = serve(answer(b"", 302, headers=[("location", f"http://localhost:{other.port}/v1/chat/completions")]))
    with pytest.raises(alchemy.ResponseError, match="localhost") as caught:
        drive.complete(at(server), "hello", api_key=KEY)
    assert caught.value.status == 302
    assert not other.requests


def test_a_cut_stream_is_never_whole(drive, serve, stream_of, wire):
    """A clean end before the protocol's end marker raises, with the partial message."""
    with pytest.raises(alchemy.ResponseError, match="it is cut") as caught:
        drive.result(stream_of(serve(wire.script(*wire.hello))))
    assert (caught.value.partial.text, caught.value.partial.api) == ("Hello", wire.api)


def test_a_stream_cut_at_any_event_is_never_whole(serve, stream_of, wire):
    """So does an end after each event but the last that counts; before the first there is nothing to keep."""
    steps = [*wire.begin, *wire.hello, *wire.finish("Hello")]
    if wire.api == "openai-completions":
        # The finish reason is the marker; the last event only ends the stream.
        steps.pop()
    server = serve(*[event_stream(*steps[:length]) for length in range(len(steps) + 1)])
    for _ in steps:
        with pytest.raises(alchemy.ResponseError):
            stream_of(server).result()
    assert stream_of(server).result().text == "Hello"


def test_a_cut_call_is_not_to_be_run(drive, serve, stream_of, wire):
    """A tool call whose arguments are cut is marked as that, and has no arguments."""
    with pytest.raises(alchemy.ResponseError) as caught:
        drive.result(stream_of(serve(wire.script(*wire.call))))
    (call,) = caught.value.partial.tool_calls
    assert (call.id, call.name, call.arguments, call.state) == ("call_1", "f", None, "truncated")


@pytest.mark.parametrize("ending", [Reset(), Close()], ids=["reset", "closed inside a chunk"])
def test_a_broken_connection(drive, serve, stream_of, wire, ending):
    """A connection that breaks within the answer is a connection error with the partial message."""
    server = serve(wire.script(*wire.hello, Pause(0.1), ending, end=False))
    with pytest.raises(alchemy.ApiConnectionError) as caught:
        drive.result(stream_of(server))
    assert isinstance(caught.value, ConnectionError)
    assert caught.value.partial.text == "Hello"


def test_a_connection_broken_before_the_answer(drive, serve, at):
    """A connection that breaks before any answer is a connection error."""
    with pytest.raises(alchemy.ApiConnectionError):
        drive.complete(at(serve([Reset()])), "hello", api_key=KEY)


def test_no_server(drive, at):
    """An address where nobody listens is a connection error, at once, that names the address."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(alchemy.ApiConnectionError, match=str(port)):
        drive.complete(at(f"http://127.0.0.1:{port}"), "hello", api_key=KEY)
    assert time.monotonic() - began < 5


def test_a_host_that_does_not_exist(drive, at, no_proxies):
    """A host name that does not resolve is a connection error."""
    with pytest.raises(alchemy.ApiConnectionError):
        drive.complete(at("http://nowhere.invalid"), "hello", api_key=KEY)


TIMEOUTS = {
    "no head": ("first_event", alchemy.FirstEventTimeoutError, lambda _wire: [Stall()]),
    "no event": ("first_event", alchemy.FirstEventTimeoutError, lambda _wire: [STREAM_HEAD, Stall()]),
    "idle": ("idle", alchemy.IdleTimeoutError, lambda wire: wire.script(*wire.hello, Stall())),
    "total": (
        "total",
        alchemy.TotalTimeoutError,
        lambda wire: wire.script(*wire.hello, *[step for _ in range(50) for step in (*wire.there, Pause(0.02))]),
    ),
}


@pytest.mark.alone
@pytest.mark.parametrize("case", TIMEOUTS)
def test_each_timeout_is_its_own_error(drive, serve, stream_of, wire, case):
    """Each phase has its limit and its error, which keeps what had arrived, and the connection is closed."""
    phase, kind, script = TIMEOUTS[case]
    server = serve(script(wire))
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        drive.result(stream_of(server, timeout=alchemy.Timeout(**{phase: 0.2})))
    assert time.monotonic() - began < 3
    assert isinstance(caught.value, alchemy.ApiTimeoutError)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.seconds == 0.2
    assert "0.2" in str(caught.value)
    if phase == "first_event":
        assert caught.value.partial is None or not caught.value.partial.content
    else:
        assert caught.value.partial.text.startswith("Hello")
    assert server.wait_closed(1)


def test_a_number_is_the_total_timeout(drive, serve, at):
    """`timeout=` as a number limits the whole request."""
    with pytest.raises(alchemy.TotalTimeoutError):
        drive.complete(at(serve([Stall()])), "hello", api_key=KEY, timeout=0.3)


def test_the_connect_timeout(drive, at):
    """A connection that is not made in time is a connect timeout."""
    limits = alchemy.Timeout(connect=0.3, first_event=9)
    with unaccepting() as url:
        began = time.monotonic()
        with pytest.raises(alchemy.ConnectTimeoutError):
            drive.complete(at(url), "hello", api_key=KEY, timeout=limits)
        assert time.monotonic() - began < 3


def test_errors_pickle_and_copy(drive, serve, at):
    """An error that came from the core pickles and copies with its attributes."""
    with pytest.raises(alchemy.RateLimitError) as caught:
        drive.complete(at(serve(answer(refusal(), 429, headers=[("retry-after", "3")]))), "hello", api_key=KEY)
    for other in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert (type(other), str(other)) == (alchemy.RateLimitError, str(caught.value))
        assert (other.status, other.retry_after, other.body) == (429, 3.0, caught.value.body)


@pytest.mark.parametrize(
    "given",
    [{"api_key": KEY}, {"headers": {"Authorization": f"Bearer {KEY}"}}, {"headers": {"X-Gateway-Key": KEY}}],
    ids=["key", "header", "another header"],
)
def test_the_key_is_in_no_error(drive, serve, at, wire, given):
    """A key that the server sends back is not in the error."""
    said = json.loads(json.dumps(wire.refusal).replace("Nope.", f"Incorrect API key provided: {KEY}."))
    server = serve(answer(said, 401))
    with pytest.raises(alchemy.AuthenticationError) as caught:
        drive.complete(at(server), "hello", **given)
    shown = [str(caught.value), repr(caught.value), repr(vars(caught.value)), str(caught.value.body)]
    assert not [text for text in shown if KEY in text]


@pytest.mark.parametrize("ending", [Reset(), Close()], ids=["reset", "closed inside a body"])
def test_a_whole_answer_survives_its_connection(drive, serve, stream_of, wire, ending):
    """A connection that breaks after the end marker does not take the answer away."""
    stream = stream_of(serve(wire.script(*wire.hello, *wire.finish("Hello"), Pause(0.05), ending, end=False)))
    assert drive.result(stream).text == "Hello"


@pytest.mark.parametrize("ending", [Reset(), Close()], ids=["reset", "closed inside a body"])
def test_a_finish_reason_is_enough(drive, serve, stream_of, ending):
    """Where usage and `[DONE]` may follow the marker, their absence does not take the answer away either."""
    stream = stream_of(serve(event_stream(HELLO, FINISH, Pause(0.05), ending, end=False)))
    assert drive.result(stream).text == "Hello"


def test_a_whole_answer_is_not_late(drive, serve, stream_of):
    """A server that does not end the body after the finish reason costs no more than the total timeout."""
    stream = stream_of(serve(event_stream(HELLO, FINISH, Stall(), end=False)), timeout=0.5)
    assert drive.result(stream).text == "Hello"
