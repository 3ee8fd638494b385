"""However a stream or a wait is ended early, the server sees the connection close at once, and nothing is left."""

import asyncio
import functools
import inspect
import random
import socket
import threading
import time

import alchemy
import pytest
from dialects import DIALECTS
from servers import HOST, Pause, Stall, chunk, event
from ways import ENDS, READ_IN_PART, WAITS, the_loop, the_result

PROMPTLY = 0.05


class Maker:
    """Makes streams to one server: called, or by `complete`, the other verb."""

    def __init__(self, model, client=alchemy, **options) -> None:
        self.open = functools.partial(client.stream, model, "hello", **options)
        self.complete = functools.partial(client.complete_async, model, "hello", **options)
        self.kept = None

    def __call__(self):
        return self.open()


def model_of(server, wire=DIALECTS[0]) -> alchemy.Model:
    return alchemy.Model(id="m", base_url=server.url, api=wire.api)


def run(way, *arguments) -> float:
    """Takes a way, in a loop of its own if it is a coroutine; what a loop leaves behind is looked for."""
    if not inspect.iscoroutinefunction(way):
        return way(*arguments)

    async def main() -> float:
        began = await way(*arguments)
        if way.__name__ != "leave_it_to_the_end_of_the_loop":
            assert asyncio.all_tasks() == {asyncio.current_task()}
        return began

    return asyncio.run(main(), debug=True)


def best_of_three(measure, limit: float) -> float:
    """The shortest of three times; one that keeps the limit is enough."""
    times = []
    for _ in range(3):
        times.append(measure())
        if times[-1] <= limit:
            break
    return min(times)


def closed_after(server, began: float, number: int) -> float:
    """How long after the call the server saw the connection close."""
    assert server.connections[number].closed.wait(5), "the connection stays open"
    seconds = server.connections[number].closed_at - began
    assert seconds > 0, "the connection was closed before it was to be"
    return seconds


def endless(wire) -> list:
    """An answer that goes on and on, a piece every few milliseconds."""
    return wire.script(*wire.hello, *[step for _ in range(2000) for step in (*wire.there, Pause(0.003))])


@pytest.mark.parametrize("way", READ_IN_PART, ids=lambda way: way.__name__)
@pytest.mark.parametrize("pace", ["still", "endless"])
def test_the_server_sees_a_stream_end(serve, at, wire, way, pace):
    """Within 50 ms of the call, over each protocol, whether the answer pauses or goes on."""
    server = serve(wire.script(*wire.hello, Stall()) if pace == "still" else endless(wire))
    make = Maker(at(server))

    def measure() -> float:
        number = len(server.connections)
        return closed_after(server, run(way, make), number)

    assert best_of_three(measure, PROMPTLY) <= PROMPTLY


class Handshaker:
    """A server that accepts connections and never answers the client's first words of TLS."""

    def __init__(self) -> None:
        self.listener = socket.create_server((HOST, 0))
        self.url = f"https://{HOST}:{self.listener.getsockname()[1]}"
        self.connections = []
        self.greeted = threading.Semaphore(0)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(self)
            self.closed = threading.Event()
            with accepted:
                accepted.recv(65536)
                self.greeted.release()
                accepted.recv(65536)
                self.closed_at = time.monotonic()
                self.closed.set()

    def wait_requests(self, _count) -> None:
        self.greeted.acquire(timeout=5)

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


# Where the protocol makes no difference, one stands for all.
PHASES = [
    ("connecting", 0),
    ("waiting for the head", 0),
    ("waiting for an event", 1),
    ("waiting for an event", 2),
    ("in the middle", 0),
    ("in the middle", 3),
]


@pytest.fixture(params=PHASES, ids=lambda phase: f"{phase[0]}-{DIALECTS[phase[1]]}")
def phase(request, serve):
    """A server that keeps a request in one phase, and a coroutine function that waits for the phase."""
    name, wire = request.param[0], DIALECTS[request.param[1]]
    if name == "connecting":
        server = Handshaker()
    else:
        scripts = {
            "waiting for the head": [Stall()],
            "waiting for an event": wire.script(*wire.hello, Stall()),
            "in the middle": endless(wire),
        }
        server = serve(scripts[name])
    done = 0

    async def reached() -> None:
        nonlocal done
        done += 1
        await asyncio.to_thread(server.wait_requests, done)
        # What the server sends at once is there, and the wait for more has begun.
        await asyncio.sleep(0.02)

    yield server, Maker(model_of(server, wire)), reached
    server.stop()


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: wait.__name__)
def test_the_server_sees_a_wait_end(phase, wait, end):
    """Within 50 ms of the cancel, in each phase."""
    server, make, reached = phase

    async def ended() -> float:
        return await end(wait(make), reached)

    ended.__name__ = end.__name__

    def measure() -> float:
        number = len(server.connections)
        return closed_after(server, run(ended), number)

    assert best_of_three(measure, PROMPTLY) <= PROMPTLY


