"""`coalesce_ms=` and `coalesce_chars=`: neighbouring deltas become one, nothing is lost, nothing waits for longer."""

import asyncio
import math
import threading
import time

import alchemy
import pytest
from servers import FINISH, HELLO, THERE, Pause, Stall, Until, answer, chunk, event_stream

# Longer than any test may take: what is delivered all the same was not waited for.
EVER = 600_000
TRIES = 3


def deltas(events) -> list[str]:
    return [event.delta for event in events if isinstance(event, alchemy.TextDelta)]


def names(events) -> list[str]:
    return [type(event).__name__ for event in events]


def at_once(steps) -> list:
    """The same script, with neighbouring bytes in one write."""
    joined = []
    for step in steps:
        if joined and isinstance(step, bytes) and isinstance(joined[-1], bytes):
            joined[-1] += step
        else:
            joined.append(step)
    return joined


def until_delta(drive, stream):
    """Reads up to the next delta and returns its text."""
    while True:
        event = drive.first(stream)
        if isinstance(event, alchemy.TextDelta):
            return event.delta


def poll(look, value) -> None:
    """Waits until `look()` is the value."""
    ends = time.monotonic() + 10
    while look() != value:
        assert time.monotonic() < ends, look()
        time.sleep(0.005)


@pytest.fixture
def paused(serve, stream_of, wire):
    """A stream whose first delta, `Hello`, can be read, and whose other steps come once `go` is set."""

    def start(*steps, end=True, **options):
        go = threading.Event()
        server = serve(at_once(wire.script(*wire.hello, Until(go), *steps, end=end)))
        return stream_of(server, **options), go

    return start


# -- what is merged, and when it is delivered -------------------------------------------------------


@pytest.mark.parametrize("limits", [{"coalesce_ms": EVER}, {"coalesce_chars": 10_000}], ids=["time", "characters"])
def test_what_follows_ends_a_run(drive, paused, wire, limits):
    """The first delta is delivered at once; those after it are one, which comes before the event that ends them."""
    stream, go = paused(*wire.there * 20, *wire.finish("Hello" + " there." * 20), **limits)
    assert until_delta(drive, stream) == "Hello"
    go.set()
    events = drive.events(stream)
    assert names(events) == ["TextDelta", "TextEnd", "Done"]
    assert events[0].delta == " there." * 20
    assert events[1].block.text == events[2].message.text == "Hello" + " there." * 20


def test_a_number_of_characters_ends_a_run(drive, paused, wire):
    """A delta exceeds the number by less than its last piece, and characters are counted, not bytes."""
    stream, go = paused(*wire.there * 10, *wire.finish("Hello" + " there." * 10), coalesce_chars=20)
    assert until_delta(drive, stream) == "Hello"
    go.set()
    assert deltas(drive.events(stream)) == [" there." * 3] * 3 + [" there."]


def test_characters_are_those_of_python(drive, serve, stream_of):
    """Letters of several bytes count once."""
    go = threading.Event()
    pieces = [chunk({"content": "\u6f22\U0001f600"})] * 4
    stream = stream_of(serve(at_once(event_stream(HELLO, Until(go), *pieces, FINISH, "[DONE]"))), coalesce_chars=4)
    assert until_delta(drive, stream) == "Hello"
    go.set()
    assert deltas(drive.events(stream)) == ["\u6f22\U0001f600" * 2] * 2


def test_a_run_that_is_full_is_delivered_while_the_server_is_silent(drive, paused, wire):
    """Nothing need follow it."""
    stream, go = paused(*wire.there * 3, Stall(), end=False, coalesce_ms=EVER, coalesce_chars=21)
    assert until_delta(drive, stream) == "Hello"
    go.set()
    assert until_delta(drive, stream) == " there." * 3
    stream.close()


