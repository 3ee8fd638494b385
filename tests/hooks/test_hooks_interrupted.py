"""Telling that is interrupted: by a signal handler that closes the stream, by Ctrl-C, by what a hook raises."""

import dis
import gc
import itertools
import subprocess
import sys
import weakref

import alchemy
import alchemy._observing
import alchemy.hooks
import pytest
from hook_recorder import Recorder
from servers import HELLO, Server, Stall, event_stream

STEPS = ["request_built", "attempt", "headers", "first_event", "done"]


class Native:
    """Stands in for a native stream: gives what the test says has happened."""

    def __init__(self):
        self.happened = [("attempt", 1, 1)]

    def observations(self):
        happened, self.happened = self.happened, []
        return happened

    def outcome(self):
        return alchemy.AssistantMessage(content=[])

    def close(self):
        """There is no connection."""


class Call:
    """Stands in for the call that hooks are told."""

    started_ns = 0
    sent_ns = None
    server_address = "127.0.0.1"


def observer_of(*hooks):
    """An observer of a native stream that is no real one, and that stream."""
    native = Native()
    call = Call()
    return alchemy._observing.Observer(native, hooks, call), native


def at_each(points, interrupt, native, deliver):
    """Run `deliver`, and `interrupt` at the point of that number. Whether there was such a point."""
    before = {}
    count = itertools.count()
    reached = []

    def trace(frame, event, _):
        code = frame.f_code
        if code.co_filename != alchemy._observing.__file__:
            return None
        frame.f_trace_opcodes = True
        if code not in before:
            steps = list(dis.get_instructions(code))
            before[code] = {later.offset: earlier.opname for earlier, later in itertools.pairwise(steps)}
        # Where the interpreter looks whether a signal came: when it enters a function, calls one, or loops.
        looks = event == "call" or (
            event == "opcode" and before[code].get(frame.f_lasti, "").startswith(("CALL", "JUMP_BACKWARD"))
        )
        if looks and next(count) == points:
            reached.append(True)
            native.happened += [("head", 2, None), ("first_event", 3, None), ("end", 4, None)]
            interrupt()
        return trace

    earlier = sys.gettrace()
    sys.settrace(trace)
    try:
        deliver()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(earlier)
    return bool(reached)


def stop():
    raise KeyboardInterrupt


@pytest.mark.parametrize("raises", [False, True], ids=["closes", "raises"])
def test_a_signal_at_any_point(raises):
    """Wherever a signal handler closes the stream or raises, both hooks are told each step once, and in order."""
    point = 0
    while True:
        recorders = Recorder(), Recorder()
        observer, native = observer_of(*recorders)
        if not at_each(point, stop if raises else observer.deliver, native, observer.deliver):
            break
        if raises:
            # What is left is told the next time.
            observer.deliver()
        assert [recorder.names() for recorder in recorders] == [STEPS, STEPS], f"point {point}"
        point += 1
    assert point > 20


SIGNAL = """
import signal, sys
import alchemy, alchemy.hooks
class Printing(alchemy.hooks.Hooks):
    def error(self, call, error):
        print(type(error).__name__, flush=True)
stream = alchemy.Client(hooks=Printing()).stream(alchemy.Model(id="m", base_url=sys.argv[1]), "hello")
next(stream)
signal.signal(signal.SIGINT, lambda *_: stream.close())
native = stream._watcher._native
class Interrupted:
    def __getattr__(self, name):
        return getattr(native, name)
    def observations(self):
        if native.outcome() is None:
            signal.raise_signal(signal.SIGINT)
        return native.observations()
stream._watcher._native = Interrupted()
stream._watcher.deliver()
print("went on")
"""


def test_a_signal_handler_that_closes_the_stream_while_it_tells():
    """It waits for nothing, and the thread that it interrupted tells the end."""
    with Server(event_stream(HELLO, Stall())) as server:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", SIGNAL, server.url],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert (done.stdout, done.stderr) == ("AbortedError\nwent on\n", "")


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_a_stream_that_a_hook_interrupted_goes_when_it_is_dropped(serve, at, kind):
    """Nothing of ours keeps it, or what was raised, until the garbage collector runs."""

    class Stopping(alchemy.hooks.Hooks):
        def first_event(self, call):
            raise kind

    server = serve(event_stream(HELLO, Stall()))
    with alchemy.Client(hooks=Stopping()) as client:
        gc.collect()
        gc.disable()
        try:
            stream = client.stream(at(server), "hello")
            with pytest.raises(kind) as caught:
                next(stream)
            del caught
            dropped = weakref.ref(stream)
            del stream
            assert dropped() is None
            assert server.wait_closed(2)
        finally:
            gc.enable()
