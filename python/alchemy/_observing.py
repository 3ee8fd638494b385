"""Telling hooks what happens to a request. Imported with the first request that somebody watches.

The runtime's threads run no Python: the native stream keeps what happens, with its time, and whoever next touches
the stream tells the hooks. A retry wakes whoever waits, since the wait before it may be long.
"""

from __future__ import annotations

import gc
import sys
from _thread import get_ident, start_new_thread
from atexit import register
from contextlib import suppress
from itertools import chain
from os import getpid
from sys import is_finalizing
from time import time_ns
from weakref import ref

from ._stream import MessageStream, local_server, log_late_notices
from .errors import AbortedError, AlchemyError
from .hooks import Call, Hooks, LoggingHooks
from .messages import AssistantMessage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from ._native import NativeStream
    from ._verbs import ContextLike

# The requests whose end has not been told, by `id`.
_open: dict[int, ref[Observer]] = {}
# The thread on which the garbage collector runs just now.
_collecting: int | None = None
_logging_hooks: LoggingHooks | None = None
_DEBUG = 10


def observe(
    native: NativeStream,
    hooks: tuple[Hooks, ...],
    context: ContextLike,
    options: Mapping[str, Any],
    *,
    started_ns: int,
    logged: bool,
) -> Observer | RetryLogger:
    """Watch a request that was prepared, and tell that it was."""
    global _logging_hooks  # noqa: PLW0603  (made once, at the first request that is logged)
    if logged and not any(isinstance(hook, LoggingHooks) and hook.logger.name == "alchemy" for hook in hooks):
        if _logging_hooks is None:
            _logging_hooks = LoggingHooks()
        if not hooks and not _logging_hooks.logger.isEnabledFor(_DEBUG):
            return RetryLogger(native, _logging_hooks, context, started_ns)
        hooks = (*hooks, _logging_hooks)
    observer = Observer(native, hooks, Call(native, context, options, started_ns=started_ns))
    observer.deliver()
    return observer


class _Watcher:
    """Takes from a native stream what has happened, and tells it in order, whichever threads touch the stream."""

    __slots__ = ("__weakref__", "_ended", "_failed", "_native", "_news", "_pending", "_process", "_teller", "_told")

    def __init__(self, native: NativeStream) -> None:
        """Begin to watch."""
        self._native = native
        self._process = getpid()
        # What is to be told, the oldest first, and how many hooks know the first of it.
        self._pending: list[tuple[str, int, Any]] = []
        self._told = 0
        # An end that the native stream does not know of.
        self._failed: tuple[str, int, Any] | None = None
        # Whether somebody has asked to tell since it was last looked what there is.
        self._news = False
        # Who tells just now. Not a lock: a signal handler may ask while the thread it interrupted tells, or end the
        # telling by an exception at any call, after which nobody would know whether the lock is taken.
        self._teller: dict[str, object] = {}
        self._ended = False

    def stream(self, errors: Literal["raise", "event"]) -> ObservedStream:
        """Return the stream that tells this watcher whenever it is touched."""
        return ObservedStream(self._native, self, errors=errors)

    def complete(self) -> AssistantMessage:
        """Send the request and wait for the whole answer."""
        native = self._native
        try:
            native.start(*local_server(native))
            native.discard()
            while native.outcome() is None:
                native.wait(whole=True)
                self.deliver()
            message = native.result()
        except BaseException as error:
            self.give_up(error)
            raise
        self.deliver()
        log_late_notices(native, message)
        return message

    async def complete_async(self) -> AssistantMessage:
        """Send the request and wait for the whole answer, in async code."""
        from . import _loop

        native = self._native
        try:
            await _loop.start(native)
            native.discard()
            while native.outcome() is None:
                await _loop.wait(native, whole=True)
                self.deliver()
            message = native.result()
        except BaseException as error:
            self.give_up(error)
            raise
        self.deliver()
        log_late_notices(native, message)
        return message

    def give_up(self, error: BaseException) -> None:
        """Close the connection after an error, and tell the end."""
        if isinstance(error, AlchemyError):
            self.fail(error)
        self._native.close()
        self.deliver()

    def fail(self, error: AlchemyError) -> None:
        """Tell that the request failed by this, unless its end is known already."""

    def deliver(self) -> None:
        """Tell what has happened since the last time, without waiting. Whoever finds another at it leaves it to that.

        Raises:
            KeyboardInterrupt: A hook raised it; likewise `SystemExit`. All is told before.
        """
        if self._ended or self._process != getpid():
            # A forked child leaves the request to its parent.
            return
        own = object()
        stop: BaseException | None = None
        self._news = True
        try:
            # Once more after each time: who asked until the place was given back has left it to this one.
            while self._news:
                try:
                    if self._teller.setdefault("now", own) is not own:
                        break
                    stop = self._tell_all() or stop
                finally:
                    if "now" in self._teller and self._teller["now"] is own:
                        del self._teller["now"]
            if stop is not None:
                raise stop
        finally:
            # The exception holds this frame; a frame that held it would keep both until the garbage is collected.
            del stop

    def _tell_all(self) -> BaseException | None:
        """Tell what there is, and return what a hook raised to end the program."""
        pending = self._pending
        stop: BaseException | None = None
        try:
            while self._news:
                self._news = False
                failed = self._failed
                # In one call, so that no signal comes between the taking and the keeping.
                pending.extend(chain.from_iterable(iter(self._native.observations, [])))
                if failed is not None:
                    pending.append(failed)
                    self._failed = None
                while pending and not self._ended:
                    # It is taken off when all know it: who is interrupted by a signal goes on here the next time.
                    stop = self._tell(*pending[0]) or stop
                    if pending[0][0] == "end":
                        self._ended = True
                        _open.pop(id(self), None)
                    self._told = 0
                    del pending[0]
            return stop
        finally:
            del stop

    def _tell(self, kind: str, at_ns: int, detail: Any) -> BaseException | None:
        """Tell one thing that happened, and return what a hook raised to end the program."""
        raise NotImplementedError


