"""Closing, leaving, cancelling or dropping a stream closes its connection."""

import asyncio
import contextlib
import gc
import threading
import time

import alchemy
import pytest
from servers import FINISH, HELLO, TEXT, THERE, Pause, Stall, Until, event_stream


def stalled(wire) -> list:
    """An answer that begins and does not go on."""
    return wire.script(*wire.hello, Stall())


def test_close_closes_the_connection(drive, serve, stream_of, wire):
    """After `close` the server sees the connection closed, and iterating ends at once."""
    server = serve(stalled(wire))
    stream = stream_of(server)
    drive.first(stream)
    drive.close(stream)
    assert server.wait_closed(1)
    drive.close(stream)


def test_result_after_close_is_aborted_with_the_partial_message(drive, serve, stream_of, wire):
    """`result` of a closed stream raises `AbortedError` with what had arrived."""
    stream = stream_of(serve(stalled(wire)))
    while not isinstance(drive.first(stream), alchemy.TextDelta):
        pass
    drive.close(stream)
    with pytest.raises(alchemy.AbortedError) as caught:
        drive.result(stream)
    assert (caught.value.partial.text, caught.value.partial.stop_reason) == ("Hello", "aborted")


def test_closing_an_unsent_stream_sends_nothing(drive, serve, stream_of):
    """A stream that is closed before it was read never sends its request."""
    server = serve(event_stream(*TEXT))
    stream = stream_of(server)
    drive.close(stream)
    with pytest.raises(alchemy.AbortedError):
        drive.result(stream)
    assert not server.requests


def test_closing_a_finished_stream_keeps_its_result(drive, serve, stream_of):
    """`close` after the end changes nothing."""
    stream = stream_of(serve(event_stream(*TEXT)))
    message = drive.result(stream)
    drive.close(stream)
    assert drive.result(stream) is message


def test_leaving_with_closes_the_connection(drive, serve, stream_of, wire):
    """Leaving the `with` block closes the connection though the answer goes on."""
    server = serve(stalled(wire))
    assert isinstance(drive.first_within(stream_of(server)), alchemy.Start)
    assert server.wait_closed(1)


def test_a_dropped_stream_closes_the_connection(drive, serve, stream_of, wire):
    """A stream that is read in part and then dropped closes its connection."""
    server = serve(stalled(wire))
    assert isinstance(drive.first_of_loop(stream_of(server)), alchemy.Start)
    gc.collect()
    assert server.wait_closed(1)


def test_close_from_another_thread_releases_a_blocked_reader(serve, stream_of, wire):
    """`close` does not block, works from any thread, and releases a thread that waits for events."""
    server = serve(stalled(wire))
    stream = stream_of(server)
    caught = []

    def read():
        try:
            caught.append(list(stream))
        except alchemy.AlchemyError as error:
            caught.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    assert server.wait_requests()
    time.sleep(0.1)
    began = time.monotonic()
    stream.close()
    assert time.monotonic() - began < 0.1
    reader.join(1)
    assert not reader.is_alive()
    assert len(caught) == 1
    assert server.wait_closed(1)


def test_close_before_the_answer_begins(drive, serve, stream_of):
    """Closing while the server has not answered yet closes the connection."""
    server = serve([Stall()])
    stream = stream_of(server)
    reader = threading.Thread(target=quietly, args=(stream,))
    reader.start()
    assert server.wait_requests()
    drive.close(stream)
    assert server.wait_closed(1)
    reader.join(2)
    assert not reader.is_alive()


def quietly(stream) -> None:
    """Reads to the end or to an error."""
    with contextlib.suppress(alchemy.AlchemyError):
        list(stream)


def test_a_cancelled_task_closes_the_connection(serve, stream_of, wire):
    """Cancelling the task that holds the stream closes the connection."""
    server = serve(stalled(wire))

    async def main():
        async def read():
            async with stream_of(server) as stream:
                async for _event in stream:
                    pass

        task = asyncio.create_task(read())
        await asyncio.to_thread(server.wait_requests)
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert server.wait_closed(1)


def test_a_cancelled_complete_closes_the_connection(serve, at):
    """Cancelling `complete_async` while the server is silent closes the connection."""
    server = serve([Stall()])

    async def main():
        task = asyncio.create_task(alchemy.complete_async(at(server), "hello", api_key="secret-key"))
        await asyncio.to_thread(server.wait_requests)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert server.wait_closed(1)


def test_a_cancelled_wait_loses_no_event(serve, stream_of):
    """Waits that time out between events lose none of them."""
    server = serve(event_stream(*[step for _ in range(10) for step in (HELLO, Pause(0.03))], FINISH, "[DONE]"))

    async def main():
        stream = stream_of(server)
        events = []
        while True:
            try:
                events.append(await asyncio.wait_for(anext(stream), 0.005))
            except TimeoutError:
                continue
            except StopAsyncIteration:
                return events

    events = asyncio.run(main())
    assert [type(event).__name__ for event in events] == ["Start", "TextStart", *["TextDelta"] * 10, "TextEnd", "Done"]


def test_aclosing_closes(serve, stream_of, wire):
    """`contextlib.aclosing` closes the stream."""
    server = serve(stalled(wire))

    async def main():
        async with contextlib.aclosing(stream_of(server)) as stream:
            await anext(stream)

    asyncio.run(main())
    assert server.wait_closed(1)


@pytest.mark.parametrize("said", [True, False], ids=["an error", "malformed"])
def test_an_error_closes_the_connection(drive, serve, stream_of, wire, said):
    """After an error or a malformed event nothing more is delivered and the connection is closed at once."""
    broken = wire.error if said else ("{",)
    server = serve(wire.script(*wire.hello, *broken, *wire.there, *wire.finish("Hello there."), Stall()))
    with pytest.raises(alchemy.ResponseError, match=r"Down\." if said else "malformed") as caught:
        drive.result(stream_of(server))
    assert caught.value.partial.text == "Hello"
    assert server.wait_closed(1)


def test_the_end_is_not_waited_for_after_the_marker(drive, serve, stream_of, wire):
    """A server that does not end the body after the protocol's last word is not waited for."""
    stream = stream_of(serve(event_stream(*wire.text, Stall())))
    began = time.monotonic()
    assert drive.result(stream).text == "Hello there."
    # Google's protocol has no last word after its marker: facts may follow for two seconds more.
    assert time.monotonic() - began < (4 if wire.api == "google-generative-ai" else 2)


def test_events_arrive_as_they_are_sent(drive, serve, stream_of, wire):
    """An event is delivered while the server still holds the next one back."""
    go_on = threading.Event()
    stream = stream_of(serve(wire.script(*wire.hello, Until(go_on), *wire.there, *wire.finish("Hello there."))))
    first = [drive.first(stream) for _ in range(3)]
    assert first[-1].delta == "Hello"
    go_on.set()
    assert drive.result(stream).text == "Hello there."


def test_an_unread_stream_holds_the_server_back(serve, stream_of):
    """A stream that nobody reads lets at most a few megabytes leave the server."""
    sent = []
    big = {**THERE, "padding": "x" * 65536}

    script = event_stream(HELLO, *[big] * 1600, FINISH, "[DONE]")
    server = serve(script)
    original = server._step

    def step(connection, each):
        went_on = original(connection, each)
        sent.append(len(each) if isinstance(each, bytes) else 0)
        return went_on

    server._step = step
    stream = stream_of(server)
    next(iter(stream))
    time.sleep(0.5)
    assert sum(sent) < 32_000_000
    stream.close()
    assert server.wait_closed(12)
