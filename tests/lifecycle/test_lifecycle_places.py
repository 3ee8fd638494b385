"""Waits leave the loop and other threads free."""

import asyncio
import contextlib
import gc
import threading
import time

import alchemy
import pytest
from servers import FINISH, HELLO, Pause, Server, Stall, event_stream


def model_at(server, **fields) -> alchemy.Model:
    return alchemy.Model(id="m", base_url=server.url, **fields)


@pytest.fixture
def silent():
    """A server that says one word and then nothing."""
    with Server(event_stream(HELLO, Stall())) as server:
        yield server


def test_the_loop_is_not_blocked():
    """While a stream waits, the loop runs other tasks."""

    async def main(server):
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticker = asyncio.create_task(tick())
        await alchemy.stream(model_at(server), "hello").result_async()
        ticker.cancel()
        return ticks

    with Server(event_stream(HELLO, Pause(0.5), FINISH, "[DONE]")) as server:
        assert asyncio.run(main(server)) > 20


def test_a_flood_starves_nobody():
    """A burst of events lets other tasks run in between."""

    async def main(server):
        longest = 0.0

        async def tick():
            nonlocal longest
            while True:
                before = time.monotonic()
                await asyncio.sleep(0)
                longest = max(longest, time.monotonic() - before)

        ticker = asyncio.create_task(tick())
        async for _event in alchemy.stream(model_at(server), "hello"):
            pass
        ticker.cancel()
        return longest

    with Server(event_stream(HELLO, *[HELLO] * 20_000, FINISH, "[DONE]")) as server:
        assert asyncio.run(main(server)) < 0.5


def test_other_threads_run_while_one_waits(silent):
    """A thread that waits for events does not hold the interpreter."""
    stream = alchemy.stream(model_at(silent), "hello")

    def drain():
        with contextlib.suppress(alchemy.AbortedError):
            stream.result()

    reader = threading.Thread(target=drain)
    reader.start()
    silent.wait_requests()
    began = time.monotonic()
    total = sum(range(100_000))
    assert total
    assert time.monotonic() - began < 0.5
    stream.close()
    reader.join(2)
    assert not reader.is_alive()


def test_a_cancelled_loop_leaves_no_warning(silent):
    """A loop that ends while a task waits for events leaves no warning and closes the connection."""

    async def main():
        task = asyncio.create_task(anext_of(alchemy.stream(model_at(silent), "hello")))
        await asyncio.to_thread(silent.wait_requests)
        await asyncio.sleep(0.1)
        del task

    async def anext_of(stream):
        async for _event in stream:
            pass

    asyncio.run(main())
    # From Python 3.12 on asyncio holds what the end of a loop has cancelled, and its frames, until a collection.
    gc.collect()
    assert silent.wait_closed(2)