class RetryLogger(_Watcher):
    """Writes retries to the log, and does as little as it can where there are none."""

    __slots__ = ("_attempt", "_call", "_context", "_hooks", "_started_ns")

    def __init__(self, native: NativeStream, hooks: LoggingHooks, context: ContextLike, started_ns: int) -> None:
        """Begin to watch."""
        super().__init__(native)
        self._hooks = hooks
        self._context = context
        self._started_ns = started_ns
        self._attempt = 0
        self._call: Call | None = None

    def _tell(self, kind: str, at_ns: int, detail: Any) -> BaseException | None:
        if kind == "attempt":
            self._attempt = detail
        elif kind == "retry" and not self._told:
            if self._call is None:
                self._call = Call(self._native, self._context, {}, started_ns=self._started_ns)
            self._call.attempt = self._attempt
            self._call.step_ns = at_ns
            self._told = 1
            try:
                self._hooks.retry(self._call, *detail)
            except Exception as error:  # noqa: BLE001  (a filter or handler of the application's; the request goes on)
                _log_failure(self._hooks, kind, error)
        return None


class Observer(_Watcher):
    """Tells the hooks of one request each step, and its end exactly once."""

    __slots__ = ("_call", "_failure", "_hooks")

    def __init__(self, native: NativeStream, hooks: tuple[Hooks, ...], call: Call) -> None:
        """Begin to watch."""
        super().__init__(native)
        self._call = call
        self._hooks = hooks
        self._failure: AlchemyError | None = None
        self._pending.append(("request_built", call.started_ns, None))
        _open[id(self)] = ref(self)

    def fail(self, error: AlchemyError) -> None:
        """Tell that the request failed by this, unless its end is known already."""
        self._failure = error
        self._failed = ("end", time_ns(), None)
        self.deliver()

    def leave(self) -> None:
        """Tell that the program ended before the answer. The connection is closed elsewhere."""
        if not self._ended and self._process == getpid():
            text = "the program ended before the answer was whole; close streams before that"
            call = self._call
            self.fail(AbortedError(text, provider=call.provider, model=call.model, partial=self._native.message()))

    def _tell(self, kind: str, at_ns: int, detail: Any) -> BaseException | None:
        call = self._call
        call.step_ns = at_ns
        name = kind
        details: tuple[Any, ...] = (detail,)
        if kind == "attempt":
            call.attempt = detail
            if call.sent_ns is None:
                call.sent_ns = at_ns
                if call.server_address is None:
                    call.read_facts()
        elif kind == "head":
            name = "headers"
            call.headers_ns = at_ns
            call.response = detail
        elif kind == "retry":
            details = detail
        elif kind == "end":
            outcome = self._native.outcome()
            if self._failure is not None and not isinstance(outcome, AssistantMessage):
                outcome = self._failure
            call.ended_ns = at_ns
            name, details = "done" if isinstance(outcome, AssistantMessage) else "error", (outcome,)
        else:  # the request was built, or the first event came
            details = ()
            if kind == "first_event":
                call.first_event_ns = at_ns
        return self._run(name, *details)

    def _run(self, name: str, *details: Any) -> BaseException | None:
        """Call a method of each hook, and return what is to end the program. All are called, whichever raise."""
        stop: BaseException | None = None
        try:
            while self._told < len(self._hooks):
                hook = self._hooks[self._told]
                following = self._told + 1
                try:
                    tell = getattr(hook, name)
                    self._told = following
                    tell(self._call, *details)
                except Exception as error:  # noqa: BLE001  (whatever it is, the request goes on)
                    self._told = following
                    _log_failure(hook, name, error)
                except BaseException as raised:  # noqa: BLE001  (raised again when all is told)
                    stop = raised
            return stop
        finally:
            del stop

    def __del__(self, _is_finalizing: Any = is_finalizing, _getpid: Any = getpid) -> None:
        """Tell the end of a request that was dropped before it."""
        if self._ended or _is_finalizing():
            return
        if self._process != _getpid():
            _open.pop(id(self), None)
            return
        self._native.close()
        if _collecting == get_ident():
            # The collector may have interrupted anything, a lock that a hook is to take included.
            try:
                start_new_thread(self.deliver, ())
            except RuntimeError:  # no more threads at the exit
                self.deliver()
        else:
            self.deliver()


