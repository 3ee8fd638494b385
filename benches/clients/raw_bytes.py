"""The floor: sends the request and reads the answer's bytes without looking at them.

A paced stream's reader looks for nothing but the time in each delta, which stands behind the only blank and zero.
"""

import asyncio
import platform
import socket
from collections.abc import Callable

from asked import WHOLE_TEXT, Target
from bench_client import main
from hand_written import content_length, request_bytes

READ_BYTES = 65_536
LAST_CHUNK = b"0\r\n\r\n"
TIME_MARK = b'" 0'
TIME_BYTES = 20
"""A blank and the nanoseconds, in a string."""


class Ending:
    """Sees where a chunked body ends; no event of the benchmark's provider holds these bytes."""

    def __init__(self) -> None:
        self._tail = b""

    def reached(self, view: memoryview) -> bool:
        """Whether the body ends with these bytes."""
        self._tail = (self._tail + bytes(view[-len(LAST_CHUNK) :]))[-len(LAST_CHUNK) :]
        return self._tail == LAST_CHUNK


class PacedEnding(Ending):
    """The same, and marks the time in each delta; a delta is written, and so read, in one piece."""

    def __init__(self, mark: Callable[[str], None]) -> None:
        super().__init__()
        self._mark = mark

    def reached(self, view: memoryview) -> bool:
        """Whether the body ends with these bytes."""
        piece = bytes(view)
        at = piece.find(TIME_MARK)
        while at >= 0:
            self._mark(piece[at + 1 : at + 1 + TIME_BYTES].decode("ascii"))
            at = piece.find(TIME_MARK, at + TIME_BYTES)
        return super().reached(view)


def whole_length(response: bytes) -> int:
    """The length of a response, head included."""
    head, _, _ = response.partition(b"\r\n\r\n")
    return len(head) + 4 + content_length(head)


class RawSocket:
    """Blocking reads."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection = self._connect()

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._target.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _read(self, connection: socket.socket, model: str, ending: Ending) -> None:
        connection.sendall(request_bytes(self._target.api, model, stream=True))
        view = memoryview(bytearray(READ_BYTES))
        while not ending.reached(view[: connection.recv_into(view)]):
            pass

    def stream(self, model: str) -> int:
        """Reads one stream; the number of events is taken on trust."""
        self._read(self._connection, model, Ending())
        return int(model.removeprefix("events-"))

    def calls(self, model: str) -> int:
        """Reads one tool call; the number of bytes is taken on trust."""
        self._read(self._connection, model, Ending())
        return int(model.split("-")[1])

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream, on a connection of its own."""
        with self._connect() as connection:
            self._read(connection, model, PacedEnding(mark))

    def request(self) -> str:
        """Makes one request; the text is taken on trust."""
        self._connection.sendall(request_bytes(self._target.api, "any", stream=False))
        response = self._connection.recv(READ_BYTES)
        left = whole_length(response) - len(response)
        while left > 0:
            left -= len(self._connection.recv(READ_BYTES))
        return WHOLE_TEXT


class Receiver(asyncio.BufferedProtocol):
    """Lets the event loop read into one buffer and says when an answer is whole."""

    # One buffer for all connections of the thread: a piece is looked at before the next is read.
    _view = memoryview(bytearray(READ_BYTES))

    def __init__(self) -> None:
        self._complete: Callable[[memoryview], bool] = bool
        self._waiter: asyncio.Future[None] | None = None

    def expect(self, complete: Callable[[memoryview], bool]) -> asyncio.Future[None]:
        """A future that is done once `complete` is true of a piece that was read."""
        self._complete = complete
        self._waiter = asyncio.get_running_loop().create_future()
        return self._waiter

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # the loop's signature
        """Where the loop is to put what it reads."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Takes note of what was read."""
        if self._waiter is not None and self._complete(self._view[:nbytes]) and not self._waiter.done():
            self._waiter.set_result(None)
            self._waiter = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells the one who waits that no more comes."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionError("the provider closed the connection"))


class RawAsyncio:
    """Reads by a protocol of the event loop."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection: tuple[asyncio.Transport, Receiver] | None = None

    async def _connect(self) -> tuple[asyncio.Transport, Receiver]:
        return await asyncio.get_running_loop().create_connection(Receiver, "127.0.0.1", self._target.port)

    async def _exchange(self, request: bytes, complete: Callable[[memoryview], bool]) -> None:
        self._connection = self._connection or await self._connect()
        transport, receiver = self._connection
        done = receiver.expect(complete)
        transport.write(request)
        await done

    async def stream(self, model: str) -> int:
        """Reads one stream; the number of events is taken on trust."""
        await self._exchange(request_bytes(self._target.api, model, stream=True), Ending().reached)
        return int(model.removeprefix("events-"))

    async def calls(self, model: str) -> int:
        """Reads one tool call; the number of bytes is taken on trust."""
        await self._exchange(request_bytes(self._target.api, model, stream=True), Ending().reached)
        return int(model.split("-")[1])

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream, on a connection of its own."""
        transport, receiver = await self._connect()
        try:
            done = receiver.expect(PacedEnding(mark).reached)
            transport.write(request_bytes(self._target.api, model, stream=True))
            await done
        finally:
            transport.close()

    async def request(self) -> str:
        """Makes one request; the text is taken on trust."""
        read = length = 0

        def complete(piece: memoryview) -> bool:
            nonlocal read, length
            length = length or whole_length(bytes(piece))
            read += len(piece)
            return read >= length

        await self._exchange(request_bytes(self._target.api, "any", stream=False), complete)
        return WHOLE_TEXT


if __name__ == "__main__":
    main(f"CPython {platform.python_version()}", RawSocket, RawAsyncio)