def test_time_ends_a_run(drive, paused, wire):
    """A delta is delivered when its time is over, though the server is silent: not before, and not long after."""
    late = []
    for _ in range(TRIES):
        stream, go = paused(*wire.there * 5, Stall(), end=False, coalesce_ms=200)
        assert until_delta(drive, stream) == "Hello"
        begun = time.monotonic()
        go.set()
        text = until_delta(drive, stream)
        took = time.monotonic() - begun
        stream.close()
        assert text == " there." * 5
        assert took >= 0.2
        late.append(took - 0.2)
        if late[-1] < 0.1:
            return
    pytest.fail(f"a delta was late each time, by {late} s")


def test_a_fraction_of_a_millisecond_is_a_time(drive, paused, wire):
    """Nothing is held for good."""
    stream, go = paused(*wire.there, Stall(), end=False, coalesce_ms=0.01)
    assert until_delta(drive, stream) == "Hello"
    go.set()
    assert until_delta(drive, stream) == " there."
    stream.close()


def test_a_paced_answer_has_fewer_deltas(drive, serve, stream_of):
    """Deltas that come every few milliseconds are merged by time, again and again."""
    steps = [step for _ in range(60) for step in (THERE, Pause(0.005))]
    stream = stream_of(serve(event_stream(HELLO, *steps, FINISH, "[DONE]")), coalesce_ms=120)
    events = drive.events(stream)
    assert "".join(deltas(events)) == "Hello" + " there." * 60
    # More than 300 ms in all, on any machine: at least a few deltas, and fewer than were sent.
    assert 3 <= len(deltas(events)) <= 45


def test_one_character_merges_nothing(drive, serve, at):
    """A call can ask for each delta by itself where its client merges them; who asks for neither has them anyway."""
    server = serve(event_stream(HELLO, *[THERE] * 500, FINISH, "[DONE]"))
    with alchemy.Client(options={"coalesce_ms": EVER}) as client:
        stream = client.stream(at(server), "hello", api_key="k", coalesce_chars=1)
        assert len(deltas(drive.events(stream))) == 501
    assert len(deltas(drive.events(alchemy.stream(at(server), "hello", api_key="k")))) == 501


def test_who_is_behind_gets_few_deltas(drive, serve, stream_of):
    """What waits is merged as far as the limits allow: all of it, or up to the number of characters."""
    for limits, most in (({"coalesce_ms": 1}, math.inf), ({"coalesce_ms": 1, "coalesce_chars": 700}, 700)):
        stream = stream_of(serve(event_stream(HELLO, *[THERE] * 1000, Stall(), end=False)), **limits)
        drive.first(stream)
        poll(lambda stream=stream: len(stream.message.text), 5 + 7000)
        time.sleep(0.05)
        got = []
        while sum(map(len, got)) < 7005:
            got.append(until_delta(drive, stream))
        stream.close()
        # The first event may have been taken before all was there.
        assert len(got) <= (3 if most == math.inf else 13)
        assert all(len(text) < most + 7 for text in got)


# -- blocks ------------------------------------------------------------------------------------------


def test_blocks_are_not_mixed(drive, serve, stream_of):
    """Thinking, text and two tool calls that take turns: only neighbours of one block become one."""

    def call(index, arguments, **more):
        return chunk(
            {"tool_calls": [{"index": index, "function": {"arguments": arguments, **more}, "id": f"c{index}"}]}
        )

    steps = [
        *[chunk({"reasoning_content": "hm "})] * 3,
        *[THERE] * 3,
        call(0, '{"a":', name="f"),
        call(0, "1"),
        call(1, '{"b":', name="g"),
        call(0, "2"),
        call(0, "}"),
        call(1, "3"),
        call(1, "}"),
    ]
    script = at_once(event_stream(*steps, chunk({}, "tool_calls"), "[DONE]"))
    events = drive.events(stream_of(serve(script), coalesce_ms=EVER))
    told = [(event.content_index, event.delta) for event in events if hasattr(event, "delta")]
    if told[0] == (0, "hm "):
        # It is delivered by itself where it is taken before the second is read.
        told[:2] = [(0, "hm " + told[1][1])]
    assert told == [
        (0, "hm hm hm "),
        (1, " there. there. there."),
        (2, '{"a":1'),
        (3, '{"b":'),
        (2, "2}"),
        (3, "3}"),
    ]
    assert [call.arguments for call in events[-1].message.tool_calls] == [{"a": 12}, {"b": 3}]