@pytest.mark.parametrize("form", ["for", "result"])
def test_close_in_another_thread_ends_a_blocked_wait(phase, form):
    """The waiting thread is told within 50 ms, and so is the server."""
    server, make, reached = phase
    caught = []

    def read(stream) -> None:
        try:
            list(stream) if form == "for" else stream.result()
        except alchemy.AbortedError as error:
            caught.append((error, time.monotonic()))

    def measure() -> float:
        number = len(server.connections)
        caught.clear()
        stream = make()
        reader = threading.Thread(target=read, args=(stream,))
        reader.start()
        asyncio.run(reached())
        began = time.monotonic()
        stream.close()
        reader.join(5)
        assert not reader.is_alive()
        assert caught[0][0].partial.stop_reason == "aborted"
        return max(closed_after(server, began, number), caught[0][1] - began)

    assert best_of_three(measure, PROMPTLY) <= PROMPTLY


@pytest.mark.parametrize(
    ("way", "loop"),
    [(way, "asyncio") for way in READ_IN_PART]
    + [(way, "uvloop") for way in READ_IN_PART if inspect.iscoroutinefunction(way)],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_two_hundred_streams_leave_nothing(serve, holdings, way, loop):
    """No descriptor, thread, stream, message, task or loop is left of 200 streams that were ended in this way."""
    if not inspect.iscoroutinefunction(way):
        once = way
    else:
        runner = asyncio.run if loop == "asyncio" else pytest.importorskip("uvloop").run

        def once(make):
            runner(way(make))

    server = serve(DIALECTS[0].script(*DIALECTS[0].hello, Stall()))
    with alchemy.Client() as client:
        make = Maker(model_of(server), client)
        once(make)
        server.wait_closed(2)
        held = holdings()
        for _ in range(200):
            once(make)
        assert held.grown() == {}


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
@pytest.mark.parametrize("wait", [the_loop, the_result], ids=lambda wait: wait.__name__)
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_two_hundred_waits_leave_nothing(serve, holdings, loop, wait, end):
    """The same of 200 waits, each in a loop of its own."""
    runner = asyncio.run if loop == "asyncio" else pytest.importorskip("uvloop").run
    server = serve(DIALECTS[0].script(*DIALECTS[0].hello, Stall()))

    async def reached() -> None:
        await asyncio.to_thread(server.wait_requests, wanted)

    with alchemy.Client() as client:
        make = Maker(model_of(server), client)

        def once() -> None:
            async def main() -> None:
                await end(wait(make), reached)

            runner(main())

        wanted = 1
        once()
        held = holdings()
        for _ in range(200):
            wanted += 1
            once()
        assert held.grown() == {}


def test_what_comes_after_a_close_has_no_gap(serve):
    """Events that are read while another thread closes the stream are the answer's beginning, and so is the partial message."""
    completions = DIALECTS[0]
    pieces = [f"{number} " for number in range(4000)]
    steps = [event(chunk({"content": piece})) for piece in pieces]
    batches = [b"".join(steps[place : place + 100]) for place in range(0, len(steps), 100)]
    server = serve(completions.script(*batches, Stall()))
    chance = random.Random(3)
    whole = "".join(pieces)
    for _ in range(60):
        stream = alchemy.stream(model_of(server), "hello")
        text = ""
        closer = threading.Timer(chance.uniform(0, 0.02), stream.close)
        closer.start()
        while True:
            try:
                each = next(stream)
            except alchemy.AbortedError as error:
                caught = error
                break
            if isinstance(each, alchemy.TextDelta):
                text += each.delta
        closer.join()
        assert whole.startswith(text)
        assert whole.startswith(caught.partial.text)
        assert caught.partial.text == stream.message.text
