"""The loop that a skilled user writes by hand: a socket (or asyncio streams), HTTP chunks, event lines and JSON.

It does only what this one provider needs: no TLS, no pool, no time-outs, no typed events. That makes it the yardstick.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import wire
from asked import Target
from bench_client import main

READ_BYTES = 65_536


def request_bytes(api: str, model: str, *, stream: bool) -> bytes:
    """A whole HTTP request."""
    payload = wire.body(api, model, stream=stream)
    lines = [f"POST {wire.path(api, model, stream=stream)} HTTP/1.1", "Host: 127.0.0.1", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in wire.headers(api).items()]
    lines += [f"Content-Length: {len(payload)}", "", ""]
    return "\r\n".join(lines).encode() + payload


def content_length(head: bytes) -> int:
    """The length of the body that follows a response's head."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError("the response has no content-length")


class Chunks:
    """Takes HTTP's chunks off an event stream's bytes as they come and gives out the pieces of text."""

    def __init__(self, text_of: Callable[[Any], str | None]) -> None:
        self.done = False
        self._rest = b""
        self._events = wire.Events(text_of)

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
        return self._events.feed(b"".join(pieces))


class SocketLoop:
    """The blocking loop."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._text_of = wire.TEXT[target.api]
        self._connection = self._connect()

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._target.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    @staticmethod
    def _head(connection: socket.socket) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(READ_BYTES)
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest

    def _read(
        self, connection: socket.socket, model: str, text_of: Callable[[Any], str | None], each: Callable[[str], None]
    ) -> None:
        connection.sendall(request_bytes(self._target.api, model, stream=True))
        _, data = self._head(connection)
        chunks = Chunks(text_of)
        while True:
            for text in chunks.feed(data):
                each(text)
            if chunks.done:
                return
            data = connection.recv(READ_BYTES)

    def stream(self, model: str) -> int:
        """Reads one stream."""
        self._connection.sendall(request_bytes(self._target.api, model, stream=True))
        _, data = self._head(self._connection)
        chunks = Chunks(self._text_of)
        seen = 0
        while True:
            for _text in chunks.feed(data):
                seen += 1
            if chunks.done:
                return seen
            data = self._connection.recv(READ_BYTES)

    def calls(self, model: str) -> int:
        """Reads one streamed tool call, whose arguments are looked at when they are whole."""
        pieces: list[str] = []
        self._read(self._connection, model, wire.arguments_text, pieces.append)
        return wire.arguments_length(pieces)

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream, on a connection of its own, and marks its deltas."""
        with self._connect() as connection:
            self._read(connection, model, self._text_of, mark)

    def request(self) -> str:
        """Makes one request."""
        self._connection.sendall(request_bytes(self._target.api, "any", stream=False))
        head, answer = self._head(self._connection)
        length = content_length(head)
        while len(answer) < length:
            answer += self._connection.recv(READ_BYTES)
        return wire.whole_text(self._target.api, answer)


class AsyncioLoop:
    """The loop on asyncio's streams."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._text_of = wire.TEXT[target.api]
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._target.port, limit=READ_BYTES)

    async def _send(self, model: str, *, stream: bool) -> asyncio.StreamReader:
        self._streams = self._streams or await self._connect()
        reader, writer = self._streams
        writer.write(request_bytes(self._target.api, model, stream=stream))
        await writer.drain()
        return reader

    async def stream(self, model: str) -> int:
        """Reads one stream."""
        reader = await self._send(model, stream=True)
        await reader.readuntil(b"\r\n\r\n")
        chunks = Chunks(self._text_of)
        seen = 0
        while not chunks.done:
            for _text in chunks.feed(await reader.read(READ_BYTES)):
                seen += 1
        return seen

    async def calls(self, model: str) -> int:
        """Reads one streamed tool call, whose arguments are looked at when they are whole."""
        reader = await self._send(model, stream=True)
        await reader.readuntil(b"\r\n\r\n")
        chunks = Chunks(wire.arguments_text)
        pieces: list[str] = []
        while not chunks.done:
            pieces += chunks.feed(await reader.read(READ_BYTES))
        return wire.arguments_length(pieces)

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream, on a connection of its own, and marks its deltas."""
        reader, writer = await self._connect()
        try:
            writer.write(request_bytes(self._target.api, model, stream=True))
            await reader.readuntil(b"\r\n\r\n")
            chunks = Chunks(self._text_of)
            while not chunks.done:
                for text in chunks.feed(await reader.read(READ_BYTES)):
                    mark(text)
        finally:
            writer.close()

    async def request(self) -> str:
        """Makes one request."""
        reader = await self._send("any", stream=False)
        head = await reader.readuntil(b"\r\n\r\n")
        return wire.whole_text(self._target.api, await reader.readexactly(content_length(head)))


if __name__ == "__main__":
    main(wire.LIBRARY, SocketLoop, AsyncioLoop)
