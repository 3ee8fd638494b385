"""Plays a reply on a connection: writes its bytes in time and in pieces, and breaks off where it is to break."""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from typing import TYPE_CHECKING

from alchemy.lab._http import head
from alchemy.lab._steps import Act, Grown

if TYPE_CHECKING:
    from alchemy.lab._steps import Item, Reply
    from alchemy.lab._wire import Wire

__all__ = ["Player"]

_BLOCK = 64 * 1024
_CUT_PAUSE = 0.02
#: A reset takes away what the client has not read yet: it gets the time to read it.
_RESET_PAUSE = 0.05
_GZIP = 31


class _OverError(Exception):
    """Nothing of the answer follows; its text says how it ends."""


class Player:
    """Plays one reply."""

    def __init__(self, wire: Wire, reply: Reply) -> None:
        self._wire = wire
        self._reply = reply
        self._due: deque[tuple[int, Item]] = deque(reply.at_bytes)
        self._count = 0
        self._chunked = "transfer-encoding" in reply.headers
        self._packer = zlib.compressobj(wbits=_GZIP) if reply.packed else None
        self._began = 0.0

    async def play(self) -> bool:
        """Play it; tells whether another request may come on the connection."""
        wire, reply = self._wire, self._reply
        try:
            for act in reply.before:
                await self._act(act)
            await self._head()
            self._began = asyncio.get_running_loop().time()
            for item in reply.items:
                await self._item(item)
            await self._end()
        except _OverError as over:
            match str(over):
                case "reset":
                    if self._began:
                        await asyncio.sleep(_RESET_PAUSE)
                    wire.reset()
                case "close" if self._began:
                    await self._end()
                    wire.close()
                case "end":
                    await self._end()
                    return True
                case _:
                    wire.close()
            return False
        if reply.closes_idle is not None:
            await asyncio.sleep(reply.closes_idle)
            wire.close()
            return False
        return True

    async def _head(self) -> None:
        raw = head(self._reply.status, self._reply.headers.items())
        if not self._reply.head_seconds:
            await self._send(raw)
            return
        loop = asyncio.get_running_loop()
        began = loop.time()
        for place in range(len(raw)):
            await asyncio.sleep(began + self._reply.head_seconds * (place + 1) / len(raw) - loop.time())
            await self._wire.send(raw[place : place + 1])

    async def _item(self, item: Item) -> None:
        if isinstance(item, Act):
            await self._act(item)
        elif isinstance(item, Grown):
            await self._body(item.before, flush=False)
            left = item.size
            while left > 0:
                await self._body(item.filler * min(left, _BLOCK), flush=False)
                left -= _BLOCK
            await self._body(item.after)
        else:
            await self._body(item)

    async def _act(self, act: Act) -> None:
        match act.kind:
            case "wait":
                await asyncio.sleep(act.seconds)
            case "until":
                await asyncio.sleep(self._began + act.seconds - asyncio.get_running_loop().time())
            case "cut":
                await asyncio.sleep(_CUT_PAUSE)
            case "stall":
                await asyncio.Event().wait()
            case _:
                raise _OverError(act.kind)

    async def _body(self, data: bytes, *, flush: bool = True) -> None:
        """Write a part of the body, and let happen what is due inside it."""
        if self._packer is not None:
            data = self._packer.compress(data) + (self._packer.flush(zlib.Z_SYNC_FLUSH) if flush else b"")
        await self._packed(data)

    async def _packed(self, data: bytes) -> None:
        while self._due and self._due[0][0] - self._count <= len(data):
            count, item = self._due.popleft()
            part = data[: max(0, count - self._count)]
            data = data[len(part) :]
            self._count += len(part)
            await self._framed(part)
            await self._inserted(item)
        self._count += len(data)
        await self._framed(data)

    async def _inserted(self, item: Item) -> None:
        """Do what a number of bytes was waited for; bytes that are put in there do not count."""
        if isinstance(item, Act):
            await self._act(item)
        elif isinstance(item, bytes):
            await self._framed(item)

    async def _framed(self, data: bytes) -> None:
        if data:
            await self._send(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    async def _end(self) -> None:
        """End the body in order, after what waits for more bytes than there were."""
        if self._packer is not None:
            packer, self._packer = self._packer, None
            await self._packed(packer.flush())
        while self._due:
            await self._inserted(self._due.popleft()[1])
        if self._chunked:
            await self._send(b"0\r\n\r\n")

    async def _send(self, data: bytes) -> None:
        """Write bytes, in pieces if they are to come so."""
        if self._reply.sizes is None:
            await self._wire.send(data)
            return
        while data:
            size = next(self._reply.sizes)
            await self._wire.send(data[:size])
            data = data[size:]
