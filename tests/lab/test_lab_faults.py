"""Each kind of fault does on the wire what the list says, seen by a client of plain sockets."""

import email.utils
import gzip
import json
import re
import time
import zlib

import alchemy
import pytest
from alchemy.lab import FAULTS, Fault, Tape
from lab_raw import EVERYTHING, Raw, unchunked

#: Those whose example is tried for every protocol in one of the tests below, by name.
TRIED = set()


def fault(text):
    """The fault, noted as tried."""
    TRIED.add(Fault.parse(text).kind)
    return text


def seen(lab, api, text, *, answer="Hello there, dear all.", streamed=True, seconds=5.0, until=None):
    """What a plain client sees of an answer with a fault: head, body, whether it was ended in order."""
    lab.add(answer, faults=[fault(part) for part in text.split()])
    with Raw(lab, api, streamed=streamed) as raw:
        return unchunked(raw.ask().read(until or b"\r\n0\r\n\r\n", seconds))


def events_of(body):
    return [event for event in body.split(b"\n\n") if event]


@pytest.fixture
def plain(lab, api):
    """The streamed body without a fault, and the number of its events."""
    lab.add("Hello there, dear all.")
    with Raw(lab, api) as raw:
        _, body, ended = unchunked(raw.ask().read(b"\r\n0\r\n\r\n"))
    assert ended
    return body


def same(body, plain):
    """Whether two bodies are the same but for the numbers of the answers and the time."""
    first, second = (re.sub(rb"lab[-_]\d+|\"created(_at)?\":\d+", b"?", part) for part in (body, plain))
    return first == second


def test_delay(lab, api):
    """Nothing is sent for that long, before the head and between events."""
    for place in ("", "@2"):
        lab.add("Hello there.", faults=fault(f"delay=0.3{place}"))
        with Raw(lab, api) as raw:
            began = time.monotonic()
            early = raw.ask().read(seconds=0.15)
            assert early.count(b"data:") == (2 if place else 0)
            assert b"0\r\n\r\n" in raw.read(b"0\r\n\r\n")
            assert time.monotonic() - began >= 0.29


def test_stall(lab, api):
    """At its place the answer stops, and the connection stays open."""
    for place, events, headed in (("head", 0, False), ("start", 0, True), ("2", 2, True)):
        lab.add("Hello there.", faults=fault(f"stall@{place}"))
        with Raw(lab, api) as raw:
            got = raw.ask().read(seconds=0.2)
            assert got.count(b"data:") == events
            assert got.startswith(b"HTTP/1.1 200") is headed
        assert lab.connections[-1].wait_closed()
        assert lab.connections[-1].closed_by == "client"


def test_reset(lab, api):
    """The client gets what was sent before, and then a reset."""
    for place, events in (("head", 0), ("start", 0), ("2", 2)):
        lab.add("Hello there.", faults=fault(f"reset@{place}"))
        with Raw(lab, api) as raw:
            raw.ask()
            if events:
                assert raw.read(b"}\n\n\r\n").count(b"data:") >= 1
            with pytest.raises(ConnectionResetError):
                raw.read()
        assert lab.connections[-1].closed_by == "server"


def test_close(lab, api, plain):
    """The body ends in order before its time, and so does the connection."""
    _, body, ended = seen(lab, api, "close@2", until=b"never")
    assert ended
    assert len(events_of(body)) == 2
    _, body, ended = seen(lab, api, "close@last", until=b"never")
    assert ended
    assert 0 < len(events_of(body)) < len(events_of(plain))
    assert lab.connections[-1].closed_by == "server"


def test_drop(lab, api):
    """The connection ends, the body does not."""
    for streamed in (True, False):
        lab.add("Hello there, dear all.", faults=fault("drop@1"))
        with Raw(lab, api, streamed=streamed) as raw:
            got = raw.ask().read()
        if streamed:
            _, body, ended = unchunked(got)
            assert (len(events_of(body)), ended) == (1, False)
        else:
            head, _, body = got.partition(b"\r\n\r\n")
            said = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
            assert 0 < len(body) < said


def test_truncate(lab, api, plain):
    """The body ends in order in the middle of an event, or behind that many bytes."""
    _, body, ended = seen(lab, api, "truncate")
    assert ended
    assert 0 < len(body) < len(plain)
    assert not body.endswith(b"\n")
    for size in (1, 7, 90, len(plain) - 1):
        _, body, ended = seen(lab, api, f"truncate@{size}b")
        assert (len(body), ended) == (size, True)


