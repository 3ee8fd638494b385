"""One connection of a lab: reads requests, has them answered in turn, and notices at once when the client goes."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from typing import TYPE_CHECKING, cast

from alchemy.lab._http import BadRequestError, RawRequest, Reader
from alchemy.lab._player import Player

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alchemy.lab._seen import Connection
    from alchemy.lab._steps import Reply

__all__ = ["Wire"]

_NO_LINGER = struct.pack("ii", 1, 0)


class Wire(asyncio.Protocol):
    """A connection as asyncio calls it."""

    def __init__(
        self,
        connected: Callable[[Wire], Connection],
        gone: Callable[[Wire], None],
        reply_to: Callable[[RawRequest, Connection], Awaitable[Reply]],
        failed: Callable[[Exception], None],
    ) -> None:
        self._connected, self._gone, self._reply_to, self._failed = connected, gone, reply_to, failed
        self._reader = Reader()
        self._waiting = bytearray()
        self._room = asyncio.Event()
        self._room.set()
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the connection."""
        self._transport = cast("asyncio.Transport", transport)
        # A write that the client does not take holds up the next one. With 0 as limit TLS would hold up all of them.
        self._transport.set_write_buffer_limits(high=1, low=0)
        self.connection = self._connected(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes; a request that comes during another one's answer waits."""
        self._waiting += data
        if self.task is None:
            self._next()

    def _next(self) -> None:
        received = bytes(self._waiting)
        self._waiting.clear()
        try:
            raw = self._reader.feed(received)
        except BadRequestError as error:
            words = f"{error}\n".encode()
            self._transport.write(
                b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain\r\n"
                b"content-length: %d\r\n\r\n%b" % (len(words), words)
            )
            self.close()
            return
        if raw is not None:
            self.connection.requests += 1
            self.task = asyncio.get_running_loop().create_task(self._answer(raw))
        elif self._reader.wants_word:
            self._reader.wants_word = False
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def _answer(self, raw: RawRequest) -> None:
        try:
            reply = await self._reply_to(raw, self.connection)
            goes_on = await Player(self, reply).play()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is kept and told
            self._failed(error)
            self.task = None
            self.abort()
            return
        self.task = None
        if not goes_on:
            return
        if raw.keeps_open:
            self._next()
        else:
            self.close()

    async def send(self, data: bytes) -> None:
        """Write bytes, and wait until there is room for more."""
        if self._transport.is_closing():
            raise asyncio.CancelledError
        self.connection.bytes_sent += len(data)
        self._transport.write(data)
        await self._room.wait()
        # Whoever is connected gets a turn, and whether this client is still there is looked at.
        await asyncio.sleep(0)

    def close(self) -> None:
        """Close the connection once everything is written."""
        self.connection.note_closed(time.monotonic(), "server")
        self._transport.close()

    def reset(self) -> None:
        """Break the connection: the client sees a reset."""
        self.connection.note_closed(time.monotonic(), "server")
        link = self._transport.get_extra_info("socket")
        if link is not None:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def abort(self) -> None:
        """Close the connection now, whatever it does."""
        self.connection.note_closed(time.monotonic(), "server")
        if self.task is not None:
            self.task.cancel()
        self._transport.abort()

    def pause_writing(self) -> None:
        """There is no room."""
        self._room.clear()

    def resume_writing(self) -> None:
        """There is room again."""
        self._room.set()

    def eof_received(self) -> bool:
        """Take it as gone: a client that only stops to send is none of those that a lab has."""
        self.connection_lost(None)
        self._transport.abort()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Note who closed the connection, and stop what it still does."""
        self.connection.note_closed(time.monotonic(), "client")
        self._gone(self)
        if self.task is not None:
            self.task.cancel()
