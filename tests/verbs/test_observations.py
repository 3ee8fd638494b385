"""What happens to a request is kept where it is observed, and each attempt is told in the message and the error."""

import time

import alchemy
import pytest
from alchemy._native import NativeClient
from servers import Pause, Stall, answer


@pytest.fixture
def observed(at):
    """Prepares a request that is observed: `observed(server)`."""
    client = NativeClient(api_keys={}, base_urls={}, proxy=None, ca_file=None, http2=False)

    def prepare(server, *, streamed=True, **options):
        context = {"messages": ({"role": "user", "content": "hello"},)}
        given = {"api_key": "secret-key", **options}
        return client.prepare(at(server), context, given, streamed, True)

    return prepare


def told(native, until="end"):
    """Everything that is observed up to a kind, in order."""
    seen = []
    ends = time.monotonic() + 10
    while time.monotonic() < ends and not [kind for kind, _, _ in seen if kind == until]:
        seen += native.observations()
        time.sleep(0.005)
    return seen


def test_a_stream_is_observed_from_the_send_to_the_end(serve, wire, observed):
    """The attempt, the head, the first event and the end are told in order, each with its time, and once."""
    before = time.time_ns()
    native = observed(serve(wire.script(Pause(0.05), *wire.hello, Pause(0.05), *wire.finish("Hello"))))
    assert native.observations() == []
    native.start()
    seen = told(native)
    assert [kind for kind, _, _ in seen] == ["attempt", "head", "first_event", "end"]
    times = [at for _, at, _ in seen]
    assert before <= times[0]
    assert times == sorted(times)
    assert times[-1] <= time.time_ns()
    assert times[-1] - times[2] > 30_000_000
    details = [detail for _, _, detail in seen]
    assert details[0] == 1
    assert (details[1].status, details[1].headers["content-type"]) == (200, "text/event-stream")
    assert details[2:] == [None, None]
    assert native.observations() == []


def test_an_answer_that_is_not_streamed_has_a_first_event_too(serve, wire, observed):
    """It is told when the answer is whole."""
    native = observed(serve(answer(wire.whole)), streamed=False)
    native.start()
    native.discard()
    assert [kind for kind, _, _ in told(native)] == ["attempt", "head", "first_event", "end"]


def test_a_failure_has_no_first_event(serve, wire, observed):
    """A refusal is an attempt, a head and an end."""
    native = observed(serve(answer(wire.refusal, 404)))
    native.start()
    seen = told(native)
    assert [kind for kind, _, _ in seen] == ["attempt", "head", "end"]
    assert seen[1][2].status == 404
    assert isinstance(native.outcome(), alchemy.NotFoundError)


def test_a_stream_that_is_closed_is_observed_to_its_end(serve, wire, observed):
    """Closing is an end, and the attempt that was under way is in the error."""
    server = serve([Stall()])
    native = observed(server)
    native.start()
    assert server.wait_requests()
    native.close()
    assert [kind for kind, _, _ in told(native)] == ["attempt", "end"]
    (attempt,) = native.outcome().attempts
    assert (attempt.status, attempt.error) == (None, "AbortedError")


def test_what_is_not_sent_is_no_attempt(serve, observed):
    """A stream that is closed before it was started has an end alone."""
    native = observed(serve())
    native.close()
    assert [kind for kind, _, _ in told(native)] == ["end"]
    assert native.outcome().attempts == ()


def test_the_facts_of_a_request_hold_no_secret(serve, wire, observed):
    """Where it goes, what is sent and the names of the headers are told; their values are not."""
    server = serve(answer(wire.whole))
    native = observed(server, streamed=False, headers={"x-team": "secret-team"})
    facts = native.request_facts()
    native.start()
    told(native)
    (request,) = server.requests
    assert (facts["api"], facts["provider"], facts["model"]) == (wire.api, "custom", "m")
    assert (facts["host"], facts["port"], facts["streamed"]) == ("127.0.0.1", server.port, False)
    assert facts["body"] == request.body
    assert {"content-type", "x-team"} <= set(facts["headers"])
    assert "secret" not in str(facts)


def test_a_stream_that_nobody_observes_keeps_nothing(serve, stream_of, wire):
    """Without being asked to, nothing is kept."""
    stream = stream_of(serve(wire.script(*wire.hello, *wire.finish("Hello"))))
    stream.result()
    assert stream._native.observations() == []
    assert stream._native.request_facts() == {}


def test_the_attempt_that_answered_is_in_the_message(drive, serve, stream_of, wire):
    """Its status, its request id, and the time from the send to the head; nothing was waited for."""
    script = wire.script(*wire.hello, *wire.finish("Hello"))
    script[0] = script[0].replace(b"\r\n\r\n", b"\r\nx-request-id: req_7\r\n\r\n", 1)
    message = drive.result(stream_of(serve([Pause(0.05), *script])))
    (attempt,) = message.attempts
    assert (attempt.status, attempt.request_id, attempt.error, attempt.reason) == (200, "req_7", None, None)
    assert attempt.waited == 0
    assert 0.04 < attempt.duration < 5
    assert alchemy.AssistantMessage.from_dict(message.to_dict()) == message


def test_the_attempt_is_in_the_message_so_far(serve, stream_of, wire):
    """A failure within the answer is told with the attempt, in the error and in its partial message."""
    with pytest.raises(alchemy.ResponseError) as caught:
        stream_of(serve(wire.script(*wire.hello))).result()
    (attempt,) = caught.value.attempts
    assert (attempt.status, attempt.error, attempt.reason) == (200, "ResponseError", str(caught.value))
    assert caught.value.partial.attempts == caught.value.attempts


def test_a_server_that_is_not_there_is_an_attempt(drive, at):
    """A connection that could not be made has no status."""
    with pytest.raises(alchemy.ApiConnectionError) as caught:
        drive.complete(at("http://127.0.0.1:9"), "hello", api_key="secret-key", retries=0)
    (attempt,) = caught.value.attempts
    assert (attempt.status, attempt.error) == (None, "ApiConnectionError")
