"""Waiting in event loops: one watched pipe for each loop, however many streams it has.

Imported at the first wait in async code, where asyncio is loaded already.
"""

from __future__ import annotations

import os
from asyncio import AbstractEventLoop, get_running_loop
from weakref import WeakKeyDictionary, ref

from ._native import Bridge, NativeStream
from ._stream import local_server, log_late_notices

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .messages import AssistantMessage

_bridges: WeakKeyDictionary[AbstractEventLoop, Bridge] = WeakKeyDictionary()


def _bridge(loop: AbstractEventLoop) -> Bridge:
    """Return the loop's bridge; make it at the loop's first wait."""
    found = _bridges.get(loop)
    if found is not None:
        return found
    bridge = Bridge()
    try:
        # A forked child shares the pipe: a byte that it takes must not leave this loop blocked.
        os.set_blocking(bridge.fileno(), False)
        loop.add_reader(bridge.fileno(), bridge.drain)
    except (NotImplementedError, OSError, AttributeError):
        # Windows' proactor loop watches no pipes.
        bridge = Bridge(threadsafe=True)
        bridge.set_call(_caller(ref(loop), bridge))
    _bridges[loop] = bridge
    return bridge


def _caller(loop_reference: ref[AbstractEventLoop], bridge: Bridge) -> Callable[[], None]:
    """Return a function that has the loop, if it still lives, drain the bridge."""

    def call() -> None:
        loop = loop_reference()
        if loop is not None:
            loop.call_soon_threadsafe(bridge.drain)

    return call


async def wait(stream: NativeStream, *, whole: bool) -> None:
    """Wait until the stream has something to take; with `whole`, until its end."""
    loop = get_running_loop()
    future = loop.create_future()
    if stream.arm(_bridge(loop), future, whole):
        await future


async def start(stream: NativeStream) -> None:
    """Send the request; a local model is started off the event loop."""
    if stream.local is None:
        stream.start()
    else:
        stream.start(*await get_running_loop().run_in_executor(None, local_server, stream))


async def complete(stream: NativeStream) -> AssistantMessage:
    """Send the request and wait for the end; a wait that is cancelled closes the connection."""
    try:
        if stream.local is None:
            stream.start()
        else:
            await start(stream)
        stream.discard()
        await wait(stream, whole=True)
    except BaseException:
        stream.close()
        raise
    message = stream.result()
    log_late_notices(stream, message)
    return message


class Breath:
    """Awaited, it lets the loop turn once: a flood of events must starve nobody."""

    def __await__(self) -> Generator[None, None, None]:
        """Give way once."""
        yield
