"""One event, or an answer that is not streamed, has a bounded size."""

import alchemy
import pytest
from servers import STREAM_HEAD, answer, event_stream, framed


def test_an_event_over_the_limit_is_an_error(drive, serve, stream_of, wire):
    """The error names the limit and the option, and what came before is kept."""
    server = serve(wire.script(*wire.hello, "x" * 20_000, *wire.finish("Hello")))
    with pytest.raises(alchemy.ResponseError, match=r"larger than 10000 bytes \(max_event_bytes\)") as caught:
        drive.result(stream_of(server, max_event_bytes=10_000))
    assert caught.value.partial.text == "Hello"
    assert server.wait_closed(2)
    assert len(server.requests) == 1


def test_an_event_that_does_not_end_is_given_up(drive, serve, stream_of, wire):
    """It is not waited for: the limit holds before the end of the event has come."""
    steps = [framed(b"x" * 1000) for _ in range(100)]
    server = serve([STREAM_HEAD, framed(b'data: "'), *steps, *([framed(b"x")] * 3)])
    with pytest.raises(alchemy.ResponseError, match=r"larger than 50000 bytes \(max_event_bytes\)"):
        drive.result(stream_of(server, max_event_bytes=50_000))


def test_a_body_over_the_limit_is_an_error(drive, serve, at, wire):
    """So is an answer that is not streamed."""
    server = serve(answer(wire.whole))
    with pytest.raises(alchemy.ResponseError, match=r"larger than 100 bytes \(max_event_bytes\)"):
        drive.complete(at(server), "hello", api_key="k", max_event_bytes=100)


def test_a_limit_of_a_client_holds_for_each_event(drive, serve, at, wire):
    """An answer may be longer than the limit if its events are not."""
    server = serve(event_stream(*wire.begin, *wire.hello, *(wire.there * 200), *wire.finish("Hello" + " there." * 200)))
    with alchemy.Client(options={"max_event_bytes": 5000}) as client:
        stream = client.stream(at(server), "hello", api_key="k")
        assert drive.result(stream).text == "Hello" + " there." * 200


@pytest.mark.parametrize("limit", [0, -1, 1.5])
def test_a_wrong_limit_is_refused(at, limit):
    """It is a whole number of bytes, at least one."""
    with pytest.raises(alchemy.InvalidRequestError) as caught:
        alchemy.stream(at("http://127.0.0.1:9"), "hello", max_event_bytes=limit)
    assert caught.value.path == "options.max_event_bytes"
