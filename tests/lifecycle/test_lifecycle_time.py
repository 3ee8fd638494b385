"""Time limits: each phase has its own, its own error, and holds to within 100 ms."""

import asyncio
import contextlib
import json
import socket
import threading
import time
import zlib

import alchemy
import pytest
from dialects import DIALECTS
from servers import HOST, STREAM_HEAD, Pause, Server, Stall, Until, framed, head, unaccepting

pytestmark = pytest.mark.alone

EXACTLY = 0.1
LIMIT = 0.2
ERRORS = {
    "connect": alchemy.ConnectTimeoutError,
    "first_event": alchemy.FirstEventTimeoutError,
    "idle": alchemy.IdleTimeoutError,
    "total": alchemy.TotalTimeoutError,
}
COMMENT = framed(b": still here\n\n")


def slowly(data: bytes, pause: float = 0.03) -> list:
    """Data, a byte at a time."""
    return [step for byte in data for step in (bytes([byte]), Pause(pause))]


def slow_chunks(data: bytes) -> list:
    """A chunked body, a byte at a time."""
    return [step for byte in data for step in (framed(bytes([byte])), Pause(0.03))]


def trickle(steps) -> list:
    """Steps again and again, for longer than any limit here."""
    return [step for _ in range(100) for step in (*steps, Pause(0.03))]


def pings(wire) -> tuple:
    """What the protocol sends to keep a connection alive, beside comments."""
    return tuple(step for step in wire.begin if isinstance(step, bytes) and b"ping" in step)


WHOLE_HEAD = head(headers=[("content-type", "application/json"), ("transfer-encoding", "chunked")])
# What the server does, by the limit that it runs into.
STREAMED = {
    "first_event: no head": lambda _wire: [Stall()],
    "first_event: half a head": lambda _wire: [STREAM_HEAD[:40], Stall()],
    "first_event: a slow head": lambda _wire: slowly(STREAM_HEAD),
    "first_event: interim answers": lambda _wire: trickle([b"HTTP/1.1 103 Early Hints\r\n\r\n"]),
    "first_event: no event": lambda _wire: [STREAM_HEAD, Stall()],
    "first_event: comments and no event": lambda _wire: [STREAM_HEAD, *trickle([COMMENT])],
    "first_event: an event, a byte at a time": lambda wire: [
        STREAM_HEAD,
        *slow_chunks(json.dumps(wire.api).encode() * 9),
    ],
    "idle: silence": lambda wire: wire.script(*wire.hello, Stall()),
    "idle: silence in the middle of an event": lambda wire: wire.script(*wire.hello, framed(b'data: {"id": '), Stall()),
    "total: text": lambda wire: wire.script(*wire.hello, *trickle(wire.there)),
    "total: comments": lambda wire: wire.script(*wire.hello, *trickle([COMMENT])),
    "total: pings": lambda wire: wire.script(*wire.hello, *trickle(pings(wire) or [COMMENT])),
    "total: an event, a byte at a time": lambda wire: wire.script(*wire.hello, *slow_chunks(b"data: " + b" " * 90)),
}
WHOLE = {
    "first_event: no head": lambda _wire: [Stall()],
    "first_event: a slow head": lambda _wire: slowly(WHOLE_HEAD),
    "first_event: no body": lambda _wire: [WHOLE_HEAD, Stall()],
    "first_event: half a body": lambda wire: [WHOLE_HEAD, framed(json.dumps(wire.whole).encode()[:-9]), Stall()],
    "first_event: a slow body": lambda wire: [WHOLE_HEAD, *slow_chunks(json.dumps(wire.whole).encode())],
    "total: half a body": lambda wire: [WHOLE_HEAD, framed(json.dumps(wire.whole).encode()[:-9]), Stall()],
}


class Sync:
    @staticmethod
    def result(stream):
        return stream.result()

    @staticmethod
    def events(stream):
        return list(stream)

    @staticmethod
    def complete(*arguments, client=alchemy, **options):
        return client.complete(*arguments, **options)


class Async:
    @staticmethod
    def result(stream):
        return asyncio.run(stream.result_async())

    @staticmethod
    def events(stream):
        async def collect():
            return [event async for event in stream]

        return asyncio.run(collect())

    @staticmethod
    def complete(*arguments, client=alchemy, **options):
        return asyncio.run(client.complete_async(*arguments, **options))


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def drive(request):
    """The same steps, synchronously and by asyncio."""
    return request.param


