"""What `stream.partial_arguments` gives of a tool call while its text arrives, piece by piece."""

import contextlib
import json
import socket
import threading
import time

import alchemy
import pytest
from hypothesis import given, settings, strategies as st
from servers import HOST, STREAM_END, STREAM_HEAD, Until, chunk, event


class Call:
    """A stream whose tool call grows when the test says so: everything happens on the test's own thread."""

    def __init__(self, listener: socket.socket, *, custom: bool = False) -> None:
        model = alchemy.Model(id="m", base_url=f"http://{HOST}:{listener.getsockname()[1]}")
        self.stream = alchemy.stream(model, "hello", api_key="secret-key", timeout=20).__enter__()
        self.connection, _ = listener.accept()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        while not received.endswith(b"}"):
            received += self.connection.recv(65536)
        self.kind = "custom" if custom else "function"
        begun = {"index": 0, "id": "c", "type": self.kind, self.kind: {"name": "f"}}
        self.connection.sendall(STREAM_HEAD + event(chunk({"tool_calls": [begun]})))
        self._until(alchemy.ToolCallStart)

    def _until(self, kind) -> None:
        for one in self.stream:
            if isinstance(one, kind):
                return

    def send(self, text: str) -> None:
        """Has more of the arguments arrive; their event is taken."""
        more = {self.kind: {"input" if self.kind == "custom" else "arguments": text}}
        self.connection.sendall(event(chunk({"tool_calls": [{"index": 0, **more}]})))
        self._until(alchemy.ToolCallDelta)

    def end(self, finish: str = "tool_calls") -> alchemy.ToolCall:
        """Ends the answer in order; returns the call."""
        self.connection.sendall(event(chunk(finish=finish)) + event("[DONE]") + STREAM_END)
        return self.stream.result().tool_calls[0]

    @property
    def partial(self):
        return self.stream.partial_arguments(0)

    def close(self) -> None:
        self.stream.close()
        self.connection.close()


@contextlib.contextmanager
def opened(**settings):
    """A call whose arguments are to come."""
    with socket.create_server((HOST, 0)) as listener, contextlib.closing(Call(listener, **settings)) as call:
        yield call


@pytest.fixture
def call():
    with opened() as one:
        yield one


def partial_of(*pieces: str):
    """What is there after these pieces."""
    with opened() as call:
        for piece in pieces:
            call.send(piece)
        return call.partial


def begins(part, whole) -> bool:
    """Whether one value may grow into the other."""
    if type(part) is not type(whole):
        return False
    if isinstance(part, dict):
        return list(whole)[: len(part)] == list(part) and all(begins(part[key], whole[key]) for key in part)
    if isinstance(part, list):
        return len(part) <= len(whole) and all(begins(*pair) for pair in zip(part, whole, strict=False))
    if isinstance(part, str):
        return whole.startswith(part)
    return part == whole


# Beyond these code points private-use characters stand for cut pairs where answers are decoded.
texts = st.text(st.characters(codec=None, max_codepoint=0x10CFFF), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.integers(-(10**40), 10**40) | texts
scalars |= st.floats(allow_nan=False, allow_infinity=False)
objects = st.dictionaries(
    texts, st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=12)
)


@settings(max_examples=60, deadline=None)
@given(value=objects, escaped=st.booleans(), indent=st.sampled_from([None, 1]), data=st.data())
def test_a_part_is_the_beginning_of_the_whole(value, escaped, indent, data):
    """At any cuts, what is there may grow into the final value, never shrinks, and ends as that value."""
    text = json.dumps(value, ensure_ascii=escaped, indent=indent)
    if not escaped:
        # Half of a surrogate pair cannot be sent but as an escape.
        text = "".join(json.dumps(one)[1:-1] if "\ud800" <= one <= "\udfff" else one for one in text)
    final = json.loads(text)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=8)))
    before: object = {}
    with opened() as call:
        for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
            call.send(text[start:end])
            part = call.partial
            assert begins(before, part)
            assert begins(part, final)
            before = json.loads(json.dumps(part))
        assert call.partial == final
        assert repr(call.partial) == repr(final)
        assert call.end().state == "complete"
        assert repr(call.partial) == repr(final)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["{"], {}),
        (['{"a'], {}),
        (['{"a": "he'], {"a": "he"}),
        (['{"a": "he', "llo"], {"a": "hello"}),
        (['{"a": ["x", "y', 'z"', ', "', "w"], {"a": ["x", "yz", "w"]}),
        (['{"a": "x', 'é", "b": "é', "漢", "😀"], {"a": "xé", "b": "é漢😀"}),
        (['{"a": "x\\', "n"], {"a": "x\n"}),
        (['{"a": "x\\'], {"a": "x"}),
        (['{"a": "x\\u00', "e"], {"a": "x"}),
        (['{"a": "x\\u00', "e9"], {"a": "xé"}),
        (['{"a": "x\\ud83d'], {"a": "x"}),
        (['{"a": "x\\ud83d', "\\ude", "00y"], {"a": "x😀y"}),
        (['{"a": "x\\ud83d', "y"], {"a": "x\ud83dy"}),
        (['{"a": "\\ude00', '", "b": "z'], {"a": "\ude00", "b": "z"}),
        (['{"a": 12'], {}),
        (['{"a": 12', "3,"], {"a": 123}),
        (['{"a": 1.5', "e3}"], {"a": 1500.0}),
        (['{"a": 12345678901234567890', "1234567890}"], {"a": 123456789012345678901234567890}),
        (['{"a": [-9223372036854775808, 9223372036854775808]'], {"a": [-(2**63), 2**63]}),
        (['{"a": tr'], {}),
        (['{"a": tr', "ue"], {"a": True}),
        (['{"a": [null, false, nul'], {"a": [None, False]}),
        (['{"a": 1, "a": {"b": [', '{"c": "'], {"a": {"b": [{"c": ""}]}}),
        (['{"a": "first", "a": "se', "cond"], {"a": "second"}),
        (['{"a": 1, "b": 1e999, "c": 2}'], {"a": 1}),
    ],
)
def test_what_is_sure_is_there(pieces, expected):
    """Open strings as far as they go; numbers, literals and keys once they are whole; the last of equal keys."""
    assert repr(partial_of(*pieces)) == repr(expected)


