"""How late timeouts were in a soak, beside how late this process' own clocks were: a busy machine is late with all of them."""

import asyncio
import threading
import time
from dataclasses import dataclass, field

import alchemy

TICK = 0.01


def late_by(call) -> float | None:
    """By how much a call that ran into a limit was over it, in seconds; None where it did not, or nobody saw when the limit began."""
    error, ended = call.outcome, call.began + call.seconds
    if isinstance(error, alchemy.TotalTimeoutError):
        return call.seconds - error.seconds
    if isinstance(error, alchemy.IdleTimeoutError):
        return ended - call.heard - error.seconds if call.heard else None
    if isinstance(error, (alchemy.ConnectTimeoutError, alchemy.FirstEventTimeoutError)):
        *before, last = error.attempts or (alchemy.Attempt(),)
        return call.seconds - sum(each.waited + each.duration for each in before) - last.waited - error.seconds
    return None


@dataclass
class Clocks:
    """What was latest; used from many threads."""

    call: tuple[float, str] = (0.0, "")
    thread: float = 0.0
    loop: float = 0.0
    """How late a tick was at worst that a thread, or a task in a loop, slept for."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, call) -> None:
        """Looks at a call that has ended."""
        late = late_by(call)
        if late is not None:
            with self.lock:
                self.call = max(self.call, (late, f"{type(call.outcome).__name__}, {call}"))

    def tick(self, ends: float) -> None:
        """Measures in this thread until a time."""
        while time.monotonic() < ends:
            due = time.monotonic() + TICK
            time.sleep(TICK)
            self.thread = max(self.thread, time.monotonic() - due)

    async def tick_async(self, ends: float) -> None:
        """Measures in this loop until a time."""
        while time.monotonic() < ends:
            due = time.monotonic() + TICK
            await asyncio.sleep(TICK)
            self.loop = max(self.loop, time.monotonic() - due)

    def rows(self) -> dict[str, object]:
        """The figures."""
        late, which = self.call
        return {
            "latest timeout over its limit": f"{late * 1000:.0f} ms ({which})" if which else "none",
            "latest tick of this process' own clocks": f"{self.thread * 1000:.0f} ms in a thread, {self.loop * 1000:.0f} ms in a loop",
        }