def test_split(lab, api, plain):
    """The bytes are the same, and come in that many writes."""
    for text in ("split=1", "split=13", "split=random:7", "split=random"):
        _, body, ended = seen(lab, api, text)
        assert ended
        assert same(body, plain)


def test_split_writes_single_bytes(lab):
    """`split=1` reaches a client byte by byte where it reads as fast, in the middle of a character too."""
    pieces: list[bytes] = []
    # Where another program has the machine meanwhile, the client finds many bytes at once.
    for _ in range(5):
        lab.add("\U0001f600", faults=fault("split=1"))
        pieces = []
        with Raw(lab) as raw:
            raw.ask()
            while b"0\r\n\r\n" not in b"".join(pieces):
                pieces.append(raw.socket.recv(65536))
        if len(pieces) > 50:
            break
    assert len(pieces) > 50
    assert "\U0001f600".encode() in b"".join(b"".join(pieces).split(b"\r\n"))


def test_a_cut_at_any_byte(lab, api, plain):
    """`split@Nb` makes one cut: a client sees the part before it first."""
    lab.add("Hello there, dear all.", faults=fault("split@25b"))
    with Raw(lab, api) as raw:
        raw.ask()
        first = b""
        while b"\r\n\r\n" not in first or first.endswith(b"\r\n\r\n"):
            first += raw.socket.recv(65536)
        _, body, _ = unchunked(first)
        assert len(body) == 25
        assert b"0\r\n\r\n" in raw.read(b"0\r\n\r\n")


def test_malformed(lab, api, plain):
    """One event is no JSON; the others are as they were."""
    _, body, ended = seen(lab, api, "malformed@2")
    events = events_of(body)
    assert ended
    assert len(events) == len(events_of(plain)) + 1
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(events[2].partition(b"data: ")[2])


def test_unknown(lab, api, plain):
    """One event is of a kind that does not exist; the others are as they were."""
    _, body, ended = seen(lab, api, "unknown@2")
    events = events_of(body)
    assert ended
    assert len(events) == len(events_of(plain)) + 1
    assert "lab" in json.dumps(json.loads(events[2].partition(b"data: ")[2]))
    lab.add("Hello there.", faults="unknown")
    assert alchemy.complete(lab.model(api), "hi").text == "Hello there."


def test_error(lab, api):
    """The provider's error stands in the stream, which ends with it."""
    for text, word in (("error@2", b"told to fail"), ("error=overloaded@2", b"overloaded")):
        _, body, ended = seen(lab, api, text)
        events = events_of(body)
        assert (len(events), ended) == (3, True)
        assert word in events[2]
        assert b'"error"' in events[2]


def test_huge(lab, api):
    """One event has text of that length, and was never whole here."""
    _, body, ended = seen(lab, api, "huge=300000@2")
    assert ended
    longest = max(events_of(body), key=len)
    assert len(longest) > 300000
    assert b"a" * 300000 in longest
    json.loads(longest.partition(b"data: ")[2])
    lab.add("Hi", faults="huge=1000")
    assert alchemy.complete(lab.model(api), "hi").text == "Hi" + "a" * 1000
    lab.add(alchemy.AssistantMessage(content=[], stop_reason="stop"), faults="huge=1000")
    with alchemy.stream(lab.model(api), "hi") as stream:
        assert list(stream)[-1].type == "done"


def test_garbage(lab, api, plain):
    """Behind the last event come bytes that are none."""
    _, body, ended = seen(lab, api, "garbage")
    assert ended
    assert body.endswith(b"data: }garbage{\n\n")
    assert b"\xff" in body
    assert same(body[: len(plain)], plain)


def test_no_terminal(lab, api, plain):
    """The events that say that the answer has ended are missing, or only the last of them."""
    marks = {
        "openai-completions": b'"finish_reason":"stop"',
        "openai-responses": b"response.completed",
        "anthropic-messages": b"message_stop",
        "google-generative-ai": b'"finishReason"',
    }
    _, body, ended = seen(lab, api, "no-terminal")
    assert ended
    assert marks[api] in plain
    assert marks[api] not in body
    _, body, _ = seen(lab, api, "no-terminal=1")
    assert len(events_of(body)) == len(events_of(plain)) - 1


