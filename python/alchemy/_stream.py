"""The stream of one answer, for `for`, `async for`, `with`, `async with` and plain calls."""

from __future__ import annotations

from ._native import EventQueue
from .errors import AlchemyError, ApiError
from .events import ErrorEvent
from .messages import AssistantMessage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Generator
    from types import ModuleType, TracebackType
    from typing import Any, Literal, NoReturn, Self

    from ._native import Bridge, NativeStream
    from .events import Event
    from .requests import Notice, Response

_loop: ModuleType | None = None


def _loops() -> Any:
    """Return what waits in event loops; it is imported with the first of them."""
    global _loop  # noqa: PLW0603  (an import statement takes longer than the rest of an event's way)
    if _loop is None:
        from . import _loop as found

        _loop = found
    return _loop


def local_server(native: NativeStream) -> tuple[()] | tuple[str, str]:
    """Return the address and key of a local model's server, started if need be; nothing for other models."""
    if native.local is None:
        return ()
    from . import local

    return local.ensure(native.local)


def log_late_notices(native: NativeStream, message: AssistantMessage) -> None:
    """Log what the answer, and not the request before it, could not honour exactly."""
    late = message.notices[len(native.notices) :]
    if late:
        from ._notices import log

        log(native.name, late)


class MessageStream(EventQueue):
    """An answer while it arrives.

    Iterate over it for its events, with `for` or `async for`; call `result` or `await result_async`
    for the whole message. Entered by `with` or `async with`, it is closed on the way out.

    The request is sent once, at the first `with`, iteration or `result`, and not before. Several
    consumers, in any threads and event loops, share the events: each goes to one of them. A sync wait
    releases the interpreter, but inside an event loop it blocks that loop: use the async forms there.

    A stream that is dropped closes its connection. Closing is what stops a provider from going on,
    so leave a stream early by `with`, `close`, or by dropping it.

    Example:
        >>> with alchemy.stream(model, "Say hello.") as stream:  # doctest: +SKIP
        ...     for event in stream:
        ...         if isinstance(event, alchemy.TextDelta):
        ...             print(event.delta, end="")
    """

    __slots__ = ("__weakref__", "_errors", "_logged", "_told")

    def __init__(self, native: NativeStream, *, errors: Literal["raise", "event"]) -> None:  # noqa: ARG002  (the base takes it)
        """Wrap a prepared request; `alchemy.stream` makes streams."""
        self._errors = errors
        self._told = False
        self._logged = False

    # -- consuming ----------------------------------------------------------------------------

    def __iter__(self) -> Generator[Event, None, None]:
        """Yield the events as they arrive, until the end.

        Yields:
            Events in order: `Start`, the blocks' starts, deltas and ends, then `Done`.

        Raises:
            ApiError: The answer failed; the error carries the message so far as `partial`. With
                `errors="event"` an `ErrorEvent` comes instead, as the last event.
        """
        self._start()
        while True:
            # The iterator over the batch is shared with every other consumer.
            yield from self._ready
            ready = self._fill()
            if ready is None:
                return self._end()
            if not ready:
                self._native.wait(whole=False)

    def __next__(self) -> Event:
        """Return the next event, waiting for it if need be."""
        for event in self:
            return event
        raise StopIteration

    def __aiter__(self) -> Self:
        """Return the stream itself; `async for` takes its events one by one."""
        return self

    def result(self) -> AssistantMessage:
        """Wait for the end of the answer and return the whole message.

        Events that nobody has taken are dropped. Further calls return the same message at once. A wait that
        is interrupted, as by Ctrl-C, closes the stream.

        Returns:
            The message. With `errors="event"` also where the answer failed: its `stop_reason` is then
            `error` or `aborted`.

        Raises:
            ApiError: The answer failed, or the stream was closed before its end (`AbortedError`); the
                error carries the message so far as `partial`.
        """
        try:
            self._start()
            self._skip()
            self._native.wait(whole=True)
        except BaseException:
            self.close()
            raise
        return self._result()

    async def result_async(self) -> AssistantMessage:
        """Wait for the end of the answer as `result` does, in async code.

        Cancelling the wait closes the stream.

        Returns:
            As `result`.

        Raises:
            ApiError: As `result`.
        """
        try:
            await self._start_async()
            self._skip()
            while self._native.outcome() is None:
                await _loops().wait(self._native, whole=True)
        except BaseException:
            self.close()
            raise
        return self._result()

    # -- looking ------------------------------------------------------------------------------

    @property
    def message(self) -> AssistantMessage:
        """A snapshot of the message so far: what has arrived, whether its events were taken or not."""
        return self._native.message()

    def partial_arguments(self, content_index: int, /) -> dict[str, Any] | None:
        """Return what a tool call has of its arguments so far, parsed as far as it goes.

        Each call reads only the text that is new, so it can be made after every delta. It returns the
        same dictionary each time, grown: read it without changing it, and copy it to keep a state.
        A string that is still being written is there as far as it goes; a number, a literal or a key
        is there once it is whole. What a cut call has is a part only: run tools by
        `ToolCall.arguments`, which are None then.

        Args:
            content_index: The call's place in `message.content`, as its events tell it; from 0.

        Returns:
            The arguments; equal to `ToolCall.arguments` once the call is complete. None where no tool
            call is or it takes free text, before its object has begun, and where its text is no JSON
            object. What no arguments can hold, nesting beyond 120 levels and numbers beyond a float,
            ends the reading: it and what follows are left out.

        Example:
            >>> for event in stream:  # doctest: +SKIP
            ...     if isinstance(event, alchemy.ToolCallDelta):
            ...         arguments = stream.partial_arguments(event.content_index)
            ...         print(arguments and arguments.get("title"))
        """
        return self._native.partial_arguments(content_index)

    @property
    def response(self) -> Response | None:
        """Status, headers and request id of the HTTP answer; None until they are there."""
        return self._native.response()

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the request could not honour exactly."""
        return self._native.notices

    # -- closing ------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the connection, from any thread, without waiting.

        An answer that is not whole ends as aborted: whoever waits for it gets an `AbortedError` that
        carries the message so far. Closing an ended stream does nothing.
        """
        self._native.close()

    async def aclose(self) -> None:
        """Close as `close` does; for `contextlib.aclosing`."""
        self.close()

    def __enter__(self) -> Self:
        """Send the request."""
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Close the stream."""
        self.close()

    async def __aenter__(self) -> Self:
        """Send the request."""
        await self._start_async()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Close the stream."""
        self.close()

    def __repr__(self) -> str:
        """Show the model and how far the answer is."""
        try:
            outcome = self._native.outcome()
        except AlchemyError:
            return f"<MessageStream {self._native.name}: of another process>"
        state: str = "streaming" if self._started else "not sent"
        if outcome is not None:
            state = outcome.stop_reason if isinstance(outcome, AssistantMessage) else type(outcome).__name__
        return f"<MessageStream {self._native.name}: {state}>"

    def __reduce__(self) -> NoReturn:
        """Refuse: a connection belongs to its process."""
        raise TypeError("a stream cannot be pickled or copied; pickle its result() instead")

    # -- inner steps --------------------------------------------------------------------------

    def _start(self) -> None:
        """Send the request, unless it is sent; a local model is started first."""
        if not self._started:
            self._native.start(*local_server(self._native))
            self._started = True

    async def _start_async(self) -> None:
        """Send the request as `_start` does, starting a local model off the event loop."""
        if not self._started:
            await _loops().start(self._native)
            self._started = True

    def _find_place(self) -> tuple[AbstractEventLoop, Bridge]:
        """Return the loop that runs, and its bridge."""
        found: tuple[AbstractEventLoop, Bridge] = _loops().place()
        return found

    def _last_event(self) -> Event | None:
        """Return an `ErrorEvent` for an answer that failed, once, where events are what was asked for."""
        error = self._native.outcome()
        if self._errors == "raise" or self._told or not isinstance(error, ApiError) or error.partial is None:
            return None
        self._told = True
        return ErrorEvent(kind=type(error).__name__, message=error.partial)

    def _end(self) -> None:
        """Log what the answer had to say besides, and raise what it failed by, if it failed."""
        outcome = self._native.outcome()
        self._log(outcome)
        if isinstance(outcome, AlchemyError) and self._errors == "raise":
            raise outcome

    def _log(self, outcome: AssistantMessage | AlchemyError | None) -> None:
        if isinstance(outcome, AssistantMessage) and not self._logged:
            self._logged = True
            log_late_notices(self._native, outcome)

    def _result(self) -> AssistantMessage:
        outcome = self._native.outcome()
        self._log(outcome)
        if isinstance(outcome, AssistantMessage):
            return outcome
        if self._errors == "event" and isinstance(outcome, ApiError) and outcome.partial is not None:
            return outcome.partial
        raise outcome or AlchemyError("the stream ended without an outcome")