class ObservedStream(MessageStream):
    """A stream that tells a watcher whenever it is touched."""

    __slots__ = ("_watcher",)

    def __init__(self, native: NativeStream, watcher: _Watcher, *, errors: Literal["raise", "event"]) -> None:
        """Wrap a prepared request."""
        super().__init__(native, errors=errors)
        self._watcher = watcher
        self._watch()

    def result(self) -> AssistantMessage:
        """Wait for the end of the answer, as any stream does; what happens until then is told when it happens."""
        try:
            self._start()
            self._skip()
            while self._native.outcome() is None:
                self._native.wait(whole=True)
                self._watcher.deliver()
        except BaseException:
            self.close()
            raise
        return self._result()

    async def result_async(self) -> AssistantMessage:
        """Wait for the end of the answer as `result` does, in async code."""
        from . import _loop

        try:
            await self._start_async()
            self._skip()
            while self._native.outcome() is None:
                await _loop.wait(self._native, whole=True)
                self._watcher.deliver()
        except BaseException:
            self.close()
            raise
        return self._result()

    def close(self) -> None:
        """Close the connection as any stream does, and tell."""
        super().close()
        self._watcher.deliver()

    def _start(self) -> None:
        try:
            super()._start()
        except AlchemyError as error:
            self._watcher.fail(error)
            raise

    async def _start_async(self) -> None:
        try:
            await super()._start_async()
        except AlchemyError as error:
            self._watcher.fail(error)
            raise

    def _fill(self) -> bool | None:
        ready = super()._fill()
        self._watcher.deliver()
        return ready

    def _result(self) -> AssistantMessage:
        self._watcher.deliver()
        return super()._result()


def _log_failure(hook: Hooks, name: str, error: Exception) -> None:
    """Log what a hook raised, with its traceback. A log that fails as well says so where `logging` says such things."""
    import logging

    text = "the hook %s.%s failed; the request goes on"
    try:
        logging.getLogger("alchemy").error(text, type(hook).__name__, name, exc_info=error)
    except Exception:  # noqa: BLE001  (a filter or handler of the application's)
        if logging.raiseExceptions and sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison]
            from traceback import print_exc

            with suppress(OSError, ValueError):
                print_exc()


def _note_collection(phase: str, _: Mapping[str, int]) -> None:
    """Note where the garbage collector runs. It never runs twice at once."""
    global _collecting  # noqa: PLW0603  (there is one collector)
    _collecting = get_ident() if phase == "start" else None


def _leave() -> None:
    for reference in list(_open.values()):
        observer = reference()
        if observer is not None:
            observer.leave()


gc.callbacks.append(_note_collection)
# Registered with the first request that is watched, so that it runs before what was set up earlier is taken down,
# such as a tracer.
register(_leave)
