"""What a server sends costs no more memory than it may: bombs, endless lines, heads without end."""

import gzip
import json
import subprocess
import sys
import zlib

import alchemy
import pytest
from dialects import DIALECTS
from servers import Close, Pause, answer, completion, head

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
KEY = "sk-very-secret-0123456789"
MEGABYTE = 1 << 20
BOMB = 600
"""What a bomb unpacks to, in megabytes."""
ROOM = 200
"""What a request may need at the most, in megabytes: 64 MB of a body, and as much again while it grows."""

PROGRAM = """
import json, re, sys, time
from pathlib import Path
import alchemy

def peak():
    # The peak that getrusage tells of is that of the parent as well.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) >> 10

url, api, verb = sys.argv[1:]
model = alchemy.Model(id="m", base_url=url, api=api)
try:
    alchemy.complete(alchemy.Model(id="m", base_url="http://127.0.0.1:9"), "warm up", retries=0)
except alchemy.AlchemyError:
    pass
before, began, error = peak(), time.monotonic(), None
try:
    if verb == "complete":
        alchemy.complete(model, "hello", api_key="sk-very-secret", timeout=45, retries=0)
    else:
        for event in alchemy.stream(model, "hello", api_key="sk-very-secret", timeout=45, retries=0):
            pass
except alchemy.AlchemyError as caught:
    error = caught
body = getattr(error, "body", None)
print(json.dumps([type(error).__name__, str(error), peak() - before, len(body or ""), time.monotonic() - began]))
"""


def bomb(start: bytes, unit: bytes) -> bytes:
    """Gzip of `start` and of more than half a gigabyte of `unit`, in less than a megabyte and without an end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    # Pieces between full flushes need nothing of what came before: one serves for all.
    piece = packer.compress(unit * (MEGABYTE // len(unit))) + packer.flush(zlib.Z_FULL_FLUSH)
    return packed + piece * BOMB


def packed(body: bytes, status=200, content_type="text/event-stream", encoding="gzip") -> list:
    return answer(body, status, content_type, [("content-encoding", encoding)])


def ask(server, wire, verb):
    """Sends a request in a process of its own; returns the error's name and words, the memory it took and the rest."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, server.url, wire.api, verb],
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


BOMBS = {
    "body": (b'{"a":"', b"x", "ResponseError", "larger than 64 MB"),
    "blank lines": (b"", b"\n", "ResponseError", "without an event"),
    "comments": (b":\n", b": nothing\n", "ResponseError", "without an event"),
    "blank lines in a stream": (b": a\n\n", b"\n", "ResponseError", "without an event"),
    "one event": (b"data: ", b"x", "ResponseError", "larger than 64 MB"),
    "one event of many lines": (b"event: x\n", b"data: xxxxxxxxxx\n", "ResponseError", "larger than 64 MB"),
    "lines of no field": (b": a\n", b'{"a": "b"}\n', "ResponseError", "larger than 64 MB"),
    "array": (b"[", b" ", "ResponseError", "without an event"),
    "item": (b'[{"a":"', b"x", "ResponseError", "larger than 64 MB"),
}


@pytest.mark.parametrize("verb", ["complete", "stream"])
@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_is_bounded(serve, case, verb):
    """A small answer that unpacks to far more than any answer has is an error, long before the memory is full."""
    explode(serve, DIALECTS[0], case, verb)


@pytest.mark.parametrize(("case", "verb"), [("body", "complete"), ("one event", "stream")])
def test_a_bomb_is_bounded_over_each_protocol(serve, wire, case, verb):
    """So it is whatever protocol is spoken."""
    explode(serve, wire, case, verb)


def explode(serve, wire, case, verb):
    start, unit, kind, words = BOMBS[case]
    body = bomb(start, unit)
    assert len(body) < 6 * MEGABYTE
    name, text, memory, _, _ = ask(serve(packed(body)), wire, verb)
    assert (name, words in text) == (kind, True), text
    assert memory < ROOM


