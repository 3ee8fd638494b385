"""Requests that find a connection: the thread that asks writes them, and another one reads what comes."""

import asyncio
import sys
import time

import alchemy
import pytest
from programs import ended, run_program
from servers import Pause, Server, Stall, answer, completion

WHOLE = answer(completion())
posix = pytest.mark.skipif(sys.platform == "win32", reason="forks of POSIX")


def by_stream(client, model, **options) -> str:
    return client.stream(model, "hello", **options).result().text


def by_async_stream(client, model, **options) -> str:
    async def read() -> str:
        return (await client.stream(model, "hello", **options).result_async()).text

    return asyncio.run(read())


def by_complete_async(client, model, **options) -> str:
    async def ask() -> str:
        return (await client.complete_async(model, "hello", **options)).text

    return asyncio.run(ask())


ASKED = pytest.mark.parametrize("ask", [by_stream, by_async_stream, by_complete_async])


@ASKED
def test_each_way_uses_the_connection_that_is_there(ask, serve, at):
    """Whoever asks, and whatever for."""
    server = serve()
    with alchemy.Client() as client:
        for _ in range(5):
            assert ask(client, at(server.url)) == "Hello there."
            # The end of an answer is told a moment before its connection is free.
            time.sleep(0.05)
    assert (len(server.requests), len(server.connections)) == (5, 1)


@ASKED
def test_the_limits_of_time_hold(ask, serve, at):
    """The reading thread keeps the time of a request that it has not sent."""
    late = []
    for _ in range(3):
        server = serve(WHOLE, [Stall()])
        with alchemy.Client(retries=0) as client:
            ask(client, at(server.url))
            time.sleep(0.05)
            began = time.monotonic()
            with pytest.raises(alchemy.FirstEventTimeoutError):
                ask(client, at(server.url), timeout=alchemy.Timeout(first_event=0.3))
            late.append(time.monotonic() - began - 0.3)
        assert (len(server.requests), len(server.connections)) == (2, 1)
        if late[-1] < 0.1:
            break
    assert 0 <= min(late) < 0.1


@pytest.mark.parametrize("end", ["close", "drop", "cancel"])
def test_an_end_closes_the_connection(end, serve, at):
    """A request that was begun and not answered goes with whoever gives it up."""
    server = serve(WHOLE, [Stall()])
    with alchemy.Client() as client:
        assert by_stream(client, at(server.url)) == "Hello there."
        time.sleep(0.05)

        async def give_up() -> None:
            stream = client.stream(at(server.url), "hello")
            task = asyncio.ensure_future(stream.result_async() if end == "cancel" else anext(stream))
            assert await asyncio.to_thread(server.wait_requests, 2)
            if end == "close":
                stream.close()
                with pytest.raises(alchemy.AbortedError):
                    await task
                return
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            if end == "drop":
                del stream, task

        asyncio.run(give_up())
        assert server.wait_closed()
    assert (len(server.requests), len(server.connections)) == (2, 1)


@posix
def test_a_fork_leaves_it_to_the_parent():
    """The child of a process in which a request is under way neither reads nor ends it."""
    program = (
        "client = alchemy.Client()\n"
        "model = at(sys.argv[1])\n"
        "client.stream(model, 'hello').result()\n"
        "time.sleep(0.05)\n"
        "stream = client.stream(model, 'hello')\n"
        "async def main():\n"
        "    task = asyncio.ensure_future(stream.result_async())\n"
        "    await asyncio.sleep(0.3)\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        del globals()['stream']\n"
        "        said = client.complete(at(sys.argv[2]), 'hello').text\n"
        "        os.write(1, f'child: {said}\\n'.encode())\n"
        "        os._exit(0)\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "    print('parent:', (await task).text)\n"
        "asyncio.run(main())\n"
    )
    with Server(WHOLE, [Pause(1), *WHOLE]) as slow, Server() as other:
        flags = ("-X", "dev", "-W", "error", "-W", "ignore::DeprecationWarning")
        output, errors, status = ended(run_program(program, slow.url, other.url, flags=flags))
        assert (output, errors, status) == ("child: Hello there.\nparent: Hello there.\n", "", 0)
        assert (len(slow.requests), len(slow.connections)) == (2, 1)


def test_the_exit_does_not_wait_for_it():
    """A program ends while a request that it has begun is under way."""
    program = (
        "client = alchemy.Client()\n"
        "client.stream(model, 'hello').result()\n"
        "time.sleep(0.05)\n"
        "stream = client.stream(model, 'hello')\n"
        "thread = threading.Thread(target=next, args=(stream,), daemon=True)\n"
        "thread.start()\n"
        "time.sleep(0.3)\n"
        "print('over')\n"
    )
    with Server(WHOLE, [Stall()]) as server:
        assert ended(run_program(program, server.url)) == ("over\n", "", 0)
        assert (len(server.requests), len(server.connections)) == (2, 1)