def test_no_newline(lab, api):
    """The last event has no blank line, and is one that says all."""
    _, body, ended = seen(lab, api, "no-newline")
    assert ended
    assert body.endswith(b"}")
    assert b"[DONE]" not in body
    lab.add("Hello there.", faults="no-newline")
    with alchemy.stream(lab.model(api), "hi") as stream:
        list(stream)
    assert (stream.message.text, stream.message.stop_reason) == ("Hello there.", "stop")
    assert stream.message.usage.output == 2


def test_status(lab, api):
    """The status is the one asked for, and the body the protocol's form of an error, with the wait that was asked for."""
    for text, status in (
        ("status=429 retry-after=0.01", 429),
        ("status=503 retry-after-ms=5", 503),
        ("status=401", 401),
    ):
        lab.add("", faults=[fault(part) for part in text.split()], times=9)
        with pytest.raises(alchemy.ApiError, match=f"The lab was told to answer {status}") as caught:
            alchemy.complete(lab.model(api), "hi")
        assert caught.value.status == status
        lab._line.clear()
    lab.add("", faults="status=204")
    with Raw(lab, api) as raw:
        assert raw.ask().read(seconds=0.1).endswith(b"\r\n\r\n")
    lab.add("Created.", faults="status=201")
    assert alchemy.complete(lab.model(api), "hi").text == "Created."


def test_retry_after_as_date(lab):
    """The date is that far off."""
    head, _, _ = seen(lab, "openai-completions", "retry-after=date:30")
    told = head.partition(b"retry-after: ")[2].split(b"\r\n")[0].decode()
    assert 27 <= email.utils.parsedate_to_datetime(told).timestamp() - time.time() <= 31


def test_html(lab, api):
    """A page, whatever was asked for."""
    lab.add("", faults=fault("html=502"))
    with Raw(lab, api) as raw:
        got = raw.ask().read(b"</html>")
    assert got.startswith(b"HTTP/1.1 502 ")
    assert b"content-type: text/html" in got
    assert b"<!doctype html>" in got


def test_headers(lab, api):
    """Headers are put in, changed and left out."""
    head, _, _ = seen(lab, api, "header=x-region:north header=content-type:text/odd")
    assert b"x-region: north" in head
    assert head.count(b"content-type") == 1
    assert b"content-type: text/odd" in head
    head, _, _ = seen(lab, api, "content-type=text/plain")
    assert b"content-type: text/plain" in head
    head, _, _ = seen(lab, api, "content-type")
    assert b"content-type" not in head


def test_slow_head(lab, api):
    """The head dribbles in over that time."""
    lab.add("Hi", faults=fault("slow-head=0.4"))
    with Raw(lab, api) as raw:
        began = time.monotonic()
        early = raw.ask().read(seconds=0.1)
        assert b"\r\n\r\n" not in early
        assert b"0\r\n\r\n" in raw.read(b"0\r\n\r\n")
        assert time.monotonic() - began >= 0.39


def test_gzip(lab, api, plain):
    """The body is the same once it is unpacked, streamed and whole."""
    head, body, ended = seen(lab, api, "gzip")
    assert ended
    assert b"content-encoding: gzip" in head
    assert same(gzip.decompress(body), plain)
    lab.add("Packed.", faults="gzip")
    assert alchemy.complete(lab.model(api), "hi").text == "Packed."


def test_bomb(lab, api):
    """Few bytes unpack to many."""
    _, body, ended = seen(lab, api, "bomb=20000000", seconds=20)
    assert ended
    assert len(body) < 200_000
    unpacker = zlib.decompressobj(wbits=31)
    size = 0
    while body and not unpacker.eof:
        size += len(unpacker.decompress(body, 1 << 20))
        body = unpacker.unconsumed_tail
    assert size > 20_000_000


def test_close_idle(lab, api):
    """The answer is whole and promises nothing, and then the connection is closed."""
    for text, least in (("close-idle", 0.0), ("close-idle=0.2", 0.19)):
        head, _, ended = seen(lab, api, text, until=b"never")
        assert ended
        assert b"connection" not in head
        one = lab.connections[-1]
        assert one.wait_closed()
        assert one.closed_by == "server"
        assert one.closed - lab.requests[-1].time >= least


