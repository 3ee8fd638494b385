"""Scripted HTTP servers on the loopback interface, made of plain sockets and threads.

Each request takes the next script; the last script serves all further requests. A script is a sequence of steps:
bytes are sent as they are, and the other steps are the classes below.

Example:
    >>> with Server(event_stream(*TEXT)) as server:
    ...     alchemy.complete(alchemy.Model(id="m", base_url=server.url), "hello")
"""

import contextlib
import json
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Self

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Pause:
    """Waits before the next step, or until the client closes the connection."""

    seconds: float


@dataclass(frozen=True)
class Until:
    """Waits for the test to set the event, or until the client closes the connection."""

    event: threading.Event


@dataclass(frozen=True)
class Stall:
    """Sends nothing more and keeps the connection open until the client closes it."""


@dataclass(frozen=True)
class Close:
    """Closes the connection in order."""


@dataclass(frozen=True)
class Reset:
    """Breaks the connection: the client sees a reset."""


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Connection:
    """One accepted connection; `closed` is set once the client has closed it, at `closed_at` of the monotonic clock."""

    socket: socket.socket
    number: int
    closed: threading.Event = field(default_factory=threading.Event)
    closed_at: float = 0.0
    received: bytes = b""

    def note_closed(self) -> None:
        self.closed_at = time.monotonic()
        self.closed.set()


def head(status: int = 200, headers=(), *, reason: str = "Scripted") -> bytes:
    """The status line and headers of an answer."""
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(body=b"", status: int = 200, content_type: str = "application/json", headers=()) -> list:
    """A script that sends one answer of a known length; a body that is no bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = [*headers, ("content-length", len(raw))]
    if content_type:
        fields.append(("content-type", content_type))
    return [head(status, fields) + raw]


def framed(data: bytes) -> bytes:
    """One piece of a body in chunked transfer."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def event(data) -> bytes:
    """One server-sent event of a chunked body; data that is no str is sent as JSON."""
    text = data if isinstance(data, str) else json.dumps(data)
    return framed(f"data: {text}\n\n".encode())


STREAM_HEAD = head(headers=[("content-type", "text/event-stream"), ("transfer-encoding", "chunked")])
STREAM_END = framed(b"")


def event_stream(*steps, end: bool = True) -> list:
    """A script that streams: dictionaries and strings are sent as events, other steps are run as they are."""
    script = [STREAM_HEAD]
    script += [event(step) if isinstance(step, (dict, str)) else step for step in steps]
    return [*script, STREAM_END] if end else script


def chunk(delta=None, finish=None, **top) -> dict:
    """One chunk of a streamed chat completion."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m-1", "choices": [choice], **top}


def completion(text: str = "Hello there.", **message) -> dict:
    """A chat completion that is not streamed."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": "stop"}
    return {"id": "chatcmpl-1", "object": "chat.completion", "model": "m-1", "choices": [choice]}


@contextlib.contextmanager
def unaccepting():
    """The address of a host on which no connection is ever made: the queue of its listener is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((HOST, 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://{HOST}:{listener.getsockname()[1]}"


HELLO = chunk({"role": "assistant", "content": "Hello"})
THERE = chunk({"content": " there."})
FINISH = chunk({}, "stop")
TEXT = (HELLO, THERE, FINISH, "[DONE]")


class Server:
    """A server that answers by script, records the requests and notes when the client goes away."""

    def __init__(self, *scripts, tls=None) -> None:
        self.scripts = list(scripts) or [answer(completion())]
        self.tls = tls
        self.requests: list[Request] = []
        self.connections: list[Connection] = []
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error) -> None:
        self.stop()

    def stop(self) -> None:
        """Closes everything and waits for the threads."""
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def wait_requests(self, count: int = 1, timeout: float = 5) -> bool:
        """Whether that many requests have arrived in time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.requests) >= count, timeout)

    def wait_closed(self, timeout: float = 5) -> bool:
        """Whether the client has closed every connection that it opened, in time; at least one is awaited."""
        ends = time.monotonic() + timeout
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self.connections), timeout):
                return False
        return all(each.closed.wait(max(0.0, ends - time.monotonic())) for each in list(self.connections))

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(accepted,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, accepted: socket.socket) -> None:
        connection = Connection(accepted, len(self.connections))
        with self._changed:
            self.connections.append(connection)
            self._changed.notify_all()
        try:
            if self.tls:
                accepted.settimeout(5)
                connection.socket = self.tls.wrap_socket(accepted, server_side=True)
            while (request := self._read(connection)) is not None:
                with self._changed:
                    number = len(self.requests)
                    self.requests.append(request)
                    self._changed.notify_all()
                for step in self.scripts[min(number, len(self.scripts) - 1)]:
                    if not self._step(connection, step):
                        return
        except OSError:
            connection.note_closed()
        finally:
            connection.socket.close()

    def _step(self, connection: Connection, step) -> bool:
        """Runs one step; False ends the connection."""
        if isinstance(step, bytes):
            connection.socket.settimeout(10)
            connection.socket.sendall(step)
            return True
        if isinstance(step, Reset):
            linger = struct.pack("ii", 1, 0)
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        if isinstance(step, Close):
            return False
        ends = time.monotonic() + (step.seconds if isinstance(step, Pause) else 3600)
        while time.monotonic() < ends:
            if isinstance(step, Until) and step.event.is_set():
                return True
            if self._gone(connection, 0.01):
                return False
        return True

    def _gone(self, connection: Connection, seconds: float) -> bool:
        """Whether the client has closed the connection or the server is stopping; waits up to `seconds`."""
        if self._stopped.is_set():
            return True
        ready, _, _ = select.select([connection.socket], [], [], seconds)
        if not ready:
            return False
        received = connection.socket.recv(65536)
        connection.received += received
        if not received:
            connection.note_closed()
        return not received

    def _read(self, connection: Connection) -> Request | None:
        """The next request, or None where the client has closed the connection."""
        while b"\r\n\r\n" not in connection.received:
            if self._gone(connection, 0.05):
                return None
        raw, _, rest = connection.received.partition(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        connection.received = rest
        while len(connection.received) < length:
            if self._gone(connection, 0.05):
                return None
        body, connection.received = connection.received[:length], connection.received[length:]
        return Request(method, path, headers, body, connection.number)
