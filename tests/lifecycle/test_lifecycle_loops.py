"""Event loops: several at once, one after the other, closed ones, uvloop, and loops that cannot watch a pipe."""

import asyncio
import contextlib
import gc
import random
import sys
import threading
import time
import weakref

import alchemy
import pytest
from programs import ended, run_program
from servers import FINISH, HELLO, TEXT, THERE, Pause, Stall, Until, chunk, event_stream


class PipelessLoop(asyncio.SelectorEventLoop):
    """Refuses to watch descriptors for others, as Windows' default loop; its own wake-up goes by an inner way."""

    def add_reader(self, fd, callback, *args):
        raise NotImplementedError


def uvloop_loop():
    return pytest.importorskip("uvloop").new_event_loop()


LOOPS = {"asyncio": asyncio.SelectorEventLoop, "pipeless": PipelessLoop, "uvloop": uvloop_loop}


@pytest.fixture(params=LOOPS)
def new_loop(request):
    """Makes event loops of one kind."""
    return LOOPS[request.param]


def run_in(loop, coroutine):
    """Runs a coroutine as `asyncio.run` does, in debug mode."""
    loop.set_debug(True)
    try:
        return loop.run_until_complete(coroutine)
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def ask(model, client=alchemy) -> str:
    """Read one answer event by event, and another whole."""
    text = ""
    async with client.stream(model, "hello") as stream:
        async for event in stream:
            if isinstance(event, alchemy.TextDelta):
                text += event.delta
    assert (await stream.result_async()).text == text
    assert (await client.complete_async(model, "hello")).text == text
    return text


@pytest.fixture
def hello(serve):
    """A server that says hello."""
    return serve(event_stream(*TEXT))


def test_streams_in_a_loop(new_loop, hello, at):
    """Streams, one by one and a hundred at once."""

    async def main():
        return [await ask(at(hello)), *await asyncio.gather(*(ask(at(hello)) for _ in range(100)))]

    assert run_in(new_loop(), main()) == ["Hello there."] * 101


def test_loops_one_after_the_other(new_loop, hello, at):
    """One client serves loops that come and go."""
    with alchemy.Client() as client:
        for _ in range(10):
            assert run_in(new_loop(), ask(at(hello), client)) == "Hello there."


