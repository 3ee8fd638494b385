"""The awaitable of a stream's next event: what asyncio and its users may do with one, as with a coroutine."""

import asyncio
import collections.abc
import contextlib
import gc
import inspect
import sys
import threading
import weakref

import alchemy
import pytest
from servers import FINISH, HELLO, TEXT, THERE, Pause, Stall, Until, chunk, event_stream
from test_lifecycle_loops import LOOPS, run_in


@pytest.fixture(params=LOOPS)
def new_loop(request):
    """Makes event loops of one kind."""
    return LOOPS[request.param]


@pytest.fixture
def slow(serve, at):
    """Returns a new stream whose events come one by one, each in a packet of its own."""
    pieces = [step for number in range(20) for step in (chunk({"content": f"{number} "}), Pause(0.003))]
    server = serve(event_stream(*pieces, FINISH, "[DONE]"))
    return lambda: alchemy.stream(at(server), "hello")


def text_of(events) -> str:
    """The text that events have."""
    return "".join(event.delta for event in events if isinstance(event, alchemy.TextDelta))


WHOLE = "".join(f"{number} " for number in range(20))


async def wrapped(awaitable):
    """Await something in a coroutine."""
    return await awaitable


async def timed(awaitable):
    """Await something under `asyncio.timeout`."""
    async with asyncio.timeout(5):
        return await awaitable


WAYS = {
    "await": wrapped,
    "create_task": lambda awaitable: wrapped(asyncio.create_task(awaitable)),
    "ensure_future": lambda awaitable: wrapped(asyncio.ensure_future(awaitable)),
    "wait_for": lambda awaitable: asyncio.wait_for(awaitable, 5),
    "timeout": timed,
    "shield": lambda awaitable: wrapped(asyncio.shield(awaitable)),
    "gather": lambda awaitable: first_of(asyncio.gather(awaitable, asyncio.sleep(0))),
    "python task": lambda awaitable: wrapped(asyncio.tasks._PyTask(awaitable, loop=asyncio.get_running_loop())),
    "run_coroutine_threadsafe": lambda awaitable: wrapped(
        asyncio.wrap_future(asyncio.run_coroutine_threadsafe(awaitable, asyncio.get_running_loop()))
    ),
}


async def first_of(awaitable):
    """Return the first of several results."""
    return (await awaitable)[0]


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_await_gets_every_event(new_loop, slow, way):
    """The whole answer, event by event, in debug mode, and the end as `StopAsyncIteration`."""

    async def main() -> str:
        stream = slow()
        events = []
        with contextlib.suppress(StopAsyncIteration):
            while True:
                events.append(await WAYS[way](anext(stream)))
        assert isinstance(events[-1], alchemy.Done)
        return text_of(events)

    assert run_in(new_loop(), main()) == WHOLE


def test_what_it_is(slow):
    """It is awaitable and passes for a coroutine; it is no future while nothing waits by it."""
    stream = slow()
    awaitable = anext(stream)
    assert inspect.isawaitable(awaitable)
    assert isinstance(awaitable, collections.abc.Coroutine)
    assert asyncio.iscoroutine(awaitable)
    assert not asyncio.isfuture(awaitable)
    awaitable.close()
    stream.close()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_eager_tasks(slow):
    """Tasks that begin at once get every event too."""

    async def main() -> str:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        stream = slow()
        events = []
        with contextlib.suppress(StopAsyncIteration):
            while True:
                events.append(await asyncio.create_task(anext(stream)))
        return text_of(events)

    assert asyncio.run(main(), debug=True) == WHOLE


def test_the_loop_runs_one_by_itself(new_loop, slow):
    """`run_until_complete` takes it as it takes a coroutine."""
    loop = new_loop()
    stream = slow()
    assert isinstance(loop.run_until_complete(anext(stream)), alchemy.Start)
    stream.close()
    loop.close()


def test_anext_with_a_default(new_loop, serve, at):
    """`anext(stream, default)` gives the events, and the default at the end."""
    server = serve(event_stream(*TEXT))

    async def main():
        stream = alchemy.stream(at(server), "hello")
        events = []
        while (event := await anext(stream, None)) is not None:
            events.append(event)
        return text_of(events), await anext(stream, "nothing")

    assert run_in(new_loop(), main()) == ("Hello there.", "nothing")


def test_one_that_is_never_awaited_costs_no_event(slow):
    """It takes an event only where it is awaited."""

    async def main() -> str:
        stream = slow()
        events = []
        for _ in range(3):
            anext(stream)
        async for event in stream:
            anext(stream).close()
            cancelled = asyncio.create_task(anext(stream))
            cancelled.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await cancelled
            events.append(event)
        return text_of(events)

    assert asyncio.run(main(), debug=True) == WHOLE


