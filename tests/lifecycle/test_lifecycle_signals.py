"""Signals: Ctrl-C in each phase, handlers that raise, and signals that are not for the worker."""

import signal
import sys
import threading
import time

import alchemy
import pytest
from programs import ended, run_program
from servers import (
    FINISH,
    HELLO,
    THERE,
    Pause,
    Request,
    Reset,
    Server,
    Stall,
    answer,
    chunk,
    event_stream,
    head,
    unaccepting,
)

pytestmark = [pytest.mark.alone, pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")]

LENGTH = head(headers=[("content-type", "application/json"), ("content-length", 1000)])
MIDDLE = event_stream(HELLO, *[step for _ in range(3000) for step in (THERE, Pause(0.003))])
SCRIPTS = {
    "connecting": None,
    "waiting for the head": [Stall()],
    "waiting for the rest of the head": [b"HTTP/1.1 200 OK\r\ncontent-type: text/", Stall()],
    "waiting for the body": [LENGTH + b'{"id": ', Stall()],
    "waiting for an event": event_stream(HELLO, Stall()),
    "waiting to try again": answer({}, 503, headers=[("retry-after", 30)]),
    "in the middle": MIDDLE,
}
CALLS = {
    "complete": "alchemy.complete(model, 'hello')",
    "for": "list(alchemy.stream(model, 'hello'))",
    "with": "with alchemy.stream(model, 'hello') as stream:\n        for event in stream: pass",
    "next": "stream = alchemy.stream(model, 'hello')\n    while True: next(stream)",
    "result": "stream = alchemy.stream(model, 'hello')\n    stream.result()",
    "complete_async": "asyncio.run(alchemy.complete_async(model, 'hello'))",
    "result_async": (
        "async def main():\n        await alchemy.stream(model, 'hello').result_async()\n    asyncio.run(main())"
    ),
    "async for": (
        "async def main():\n"
        "        async with alchemy.stream(model, 'hello') as stream:\n"
        "            async for event in stream: pass\n"
        "    asyncio.run(main())"
    ),
    "a loop without a runner": (
        "loop = asyncio.new_event_loop()\n"
        "    task = loop.create_task(alchemy.complete_async(model, 'hello'))\n"
        "    try:\n        loop.run_until_complete(task)\n"
        "    finally:\n"
        "        task.cancel()\n"
        "        loop.run_until_complete(asyncio.wait([task]))\n"
        "        loop.close()"
    ),
}
# Each call in the phases that are its own.
CONTROL_C = [
    *[(phase, "complete") for phase in SCRIPTS if phase != "in the middle"],
    *[(phase, call) for phase in SCRIPTS for call in ("for", "async for")],
    *[("in the middle", call) for call in CALLS],
    *[("waiting for an event", call) for call in CALLS],
    ("connecting", "complete_async"),
    ("waiting for the head", "result"),
]


@pytest.mark.parametrize(("phase", "call"), sorted(set(CONTROL_C)))
def test_control_c(phase, call):
    """Ctrl-C raises KeyboardInterrupt once, at once, the connection closes, and the program can go on asking."""
    program = (
        "print('ready', flush=True)\n"
        f"try:\n    {CALLS[call]}\n"
        "except KeyboardInterrupt:\n    print('interrupted', flush=True)\n"
        "try:\n    time.sleep(0.2)\n    stream = None\n"
        "    print(alchemy.complete(at(sys.argv[2]), 'hello').text, flush=True)\n"
        "except KeyboardInterrupt:\n    print('again', flush=True)\n"
    )
    script = SCRIPTS[phase]
    with Server(script or [Stall()]) as server, Server() as other, unaccepting() as nowhere:
        process = run_program(program, server.url if script else nowhere, other.url)
        assert process.stdout.readline() == "ready\n"
        if script:
            assert server.wait_requests()
        time.sleep(0.15)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert time.monotonic() - began < 1
        # One that is kept for the next request is closed later.
        assert not script or phase == "waiting to try again" or server.wait_closed(2)
        assert ended(process) == ("Hello there.\n", "", 0)


@pytest.mark.parametrize("call", ["complete", "for", "result", "next"])
def test_a_handler_may_raise_anything(call):
    """What a signal's handler raises ends the wait as it is, and later calls work."""
    program = (
        "class Late(Exception): pass\n"
        "def late(*_): raise Late('too late')\n"
        "signal.signal(signal.SIGALRM, late)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.3)\n"
        f"try:\n    {CALLS[call]}\n"
        "except Late as error:\n    print(error)\n"
        "print(alchemy.complete(at(sys.argv[2]), 'hello').text)\n"
    )
    with Server(event_stream(HELLO, Stall())) as server, Server() as other:
        assert ended(run_program(program, server.url, other.url)) == ("too late\nHello there.\n", "", 0)


def test_a_handler_that_returns_changes_nothing():
    """A wait goes on after a signal whose handler returns."""
    program = (
        "seen = []\n"
        "signal.signal(signal.SIGALRM, lambda *_: seen.append(1))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)\n"
        "text = alchemy.stream(model, 'hello').result().text\n"
        "signal.setitimer(signal.ITIMER_REAL, 0)\n"
        "print(text, len(seen) > 3)\n"
    )
    with Server(event_stream(HELLO, Pause(0.5), THERE, Pause(0.5), FINISH, "[DONE]")) as server:
        assert ended(run_program(program, server.url)) == ("Hello there. True\n", "", 0)


def test_a_handler_may_close_the_stream():
    """A handler that closes the stream ends the wait for it."""
    program = (
        "stream = alchemy.stream(model, 'hello')\n"
        "signal.signal(signal.SIGALRM, lambda *_: stream.close())\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.2)\n"
        "try:\n    list(stream)\n"
        "except alchemy.AbortedError as error:\n    print(error.partial.text)\n"
    )
    with Server(event_stream(HELLO, Stall())) as server:
        assert ended(run_program(program, server.url)) == ("Hello\n", "", 0)


@pytest.mark.parametrize("call", ["for", "complete_async"])
def test_sigterm_ends_a_program_as_it_says(call):
    """A handler that exits, and none at all."""
    exits = f"signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\nprint('ready', flush=True)\n{{}}{CALLS[call]}\n"
    with Server(event_stream(HELLO, Stall())) as server:
        for program, status in ((exits, 3), (exits.replace("signal.signal", "(lambda *_: None)"), -signal.SIGTERM)):
            process = run_program(program.format(""), server.url)
            assert process.stdout.readline() == "ready\n"
            assert server.wait_requests()
            time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert ended(process) == ("", "", status)
            assert server.wait_closed(2)


class HangsUp(Server):
    """Takes a request for read when it has its first bytes."""

    def _read(self, connection) -> Request:
        connection.socket.recv(1000)
        time.sleep(0.02)
        return Request("POST", "/", {}, b"", connection.number)


def test_a_server_that_hangs_up_does_not_kill():
    """Where a program has given SIGPIPE back its power, a server that resets an upload is still only an error."""
    program = (
        "signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
        "for _ in range(5):\n"
        "    try:\n        alchemy.complete(model, 'x' * 20_000_000, retries=0)\n"
        "    except alchemy.ApiConnectionError:\n        print('broke')\n"
    )
    with HangsUp([Reset()]) as server:
        assert ended(run_program(program, server.url), 30) == ("broke\n" * 5, "", 0)


def test_signals_are_left_to_the_program():
    """A signal that every thread of the program blocks is kept for the one that waits for it, and kills nobody."""
    program = (
        "alchemy.complete(model, 'hello')\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
        "for _ in range(50):\n"
        "    os.kill(os.getpid(), signal.SIGUSR1)\n"
        "    assert signal.sigtimedwait([signal.SIGUSR1], 2).si_signo == signal.SIGUSR1\n"
    )
    with Server() as server:
        assert ended(run_program(program, server.url)) == ("", "", 0)


def test_a_loop_has_its_signal_handlers():
    """`loop.add_signal_handler` is called while a stream is waited for."""
    program = (
        "async def main():\n"
        "    task = asyncio.create_task(alchemy.complete_async(model, 'hello'))\n"
        "    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)\n"
        "    await asyncio.sleep(0.1)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    try:\n        await task\n"
        "    except asyncio.CancelledError:\n        print('cancelled')\n"
        "asyncio.run(main(), debug=True)\n"
    )
    with Server([Stall()]) as server:
        assert ended(run_program(program, server.url)) == ("cancelled\n", "", 0)


class InterruptionError(Exception):
    """Raised by the handler of a timer."""


def test_no_event_is_lost_to_handlers_that_raise(serve, at, monkeypatch):
    """A loop that is interrupted hundreds of times, wherever it is, has every event once and in order."""
    # One that comes in the middle of a finalizer is lost to Python itself, which tells so; pytest takes it for a failure.
    monkeypatch.setattr(sys, "unraisablehook", lambda _information: None)
    pieces = [f"{number} " for number in range(10_000)]
    steps = [
        step
        for number, piece in enumerate(pieces)
        for step in (chunk({"content": piece}), *([Pause(0.002)] if number % 50 == 0 else []))
    ]
    stream = alchemy.stream(at(serve(event_stream(*steps, FINISH, "[DONE]"))), "hello")
    events = []
    interruptions = 0
    armed = False

    def interrupt(*_) -> None:
        if armed:
            raise InterruptionError

    assert threading.current_thread() is threading.main_thread()
    former = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0007)
    try:
        while not events or not isinstance(events[-1], alchemy.Done):
            try:
                armed = True
                for event in stream:
                    events.append(event)  # noqa: PERF402
                armed = False
            except InterruptionError:
                armed = False
                interruptions += 1
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert [event.delta for event in events if isinstance(event, alchemy.TextDelta)] == pieces
    assert interruptions > 20