@pytest.mark.parametrize("text", ["[1", "nul", "12", '"a"', "{,", '{"a" 1', '{"a": 01', '{"a": 1} x', '{"a": NaN'])
def test_what_is_no_object_gives_none(call, text):
    """Where the text is not the beginning of a JSON object there is nothing, as in the whole call."""
    call.send(text)
    assert call.partial is None
    call.send("}")
    assert call.partial is None
    assert call.end().arguments is None


def test_nothing_is_there_before_the_object(call):
    """None until the object begins, at places without a call, and past the end of what an index can be."""
    assert call.partial is None
    call.send(" ")
    assert call.partial is None
    call.send("{")
    assert call.partial == {}
    assert [call.stream.partial_arguments(index) for index in (-1, 1, 2**62)] == [None] * 3
    with pytest.raises(TypeError):
        call.stream.partial_arguments("0")


def test_it_is_one_dictionary_that_grows(call):
    """Each time the same dictionary is returned, with what has come since; a string that was kept stays as it was."""
    call.send('{"list": [{"text": "a')
    first = call.partial
    kept = first["list"][0]["text"]
    hash(kept)
    for letter in "bcdefgh":
        call.send(letter)
    assert call.partial is first
    assert first == {"list": [{"text": "abcdefgh"}]}
    assert kept == "a"
    call.send('"}, 2')
    assert call.partial["list"] is first["list"]
    assert first == {"list": [{"text": "abcdefgh"}]}


def test_a_list_that_was_emptied_takes_what_follows(call):
    """A list that its reader has changed all the same takes what is open and what follows."""
    call.send('{"items": ["a", "b')
    call.partial["items"].clear()
    call.send('c", "d')
    assert call.partial == {"items": ["bc", "d"]}


def test_the_end_gives_the_arguments(call):
    """The arguments of the call that is complete, of a stream that has ended and is closed."""
    call.send('{"city": "Oslo", "days": [1, 2], "exact": 2.5}')
    done = call.end()
    call.stream.close()
    assert done.state == "complete"
    assert call.partial == done.arguments == {"city": "Oslo", "days": [1, 2], "exact": 2.5}


@pytest.mark.parametrize("text", ["", "null", " { }\u00a0", "{}"])
def test_no_arguments_are_none_needed(call, text):
    """A call that is complete without arguments has an empty dictionary, which stays the same."""
    if text:
        call.send(text)
    assert call.end().arguments == {}
    assert call.partial == {}
    assert call.partial is call.partial


def test_a_call_that_is_cut_keeps_its_part(call):
    """What has arrived of a call that is cut stays readable; the call's own arguments are None."""
    call.send('{"a": "half')
    done = call.end("length")
    assert (done.state, done.arguments) == ("truncated", None)
    assert call.partial == {"a": "half"}


def test_a_custom_tool_takes_no_json():
    """The free text of a custom tool is not read as JSON."""
    with opened(custom=True) as call:
        call.send('{"a": 1}')
        assert call.stream.message.tool_calls[0].raw_arguments == '{"a": 1}'
        assert call.partial is None


def test_deep_nesting_ends_the_reading(call):
    """What is nested too deep to be read is left out, and so is what follows it."""
    call.send('{"a": 1, "b": ' + "[" * 200 + "]" * 200 + ', "c": 3}')
    value = call.partial
    assert (value["a"], "c" in value, call.end().arguments) == (1, False, None)
    depth, inner = 1, value["b"]
    while inner:
        depth, inner = depth + 1, inner[0]
    assert depth == 119


@pytest.mark.parametrize("shape", ["one string", "many items"])
def test_text_is_read_once(call, shape):
    """A call of it after each of many deltas costs about the same at the end as at the beginning."""
    call.send('{"a": "' + "x" * 200_000 if shape == "one string" else '{"a": [' + "1234567," * 25_000)
    assert len(call.partial["a"]) == (200_000 if shape == "one string" else 25_000)
    times = []
    for _ in range(200):
        call.send("12345678" if shape == "one string" else "1234567,")
        start = time.perf_counter()
        assert call.partial
        times.append(time.perf_counter() - start)
    # Reading 200 KB again takes several times as long.
    assert sorted(times)[100] < 0.000_1


def test_each_protocol_gives_what_has_come(drive, serve, stream_of, wire):
    """Over each protocol the arguments grow with the pieces, and end as those of the call."""
    go_on = threading.Event()
    server = serve(wire.script(*wire.call, Until(go_on), *wire.call_more, *wire.call_finish))
    stream = stream_of(server)
    while not isinstance(drive.first(stream), alchemy.ToolCallDelta):
        pass
    # A protocol may need a piece of its own for the opening brace.
    while stream.partial_arguments(0) != {"a": "x"}:
        assert isinstance(drive.first(stream), alchemy.ToolCallDelta)
    go_on.set()
    (call,) = drive.result(stream).tool_calls
    assert (call.id, call.name, call.state) == ("call_1", "f", "complete")
    assert stream.partial_arguments(0) == call.arguments == json.loads(call.raw_arguments) == {"a": "xy"}
