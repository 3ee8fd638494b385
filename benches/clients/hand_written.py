"""The loop that a skilled user writes by hand: a socket (or asyncio streams), HTTP chunks, event lines and JSON.

It does only what this one provider needs: no TLS, no pool, no time-outs, no typed events. That makes it the yardstick.
"""

import asyncio
import importlib
import json
import socket
from collections.abc import Callable
from typing import Any

from bench_client import main

try:
    # Imported by name: only the peers' environment has it, and type checkers look into another.
    fast: Any = importlib.import_module("orjson")
except ImportError:
    loads: Callable[[bytes], Any] = json.loads
    LIBRARY = "json"
else:
    loads = fast.loads
    LIBRARY = f"orjson {fast.__version__}"

READ_BYTES = 65_536


def request_bytes(model: str, *, stream: bool) -> bytes:
    """A whole HTTP request."""
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    if stream:
        body["stream_options"] = {"include_usage": True}
    payload = json.dumps(body).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer k\r\n"
        f"Content-Type: application/json\r\nAccept: */*\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode() + payload


def content_length(head: bytes) -> int:
    """The length of the body that follows a response's head."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError("the response has no content-length")


def answer_text(body: bytes) -> str:
    """The text of an answer that was not streamed."""
    return str(loads(body)["choices"][0]["message"]["content"])


class Events:
    """Takes the bytes of a chunked event stream as they come and gives out the pieces of text."""

    def __init__(self) -> None:
        self.done = False
        self._rest = b""
        self._partial = b""

    def feed(self, data: bytes) -> list[str]:
        """The pieces of text that the bytes complete."""
        buffer = self._rest + data
        pieces = []
        position = 0
        while (line_end := buffer.find(b"\r\n", position)) >= 0:
            start = line_end + 2
            end = start + int(buffer[position:line_end], 16)
            if len(buffer) < end + 2:
                break
            if end == start:
                self.done = True
                break
            pieces.append(buffer[start:end])
            position = end + 2
        self._rest = buffer[position:]
        *events, self._partial = (self._partial + b"".join(pieces)).split(b"\n\n")
        texts = []
        for event in events:
            if not event.startswith(b"data: ") or event == b"data: [DONE]":
                continue
            choices = loads(event[6:])["choices"]
            if choices and (text := choices[0]["delta"].get("content")):
                texts.append(text)
        return texts


class SocketLoop:
    """The blocking loop."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _head(self) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._socket.recv(READ_BYTES)
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest

    def stream(self, count: int) -> int:
        """Reads one stream."""
        self._socket.sendall(request_bytes(f"events-{count}", stream=True))
        _, data = self._head()
        events = Events()
        seen = 0
        while True:
            for _text in events.feed(data):
                seen += 1
            if events.done:
                return seen
            data = self._socket.recv(READ_BYTES)

    def request(self) -> str:
        """Makes one request."""
        self._socket.sendall(request_bytes("any", stream=False))
        head, body = self._head()
        length = content_length(head)
        while len(body) < length:
            body += self._socket.recv(READ_BYTES)
        return answer_text(body)


class AsyncioLoop:
    """The loop on asyncio's streams."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def _send(self, request: bytes) -> asyncio.StreamReader:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=READ_BYTES)
        reader, writer = self._streams
        writer.write(request)
        await writer.drain()
        return reader

    async def stream(self, count: int) -> int:
        """Reads one stream."""
        reader = await self._send(request_bytes(f"events-{count}", stream=True))
        await reader.readuntil(b"\r\n\r\n")
        events = Events()
        seen = 0
        while not events.done:
            for _text in events.feed(await reader.read(READ_BYTES)):
                seen += 1
        return seen

    async def request(self) -> str:
        """Makes one request."""
        reader = await self._send(request_bytes("any", stream=False))
        head = await reader.readuntil(b"\r\n\r\n")
        return answer_text(await reader.readexactly(content_length(head)))


if __name__ == "__main__":
    main(LIBRARY, SocketLoop, AsyncioLoop)
