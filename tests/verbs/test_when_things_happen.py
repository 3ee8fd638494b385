"""When a request is sent, how often, and what reading its stream gives."""

import asyncio
import threading

import alchemy
import pytest
from servers import FINISH, HELLO, TEXT, THERE, Pause, Until, answer, event_stream


def names(events) -> list[str]:
    return [type(event).__name__ for event in events]


WHOLE = ["Start", "TextStart", "TextDelta", "TextDelta", "TextEnd", "Done"]


def test_nothing_is_sent_before_the_stream_is_read(drive, serve, stream_of, wire):
    """The call to stream sends nothing; the first iteration does."""
    server = serve(event_stream(*wire.text))
    stream = stream_of(server)
    assert not server.wait_requests(timeout=0.2)
    assert not server.connections
    assert names(drive.events(stream)) == WHOLE
    assert len(server.requests) == 1


def test_entering_a_stream_sends_the_request(serve, stream_of):
    """`with` is enough to send the request."""
    server = serve(event_stream(*TEXT))
    with stream_of(server):
        assert server.wait_requests()


def test_a_request_goes_out_once(drive, serve, stream_of):
    """Iterating a finished stream ends at once, and no second request is sent."""
    server = serve(event_stream(*TEXT))
    stream = stream_of(server)
    assert names(drive.events(stream)) == WHOLE
    assert drive.events(stream) == []
    assert drive.result(stream).text == "Hello there."
    assert len(server.requests) == 1


def test_result_is_idempotent(drive, serve, stream_of):
    """`result` gives the same message however often it is called."""
    stream = stream_of(serve(event_stream(*TEXT)))
    first = drive.result(stream)
    assert first.text == "Hello there."
    assert drive.result(stream) is first


@pytest.mark.parametrize("wait", [[], [Pause(0.1)]], ids=["at once", "later"])
def test_result_drains_what_is_left(drive, serve, stream_of, wire, wait):
    """`result` after some events gives the whole message, and nothing is left to iterate."""
    stream = stream_of(serve(wire.script(*wire.hello, *wait, *wire.there, *wire.finish("Hello there."))))
    assert isinstance(drive.first(stream), alchemy.Start)
    assert drive.result(stream).text == "Hello there."
    assert drive.events(stream) == []


def test_done_carries_the_result(drive, serve, stream_of, wire):
    """The message of `Done` is the message of `result`."""
    stream = stream_of(serve(event_stream(*wire.text)))
    assert drive.events(stream)[-1].message == drive.result(stream)


def test_complete_gives_the_message(drive, serve, at, wire):
    """`complete` and `complete_async` give the whole message."""
    message = drive.complete(at(serve(answer(wire.whole))), "hello", api_key="secret-key")
    assert (message.text, message.stop_reason) == ("Hello there.", "stop")
    assert (message.api, message.response_model, message.response_id) == (wire.api, "m-1", "answer-1")


def test_the_message_so_far_is_a_snapshot(drive, serve, stream_of, wire):
    """`stream.message` grows with what has arrived, and a snapshot taken before does not change."""
    go_on = threading.Event()
    stream = stream_of(serve(wire.script(*wire.hello, Until(go_on), *wire.there, *wire.finish("Hello there."))))
    while not isinstance(drive.first(stream), alchemy.TextDelta):
        pass
    snapshot = stream.message
    assert (snapshot.text, snapshot.api, snapshot.response_id) == ("Hello", wire.api, "answer-1")
    go_on.set()
    assert drive.result(stream).text == "Hello there."
    assert snapshot.text == "Hello"
    assert stream.message.text == "Hello there."


def test_the_response_head_is_there_with_the_first_event(drive, serve, stream_of, wire):
    """`stream.response` has status, headers and request id as soon as the answer has begun."""
    go_on = threading.Event()
    script = wire.script(*wire.hello, Until(go_on), *wire.finish("Hello"))
    script[0] = script[0].replace(b"\r\n\r\n", b"\r\nx-request-id: req_7\r\nset-cookie: a=b\r\n\r\n", 1)
    stream = stream_of(serve(script))
    drive.first(stream)
    assert (stream.response.status, stream.response.request_id) == (200, "req_7")
    assert stream.response.headers["content-type"] == "text/event-stream"
    assert "set-cookie" not in stream.response.headers
    go_on.set()
    assert drive.result(stream).request_id == "req_7"


def test_two_threads_share_the_events(serve, stream_of):
    """Two threads that read one stream get every event once between them."""
    deltas = [HELLO, *[THERE] * 2000, FINISH, "[DONE]"]
    stream = stream_of(serve(event_stream(*deltas)))
    seen = [[], []]
    readers = [threading.Thread(target=lambda own=own: own.extend(stream)) for own in seen]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(20)
    events = seen[0] + seen[1]
    assert len(events) == 2005
    assert names(events).count("Done") == 1
    assert stream.result().text == "Hello" + " there." * 2000