def test_what_is_held_can_be_seen(drive, paused, wire):
    """`message` has what has arrived, whether it was delivered or not."""
    stream, go = paused(*wire.there, Stall(), end=False, coalesce_ms=EVER)
    assert until_delta(drive, stream) == "Hello"
    go.set()
    poll(lambda: stream.message.text, "Hello there.")
    stream.close()


def test_arguments_that_are_held_can_be_seen(drive, serve, stream_of, wire):
    """So has `partial_arguments`."""
    go = threading.Event()
    script = wire.script(*wire.call, Until(go), *wire.call_more, Stall(), end=False)
    stream = stream_of(serve(at_once(script)), coalesce_chars=10_000)
    while not isinstance(event := drive.first(stream), alchemy.ToolCallDelta):
        pass
    assert stream.partial_arguments(event.content_index) == {"a": "x"}
    go.set()
    poll(lambda: stream.partial_arguments(event.content_index), {"a": "xy"})
    stream.close()


# -- ends ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [True, False], ids=["cut", "error"])
@pytest.mark.parametrize("errors", ["raise", "event"])
def test_a_failure_comes_after_what_was_held(drive, paused, wire, cut, errors):
    """Events that were made are delivered, and then the failure."""
    steps = () if cut else wire.error
    stream, go = paused(*wire.there * 3, *steps, coalesce_ms=EVER, coalesce_chars=10_000, errors=errors)
    assert until_delta(drive, stream) == "Hello"
    go.set()
    assert until_delta(drive, stream) == " there." * 3
    if errors == "event":
        assert names(drive.events(stream)) == ["ErrorEvent"]
        assert drive.result(stream).text == "Hello" + " there." * 3
    else:
        with pytest.raises(alchemy.ResponseError) as caught:
            drive.events(stream)
        assert caught.value.partial.text == "Hello" + " there." * 3


def test_a_pause_comes_after_what_was_held(drive, paused, wire):
    """An idle timeout is as long as ever, and what was held is delivered before it."""
    limits = alchemy.Timeout(idle=1.5)
    stream, go = paused(*wire.there * 3, Stall(), end=False, coalesce_ms=300, timeout=limits)
    assert until_delta(drive, stream) == "Hello"
    go.set()
    begun = time.monotonic()
    assert until_delta(drive, stream) == " there." * 3
    with pytest.raises(alchemy.IdleTimeoutError):
        drive.events(stream)
    assert 1.5 <= time.monotonic() - begun < 10


def test_closing_drops_what_is_held(drive, paused, wire):
    """As it does with any event that nobody has taken; the error has the message with it."""
    stream, go = paused(*wire.there, Stall(), end=False, coalesce_ms=EVER)
    assert until_delta(drive, stream) == "Hello"
    go.set()
    poll(lambda: stream.message.text, "Hello there.")
    drive.close(stream)
    with pytest.raises(alchemy.AbortedError) as caught:
        drive.first(stream)
    assert caught.value.partial.text == "Hello there."


def test_result_needs_no_delta(drive, paused, wire):
    """`result` gives the whole message, and drops what is held as it drops what waits."""
    stream, go = paused(*wire.there * 3, *wire.finish("Hello" + " there." * 3), coalesce_chars=10_000)
    assert until_delta(drive, stream) == "Hello"
    go.set()
    assert drive.result(stream).text == "Hello" + " there." * 3
    assert drive.events(stream) == []


def test_the_end_is_not_waited_for_once_it_was_told(drive, serve, stream_of):
    """After the finish reason a server may take its time; the text does not."""
    go, later = threading.Event(), threading.Event()
    script = event_stream(HELLO, Until(go), THERE, FINISH, Until(later), "[DONE]")
    stream = stream_of(serve(at_once(script)), coalesce_chars=10_000)
    assert until_delta(drive, stream) == "Hello"
    go.set()
    assert until_delta(drive, stream) == " there."
    assert "streaming" in repr(stream)
    later.set()
    assert names(drive.events(stream)) == ["TextEnd", "Done"]


