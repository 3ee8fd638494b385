"""Measures many streams at once whose deltas come at a set time each.

The text of a paced delta is the time at which the provider was to write it, in nanoseconds of the system's monotonic
clock, so that a client knows how late it sees it.
"""

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from figures import Clock, percentiles

NANOSECONDS = 1_000_000_000
MILLISECONDS = 1e-6
"""A nanosecond in milliseconds."""
WARM_UP = "paced-5-20"


class SyncPaced(Protocol):
    """The blocking side of a library, as far as this file needs it."""

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and calls `mark` with the text of each delta."""


class AsyncPaced(Protocol):
    """The asynchronous side."""

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and calls `mark` with the text of each delta."""


@dataclass(frozen=True)
class Pace:
    """So many streams of so many deltas each, one every so many milliseconds."""

    streams: int
    deltas: int
    pause: int

    @classmethod
    def parse(cls, text: str) -> "Pace":
        """From `<streams>x<deltas>x<milliseconds>`."""
        streams, deltas, pause = (int(part) for part in text.split("x"))
        return cls(streams, deltas, pause)

    @property
    def model(self) -> str:
        """The name that asks the provider for it."""
        return f"paced-{self.deltas}-{self.pause}"

    @property
    def ideal(self) -> float:
        """Seconds that it takes where nothing is late."""
        return self.deltas * self.pause / 1000


class Marks:
    """When the deltas of one stream were seen."""

    __slots__ = ("first", "late")

    def __init__(self) -> None:
        self.first = 0
        """When the first was seen."""
        self.late: list[int] = []
        """How much after its time each was seen."""

    def mark(self, text: str) -> None:
        """Takes note of a delta; `int` takes a blank and leading zeros."""
        now = time.monotonic_ns()
        if not self.late:
            self.first = now
        self.late.append(now - int(text))


def summary(pace: Pace, marks: list[Marks], begun: int, clock: Clock) -> dict[str, Any]:
    """What is said of a run; `begun` is when all streams were asked for."""
    used = clock.per(1)
    events = pace.streams * pace.deltas
    seen = sum(len(one.late) for one in marks)
    if seen != events:
        raise SystemExit(f"{pace.model}: saw {seen} deltas of {events}")
    # The provider counts a stream's time from the arrival of its request, so that the wait for the first delta shows
    # what connecting, sending and the crowd at the start cost.
    due = begun + pace.pause * 1_000_000
    return {
        "events": events,
        "ideal": pace.ideal,
        "wall": used["wall"] / 1e6,
        "cpu": used["cpu"] / events,
        "late_ms": percentiles([late for one in marks for late in one.late], MILLISECONDS),
        "steady_ms": percentiles([late for one in marks for late in one.late[pace.deltas // 2 :]], MILLISECONDS),
        "start_ms": percentiles([one.first - due for one in marks], MILLISECONDS),
    }


async def measure_async(client: AsyncPaced, pace: Pace) -> dict[str, object]:
    """All streams as tasks of this loop."""
    await client.paced(WARM_UP, Marks().mark)
    marks = [Marks() for _ in range(pace.streams)]
    clock = Clock()
    begun = time.monotonic_ns()
    async with asyncio.TaskGroup() as group:
        for one in marks:
            group.create_task(client.paced(pace.model, one.mark))
    return summary(pace, marks, begun, clock)


def measure_threads(client: SyncPaced, pace: Pace) -> dict[str, object]:
    """All streams in a thread each."""
    client.paced(WARM_UP, Marks().mark)
    marks = [Marks() for _ in range(pace.streams)]
    go = threading.Event()

    def work(one: Marks) -> None:
        go.wait()
        client.paced(pace.model, one.mark)

    threads = [threading.Thread(target=work, args=(one,)) for one in marks]
    for thread in threads:
        thread.start()
    clock = Clock()
    begun = time.monotonic_ns()
    go.set()
    for thread in threads:
        thread.join()
    return summary(pace, marks, begun, clock)


def resident_bytes() -> int:
    """What this process holds in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def measure_memory(client: AsyncPaced, pace: Pace) -> dict[str, object]:
    """What each of many open streams adds, while all of them wait for their first delta."""
    await client.paced(WARM_UP, Marks().mark)
    marks = [Marks() for _ in range(pace.streams)]
    gc.collect()
    before = resident_bytes()
    tasks = [asyncio.ensure_future(client.paced(pace.model, one.mark)) for one in marks]
    # All are open well before the first delta is due, where the pause is long enough.
    await asyncio.sleep(pace.pause * 0.8 / 1000)
    after = resident_bytes()
    early = sum(bool(one.late) for one in marks)
    over = sum(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if early or over:
        raise SystemExit(f"{pace.model}: {early} streams had a delta and {over} had ended before memory was read")
    return {"streams": pace.streams, "kilobytes": (after - before) / pace.streams / 1024}
