"""Asks as a caller does: in sync and in async code, streamed and whole, to the end or not."""

import asyncio
import contextlib
import threading
import time
from dataclasses import dataclass, field

import alchemy
from fault_row import SAID_WORDS

PROMPT = "Count to six."
# How long the caller is left to wait for the next event before it is called off.
BLOCKED = 0.02


@dataclass
class Asked:
    """What the caller got."""

    events: list = field(default_factory=list)
    message: alchemy.AssistantMessage | None = None
    error: BaseException | None = None
    status: int | None = 200
    began: float = 0.0
    ended: float = 0.0
    """When the error was raised, the message was there, or the caller left."""

    def end(self) -> None:
        self.ended = self.ended or time.monotonic()

    @contextlib.contextmanager
    def asking(self):
        """Takes the time, and the error."""
        self.began = time.monotonic()
        try:
            yield
        except alchemy.AlchemyError as error:
            self.error = error
        self.end()

    def has_words(self) -> bool:
        """Whether the words before the fault have been delivered."""
        return "".join(event.delta for event in self.events if isinstance(event, alchemy.TextDelta)) == SAID_WORDS


@dataclass
class Driver:
    """What both ways share."""

    client: alchemy.Client
    model: alchemy.Model
    options: dict
    lab: object

    def stream(self):
        return self.client.stream(self.model, PROMPT, **self.options)


class Sync(Driver):
    """By blocking."""

    def ask(self, action: str, *, streamed: bool) -> Asked:
        asked = Asked()
        with asked.asking():
            if not streamed:
                asked.message = self.client.complete(self.model, PROMPT, **self.options)
            elif action:
                getattr(self, action)(asked)
            else:
                stream = self.stream()
                for event in stream:
                    asked.events.append(event)
                asked.message = stream.result()
                asked.status = stream.response.status
        return asked

    def read_words(self, stream, asked: Asked) -> None:
        while not asked.has_words():
            asked.events.append(next(stream))

    def close(self, asked: Asked) -> None:
        stream = self.stream()
        self.read_words(stream, asked)
        asked.ended = time.monotonic()
        stream.close()
        stream.result()

    def leave(self, asked: Asked) -> None:
        with self.stream() as stream:
            self.read_words(stream, asked)
            asked.ended = time.monotonic()
        stream.result()

    def drop(self, asked: Asked) -> None:
        stream = self.stream()
        self.read_words(stream, asked)
        asked.message = stream.message
        asked.ended = time.monotonic()

    def cancel(self, asked: Asked) -> None:
        """Another thread closes the stream while this one waits for the next event."""
        self.closed_from_aside(asked, asked.has_words)

    def cancel_early(self, asked: Asked) -> None:
        """The same while this one waits for the answer to begin."""
        self.closed_from_aside(asked, lambda: True)

    def closed_from_aside(self, asked: Asked, due) -> None:
        stream = self.stream()

        def close():
            self.lab.wait_requests()
            while not due():
                time.sleep(0.001)
            time.sleep(BLOCKED)
            asked.ended = time.monotonic()
            stream.close()

        thread = threading.Thread(target=close)
        thread.start()
        try:
            asked.events.extend(iter(lambda: next(stream, None), None))
            stream.result()
        finally:
            thread.join()


class Async(Driver):
    """By asyncio, each time in an event loop of its own."""

    def ask(self, action: str, *, streamed: bool) -> Asked:
        return asyncio.run(self.asked(action, streamed=streamed))

    async def asked(self, action: str, *, streamed: bool) -> Asked:
        asked = Asked()
        with asked.asking():
            if action and not streamed:
                await self.cancelled_whole(asked)
            elif not streamed:
                asked.message = await self.client.complete_async(self.model, PROMPT, **self.options)
            elif action:
                await getattr(self, action)(asked)
            else:
                stream = self.stream()
                async for event in stream:
                    asked.events.append(event)
                asked.message = await stream.result_async()
                asked.status = stream.response.status
        return asked

    async def read_words(self, stream, asked: Asked) -> None:
        while not asked.has_words():
            asked.events.append(await anext(stream))

    async def close(self, asked: Asked) -> None:
        stream = self.stream()
        await self.read_words(stream, asked)
        asked.ended = time.monotonic()
        await stream.aclose()
        await stream.result_async()

    async def leave(self, asked: Asked) -> None:
        async with self.stream() as stream:
            await self.read_words(stream, asked)
            asked.ended = time.monotonic()
        await stream.result_async()

    async def drop(self, asked: Asked) -> None:
        stream = self.stream()
        await self.read_words(stream, asked)
        asked.message = stream.message
        asked.ended = time.monotonic()

    async def cancel(self, asked: Asked) -> None:
        """The task is cancelled while it waits for the next event."""
        await self.cancelled(asked, asked.has_words)

    async def cancel_early(self, asked: Asked) -> None:
        """The same while it waits for the answer to begin."""
        await self.cancelled(asked, lambda: bool(self.lab.requests))

    async def cancelled(self, asked: Asked, due) -> None:
        stream = self.stream()

        async def read():
            async with stream:
                async for event in stream:
                    asked.events.append(event)

        task = asyncio.create_task(read())
        while not due():  # noqa: ASYNC110 (what is waited for is no event)
            await asyncio.sleep(0.001)
        await asyncio.sleep(BLOCKED)
        asked.ended = time.monotonic()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await stream.result_async()

    async def cancelled_whole(self, asked: Asked) -> None:
        task = asyncio.create_task(self.client.complete_async(self.model, PROMPT, **self.options))
        while not self.lab.requests:  # noqa: ASYNC110 (what is waited for is no event)
            await asyncio.sleep(0.001)
        await asyncio.sleep(BLOCKED)
        asked.ended = time.monotonic()
        task.cancel()
        try:
            await task
        except asyncio.CancelledError as error:
            asked.error = error


DRIVERS = {"sync": Sync, "async": Async}