def test_one_is_awaited_once(slow):
    """A second await of the same raises, also behind the end, and one that somebody still holds is not handed out again."""

    async def main() -> None:
        stream = slow()
        held = [anext(stream) for _ in range(4)]
        assert len({id(awaitable) for awaitable in held}) == 4
        for awaitable in held:
            await awaitable
        for awaitable in (*held, anext(stream)):
            if awaitable not in held:
                await awaitable
            with pytest.raises(RuntimeError, match="cannot be awaited again"):
                await awaitable
        async for _event in stream:
            pass
        last = anext(stream)
        with pytest.raises(StopAsyncIteration):
            await last
        with pytest.raises(RuntimeError, match="cannot be awaited again"):
            await last

    asyncio.run(main())


def test_a_wait_given_up_by_close_or_throw(serve, at, holdings):
    """`close` and `throw` end a wait; the stream goes on for whoever asks next."""
    go_on = threading.Event()
    server = serve(event_stream(HELLO, Until(go_on), THERE, FINISH, "[DONE]"))

    async def main() -> str:
        stream = alchemy.stream(at(server), "hello")
        events = [await anext(stream) for _ in range(3)]
        closed, thrown = anext(stream), anext(stream)
        assert asyncio.isfuture(closed.send(None))
        thrown.send(None)
        closed.close()
        with pytest.raises(RuntimeError, match="cannot be awaited again"):
            closed.send(None)
        with pytest.raises(KeyError, match="why"):
            thrown.throw(KeyError("why"))
        with pytest.raises(GeneratorExit):
            anext(stream).throw(GeneratorExit)
        go_on.set()
        events += [event async for event in stream]
        return text_of(events)

    assert asyncio.run(main(), debug=True) == "Hello there."


def test_a_cancelled_wait_does_not_keep_the_stream(serve, at):
    """What asyncio keeps of a cancelled task, its traceback, does not keep a stream that nobody else has."""
    server = serve(event_stream(HELLO, Stall()))

    async def read(stream, came: asyncio.Event) -> None:
        try:
            async for event in stream:
                if isinstance(event, alchemy.TextDelta):
                    came.set()
        finally:
            del stream

    async def main():
        stream = alchemy.stream(at(server), "hello")
        gone = weakref.ref(stream)
        came = asyncio.Event()
        tasks = [asyncio.create_task(read(stream, came))]
        # Before that, the second task might get one of the events.
        await came.wait()
        tasks.append(asyncio.create_task(anext(stream)))
        await asyncio.sleep(0.1)
        del stream
        for task in tasks:
            task.cancel()
        failures = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in failures)
        gc.collect()
        return gone()

    assert asyncio.run(main()) is None


def test_an_abandoned_stream_in_a_wait_is_collected(serve, at):
    """A task that nobody holds any more, in a loop that is gone, takes its stream and its connection along."""
    server = serve(event_stream(HELLO, Stall()))

    async def main():
        stream = alchemy.stream(at(server), "hello")
        for _ in range(3):
            await anext(stream)
        anext(stream).send(None)
        return weakref.ref(stream)

    gone = asyncio.run(main())
    gc.collect()
    assert gone() is None
    assert server.wait_closed(10)


def test_an_error_as_an_event(new_loop, serve, at):
    """With `errors="event"` a failure is the last event, and then there is no more."""
    server = serve(event_stream(HELLO))

    async def main():
        events = [event async for event in alchemy.stream(at(server), "hello", errors="event")]
        return [type(event).__name__ for event in events][-2:], events[-1].kind

    names, kind = run_in(new_loop(), main())
    assert names == ["TextDelta", "ErrorEvent"]
    assert kind == "ResponseError"


def test_a_failure_raises_where_it_is_awaited(new_loop, serve, at):
    """Without it, the failure is raised in `async for`, with what arrived."""
    server = serve(event_stream(HELLO))

    async def main():
        events = []

        async def read() -> None:
            async for event in alchemy.stream(at(server), "hello"):
                events.append(event)  # noqa: PERF401

        with pytest.raises(alchemy.ApiError) as caught:
            await read()
        return text_of(events), caught.value.partial.text

    assert run_in(new_loop(), main()) == ("Hello", "Hello")


def test_anyio(slow):
    """A wait is given up and taken up again by the scopes of anyio."""
    anyio = pytest.importorskip("anyio")

    async def main() -> str:
        stream = slow()
        events = []
        while not events or not isinstance(events[-1], alchemy.Done):
            with anyio.move_on_after(0.002):
                events.append(await anext(stream))
        return text_of(events)

    assert anyio.run(main) == WHOLE
