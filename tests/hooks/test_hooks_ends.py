"""The end of a request is told exactly once, however it ends: closed, cancelled, dropped, forked, at the exit."""

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time

import alchemy
import alchemy._observing
import alchemy.hooks
import alchemy.local
import pytest
from hook_recorder import STEPS, Recorder, run
from servers import HELLO, TEXT, Server, Stall, answer, completion, event_stream

STALLED = event_stream(HELLO, Stall())
ABORTED = ["request_built", "attempt", "headers", "first_event", "error"]


def first_delta(stream):
    """Reads to the first words."""
    for event in stream:
        if isinstance(event, alchemy.TextDelta):
            return


def eventually(met, seconds=5.0):
    """Whether something becomes true in time."""
    ends = time.monotonic() + seconds
    while not met() and time.monotonic() < ends:
        time.sleep(0.01)
    return met()


def close(stream):
    first_delta(stream)
    stream.close()


def leave(stream):
    with stream:
        first_delta(stream)


def drop(stream):
    first_delta(stream)


def result_after(stream):
    first_delta(stream)
    stream.close()
    with pytest.raises(alchemy.AbortedError):
        stream.result()
    stream.close()


@pytest.mark.parametrize("end", [close, leave, drop, result_after])
def test_an_answer_that_is_given_up(serve, at, client, recorder, end):
    """Closing, leaving and dropping are told as `AbortedError`, once, with what had arrived."""
    server = serve(STALLED)
    end(client.stream(at(server), "hello"))
    assert recorder.names() == ABORTED
    error = recorder.detail("error")
    assert type(error) is alchemy.AbortedError
    assert error.partial.text == "Hello"
    assert server.wait_closed(2)


def test_a_stream_that_was_never_sent(client, recorder, serve, at):
    """What was built and dropped has an end, too."""
    server = serve()
    client.stream(at(server), "hello")
    stream = client.stream(at(server), "hello")
    stream.close()
    assert recorder.names() == ["request_built", "error"] * 2
    assert server.requests == []


def test_an_answer_that_was_whole_when_it_was_left(serve, at, client, recorder):
    """Whoever leaves after the last byte left a whole answer."""
    with client.stream(at(serve(event_stream(*TEXT))), "hello") as stream:
        next(iter(stream))
        assert eventually(lambda: stream._native.outcome() is not None)
    assert recorder.names()[-1] == "done"
    assert recorder.detail("done").text == "Hello there."


