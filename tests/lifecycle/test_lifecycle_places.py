"""Threads, loops, forks, signals and the interpreter's exit."""

import asyncio
import concurrent.futures
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import alchemy
import pytest
from servers import FINISH, HELLO, TEXT, Pause, Server, Stall, event_stream, unaccepting


def model_at(server, **fields) -> alchemy.Model:
    return alchemy.Model(id="m", base_url=server.url, **fields)


@pytest.fixture
def hello():
    """A server that says hello."""
    with Server(event_stream(*TEXT)) as server:
        yield server


@pytest.fixture
def answers():
    """A server that gives whole JSON answers."""
    with Server() as server:
        yield server


@pytest.fixture
def silent():
    """A server that says one word and then nothing."""
    with Server(event_stream(HELLO, Stall())) as server:
        yield server


def test_a_thread_pool(hello):
    """Sixteen threads stream at once through the module's verbs."""
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        texts = list(pool.map(lambda _: alchemy.stream(model_at(hello), "hello").result().text, range(64)))
    assert texts == ["Hello there."] * 64


def test_many_tasks_of_one_loop(hello):
    """A hundred tasks stream at once in one loop."""

    async def main():
        async def one():
            return (await alchemy.stream(model_at(hello), "hello").result_async()).text

        return await asyncio.gather(*(one() for _ in range(100)))

    assert asyncio.run(main()) == ["Hello there."] * 100


def test_loops_one_after_the_other(hello):
    """Loops that come and go in one thread all work."""
    for _ in range(5):

        async def main():
            return [type(event).__name__ async for event in alchemy.stream(model_at(hello), "hello")]

        assert asyncio.run(main())[-1] == "Done"


def test_loops_in_threads(answers):
    """Several loops in several threads stream at once."""
    results = []

    def run():
        async def main():
            return (await alchemy.complete_async(model_at(answers), "hello")).text

        results.append(asyncio.run(main()))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == ["Hello there."] * 8


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_makes_its_own(answers):
    """After a fork the child uses the module's verbs, and so does the parent."""
    assert alchemy.complete(model_at(answers), "hello").text == "Hello there."
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if alchemy.complete(model_at(answers), "hello").text == "Hello there." else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(wait_for(child)) == 0
    assert alchemy.complete(model_at(answers), "hello").text == "Hello there."


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_stream_from_before_the_fork(silent):
    """A stream that was opened before the fork raises in the child, and goes on in the parent."""
    stream = alchemy.stream(model_at(silent), "hello")
    next(iter(stream))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            stream.result()
        except alchemy.AlchemyError as error:
            code = 0 if "fork" in str(error) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(wait_for(child)) == 0
    assert not silent.connections[0].closed.is_set()
    stream.close()
    assert silent.wait_closed(1)


def wait_for(child: int, seconds: float = 15) -> int:
    """The exit status of a child, which is killed if it takes too long."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def run_program(program: str, *arguments: str):
    """Starts a Python program of its own."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


PHASES = {
    "connecting": (None, "alchemy.complete(model, 'hello')"),
    "waiting for the head": ([Stall()], "alchemy.complete(model, 'hello')"),
    "waiting for an event": (event_stream(HELLO, Stall()), "list(alchemy.stream(model, 'hello'))"),
    "result": (event_stream(HELLO, Stall()), "alchemy.stream(model, 'hello').result()"),
    "asyncio": (
        event_stream(HELLO, Stall()),
        "asyncio.run(alchemy.complete_async(model, 'hello'))",
    ),
}


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("phase", PHASES)
def test_control_c(phase):
    """Ctrl-C in each phase raises KeyboardInterrupt at once, and the connection is closed."""
    script, statement = PHASES[phase]
    program = (
        "import asyncio, sys, alchemy\n"
        "model = alchemy.Model(id='m', base_url=sys.argv[1])\n"
        "print('ready', flush=True)\n"
        f"try:\n    {statement}\n"
        "except KeyboardInterrupt:\n    print('interrupted', flush=True)\n"
    )
    with Server(script or [Stall()]) as server, unaccepting() as nowhere:
        url = server.url if script else nowhere
        process = run_program(program, url)
        assert process.stdout.readline() == "ready\n"
        if script:
            assert server.wait_requests()
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)
        assert time.monotonic() - began < 2
        assert (output, errors, process.returncode) == ("interrupted\n", "", 0)
        assert not script or server.wait_closed(2)


EXITS = {
    "sync": "stream = alchemy.stream(model, 'hello')\nnext(iter(stream))\n",
    "async": (
        "async def main():\n"
        "    global stream\n"
        "    stream = alchemy.stream(model, 'hello')\n"
        "    await anext(stream)\n"
        "asyncio.run(main())\n"
    ),
    "a thread that waits": (
        "stream = alchemy.stream(model, 'hello')\n"
        "next(iter(stream))\n"
        "threading.Thread(target=lambda: list(stream), daemon=True).start()\n"
        "time.sleep(0.2)\n"
    ),
    "a client": "client = alchemy.Client()\nstream = client.stream(model, 'hello')\nnext(iter(stream))\n",
}


@pytest.mark.parametrize("way", EXITS)
def test_exit_with_an_open_stream(silent, way):
    """A program that ends with a stream open ends quietly, within a second or so."""
    program = (
        "import asyncio, sys, threading, time, alchemy\nmodel = alchemy.Model(id='m', base_url=sys.argv[1])\n"
        + EXITS[way]
    )
    program += "print('end', flush=True)\n"
    process = run_program(program, silent.url)
    assert process.stdout.readline() == "end\n"
    began = time.monotonic()
    output, errors = process.communicate(timeout=10)
    assert time.monotonic() - began < 2.5
    assert (output, errors, process.returncode) == ("", "", 0)
    assert silent.wait_closed(2)


def test_waiting_at_the_exit_ends(silent):
    """Who waits for an answer when the connections are closed at the exit already is told so, and does not hang."""
    program = (
        "import atexit, sys\n"
        "@atexit.register\n"
        "def late():\n"
        "    try:\n"
        "        stream.result()\n"
        "    except alchemy.AbortedError as error:\n"
        "        print('aborted', error.partial.stop_reason, flush=True)\n"
        "import alchemy\n"
        "stream = alchemy.stream(alchemy.Model(id='m', base_url=sys.argv[1]), 'hello')\n"
        "next(iter(stream))\n"
    )
    process = run_program(program, silent.url)
    output, errors = process.communicate(timeout=10)
    assert (output, errors, process.returncode) == ("aborted aborted\n", "", 0)


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
    assert silent.wait_closed(2)