# -- waits and consumers -------------------------------------------------------------------------------


def test_a_cancelled_wait_loses_nothing(paused, wire):
    """Waits that give up, over and over, leave what is held where it is."""
    stream, go = paused(*wire.there * 3, Stall(), end=False, coalesce_ms=800)

    async def run():
        async for event in stream:
            if isinstance(event, alchemy.TextDelta):
                break
        go.set()
        given_up = 0
        while True:
            try:
                return await asyncio.wait_for(anext(stream), 0.02), given_up
            except TimeoutError:
                given_up += 1

    event, given_up = asyncio.run(run())
    assert event.delta == " there." * 3
    assert given_up >= 3
    stream.close()


def test_threads_share_the_merged_events(serve, stream_of):
    """Two threads get every character once between them."""
    stream = stream_of(serve(event_stream(HELLO, *[THERE] * 2000, FINISH, "[DONE]")), coalesce_ms=1, coalesce_chars=50)
    seen = [[], []]
    readers = [threading.Thread(target=lambda own=own: own.extend(stream)) for own in seen]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(20)
    events = seen[0] + seen[1]
    assert sum(map(len, deltas(events))) == 5 + 7 * 2000
    assert names(events).count("Done") == 1
    assert stream.result().text == "Hello" + " there." * 2000


def test_tasks_share_the_merged_events(serve, stream_of):
    """So do two tasks."""
    server = serve(event_stream(HELLO, *[THERE, Pause(0.002)] * 100, FINISH, "[DONE]"))

    async def both():
        stream = stream_of(server, coalesce_ms=10)

        async def read():
            return [event async for event in stream]

        first, second = await asyncio.gather(read(), read())
        return first + second

    events = asyncio.run(both())
    assert sum(map(len, deltas(events))) == 5 + 7 * 100
    assert names(events).count("Done") == 1


def test_a_megabyte_that_is_held_stops_nothing(drive, serve, stream_of):
    """An answer larger than what is kept for a slow reader is read on while its text is held."""
    large = chunk({"content": "x" * 10_000})
    stream = stream_of(serve(event_stream(HELLO, *[large] * 400, FINISH, "[DONE]")), coalesce_chars=10**9)
    events = drive.events(stream)
    assert sum(map(len, deltas(events))) == 5 + 4_000_000
    assert len(deltas(events)) < 20


# -- options -------------------------------------------------------------------------------------------


def test_a_client_merges_by_default(drive, serve, at, wire):
    """A client's options hold for each of its streams, and mean nothing to `complete`."""
    streamed = at_once(wire.script(*wire.hello, *wire.there * 20, *wire.finish("Hello" + " there." * 20)))
    server = serve(streamed, answer(wire.whole))
    with alchemy.Client(options=alchemy.Options(coalesce_chars=10_000)) as client:
        events = drive.events(client.stream(at(server), "hello", api_key="k"))
        assert "".join(deltas(events)) == "Hello" + " there." * 20
        # The first is delivered by itself where it is taken before the second is read.
        assert len(deltas(events)) <= 2
        assert client.complete(at(server), "hello", api_key="k").text == "Hello there."


@pytest.mark.parametrize(
    ("name", "value"),
    [("coalesce_ms", value) for value in (0, -1, -0.5, math.nan, math.inf, "50", True)]
    + [("coalesce_chars", value) for value in (0, -1, 1.5, "50", True)],
)
def test_wrong_limits_are_refused(at, name, value):
    """A time is above 0 and finite, a number of characters whole and at least 1; the error names the option."""
    with pytest.raises(alchemy.InvalidRequestError) as caught:
        alchemy.stream(at("http://127.0.0.1:9"), "hello", **{name: value})
    assert caught.value.path == f"options.{name}"
    assert name in str(caught.value)