def runs_out(phase: str, call, limit: float = LIMIT) -> alchemy.ApiTimeoutError:
    """The error of a call that ends by a limit, exactly at its time: the best of three tries."""
    for last in (False, False, True):
        began = time.monotonic()
        with pytest.raises(ERRORS[phase]) as caught:
            call()
        late = time.monotonic() - began - limit
        if -0.005 <= late <= EXACTLY or last:
            break
    assert -0.005 <= late <= EXACTLY
    error = caught.value
    assert type(error) is ERRORS[phase]
    assert isinstance(error, TimeoutError)
    assert error.seconds == limit
    assert f" {limit} s (timeout.{phase})" in str(error)
    return error


def only(phase: str, limit: float = LIMIT) -> alchemy.Timeout:
    """One limit that is near, and the others far away."""
    return alchemy.Timeout(**{name: limit if name == phase else 20 for name in ERRORS})


def cases(table) -> list:
    """Each case over each protocol, where its bytes have one."""
    return [
        pytest.param(case, wire, id=f"{case}-{wire}")
        for case in table
        for wire in (DIALECTS[:1] if "head" in case or "interim" in case else DIALECTS)
    ]


@pytest.mark.parametrize(("case", "wire"), cases(STREAMED))
def test_a_stream_runs_out_of_time(drive, serve, case, wire):
    """Each limit of a stream, over each protocol; what had arrived is kept, and the connection closes at once."""
    phase = case.partition(":")[0]
    server = serve(STREAMED[case](wire))
    model = alchemy.Model(id="m", base_url=server.url, api=wire.api)
    error = runs_out(phase, lambda: drive.events(alchemy.stream(model, "hello", timeout=only(phase))))
    assert server.wait_closed(1)
    assert error.partial.text.startswith("" if phase == "first_event" else "Hello")
    assert error.partial.stop_reason == "error"


@pytest.mark.parametrize(("case", "wire"), cases(WHOLE))
def test_a_whole_answer_runs_out_of_time(drive, serve, case, wire):
    """Each limit of an answer that is not streamed: it is one event, so its pauses do not count."""
    phase = case.partition(":")[0]
    server = serve(WHOLE[case](wire))
    model = alchemy.Model(id="m", base_url=server.url, api=wire.api)
    error = runs_out(phase, lambda: drive.complete(model, "hello", timeout=only(phase)))
    assert server.wait_closed(1)
    assert error.partial.content == ()


class Mute(Server):
    """Accepts connections and says nothing: no word of TLS, and none as a proxy."""

    def _read(self, connection) -> None:
        while not self._gone(connection, 1):
            pass


@contextlib.contextmanager
def no_tls():
    with Mute() as server:
        yield server.url.replace("http:", "https:"), {}


@contextlib.contextmanager
def no_tunnel():
    with Mute() as server:
        yield "https://example.invalid", {"proxy": server.url}


@contextlib.contextmanager
def no_connection():
    with unaccepting() as url:
        yield url, {}


@pytest.mark.parametrize("verb", ["stream", "complete"])
@pytest.mark.parametrize("place", [no_connection, no_tls, no_tunnel], ids=lambda place: place.__name__)
def test_a_connection_runs_out_of_time(drive, place, verb):
    """The connection, its TLS and a proxy's part are within `connect`."""
    with place() as (url, settings), alchemy.Client(**settings) as client:
        model = alchemy.Model(id="m", base_url=url)

        def call():
            # The limit is that of one attempt.
            options = {"timeout": only("connect"), "retries": 0}
            if verb == "stream":
                return drive.result(client.stream(model, "hello", **options))
            return drive.complete(model, "hello", client=client, **options)

        assert runs_out("connect", call).partial.content == ()


@pytest.mark.parametrize("phase", ["first_event", "total"])
def test_a_connection_counts_for_what_follows_it(phase):
    """The clocks of the first event and of the total run from the send, the connection included."""
    with unaccepting() as url:
        model = alchemy.Model(id="m", base_url=url)
        runs_out(phase, lambda: alchemy.complete(model, "hello", timeout=only(phase)))


@pytest.mark.parametrize("phase", ["first_event", "total"])
def test_a_request_that_nobody_reads(drive, phase):
    """A large request that the server does not read runs into the limit of the first event, or the total."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((HOST, 0)))
        model = alchemy.Model(id="m", base_url=f"http://{HOST}:{listener.getsockname()[1]}")
        # Encoding that much takes a while, before the clocks are set.
        requests = iter([alchemy.stream(model, "x" * 30_000_000, timeout=only(phase)) for _ in range(3)])
        runs_out(phase, lambda: drive.result(next(requests)))


def test_a_request_that_is_read_slowly_is_sent(serve, at):
    """A server that takes its time to read is not taken for one that pauses."""
    server = serve()
    original = server._gone

    def slowly_gone(connection, seconds) -> bool:
        time.sleep(0.002)
        return original(connection, seconds)

    server._gone = slowly_gone
    timeout = alchemy.Timeout(connect=0.3, idle=0.3)
    assert alchemy.complete(at(server), "x" * 8_000_000, timeout=timeout).text == "Hello there."
    assert len(server.requests[0].json["messages"][0]["content"]) == 8_000_000


def test_pings_keep_an_answer_alive(drive, serve, at, wire):
    """Comments, and the protocol's own pings, say that the server is at work: a pause that they fill is none."""
    fill = [step for _ in range(12) for step in (*(pings(wire) or [COMMENT]), Pause(0.05))]
    server = serve(wire.script(*wire.hello, *fill, *wire.there, *wire.finish("Hello there.")))
    assert drive.result(alchemy.stream(at(server), "hello", timeout=only("idle"))).text == "Hello there."