def test_loops_in_threads(new_loop, hello, at):
    """One client serves loops in eight threads at once."""
    texts = []
    with alchemy.Client() as client:

        async def main():
            return await asyncio.gather(*(ask(at(hello), client) for _ in range(10)))

        threads = [threading.Thread(target=lambda: texts.extend(run_in(new_loop(), main()))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert texts == ["Hello there."] * 80


def test_a_closed_loop_is_let_go_of(new_loop, hello, at):
    """What was kept for a loop's waits does not keep the loop."""
    loop = new_loop()
    run_in(loop, ask(at(hello)))
    gone = weakref.ref(loop)
    del loop
    gc.collect()
    assert gone() is None


def test_a_closed_loop_takes_its_pipe_along(serve, at, holdings, new_loop):
    """Loops that were closed while a stream was waited for, which lives on, leave nothing, and the answer's arrival hurts nobody."""
    go_on = threading.Event()
    server = serve(event_stream(HELLO, Until(go_on), THERE, FINISH, "[DONE]"))
    stream = alchemy.stream(at(server), "hello")

    async def read() -> None:
        async for _event in stream:
            pass

    async def main() -> None:
        task = asyncio.create_task(read())
        await asyncio.sleep(0.01)
        assert not task.done()

    run_in(new_loop(), main())
    held = holdings()
    for _ in range(50):
        run_in(new_loop(), main())
    assert held.grown() == {}
    go_on.set()
    assert run_in(new_loop(), stream.result_async()).text == "Hello there."


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_a_loop_that_is_closed_under_a_wait(serve, at, holdings, kind):
    """A loop that is closed with a task in it is freed with its pipe; the stream can be read elsewhere when the answer comes."""
    new_loop = LOOPS[kind]
    go_on = threading.Event()
    server = serve(event_stream(HELLO, Until(go_on), THERE, FINISH, "[DONE]"))
    stream = alchemy.stream(at(server), "hello")

    async def read() -> None:
        async for _event in stream:
            pass

    def leave() -> None:
        loop = new_loop()
        task = loop.create_task(read())
        # The program's own fault is not to be told in this test.
        task._log_destroy_pending = False
        loop.run_until_complete(asyncio.sleep(0.02))
        loop.close()

    leave()
    held = holdings()
    for _ in range(10):
        leave()
    assert held.grown() == {}
    go_on.set()
    assert [type(event).__name__ for event in stream] == ["TextDelta", "TextEnd", "Done"]


def test_a_task_that_nobody_holds_goes_on(serve, at, new_loop):
    """A task that waits for a stream is held by its loop alone, and that is enough through collections."""
    server = serve(event_stream(HELLO, Pause(0.3), THERE, FINISH, "[DONE]"))
    texts = []

    async def read() -> None:
        texts.append((await alchemy.stream(at(server), "hello").result_async()).text)

    async def main() -> None:
        asyncio.get_running_loop().create_task(read())
        for _ in range(12):
            await asyncio.sleep(0.05)
            gc.collect()

    run_in(new_loop(), main())
    assert texts == ["Hello there."]


def test_a_stream_moves_from_loop_to_loop_and_to_a_thread(serve, at):
    """One stream is read in a loop, in a second one after the first is closed, and by a plain `for`."""
    server = serve(event_stream(*[step for _ in range(30) for step in (HELLO, Pause(0.005))], FINISH, "[DONE]"))
    stream = alchemy.stream(at(server), "hello")
    events = []

    async def some() -> None:
        for _ in range(10):
            events.append(await anext(stream))

    asyncio.run(some())
    asyncio.run(some())
    events += stream
    assert [type(event).__name__ for event in events] == ["Start", "TextStart", *["TextDelta"] * 30, "TextEnd", "Done"]


def test_waits_in_several_loops_share_a_stream(serve, at):
    """Consumers in three loops and a thread get each event once between them, and all see the end."""
    pieces = [f"{number} " for number in range(3000)]
    steps = [step for piece in pieces for step in (chunk({"content": piece}),)]
    for place in range(0, len(steps), 100):
        steps.insert(place, Pause(0.002))
    stream = alchemy.stream(at(serve(event_stream(*steps, FINISH, "[DONE]"))), "hello")
    got = []

    async def take() -> None:
        async for event in stream:
            got.append(event)
            await asyncio.sleep(0)

    def take_in_thread() -> None:
        for event in stream:
            got.append(event)  # noqa: PERF402

    threads = [threading.Thread(target=lambda: asyncio.run(take())) for _ in range(3)]
    threads.append(threading.Thread(target=take_in_thread))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    deltas = [event.delta for event in got if isinstance(event, alchemy.TextDelta)]
    assert sorted(deltas, key=int) == pieces
    assert sum(isinstance(event, alchemy.Done) for event in got) == 1


def test_random_cancels_lose_no_event(serve, at, new_loop):
    """Hundreds of waits that are cancelled at random: every event comes, once and in order, to whoever waits."""
    chance = random.Random(5)
    pieces = [f"{number} " for number in range(4000)]
    steps = []
    for number, piece in enumerate(pieces):
        steps.append(chunk({"content": piece}))
        if number % 20 == 0:
            steps.append(Pause(0.002))
    stream = alchemy.stream(at(serve(event_stream(*steps, FINISH, "[DONE]"))), "hello")
    events = []
    cancelled = 0

    async def take() -> None:
        # An event that was received is kept before the next wait.
        async for event in stream:
            events.append(event)  # noqa: PERF401

    async def main() -> None:
        nonlocal cancelled
        while not events or not isinstance(events[-1], alchemy.Done):
            tasks = [asyncio.create_task(take()) for _ in range(2)]
            await asyncio.sleep(chance.uniform(0, 0.003))
            for task in tasks:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
            cancelled += sum(isinstance(each, asyncio.CancelledError) for each in done)
            assert all(each is None or isinstance(each, asyncio.CancelledError) for each in done)

    run_in(new_loop(), main())
    assert [event.delta for event in events if isinstance(event, alchemy.TextDelta)] == pieces
    assert cancelled > 100


def test_waits_in_short_turns_pile_nothing_up(serve, at, holdings):
    """A wait that is given up and taken up again keeps nothing of the turns before."""
    stream = alchemy.stream(at(serve(event_stream(HELLO, Stall()))), "hello")

    async def main() -> int:
        for _ in range(3):
            await anext(stream)
        before = count = 0
        for turn in range(400):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(anext(stream), 0.0005)
            if turn in (100, 399):
                gc.collect()
                before, count = len(gc.get_objects()), before
        return before - count

    assert asyncio.run(main()) < 100
    stream.close()


def test_a_sync_call_in_a_running_loop(hello, at):
    """`complete` and a plain `for` work inside a coroutine; they block its loop meanwhile, and other streams of it go on after."""

    async def main():
        held = alchemy.stream(at(hello), "hello")
        await anext(held)
        texts = [alchemy.complete(at(hello), "hello").text, alchemy.stream(at(hello), "hello").result().text]
        events = list(alchemy.stream(at(hello), "hello"))
        return [*texts, (await held.result_async()).text, events[-1].message.text]

    assert asyncio.run(main(), debug=True) == ["Hello there."] * 4


AWAITS = {
    "complete_async": lambda model: alchemy.complete_async(model, "hello"),
    "anext": lambda model: anext(alchemy.stream(model, "hello")),
    "result_async": lambda model: alchemy.stream(model, "hello").result_async(),
    "async with": lambda model: alchemy.stream(model, "hello").__aenter__(),
}


@pytest.mark.parametrize("form", AWAITS)
def test_an_await_outside_any_loop(serve, at, form):
    """An await that no asyncio loop drives says so, and sends nothing."""
    server = serve(event_stream(*TEXT))
    with pytest.raises(RuntimeError, match=r"no asyncio event loop is running here.*asyncio\.run.*thread"):
        AWAITS[form](at(server)).send(None)
    assert not server.wait_requests(1, 0.1)


def test_an_await_outside_any_loop_in_the_middle(serve, at):
    """The same where the answer has begun."""
    stream = alchemy.stream(at(serve(event_stream(HELLO, Stall()))), "hello")
    for _ in range(3):
        next(stream)
    with pytest.raises(RuntimeError, match="no asyncio event loop is running here"):
        anext(stream).send(None)
    stream.close()


def test_a_second_interpreter_is_refused(hello):
    """A subinterpreter cannot import alchemy, is told why, and the first goes on."""
    program = (
        "try:\n    import _interpreters as interpreters\n"
        "except ImportError:\n    import _xxsubinterpreters as interpreters\n"
        "made = interpreters.create('legacy') if sys.version_info >= (3, 13) else interpreters.create(isolated=False)\n"
        "try:\n    failed = interpreters.run_string(made, 'import alchemy')\n"
        "except Exception as error:\n    failed = error\n"
        "print('another interpreter' in str(getattr(failed, 'formatted', failed)))\n"
        "interpreters.destroy(made)\n"
        "print(alchemy.stream(model, 'hello').result().text)\n"
    )
    output, errors, status = ended(run_program(program, hello.url, flags=()))
    assert (output, status) == ("True\nHello there.\n", 0), errors


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted by /proc")
def test_sixty_four_threads(hello, serve, at, holdings):
    """Sixty-four threads ask and stream by one client, several times each and at once, and leave next to nothing."""
    whole = serve()
    with alchemy.Client() as client:
        texts = []
        together = threading.Barrier(64)

        def work() -> None:
            together.wait(20)
            for _ in range(4):
                texts.append(client.complete(at(whole), "hello").text)
                texts.append(
                    "".join(e.delta for e in client.stream(at(hello), "hello") if isinstance(e, alchemy.TextDelta))
                )

        def all_at_once() -> None:
            threads = [threading.Thread(target=work) for _ in range(64)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
                assert not thread.is_alive()

        client.complete(at(whole), "hello")
        held = holdings()
        all_at_once()
        assert texts == ["Hello there."] * 512
        client.close()
        for server in (hello, whole):
            assert server.wait_closed(10)
    grown = held.grown(10)
    # Four of what threads carry their requests by are kept, of which there was one before, with three descriptors each.
    assert grown.pop("descriptors", 0) <= 9
    assert grown == {}


def test_a_stream_is_shared_between_sixty_four_threads(serve, at):
    """Each event goes to one of 64 threads, and all of them see the end."""
    pieces = [f"{number} " for number in range(20_000)]
    steps = [chunk({"content": piece}) for piece in pieces]
    stream = alchemy.stream(at(serve(event_stream(*steps, FINISH, "[DONE]"))), "hello")
    got = [[] for _ in range(64)]

    def take(mine) -> None:
        for event in stream:
            mine.append(event)

    threads = [threading.Thread(target=take, args=(mine,)) for mine in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    deltas = [[int(event.delta) for event in mine if isinstance(event, alchemy.TextDelta)] for mine in got]
    assert sorted(number for mine in deltas for number in mine) == list(range(20_000))
    assert all(mine == sorted(mine) for mine in deltas)


def test_clients_are_closed_while_others_use_them(hello, at):
    """Clients that are closed under their streams let these go on, and refuse new ones."""
    texts = []

    def work(client) -> None:
        with contextlib.suppress(alchemy.AlchemyError):
            while True:
                texts.append(client.stream(at(hello), "hello").result().text)

    for _ in range(5):
        client = alchemy.Client()
        threads = [threading.Thread(target=work, args=(client,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        client.close()
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()
    assert set(texts) == {"Hello there."}