def test_cancelled_tasks(serve, at, client, recorder):
    """A task that is cancelled while it waits is told of before the cancellation reaches its caller."""
    server = serve([Stall()])

    async def cancelled(coroutine):
        task = asyncio.create_task(coroutine)
        await asyncio.to_thread(server.wait_requests, len(server.requests) + 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def within():
        async with client.stream(at(server), "hello") as stream:
            await anext(stream)

    async def main():
        for coroutine in (
            client.complete_async(at(server), "hello"),
            client.stream(at(server), "hello").result_async(),
            within(),
        ):
            recorder.told.clear()
            await cancelled(coroutine)
            assert recorder.names()[-1:] == ["error"]
            assert isinstance(recorder.detail("error"), alchemy.AbortedError)

    run(main())


class Careful(Recorder):
    """A hook that takes a lock, as tracers do."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def error(self, call, error):
        with self.lock:
            super().error(call, error)


def test_a_stream_that_the_garbage_collector_takes(serve, at):
    """It is told of, even if the collection interrupts whoever holds a lock that the hook takes."""
    recorder = Careful()
    with alchemy.Client(hooks=recorder) as client:
        cycle = [client.stream(at(serve(STALLED)), "hello")]
        first_delta(cycle[0])
        cycle.append(cycle)
        del cycle
        with recorder.lock:
            gc.collect()
        assert eventually(lambda: recorder.names() == ABORTED)
        assert threading.active_count() >= 1
    gc.collect()
    assert recorder.names() == ABORTED


def test_a_hook_that_closes_its_stream(serve, at):
    """A hook may touch the stream that it is told of: nothing hangs, and nothing is told twice."""
    recorder = Recorder()
    streams = []

    class Closing(alchemy.hooks.Hooks):
        def first_event(self, call):
            streams[0].close()

    with alchemy.Client(hooks=[Closing(), recorder]) as client:
        streams.append(client.stream(at(serve(STALLED)), "hello"))
        with pytest.raises(alchemy.AbortedError):
            list(streams[0])
    assert recorder.names() == ABORTED


def test_a_hook_that_raises_is_logged(serve, at, recorder, caplog):
    """Whatever a hook raises, the answer arrives, the other hooks are told, and the log has the traceback."""

    class Broken(alchemy.hooks.Hooks):
        """Fails at each step."""

    def fail(self, call, *detail):
        raise ZeroDivisionError("broken")

    for name in STEPS:
        setattr(Broken, name, fail)
    with alchemy.Client(hooks=[Broken(), recorder], options={"api_key": "secret-key"}) as client:
        assert client.complete(at(serve(answer(completion()))), "hello").text == "Hello there."
    assert recorder.names() == ["request_built", "attempt", "headers", "first_event", "done"]
    records = [record for record in caplog.records if record.name == "alchemy" and record.levelname == "ERROR"]
    assert [record.getMessage() for record in records] == [
        f"the hook Broken.{name} failed; the request goes on" for name in recorder.names()
    ]
    assert all(record.exc_info[0] is ZeroDivisionError for record in records)
    assert "secret" not in caplog.text


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_ends_a_program_passes(serve, at, recorder, kind):
    """`KeyboardInterrupt` and `SystemExit` of a hook reach the caller; the end is told all the same."""

    class Stopping(alchemy.hooks.Hooks):
        def headers(self, call, response):
            raise kind

    with alchemy.Client(hooks=[Stopping(), recorder]) as client:
        stream = client.stream(at(serve(STALLED)), "hello")
        with pytest.raises(kind):
            first_delta(stream)
        stream.close()
        with pytest.raises(kind):
            client.complete(at(serve()), "hello")
    calls = list(dict.fromkeys(call for _, call, _ in recorder.told))
    assert recorder.names(calls[0]) in (ABORTED, [name for name in ABORTED if name != "first_event"])
    assert recorder.names(calls[1])[-1] == "done"


def test_a_local_model_that_does_not_start(client, recorder, monkeypatch):
    """The error that is raised is the one that is told, in each way to ask."""

    def ensure(base_url):
        raise alchemy.LocalModelError("the model is not installed")

    monkeypatch.setattr(alchemy.local, "ensure", ensure)
    model = alchemy.Model(id="m", provider="local", base_url="local:smollm2-135m")
    stream = client.stream(model, "hello")

    async def complete():
        return await client.complete_async(model, "hello")

    async def result():
        return await client.stream(model, "hello").result_async()

    for ask in (
        stream.result,
        lambda: client.complete(model, "hello"),
        lambda: run(complete()),
        lambda: run(result()),
    ):
        recorder.told[:] = recorder.told[:1] if ask == stream.result else []
        with pytest.raises(alchemy.LocalModelError) as caught:
            ask()
        assert recorder.names() == ["request_built", "error"]
        assert recorder.detail("error") is caught.value
    stream.close()
    assert recorder.names() == ["request_built", "error"]


def test_a_local_model_has_its_address_once_it_runs(serve, monkeypatch):
    """Where its server listens is not known when the request is built."""
    server = serve()
    seen = []

    class Looking(alchemy.hooks.Hooks):
        def request_built(self, call):
            seen.append((call.server_address, call.server_port))

        def attempt(self, call, number):
            seen.append((call.server_address, call.server_port))

    monkeypatch.setattr(alchemy.local, "ensure", lambda base_url: (server.url, "secret-key"))
    model = alchemy.Model(id="m", provider="local", base_url="local:smollm2-135m")
    with alchemy.Client(hooks=Looking()) as client:
        client.complete(model, "hello")
    assert seen == [(None, None), ("127.0.0.1", server.port)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_leaves_the_request_to_its_parent(serve, at, client, recorder):
    """The child tells nothing of a stream from before the fork, and all of its own requests; the parent goes on."""
    stream = client.stream(at(serve(STALLED)), "hello")
    first_delta(stream)
    told = len(recorder.told)
    answering = at(serve(answer(completion())))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            stream.close()
            del stream
            alchemy._observing._leave()
            quiet = len(recorder.told) == told
            client.complete(answering, "hello")
            own = recorder.names()[told:] == ["request_built", "attempt", "headers", "first_event", "done"]
            code = 0 if quiet and own else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(recorder.told) == told
    stream.close()
    assert recorder.names() == ABORTED


HOOK = """
import asyncio, atexit, sys, threading, time
import alchemy, alchemy.hooks
class Printing(alchemy.hooks.Hooks):
    def error(self, call, error):
        print(type(error).__name__, error.partial.text, flush=True)
    def done(self, call, message):
        print("done", message.text, flush=True)
client = alchemy.Client(hooks=Printing())
model = alchemy.Model(id="m", base_url=sys.argv[1])
def first_delta(stream):
    for event in stream:
        if isinstance(event, alchemy.TextDelta):
            return
stream = client.stream(model, "hello")
"""

EXITS = {
    "open": "first_delta(stream)",
    "a thread that waits": ("threading.Thread(target=lambda: list(stream), daemon=True).start()\ntime.sleep(0.3)\n"),
    "in a cycle": "first_delta(stream)\nstream = [stream]\nstream.append(stream)\n",
    "asyncio": (
        "async def main():\n"
        "    async for event in stream:\n"
        "        if isinstance(event, alchemy.TextDelta):\n"
        "            return\n"
        "asyncio.run(main())\n"
    ),
    "an error of the program": "first_delta(stream)\nsys.exit(0)\n",
}


@pytest.mark.parametrize("exit_", EXITS)
def test_the_exit_of_a_program_is_an_end(exit_):
    """A program that ends with a stream open tells its hooks so, and is quiet otherwise."""
    with Server(STALLED) as server:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", HOOK + EXITS[exit_], server.url],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert (done.stdout, done.stderr, done.returncode) == ("AbortedError Hello\n", "", 0)
        assert server.wait_closed(2)


def test_what_was_whole_at_the_exit_is_told_as_whole():
    """An answer that nobody has read to its end, but that has arrived, is whole."""
    with Server(event_stream(*TEXT)) as server:
        code = HOOK + "next(iter(stream))\ntime.sleep(0.5)\n"
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, server.url],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("done Hello there.\n", "")


NOTHING_LOADED = """
import sys, alchemy
model = alchemy.Model(id="m", base_url=sys.argv[1])
client = alchemy.Client()
client.complete(model, "hello")
for event in client.stream(model, "hello", errors="event"):
    pass
watched = ("alchemy.hooks", "alchemy._observing", "alchemy.opentelemetry", "opentelemetry", "logging")
print(sorted(set(sys.modules) & set(watched)), type(client.stream(model, "hello")).__name__)
"""


def test_a_request_that_nobody_watches_loads_nothing():
    """Neither hooks, nor `logging`, nor OpenTelemetry; and the stream is a plain one."""
    with Server() as server:
        done = subprocess.run(
            [sys.executable, "-c", NOTHING_LOADED, server.url], capture_output=True, text=True, timeout=30, check=False
        )
    assert (done.stdout, done.stderr) == ("[] MessageStream\n", "")