def test_two_tasks_share_the_events(serve, stream_of):
    """Two tasks that read one stream get every event once between them."""

    async def both():
        stream = stream_of(serve(event_stream(HELLO, *[THERE] * 2000, FINISH, "[DONE]")))

        async def read():
            return [event async for event in stream]

        first, second = await asyncio.gather(read(), read())
        return first + second

    events = asyncio.run(both())
    assert len(events) == 2005
    assert names(events).count("Done") == 1


def test_a_request_of_one_answer_has_no_stream_in_it(drive, serve, at, stream_of, wire):
    """`complete` asks for one JSON answer, `stream` for a stream: in the body, or by the address."""
    server = serve(answer(wire.whole), event_stream(*wire.text))
    drive.complete(at(server), "hello", api_key="secret-key")
    drive.result(stream_of(server))
    whole, streamed = server.requests
    assert (whole.path, streamed.path) == (wire.whole_url, wire.url)
    assert not whole.json.get("stream")
    assert streamed.json.get("stream", False) is (wire.url == wire.whole_url)
    assert "text/event-stream" not in whole.headers.get("accept", "")
    assert streamed.headers["accept"] == "text/event-stream"
    if wire.api == "openai-completions":
        assert streamed.json["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("cut", [True, False], ids=["cut", "error"])
def test_errors_as_an_event(drive, serve, stream_of, wire, cut):
    """With `errors="event"` a failure is the last event, and `result` gives the message with stop reason error."""
    stream = stream_of(serve(wire.script(*wire.hello, *(() if cut else wire.error))), errors="event")
    events = drive.events(stream)
    assert (names(events)[-1], events[-1].kind, events[-1].type) == ("ErrorEvent", "ResponseError", "error")
    message = drive.result(stream)
    assert (message.text, message.stop_reason) == ("Hello", "error")
    assert ("Down." in message.error_message) is not cut
    assert events[-1].message == message


def test_an_error_may_be_the_only_event(drive, serve, stream_of, wire):
    """A refused request under `errors="event"` is one event."""
    stream = stream_of(serve(answer(wire.refusal, 400)), errors="event")
    events = drive.events(stream)
    assert [(event.type, event.kind) for event in events] == [("error", "BadRequestError")]
    assert drive.result(stream).stop_reason == "error"
    assert "Nope." in drive.result(stream).error_message


def test_errors_are_raised_after_the_events(drive, serve, stream_of, wire):
    """By default a failure raises where it happens, the events before it having been delivered."""
    stream = stream_of(serve(wire.script(*wire.hello)))
    seen = []

    def read():
        while True:
            seen.append(drive.first(stream))

    with pytest.raises(alchemy.ResponseError) as caught:
        read()
    assert names(seen) == ["Start", "TextStart", "TextDelta"]
    assert (caught.value.partial.text, caught.value.partial.stop_reason) == ("Hello", "error")
    with pytest.raises(alchemy.ResponseError):
        drive.result(stream)


def test_complete_raises_what_failed(drive, serve, at, wire):
    """An error object inside a success answer is raised by `complete`."""
    with pytest.raises(alchemy.ResponseError, match=r"Nope\."):
        drive.complete(at(serve(answer(wire.refusal))), "hello", api_key="secret-key")


def test_an_answer_that_is_not_streamed_after_all(drive, serve, stream_of, wire):
    """A server that answers a request for a stream with one JSON body is understood."""
    stream = stream_of(serve(answer(wire.whole)))
    assert names(drive.events(stream)) == [name for name in WHOLE if name != "TextDelta"][:2] + WHOLE[3:]
    assert drive.result(stream).text == "Hello there."


def two_choices():
    """An answer of which only the first choice is kept."""
    message = {"role": "assistant", "content": "a"}
    choices = [{"index": index, "message": message, "finish_reason": "stop"} for index in (0, 1)]
    return answer({"id": "c", "choices": choices})


def was_logged_once(message, caplog) -> bool:
    assert [notice.code for notice in message.notices] == ["choice_dropped"]
    return [record.levelname for record in caplog.records] == ["WARNING"] and "choices" in caplog.text


def test_a_notice_of_an_answer_is_logged(drive, serve, at, caplog):
    """What a whole answer could not honour stands in the message and in the log."""
    assert was_logged_once(drive.complete(at(serve(two_choices())), "hello"), caplog)


def test_a_notice_of_a_stream_is_logged_once(serve, stream_of, caplog):
    """It is logged once, however often the end is read."""
    stream = stream_of(serve(two_choices()))
    list(stream)
    stream.result()
    assert was_logged_once(stream.result(), caplog)


def test_errors_is_one_of_two_words(serve, at):
    """What `errors` cannot be is refused at the call, and nothing is sent."""
    server = serve()
    with pytest.raises(alchemy.InvalidRequestError, match='neither "raise" nor "event"') as caught:
        alchemy.stream(at(server), "hello", errors="events")
    assert caught.value.path == "errors"
    assert not server.requests
