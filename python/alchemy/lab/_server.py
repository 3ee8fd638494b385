"""The server behind a lab: an event loop on a thread of its own, the port, and the answer to each request."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from alchemy.lab._answers import Answer, message_of
from alchemy.lab._plan import error_reply, plan
from alchemy.lab._seen import Connection, Request
from alchemy.lab._wire import Wire
from alchemy.lab.protocols import Asked, Protocol, meant, protocol_at

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine

    from alchemy.lab._faults import Fault
    from alchemy.lab._http import RawRequest
    from alchemy.lab._steps import Reply

__all__ = ["HOST", "Entry", "Server"]

HOST = "127.0.0.1"
_BACKLOG = 4096


@dataclass(slots=True)
class Entry:
    """An answer in line."""

    answer: Answer
    faults: tuple[Fault, ...]
    pace: float
    api: str | None
    times: int


class Server:
    """Serves until it is closed. What it saw may be read from any thread.

    Args:
        take: Gives the answer that is next for a wire protocol.
        tls: How to speak TLS; None: not.
        port: Where to listen; 0: a free port.
    """

    def __init__(self, take: Callable[[str], Entry], tls: ssl.SSLContext | None, port: int) -> None:
        self.requests: list[Request] = []
        self.connections: list[Connection] = []
        self.failures: list[Exception] = []
        self.changed = threading.Condition()
        self.closed = False
        self._process = os.getpid()
        self._take = take
        self._wires: set[Wire] = set()
        self._server: asyncio.Server | None = None
        # Whatever loops the program has chosen: its own are none of ours.
        if sys.platform == "win32":
            self._loop: asyncio.AbstractEventLoop = asyncio.ProactorEventLoop()
        else:
            self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="alchemy-lab", daemon=True)
        self._thread.start()
        try:
            self.port: int = self._call(self._open(tls, port))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection, the port and the thread. Closing again does nothing."""
        if self.closed:
            return
        self.closed = True
        if os.getpid() != self._process:
            # A forked child has the objects and not the thread: the parent closes.
            return
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self, tls: ssl.SSLContext | None, port: int) -> int:
        self._server = await self._loop.create_server(
            lambda: Wire(self._made, self._gone, self._reply_to, self.failures.append),
            HOST,
            port,
            ssl=tls,
            backlog=_BACKLOG,
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
        for wire in list(self._wires):
            wire.abort()
        mine = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_default_executor()
        # The sockets are closed in callbacks that are due before this one.
        await asyncio.sleep(0)

    def _made(self, wire: Wire) -> Connection:
        self._wires.add(wire)
        connection = Connection(len(self.connections), time.monotonic())
        with self.changed:
            self.connections.append(connection)
            self.changed.notify_all()
        return connection

    def _gone(self, wire: Wire) -> None:
        self._wires.discard(wire)
        with self.changed:
            self.changed.notify_all()

    async def _reply_to(self, raw: RawRequest, connection: Connection) -> Reply:
        """Give the answer to a request: what is in line for it, or what is wrong with it."""
        path = raw.target.partition("?")[0]
        protocol = protocol_at(path)
        body, wrong = _read(protocol, raw)
        request = Request(
            method=raw.method,
            path=raw.target,
            headers=raw.headers,
            body=raw.body,
            api=protocol.api if protocol else None,
            model=protocol.model(raw.target, body) if protocol else "",
            streamed=bool(protocol and protocol.streamed(raw.target, body)),
            time=time.monotonic(),
            connection=connection.number,
        )
        with self.changed:
            self.requests.append(request)
            number = len(self.requests)
            self.changed.notify_all()
        if protocol is None or wrong is not None:
            spoken = protocol or meant(path, raw.headers)
            status, words = wrong or (404, f"no such path: {path}")
            return error_reply(spoken, status, words, number)
        entry = self._take(protocol.api)
        asked = Asked(request.model, body, number, len(raw.body))
        try:
            answer: Any = entry.answer
            said = await asyncio.to_thread(answer, request) if callable(answer) else answer
            return plan(
                message_of(said), asked, protocol, streamed=request.streamed, faults=entry.faults, pace=entry.pace
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it is kept and told
            self.failures.append(error)
            return error_reply(protocol, 400, f"lab: no answer could be given: {type(error).__name__}: {error}", number)


def _read(protocol: Protocol | None, raw: RawRequest) -> tuple[dict[str, Any], tuple[int, str] | None]:
    """Read a request's body; gives what is wrong with the request as status and words."""
    if protocol is None:
        return {}, None
    if raw.method != "POST":
        return {}, (405, f"{raw.method} is not allowed here; use POST")
    try:
        body: Any = json.loads(raw.body)
    except ValueError as error:
        return {}, (400, f"the body is no JSON: {error}")
    if not isinstance(body, dict):
        return {}, (400, "the body is no JSON object")
    if protocol.required not in body:
        return cast("dict[str, Any]", body), (400, f"the body has no {protocol.required}")
    return cast("dict[str, Any]", body), None