@pytest.mark.parametrize("status", [400, 500])
def test_a_bomb_in_an_error_is_bounded(serve, status):
    """The body of an error is read for a megabyte and kept for 64 KB, whatever it unpacks to."""
    kind = {400: "BadRequestError", 500: "ServerError"}[status]
    name, text, memory, kept, _ = ask(serve(packed(bomb(b'{"error":"', b"x"), status)), DIALECTS[0], "complete")
    assert name == kind
    assert len(text) < 1000
    assert kept <= 65_536
    assert memory < 60


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "x-gzip", "gzip, gzip", "GZIP, identity", "aes128gcm"])
def test_an_encoding_that_was_not_asked_for(drive, serve, at, *, wire, encoding, status):
    """A body in a form that cannot be read is an error that names the form, not garbage; the status still counts."""
    body = gzip.compress(gzip.compress(json.dumps(wire.whole).encode()))
    server = serve(packed(body, status, "application/json", encoding))
    kind = alchemy.ResponseError if status == 200 else alchemy.OverloadedError
    match = f'content-encoding "{encoding.lower()}", which was not asked for'
    for wait in (drive.complete, lambda *given, **options: drive.result(alchemy.stream(*given, **options))):
        with pytest.raises(kind, match=match) as caught:
            wait(at(server), "hello", api_key=KEY, retries=0)
        assert caught.value.status == status
        assert "\x1f" not in str(vars(caught.value))


@pytest.mark.parametrize("encoding", ["identity", "", "gzip"])
def test_an_encoding_that_can_be_read(drive, serve, at, wire, encoding):
    """Plain bodies may say so, and gzip is what is asked for."""
    body = json.dumps(wire.whole).encode()
    server = serve(packed(gzip.compress(body) if encoding == "gzip" else body, 200, "application/json", encoding))
    assert drive.complete(at(server), "hello", api_key=KEY).text == "Hello there."
    assert server.requests[0].headers["accept-encoding"] == "gzip"


WHOLE = gzip.compress(json.dumps(completion("x" * 5000)).encode())
BROKEN = {
    "cut": WHOLE[:-20],
    "cut in its head": WHOLE[:5],
    "plain": json.dumps(completion()).encode(),
    "flipped": WHOLE[:40] + bytes([WHOLE[40] ^ 255, WHOLE[41] ^ 255]) + WHOLE[42:],
    "wrong sum": WHOLE[:-8] + b"\0\0\0\0" + WHOLE[-4:],
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_gzip_is_an_error(drive, serve, at, case):
    """Gzip that is cut or damaged is a typed error, and never a whole answer."""
    server = serve(packed(BROKEN[case], 200, "application/json"))
    with pytest.raises(alchemy.ResponseError, match="compression") as caught:
        drive.complete(at(server), "hello", api_key=KEY, retries=0)
    assert "\n" not in str(caught.value)


def test_a_stream_whose_gzip_is_cut_keeps_what_came(drive, serve, stream_of, wire):
    """What could be unpacked of a stream before its gzip broke is in the partial message."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    events = b"".join(
        f"data: {json.dumps(step)}\n\n".encode() if isinstance(step, dict) else step.partition(b"\r\n")[2][:-2]
        for step in (*wire.begin, *wire.hello)
    )
    body = packer.compress(events) + packer.flush(zlib.Z_SYNC_FLUSH)
    start = head(headers=[("content-type", "text/event-stream"), ("content-encoding", "gzip")])
    # What comes in one piece with the damage is lost with it.
    server = serve([start + body, Pause(0.3), b"\xff" * 5, Close()])
    with pytest.raises(alchemy.ResponseError, match="compression") as caught:
        drive.result(stream_of(server))
    assert caught.value.partial.text == "Hello"


HEADS = {
    "many headers": head(200, [(f"x-{number}", "a") for number in range(5000)]),
    "a long header": head(200, [("x-long", "a" * 2 * MEGABYTE)]),
    "a long name": head(200, [("x" * 2 * MEGABYTE, "a")]),
    "a long status": head(200, reason="a" * 2 * MEGABYTE),
    "a header without end": b"HTTP/1.1 200 OK\r\nx-long: " + b"a" * 64 * MEGABYTE,
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"x-more: a\r\n" * 4_000_000,
    "no HTTP": b"\0" * 64 * MEGABYTE,
}


@pytest.mark.parametrize("case", HEADS)
def test_a_head_without_end_is_bounded(serve, case):
    """A head of too many or too long headers is a connection error, and is not kept."""
    name, text, memory, _, _ = ask(serve([HEADS[case], Close()]), DIALECTS[0], "complete")
    assert name == "ApiConnectionError", text
    assert "broke before the answer" in text
    assert len(text) < 300
    assert memory < 30


def test_a_head_of_a_usual_size_is_read(serve, at):
    """Ninety headers and one of 60 KB are no harm."""
    headers = [*((f"x-{number}", "a" * 100) for number in range(90)), ("x-long", "a" * 60_000)]
    assert alchemy.complete(at(serve(answer(completion(), headers=headers))), "hello").text == "Hello there."
