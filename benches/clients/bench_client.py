"""Measures one client library inside its own process and prints one line of JSON.

Each script beside this one wraps a library in `SyncClient` and `AsyncClient` and calls `main`. What is counted is
`time.process_time`: user and system time of all threads of the process, so a library that works on threads of its own
is charged for them.
"""

import argparse
import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Protocol

WARM_UP_EVENTS = 1_000
WARM_UP_REQUESTS = 50


class SyncClient(Protocol):
    """A library's blocking side."""

    def stream(self, count: int) -> int:
        """Reads a stream of `count` deltas and returns how many pieces of text came."""

    def request(self) -> str:
        """Makes one request that does not stream and returns the answer's text."""


class AsyncClient(Protocol):
    """A library's asynchronous side."""

    async def stream(self, count: int) -> int:
        """Reads a stream of `count` deltas and returns how many pieces of text came."""

    async def request(self) -> str:
        """Makes one request that does not stream and returns the answer's text."""


class Clock:
    """CPU and wall time since it was made, in microseconds."""

    def __init__(self) -> None:
        gc.collect()
        self._wall = time.perf_counter_ns()
        self._cpu = time.process_time_ns()

    def per(self, count: int) -> dict[str, float]:
        """What each of `count` units of work took."""
        cpu = time.process_time_ns() - self._cpu
        wall = time.perf_counter_ns() - self._wall
        return {"cpu": cpu / count / 1000, "wall": wall / count / 1000}


def _check(what: str, got: object, expected: object) -> None:
    if got != expected:
        raise SystemExit(f"{what}: got {got!r}, expected {expected!r}")


def _check_text(text: str) -> None:
    _check("text of the answer", text, "Hello! How can I help you today?")


def _measure_sync(client: SyncClient, streams: list[tuple[int, int]], requests: int) -> dict[str, object]:
    _check("deltas while warming up", client.stream(WARM_UP_EVENTS), WARM_UP_EVENTS)
    found: dict[str, object] = {}
    for count, repeats in streams:
        clock = Clock()
        for _ in range(repeats):
            got = client.stream(count)
        found[f"events-{count}"] = clock.per(count * repeats)
        _check("deltas", got, count)
    for _ in range(WARM_UP_REQUESTS):
        text = client.request()
    _check_text(text)
    clock = Clock()
    for _ in range(requests):
        text = client.request()
    found["request"] = clock.per(requests)
    _check_text(text)
    return found


async def _measure_async(client: AsyncClient, streams: list[tuple[int, int]], requests: int) -> dict[str, object]:
    _check("deltas while warming up", await client.stream(WARM_UP_EVENTS), WARM_UP_EVENTS)
    found: dict[str, object] = {}
    for count, repeats in streams:
        clock = Clock()
        for _ in range(repeats):
            got = await client.stream(count)
        found[f"events-{count}"] = clock.per(count * repeats)
        _check("deltas", got, count)
    for _ in range(WARM_UP_REQUESTS):
        text = await client.request()
    _check_text(text)
    clock = Clock()
    for _ in range(requests):
        text = await client.request()
    found["request"] = clock.per(requests)
    _check_text(text)
    return found


def _pair(text: str) -> tuple[int, int]:
    count, _, repeats = text.partition("x")
    return int(count), int(repeats)


def main(version: str, sync_client: Callable[[int], SyncClient], async_client: Callable[[int], AsyncClient]) -> None:
    """Runs what the command line asks for; the factories take the provider's port.

    The asynchronous factory is called inside the running loop.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["sync", "async"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--streams", type=_pair, nargs="*", default=[(10_000, 2)], help="<deltas>x<repeats>")
    parser.add_argument("--requests", type=int, default=2_000)
    arguments = parser.parse_args()
    if arguments.mode == "sync":
        found = _measure_sync(sync_client(arguments.port), arguments.streams, arguments.requests)
    else:

        async def measured() -> dict[str, object]:
            return await _measure_async(async_client(arguments.port), arguments.streams, arguments.requests)

        found = asyncio.run(measured())
    print(json.dumps({"version": version, "measured": found}))
    # What a library leaves running at exit is not part of the measure and must not hold up the round.
    sys.stdout.flush()
    os._exit(0)