def test_surrogates(lab, api):
    """A character comes as two escapes in two events."""
    _, body, _ = seen(lab, api, "surrogates")
    events = events_of(body)
    cut = [number for number, event in enumerate(events) if b"\\ud83d" in event and b"\\ud83d\\ude00" not in event]
    assert len(cut) == 1
    assert b"\\ude00" in events[cut[0] + 1]


def deltas(lab, api, text):
    """The tool calls' events of a completion in order."""
    _, body, _ = seen(lab, api, text, answer=EVERYTHING)
    chunks = [json.loads(event.removeprefix(b"data: ")) for event in events_of(body) if b"[DONE]" not in event]
    return [call for chunk in chunks for choice in chunk["choices"] for call in choice["delta"].get("tool_calls", ())]


def test_forms_of_tool_calls(lab):
    """Interleaved, with empty ids, without ids."""
    indices = [call["index"] for call in deltas(lab, "openai-completions", "interleaved")]
    assert indices[:4] == [0, 1, 0, 1]
    again = deltas(lab, "openai-completions", "empty-ids")[1]
    assert (again["id"], again["function"]["name"]) == ("", "")
    calls = deltas(lab, "openai-completions", "no-ids")
    assert len(calls) == 2
    assert not any("id" in call or "index" in call for call in calls)


def test_together(lab):
    """Thinking and text share an event."""
    for api in ("openai-completions", "google-generative-ai"):
        _, body, _ = seen(lab, api, "together", answer=EVERYTHING)
        assert any(b"Let" in event and "Grüße".encode() in event for event in events_of(body))


def test_cut_arguments(lab):
    """A tool call is cut as a limit of tokens cuts it."""
    for api in ("openai-completions", "openai-responses", "anthropic-messages"):
        call = alchemy.ToolCall(id="c", name="f", arguments={"path": "/tmp/x"})
        lab.add(alchemy.AssistantMessage(content=[call], stop_reason="tool_use"), faults=fault("cut-arguments"))
        with alchemy.stream(lab.model(api), "hi") as stream:
            list(stream)
        assert stream.message.stop_reason == "length"
        assert stream.message.tool_calls[0].state == "truncated"
        assert stream.message.tool_calls[0].raw_arguments == '{"path": '


def test_what_does_not_fit_is_told(api):
    """A fault that the protocol or the answer has no place for is an error, not silence."""
    from alchemy.lab import Lab

    def run(text):
        with Lab() as lab:
            lab.add("Just text.", faults=text)
            with pytest.raises(alchemy.BadRequestError, match=text):
                alchemy.complete(lab.model(api), "hi")
            if not Fault(text).fits(api):
                assert f"{api} has no use for the fault {text}" in str(lab.failures[0])

    for text in ("interleaved", "empty-ids", "no-ids", "together", "cut-arguments"):
        with pytest.raises(ValueError, match=text):
            run(text)


def test_several_faults(lab, api):
    """Faults add up, each at its place."""
    began = time.monotonic()
    _, body, ended = seen(lab, api, "delay=0.2@1 unknown@2 malformed@2 close@3 split=5")
    events = events_of(body)
    assert time.monotonic() - began >= 0.19
    assert (len(events), ended) == (5, True)
    assert b"lab" in events[2]
    assert b"lab" not in events[3]
    _, body, _ = seen(lab, api, "garbage@10b garbage@15b truncate@20b", answer=Tape.of_bytes(b"0123456789" * 4))
    parts = re.split(rb"\x00\xff garbage \xfe\n\ndata: }garbage{\n\n", body)
    assert parts == [b"0123456789", b"01234", b"56789"]


def test_tapes_take_faults(lab, api):
    """The pieces of a tape are its events."""
    tape = Tape.of_bytes(b"data: 1\n\ndata: 2\n\ndata: 3\n\n", sizes=9)
    _, body, ended = seen(lab, api, "close@2", answer=tape)
    assert (body, ended) == (b"data: 1\n\ndata: 2\n\n", True)
    _, body, _ = seen(lab, api, "truncate@12b", answer=tape)
    assert body == b"data: 1\n\ndat"
    _, body, _ = seen(lab, api, "no-terminal garbage@0", answer=tape)
    assert body.endswith(b"garbage{\n\ndata: 1\n\ndata: 2\n\n")


def test_every_kind_is_tried_here():
    """A kind that none of the tests above tries fails here; so does an example that is no fault."""
    assert set(FAULTS) == TRIED
    for kind, known in FAULTS.items():
        assert Fault.parse(known.example).kind == kind
