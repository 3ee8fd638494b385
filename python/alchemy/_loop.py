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

# How to get at a loop's bridge. What the loop watches holds the bridge, and with it the futures that wait and, by
# them, the loop: held from here, it would keep them, and its pipe, after the loop was closed.
_bridges: WeakKeyDictionary[AbstractEventLoop, Callable[[], Bridge | None]] = WeakKeyDictionary()


def _bridge(loop: AbstractEventLoop) -> Bridge:
    """Return the loop's bridge; make it at the loop's first wait."""
    found = _bridges.get(loop)
    known = found() if found is not None else None
    if known is not None:
        return known
    bridge = Bridge()
    try:
        # A forked child shares the pipe: a byte that it takes must not leave this loop blocked.
        os.set_blocking(bridge.fileno(), False)
        loop.add_reader(bridge.fileno(), bridge.drain)
    except (NotImplementedError, OSError, AttributeError):
        # Windows' proactor loop watches no pipes.
        bridge = Bridge(threadsafe=True)
        bridge.set_call(_caller(ref(loop), bridge))
        _bridges[loop] = lambda: bridge
    else:
        _bridges[loop] = ref(bridge)
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
    loop = _running_loop()
    future = loop.create_future()
    bridge = _bridge(loop)
    token = stream.arm(bridge, future, whole)
    if token is None:
        return
    try:
        await future
    except BaseException:
        # A caller that waits in short turns, cancelled each time, must not pile up what it waited by.
        stream.disarm(bridge, token)
        # Nor must the traceback of a cancel, which asyncio keeps, hold what was waited for.
        del stream
        raise


async def start(stream: NativeStream) -> None:
    """Send the request; a local model is started off the event loop."""
    # Nothing is sent where nobody could wait for the answer.
    loop = _running_loop()
    if stream.local is None:
        stream.start()
    else:
        stream.start(*await loop.run_in_executor(None, local_server, stream))


def _running_loop() -> AbstractEventLoop:
    """Return the loop that runs, or say what is missing."""
    try:
        return get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            "no asyncio event loop is running here, which alchemy's async forms wait in; "
            "use asyncio.run, or the sync forms in a thread"
        ) from None


async def complete(stream: NativeStream) -> AssistantMessage:
    """Send the request and wait for the end; a wait that is cancelled closes the connection."""
    try:
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
