"""The floor: sends the request and reads the answer's bytes without looking at them."""

import asyncio
import platform
import socket
from collections.abc import Callable

from bench_client import main
from hand_written import content_length, request_bytes

READ_BYTES = 65_536
LAST_CHUNK = b"0\r\n\r\n"


class Ending:
    """Sees where a chunked body ends; no event of the benchmark's provider holds these bytes."""

    def __init__(self) -> None:
        self._tail = b""

    def reached(self, view: memoryview) -> bool:
        """Whether the body ends with these bytes."""
        self._tail = (self._tail + bytes(view[-len(LAST_CHUNK) :]))[-len(LAST_CHUNK) :]
        return self._tail == LAST_CHUNK


def whole_length(response: bytes) -> int:
    """The length of a response, head included."""
    head, _, _ = response.partition(b"\r\n\r\n")
    return len(head) + 4 + content_length(head)


class RawSocket:
    """Blocking reads."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._view = memoryview(bytearray(READ_BYTES))

    def stream(self, count: int) -> int:
        """Reads one stream; the number of events is taken on trust."""
        self._socket.sendall(request_bytes(f"events-{count}", stream=True))
        ending = Ending()
        while not ending.reached(self._view[: self._socket.recv_into(self._view)]):
            pass
        return count

    def request(self) -> str:
        """Makes one request; the text is taken on trust."""
        self._socket.sendall(request_bytes("any", stream=False))
        read = self._socket.recv_into(self._view)
        length = whole_length(bytes(self._view[:read]))
        while read < length:
            read += self._socket.recv_into(self._view[read:])
        return "Hello! How can I help you today?"


class Receiver(asyncio.BufferedProtocol):
    """Lets the event loop read into one buffer and says when an answer is whole."""

    def __init__(self) -> None:
        self._view = memoryview(bytearray(READ_BYTES))
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
        if self._waiter is not None and self._complete(self._view[:nbytes]):
            self._waiter.set_result(None)
            self._waiter = None


class RawAsyncio:
    """Reads by a protocol of the event loop."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: tuple[asyncio.Transport, Receiver] | None = None

    async def _exchange(self, request: bytes, complete: Callable[[memoryview], bool]) -> None:
        if self._connection is None:
            loop = asyncio.get_running_loop()
            self._connection = await loop.create_connection(Receiver, "127.0.0.1", self._port)
        transport, receiver = self._connection
        done = receiver.expect(complete)
        transport.write(request)
        await done

    async def stream(self, count: int) -> int:
        """Reads one stream; the number of events is taken on trust."""
        await self._exchange(request_bytes(f"events-{count}", stream=True), Ending().reached)
        return count

    async def request(self) -> str:
        """Makes one request; the text is taken on trust."""
        read = length = 0

        def complete(piece: memoryview) -> bool:
            nonlocal read, length
            length = length or whole_length(bytes(piece))
            read += len(piece)
            return read >= length

        await self._exchange(request_bytes("any", stream=False), complete)
        return "Hello! How can I help you today?"


if __name__ == "__main__":
    main(f"CPython {platform.python_version()}", RawSocket, RawAsyncio)
