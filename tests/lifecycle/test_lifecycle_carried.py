"""Whole answers that are waited for in sync code: the thread that waits carries its request itself."""

import asyncio
import sys
import threading
import time

import alchemy
import pytest
from programs import ended, run_program
from servers import Close, Pause, Server, Stall, answer, completion

WHOLE = answer(completion())
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and forks of POSIX")


def test_many_threads_at_once(serve, at):
    """More threads than there are runtimes for: the rest is carried elsewhere, and each has its own answer."""
    server = serve([Pause(0.5), *WHOLE])
    model, texts = at(server.url), []

    def work() -> None:
        texts.append(client.complete(model, "hello").text)

    with alchemy.Client() as client:
        threads = [threading.Thread(target=work) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert texts == ["Hello there."] * 50
    assert len(server.connections) == 50


@pytest.mark.alone
def test_threads_that_end_leave_nothing_open(serve, at, holdings):
    """The connection and the descriptors of a thread that has ended serve the threads after it."""
    server = serve()
    model = at(server.url)
    with alchemy.Client() as client:
        client.complete(model, "hello")
        before = holdings()
        for _ in range(20):
            thread = threading.Thread(target=client.complete, args=(model, "hello"))
            thread.start()
            thread.join(10)
        assert len(server.requests) == 21
        assert len(server.connections) == 1
        assert before.grown() == {}


def test_one_connection_serves_sync_and_async_calls(serve, at):
    """A connection goes from the thread that waits to the one that all streams share, and back."""
    server = serve()
    model = at(server.url)

    async def ask() -> str:
        return (await client.complete_async(model, "hello")).text

    with alchemy.Client() as client:
        for _ in range(5):
            assert client.complete(model, "hello").text == "Hello there."
            assert asyncio.run(ask()) == "Hello there."
            # The end of an answer is told a moment before its connection is free.
            time.sleep(0.05)
    assert len(server.requests) == 10
    assert len(server.connections) == 1


def test_a_connection_that_the_server_has_closed_is_noticed(serve, at):
    """No request is lost to a connection that was closed while nobody read it, though nothing is sent again."""
    server = serve([*WHOLE, Close()])
    with alchemy.Client(retries=0) as client:
        for _ in range(5):
            assert client.complete(at(server.url), "hello").text == "Hello there."
            # The server needs a moment to close.
            time.sleep(0.05)
    assert len(server.connections) == 5


def test_a_connection_with_bytes_that_nobody_asked_for_is_not_used(serve, at):
    """What comes behind an answer is not taken for the next one."""
    server = serve([*WHOLE, Pause(0.05), *answer(completion("Not this."))], WHOLE)
    with alchemy.Client() as client:
        client.complete(at(server.url), "hello")
        time.sleep(0.3)
        assert client.complete(at(server.url), "hello").text == "Hello there."
    assert len(server.connections) == 2


@posix
def test_a_handler_may_ask_too():
    """A signal's handler may ask while the thread that it interrupts waits for its answer."""
    program = (
        "def ask(*_): print('inner', alchemy.complete(at(sys.argv[2]), 'hello').text)\n"
        "signal.signal(signal.SIGALRM, ask)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.15)\n"
        "print('outer', alchemy.complete(model, 'hello').text)\n"
        "print(alchemy.complete(model, 'hello').text)\n"
    )
    with Server([Pause(0.6), *WHOLE]) as slow, Server() as other:
        expected = "inner Hello there.\nouter Hello there.\nHello there.\n"
        assert ended(run_program(program, slow.url, other.url)) == (expected, "", 0)
        assert [len(server.connections) for server in (slow, other)] == [1, 1]


@posix
def test_a_handler_may_fork():
    """The child of a handler has its parent's call end as one of another process; the parent's goes on."""
    program = (
        "def fork(*_):\n"
        "    global child\n"
        "    child = os.fork()\n"
        "child = None\n"
        "signal.signal(signal.SIGALRM, fork)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.15)\n"
        "try:\n    said = alchemy.complete(model, 'hello').text\n"
        "except alchemy.AlchemyError as error:\n    said = str(error)\n"
        "if child == 0:\n"
        "    os.write(1, f'child: {said}; {alchemy.complete(at(sys.argv[2]), \"hello\").text}\\n'.encode())\n"
        "    os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "print('parent:', said, alchemy.complete(model, 'hello').text)\n"
    )
    with Server([Pause(1), *WHOLE], WHOLE) as slow, Server() as other:
        flags = ("-X", "dev", "-W", "error", "-W", "ignore::DeprecationWarning")
        output, errors, status = ended(run_program(program, slow.url, other.url, flags=flags))
        assert (errors, status) == ("", 0)
        child, parent = output.splitlines()
        assert child.startswith("child: the stream was opened before this process was forked")
        assert child.endswith("; Hello there.")
        assert parent == "parent: Hello there. Hello there."
        # The child has taken nothing from the parent's connection.
        assert len(slow.connections) == 1


def test_the_exit_does_not_wait_for_a_daemon_thread():
    """A program ends while a daemon thread of it waits for an answer."""
    program = (
        "thread = threading.Thread(target=alchemy.complete, args=(model, 'hello'), daemon=True)\n"
        "thread.start()\n"
        "time.sleep(0.3)\n"
        "print('end')\n"
    )
    with Server([Stall()]) as server:
        assert ended(run_program(program, server.url), 5) == ("end\n", "", 0)
        assert server.wait_closed()
