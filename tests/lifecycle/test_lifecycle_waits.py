"""Waits in event loops: whose task goes on, in which context, and what many of them do to each other."""

import asyncio
import contextvars
import threading

import alchemy
import pytest
from alchemy._native import naps
from servers import FINISH, HELLO, THERE, Pause, Until, chunk, event_stream
from test_lifecycle_loops import LOOPS, run_in

NAME = contextvars.ContextVar("NAME", default="nobody")
PIECES = [f"{number:03} " for number in range(60)]


@pytest.fixture(params=LOOPS)
def new_loop(request):
    """Makes event loops of one kind."""
    return LOOPS[request.param]


def test_a_task_goes_on_as_itself(new_loop, serve, at):
    """After each wait the task is the current one, in its own context, and what it sets stays its own."""
    server = serve(event_stream(HELLO, Pause(0.02), THERE, Pause(0.02), FINISH, "[DONE]"))

    async def read(name: str) -> list[str]:
        NAME.set(name)
        task = asyncio.current_task()
        seen = []
        async for _event in alchemy.stream(at(server), "hello"):
            assert asyncio.current_task() is task
            seen.append(NAME.get())
        return seen

    async def main():
        return await asyncio.gather(read("ada"), read("bob")), NAME.get()

    (ada, bob), outside = run_in(new_loop(), main())
    assert set(ada) == {"ada"}
    assert set(bob) == {"bob"}
    assert outside == "nobody"


def paced_streams(serve, at, client):
    """A hundred streams at once, each with an event every few milliseconds; a coroutine function that reads them."""
    steps = [step for piece in PIECES for step in (chunk({"content": piece}), Pause(0.004))]
    server = serve(event_stream(*steps, FINISH, "[DONE]"))

    async def read() -> list[str]:
        async with client.stream(at(server), "hello") as stream:
            return [event.delta async for event in stream if isinstance(event, alchemy.TextDelta)]

    async def read_all():
        return await asyncio.gather(*(read() for _ in range(100)))

    return read_all


@pytest.mark.parametrize("moderated", [True, False])
def test_many_streams_lose_nothing(new_loop, serve, at, moderated):
    """A hundred streams with an event every few milliseconds each arrive whole and in order, moderated or not."""
    before = naps()
    with alchemy.Client(wake_moderation=moderated) as client:
        assert run_in(new_loop(), paced_streams(serve, at, client)()) == [PIECES] * 100
    # There may be one when all have ended, which keeps nobody waiting.
    assert (naps() > before + 5) is moderated


def test_a_sync_wait_keeps_the_reader_awake(serve, at):
    """While a thread waits for an answer in sync code there are no naps, however many streams there are."""
    go_on = threading.Event()
    held = serve(event_stream(HELLO, Until(go_on), THERE, FINISH, "[DONE]"))
    texts = []
    with alchemy.Client() as client:
        waiting = threading.Thread(target=lambda: texts.append(client.stream(at(held), "hello").result().text))
        waiting.start()
        assert held.wait_requests(1)
        before = naps()
        assert asyncio.run(paced_streams(serve, at, client)()) == [PIECES] * 100
        assert naps() == before
        go_on.set()
        waiting.join(20)
    assert texts == ["Hello there."]


def test_a_cancel_has_its_message(new_loop, serve, at):
    """What `cancel` was told is told by the error, and the stream goes on for whoever asks next."""
    go_on = threading.Event()
    server = serve(event_stream(HELLO, Until(go_on), THERE, FINISH, "[DONE]"))

    async def main():
        stream = alchemy.stream(at(server), "hello")

        async def read():
            async for _event in stream:
                pass

        task = asyncio.create_task(read())
        await asyncio.sleep(0.1)
        assert task.cancel("enough")
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        go_on.set()
        return caught.value.args, (await stream.result_async()).text

    assert run_in(new_loop(), main()) == (("enough",), "Hello there.")


def test_a_cancel_leaves_the_waits_of_other_loops(serve, at):
    """A wait that is cancelled in one loop takes no other loop's wait for the same stream with it."""
    go_on = threading.Event()
    server = serve(event_stream(HELLO, Until(go_on), THERE, FINISH, "[DONE]"))
    stream = alchemy.stream(at(server), "hello")
    first = [next(stream) for _ in range(3)]
    assert [type(event) for event in first] == [alchemy.Start, alchemy.TextStart, alchemy.TextDelta]
    others = []

    async def wait():
        return await anext(stream)

    async def give_up():
        task = asyncio.create_task(wait())
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    thread = threading.Thread(target=lambda: others.append(asyncio.run(asyncio.wait_for(wait(), 20))))
    thread.start()
    assert asyncio.run(give_up())
    go_on.set()
    thread.join(30)
    assert [event.delta for event in others] == [" there."]
    stream.close()


def test_an_interrupted_task_does_not_keep_the_others_waiting(serve, at):
    """A task that ends the program leaves the tasks that were told with it to the loop's next turn."""
    go_on = threading.Event()
    server = serve(event_stream(HELLO, Until(go_on), THERE, FINISH, "[DONE]"))
    texts = []

    async def read(*, leave: bool) -> None:
        text = ""
        async for event in alchemy.stream(at(server), "hello"):
            if isinstance(event, alchemy.TextDelta):
                text += event.delta
                if leave and text != "Hello":
                    raise SystemExit(3)
        texts.append(text)

    loop = asyncio.SelectorEventLoop()
    tasks = [loop.create_task(read(leave=number == 1)) for number in range(5)]
    loop.run_until_complete(asyncio.sleep(0.2))
    go_on.set()
    with pytest.raises(SystemExit):
        loop.run_until_complete(asyncio.wait(tasks))
    others = [task for number, task in enumerate(tasks) if number != 1]
    loop.run_until_complete(asyncio.gather(*others))
    assert texts == ["Hello there."] * 4
    assert isinstance(tasks[1].exception(), SystemExit)
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
