"""A fast scripted provider in a process of its own, for tests of memory and of many streams.

Run, it prints its port and serves until its standard input closes. The model of a request says what is sent:

- `burst-N` an answer of N deltas, as fast as they are read; `paced-N-M` one delta every M milliseconds
- `still` an answer that begins and stalls; `big-N` one delta of N megabytes, or a whole answer of that size
- any other: a whole answer, or a short stream

`GET /` tells what it has counted: bytes written, connections now and at most.
"""

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from dialects import DIALECTS
from servers import STREAM_END, STREAM_HEAD, event, framed, head

PIECE = 64 * 1024
counts = {"written": 0, "now": 0, "most": 0}


def raw(steps) -> bytes:
    return b"".join(step if isinstance(step, bytes) else event(step) for step in steps)


def dialect_of(path: str):
    """The protocol that is spoken at a path; the last names the model in it."""
    return next((each for each in DIALECTS if path == each.whole_url), DIALECTS[-1])


async def send(writer, data: bytes) -> None:
    for place in range(0, len(data), PIECE):
        piece = data[place : place + PIECE]
        writer.write(piece)
        await writer.drain()
        counts["written"] += len(piece)


def plain(body: bytes) -> bytes:
    return head(headers=[("content-type", "application/json"), ("content-length", len(body))]) + body


async def answer(writer, wire, model: str, *, streamed: bool) -> None:
    kind, *figures = model.split("-")
    figures = [int(figure) for figure in figures]
    if not streamed:
        body = json.dumps(wire.whole)
        if kind == "big":
            body = body.replace("Hello there.", "x" * (figures[0] << 20))
        return await send(writer, plain(body.encode()))
    await send(writer, STREAM_HEAD + raw(wire.begin) + raw(wire.hello))
    count = figures[0] if figures else 1
    if kind == "still":
        await asyncio.sleep(3600)
    if kind == "big":
        return await send(writer, framed(b"data: " + b"x" * (count << 20)))
    there = raw(wire.there)
    if kind == "paced":
        for _ in range(count):
            await asyncio.sleep(figures[1] / 1000)
            await send(writer, there)
    else:
        many = there * 500
        for _ in range(count // 500):
            await send(writer, many)
        await send(writer, there * (count % 500))
    return await send(writer, raw(wire.finish("Hello" + " there." * count)) + STREAM_END)


async def serve(reader, writer) -> None:
    writer.transport.set_write_buffer_limits(0)
    counts["now"] += 1
    counts["most"] = max(counts["most"], counts["now"])
    try:
        while True:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = first.split(" ")
            if method == "GET":
                await send(writer, plain(json.dumps(counts).encode()))
                continue
            fields = dict(line.lower().split(": ", 1) for line in lines if line)
            body = json.loads(await reader.readexactly(int(fields["content-length"])))
            wire = dialect_of(path)
            # One protocol names the model, and says whether to stream, in its path.
            model = body.get("model") or path.rpartition("/")[2].partition(":")[0]
            await answer(writer, wire, model, streamed=body.get("stream") or "stream" in path)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        counts["now"] -= 1
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=2048, limit=1 << 22)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


class Flood:
    """The provider, as tests start it."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"
        return self

    def __exit__(self, *_error) -> None:
        self.process.communicate("", timeout=10)

    def counts(self) -> dict[str, int]:
        with urllib.request.urlopen(self.url, timeout=10) as reply:
            return json.load(reply)


if __name__ == "__main__":
    asyncio.run(main())
