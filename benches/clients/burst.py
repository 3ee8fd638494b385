"""Measures streams that come as fast as they are read, tool calls, and requests that do not stream."""

from dataclasses import dataclass
from typing import Protocol

from asked import WHOLE_TEXT
from figures import Clock

WARM_UP_EVENTS = 200
WARM_UP_REQUESTS = 50
"""At most; a quarter of those that count where they are few, for a library that takes milliseconds for each."""


class SyncBurst(Protocol):
    """The blocking side of a library, as far as this file needs it."""

    def stream(self, model: str) -> int:
        """Reads a stream of text and returns how many pieces came."""

    def calls(self, model: str) -> int:
        """Reads a streamed tool call and returns how many bytes its arguments had."""

    def request(self) -> str:
        """Makes one request that does not stream and returns the answer's text."""


class AsyncBurst(Protocol):
    """The asynchronous side."""

    async def stream(self, model: str) -> int:
        """Reads a stream of text and returns how many pieces came."""

    async def calls(self, model: str) -> int:
        """Reads a streamed tool call and returns how many bytes its arguments had."""

    async def request(self) -> str:
        """Makes one request that does not stream and returns the answer's text."""


@dataclass(frozen=True)
class Streams:
    """So many deltas in a stream, and so many streams one after another."""

    deltas: int
    repeats: int

    @classmethod
    def parse(cls, text: str) -> "Streams":
        """From `<deltas>x<repeats>`."""
        deltas, repeats = (int(part) for part in text.split("x"))
        return cls(deltas, repeats)


@dataclass(frozen=True)
class Calls:
    """Arguments of so many bytes in deltas of so many, and so many streams one after another."""

    size: int
    step: int
    repeats: int

    @classmethod
    def parse(cls, text: str) -> "Calls":
        """From `<bytes>x<bytes of a delta>x<repeats>`."""
        size, step, repeats = (int(part) for part in text.split("x"))
        return cls(size, step, repeats)

    @property
    def model(self) -> str:
        """The name that asks the provider for it."""
        return f"calls-{self.size}-{self.step}"

    @property
    def deltas(self) -> int:
        """How many deltas a stream has."""
        return -(-self.size // self.step)


def check(what: str, got: object, expected: object) -> None:
    """Ends the process where a client did not get all that was sent."""
    if got != expected:
        raise SystemExit(f"{what}: got {got!r}, expected {expected!r}")


def measure_sync(client: SyncBurst, streams: list[Streams], calls: list[Calls], requests: int) -> dict[str, object]:
    """Each measure's CPU and wall microseconds for one event or one request, by its name."""
    found: dict[str, object] = {}
    if streams:
        check("deltas while warming up", client.stream(f"events-{WARM_UP_EVENTS}"), WARM_UP_EVENTS)
    for one in streams:
        clock = Clock()
        for _ in range(one.repeats):
            got = client.stream(f"events-{one.deltas}")
        found[f"events-{one.deltas}"] = clock.per(one.deltas * one.repeats)
        check("deltas", got, one.deltas)
    for call in calls:
        client.calls("calls-800-8")
        clock = Clock()
        for _ in range(call.repeats):
            got = client.calls(call.model)
        found[call.model] = clock.per(call.deltas * call.repeats)
        check("bytes of arguments", got, call.size)
    if requests:
        for _ in range(min(WARM_UP_REQUESTS, requests // 4)):
            client.request()
        clock = Clock()
        for _ in range(requests):
            text = client.request()
        found["request"] = clock.per(requests)
        check("text of the answer", text, WHOLE_TEXT)
    return found


async def measure_async(
    client: AsyncBurst, streams: list[Streams], calls: list[Calls], requests: int
) -> dict[str, object]:
    """The same in a running loop."""
    found: dict[str, object] = {}
    if streams:
        check("deltas while warming up", await client.stream(f"events-{WARM_UP_EVENTS}"), WARM_UP_EVENTS)
    for one in streams:
        clock = Clock()
        for _ in range(one.repeats):
            got = await client.stream(f"events-{one.deltas}")
        found[f"events-{one.deltas}"] = clock.per(one.deltas * one.repeats)
        check("deltas", got, one.deltas)
    for call in calls:
        await client.calls("calls-800-8")
        clock = Clock()
        for _ in range(call.repeats):
            got = await client.calls(call.model)
        found[call.model] = clock.per(call.deltas * call.repeats)
        check("bytes of arguments", got, call.size)
    if requests:
        for _ in range(min(WARM_UP_REQUESTS, requests // 4)):
            await client.request()
        clock = Clock()
        for _ in range(requests):
            text = await client.request()
        found["request"] = clock.per(requests)
        check("text of the answer", text, WHOLE_TEXT)
    return found
