"""Waiting in event loops: one watched pipe for each loop, however many streams it has.

Imported at the first wait in async code, where asyncio is loaded already.
"""

from __future__ import annotations

import os
from asyncio import AbstractEventLoop, get_running_loop
from weakref import ref

from ._native import Bridge, NativeStream
from ._stream import local_server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# How to get at a loop's bridge, by the loop's id. What the loop watches holds the bridge, and with it the tasks that
# wait and, by them, the loop: held from here, it would keep them, and its pipe, after the loop was closed.
_bridges: dict[int, tuple[ref[AbstractEventLoop], Callable[[], Bridge | None]]] = {}


def place() -> tuple[AbstractEventLoop, Bridge]:
    """Return the loop that runs, and its bridge, which is made at the loop's first wait."""
    loop = running_loop()
    found = _bridges.get(id(loop))
    if found is not None and found[0]() is loop:
        bridge = found[1]()
        if bridge is not None:
            return loop, bridge
    return loop, _new_bridge(loop)


def _new_bridge(loop: AbstractEventLoop) -> Bridge:
    number = id(loop)
    bridge = Bridge()
    try:
        # A forked child shares the pipe: a byte that it takes must not leave this loop blocked.
        os.set_blocking(bridge.fileno(), False)
        loop.add_reader(bridge.fileno(), bridge.drain)
        find: Callable[[], Bridge | None] = ref(bridge)
    except (NotImplementedError, OSError, AttributeError):
        # Windows' proactor loop watches no pipes.
        bridge = Bridge(threadsafe=True)
        bridge.set_call(_caller(ref(loop), bridge))
        find = _holder(bridge)
    _bridges[number] = ref(loop, lambda _: _bridges.pop(number, None)), find
    return bridge


def _holder(bridge: Bridge) -> Callable[[], Bridge]:
    """Return a function that holds the bridge."""
    return lambda: bridge


def _caller(loop_reference: ref[AbstractEventLoop], bridge: Bridge) -> Callable[[], None]:
    """Return a function that has the loop, if it still lives, drain the bridge."""

    def call() -> None:
        loop = loop_reference()
        if loop is not None:
            loop.call_soon_threadsafe(bridge.drain)

    return call


async def wait(stream: NativeStream, *, whole: bool) -> None:
    """Wait until the stream has something to take; with `whole`, until its end."""
    loop, bridge = place()
    waiter = stream.arm(bridge, loop, whole)
    # The traceback of a cancel, which asyncio keeps, must not hold what was waited for, nor the pipe of a closed loop.
    del stream, bridge
    if waiter is not None:
        await waiter


async def start(stream: NativeStream) -> None:
    """Send the request; a local model is started off the event loop."""
    # Nothing is sent where nobody could wait for the answer.
    loop = running_loop()
    if not stream.start():
        stream.start(*await loop.run_in_executor(None, local_server, stream))


def running_loop() -> AbstractEventLoop:
    """Return the loop that runs, or say what is missing."""
    try:
        return get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            "no asyncio event loop is running here, which alchemy's async forms wait in; "
            "use asyncio.run, or the sync forms in a thread"
        ) from None