def test_a_reader_that_pauses_is_no_pause(serve, at, wire):
    """An answer that waits for its reader, with the connection held back or not, runs into no limit but the total."""
    many = [step for _ in range(40_000) for step in wire.there]
    stream = alchemy.stream(
        at(serve(wire.script(*wire.hello, *many, *wire.finish("Hello" + " there." * 40_000)))),
        "hello",
        timeout=only("idle"),
    )
    next(stream)
    time.sleep(3 * LIMIT)
    assert len(stream.result().text) == 5 + 7 * 40_000


def test_the_total_runs_while_nobody_reads(serve, at, wire):
    """An answer that is held back for its reader is closed when its total is over, and says so to who reads it then."""
    many = [step for _ in range(40_000) for step in wire.there]
    server = serve(wire.script(*wire.hello, *many, Stall()))
    for last in (False, False, True):
        number = len(server.connections)
        began = time.monotonic()
        stream = alchemy.stream(at(server), "hello", timeout=only("total"))
        next(stream)
        assert server.connections[number].closed.wait(5)
        late = server.connections[number].closed_at - began - LIMIT
        with pytest.raises(alchemy.TotalTimeoutError):
            list(stream)
        if late <= EXACTLY or last:
            break
    assert late <= EXACTLY


def compressed(data: bytes = b"") -> list:
    """A stream whose bytes are there as fast as they can be unpacked: after the data, 7 million comments, 200 times."""
    packer = zlib.compressobj(wbits=31)
    begin = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
    # What follows a full flush can be unpacked without what came before it.
    more = packer.compress(b":\n" * 7_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    return [
        head(headers=[("content-type", "text/event-stream"), ("content-encoding", "gzip")]),
        begin,
        more * 200,
        Stall(),
    ]


def test_a_flood_of_comments_is_no_first_event(drive, serve, at):
    """A server that sends comments without a pause does not put the first event off."""
    server = serve(compressed())
    runs_out("first_event", lambda: drive.result(alchemy.stream(at(server), "hello", timeout=only("first_event"))))
    assert server.wait_closed(1)


def test_a_flood_after_the_end_is_not_waited_for(drive, serve, at):
    """A server that sends without a pause after the answer's last word does not put its end off."""
    completions = DIALECTS[0]
    steps = [*completions.hello, completions.finish("Hello")[0]]
    events = "".join(f"data: {json.dumps(step)}\n\n" for step in steps).encode()
    began = time.monotonic()
    stream = alchemy.stream(at(serve(compressed(events))), "hello", timeout=only("total", 9))
    assert drive.result(stream).text == "Hello"
    assert time.monotonic() - began < 4


def test_the_limits_of_many_at_once(serve, at):
    """Two hundred streams that stall end at their limits together, each to within 100 ms."""
    completions = DIALECTS[0]
    server = serve(completions.script(*completions.hello, Stall()))

    async def one() -> float:
        stream = alchemy.stream(at(server), "hello", timeout=only("total", 2.0))
        began = time.monotonic()
        with pytest.raises(alchemy.TotalTimeoutError):
            await stream.result_async()
        return time.monotonic() - began - 2.0

    async def main() -> list:
        return await asyncio.gather(*(one() for _ in range(200)))

    best = min((asyncio.run(main()) for _ in range(2)), key=max)
    assert max(best) <= EXACTLY
    assert min(best) >= -0.005


def test_a_limit_set_by_the_client_holds_for_its_calls(serve, at):
    """A client's limit is the call's unless it has its own."""
    server = serve([Stall()])
    with alchemy.Client(timeout=LIMIT) as client:
        runs_out("total", lambda: client.complete(at(server), "hello"))
        runs_out("total", lambda: client.complete(at(server), "hello", timeout=0.1), 0.1)


def test_an_answer_in_time_is_not_late(drive, serve, at, wire):
    """An answer whose last word came in time is whole, whatever the connection does after it."""
    go_on = threading.Event()
    server = serve(wire.script(*wire.text[len(wire.begin) :], Until(go_on), end=False))
    assert drive.result(alchemy.stream(at(server), "hello", timeout=only("total", 0.5))).text == "Hello there."
