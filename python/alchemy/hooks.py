"""Hooks: what happens to each request, told to code of your own, to the log, or to a tracer.

Nothing here is imported or called unless somebody asks for it.
"""

from __future__ import annotations

from _thread import allocate_lock
from itertools import count

from ._client import TOLD, installed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from logging import Logger
    from typing import Any

    from ._native import NativeStream
    from ._verbs import ContextLike
    from .errors import AlchemyError
    from .literals import ReasoningLevel
    from .messages import AssistantMessage, Attempt
    from .requests import Response
    from .usage import Usage

__all__ = ["Call", "Hooks", "LoggingHooks", "install", "uninstall"]

_numbers = count(1)
_lock = allocate_lock()


class Call:
    """One request, the same object at each of its steps. It never holds a key or the value of a header that was sent.

    What is None is not known, or has not happened yet. Times are those at which things happened, which can be
    well before the hook hears of them.
    """

    __slots__ = (
        "_native",
        "api",
        "attempt",
        "context",
        "ended_ns",
        "first_event_ns",
        "header_names",
        "headers_ns",
        "id",
        "max_tokens",
        "model",
        "previous_response_id",
        "provider",
        "reasoning",
        "response",
        "response_format",
        "seed",
        "sent_ns",
        "server_address",
        "server_port",
        "service_tier",
        "session_id",
        "started_ns",
        "state",
        "step_ns",
        "stop",
        "streamed",
        "temperature",
        "top_p",
    )

    id: int
    """Counts the requests that were watched in this process, from 1."""
    provider: str
    """The provider's id."""
    model: str
    """The model id that is asked for."""
    api: str
    """The wire protocol."""
    streamed: bool
    """Whether the answer comes in pieces."""
    server_address: str | None
    """The host that is asked; None for a model on this machine that is not running yet."""
    server_port: int | None
    """Its port."""
    header_names: tuple[str, ...]
    """Names of the headers that are sent, without their values."""
    context: ContextLike
    """The conversation: the object that was given to the verb."""
    max_tokens: int | None
    """The option of that name, as are the next nine."""
    temperature: float | None
    top_p: float | None
    stop: Sequence[str] | None
    seed: int | None
    reasoning: ReasoningLevel | int | None
    response_format: str | Mapping[str, Any] | None
    session_id: str | None
    previous_response_id: str | None
    service_tier: str | None
    attempt: int
    """How many times the request was sent so far."""
    response: Response | None
    """The head of the HTTP answer that came last."""
    started_ns: int
    """When the verb was called. Unit: nanoseconds since 1970, as are the next five."""
    sent_ns: int | None
    """When the request was sent first."""
    headers_ns: int | None
    """When the head of the answer came, of the last attempt."""
    first_event_ns: int | None
    """When the first event of the answer came."""
    ended_ns: int | None
    """When the answer was whole, or failed."""
    step_ns: int
    """When the step happened that is being told."""
    state: dict[Any, Any]
    """For the hook's own use. Several hooks share it: take a key that is yours, such as the hook itself."""

    def __init__(
        self, native: NativeStream, context: ContextLike, options: Mapping[str, Any], *, started_ns: int
    ) -> None:
        """Note what is known before anything is sent."""
        self._native = native
        self.id = next(_numbers)
        self.started_ns = self.step_ns = started_ns
        self.read_facts()
        self.context = context
        for name, value in options.items():
            setattr(self, name, value)
        self.attempt = 0
        self.response = None
        self.sent_ns = self.headers_ns = self.first_event_ns = self.ended_ns = None
        self.state = {}

    def __getattr__(self, name: str) -> None:
        """Return None for an option that was not given."""
        if name not in TOLD:
            raise AttributeError(f"a call has no attribute {name!r}")

    def read_facts(self) -> None:
        """Read what the native stream says of the request; a local model has its address once it runs."""
        facts = self._native.request_facts()
        self.provider = facts["provider"]
        self.model = facts["model"]
        self.api = facts["api"]
        self.streamed = facts["streamed"]
        self.server_address = facts["host"]
        self.server_port = facts["port"]
        self.header_names = tuple(facts["headers"])

    @property
    def body(self) -> bytes:
        """The body as it is sent, conversation included; made when it is asked for."""
        return self._native.request_body() or b""

    @property
    def name(self) -> str:
        """The model as `provider/model-id`."""
        return self._native.name

    def __repr__(self) -> str:
        """Show which request it is, and nothing of what it says."""
        return f"<alchemy.hooks.Call {self.id}: {self.name}>"


class Hooks:
    """What is called at the steps of each request. Override what you want to know; the methods do nothing.

    A request goes through the methods in the order below: `attempt`, `headers` and `retry` once for each time it is
    sent, and exactly one of `done` and `error` at the end. A request that is refused before it could be sent, and
    raises at the call, is none: nothing is called.

    The methods run on the thread that reads the answer, when it next touches it: while it takes events, waits for
    the result, or closes. They should be quick, and are called, not awaited. What they raise is logged by the logger
    `alchemy`, and the request goes on; `KeyboardInterrupt` and `SystemExit` pass. Requests run at the same time, so a
    hook that counts must be safe in threads.

    Example:
        >>> class Failures(alchemy.hooks.Hooks):
        ...     def error(self, call, error):
        ...         print(call.provider, type(error).__name__)
        >>> client = alchemy.Client(hooks=Failures())
    """

    def request_built(self, call: Call) -> None:
        """Take note: the request was checked and encoded. It is sent when the answer is first wanted."""

    def attempt(self, call: Call, number: int) -> None:
        """Take note: the request was sent, for the `number`th time, from 1."""

    def headers(self, call: Call, response: Response) -> None:
        """Take note: the head of an answer came, also of one that says that the request failed."""

    def retry(self, call: Call, attempt: Attempt, wait: float) -> None:
        """Take note: this attempt failed, and the next follows after `wait` seconds."""

    def first_event(self, call: Call) -> None:
        """Take note: the answer began. An answer that is not streamed is one event."""

    def done(self, call: Call, message: AssistantMessage) -> None:
        """Take note: the answer is whole."""

    def error(self, call: Call, error: AlchemyError) -> None:
        """Take note: the answer failed, or was given up (`AbortedError`); `partial` has the message so far."""


def install(hooks: Hooks, /) -> None:
    """Have the hooks called for every client of this process, the module's own included, from the next request on.

    They come before those of the client. A hook that is installed already, or was given to the client as well, is
    called once.

    Args:
        hooks: What to call.

    Raises:
        TypeError: It is no `Hooks`, or one of its methods is a coroutine function.

    Example:
        >>> watch = alchemy.hooks.LoggingHooks()
        >>> alchemy.hooks.install(watch)
        >>> alchemy.hooks.uninstall(watch)
    """
    checked(hooks)
    with _lock:
        if not any(hooks is known for known in installed):
            installed.append(hooks)


def uninstall(hooks: Hooks, /) -> None:
    """Have the hooks called no more for the requests that follow; those under way are told to their end.

    Args:
        hooks: What was installed; nothing happens if it was not.
    """
    with _lock:
        installed[:] = [known for known in installed if known is not hooks]


def checked(hooks: Hooks | Sequence[Hooks]) -> tuple[Hooks, ...]:
    """Return the hooks that were given, one or several, as a tuple.

    Raises:
        TypeError: One is no `Hooks`, or one of its methods is a coroutine function.
    """
    given = (hooks,) if isinstance(hooks, Hooks) else tuple(hooks)
    for hook in given:
        if not isinstance(hook, Hooks):  # pyright: ignore[reportUnnecessaryIsInstance]  # users are not checked
            raise TypeError(f"hooks must be alchemy.hooks.Hooks, not {type(hook).__name__}")
        for name in ("request_built", "attempt", "headers", "retry", "first_event", "done", "error"):
            code = getattr(getattr(hook, name), "__code__", None)
            if code is not None and code.co_flags & _COROUTINE:
                raise TypeError(f"{type(hook).__name__}.{name} is a coroutine function; hooks are called, not awaited")
    return given


# The flag of a coroutine function's code, by the data model; `inspect`, which names it, is slow to import.
_COROUTINE = 0x80


class LoggingHooks(Hooks):
    """Writes a line for each step to a logger: retries as INFO, all else as DEBUG.

    The logger `alchemy` gets these lines without it, as soon as its level lets them through. Give one to a client to
    have them elsewhere. No line has a key, words of the conversation, or the value of a header other than the
    request id.

    Example:
        >>> import logging
        >>> hooks = alchemy.hooks.LoggingHooks(logging.getLogger("requests"))
    """

    def __init__(self, logger: Logger | None = None) -> None:
        """Write to this logger; None: to `alchemy`."""
        if logger is None:
            from logging import getLogger

            logger = getLogger("alchemy")
        self.logger = logger

    def request_built(self, call: Call) -> None:
        """Say where the request goes."""
        where = "this machine" if call.server_address is None else f"{call.server_address}:{call.server_port}"
        way = "streamed" if call.streamed else "not streamed"
        self.logger.debug("%s #%d: request built, %s, %s, to %s", call.name, call.id, call.api, way, where)

    def attempt(self, call: Call, number: int) -> None:
        """Say which attempt it is."""
        self.logger.debug("%s #%d: attempt %d sent after %s", call.name, call.id, number, _after(call))

    def headers(self, call: Call, response: Response) -> None:
        """Say what the head of the answer says."""
        request_id = _request_id(response.request_id)
        text = "%s #%d: headers after %s: status %d%s"
        self.logger.debug(text, call.name, call.id, _after(call), response.status, request_id)

    def retry(self, call: Call, attempt: Attempt, wait: float) -> None:
        """Say by what the attempt failed, and when the next follows."""
        status = "" if attempt.status is None else f", status {attempt.status}"
        request_id = _request_id(attempt.request_id)
        text = "%s #%d: attempt %d failed by %s%s%s; the next follows after %.3f s"
        self.logger.info(text, call.name, call.id, call.attempt, attempt.error, status, request_id, wait)

    def first_event(self, call: Call) -> None:
        """Say how long it took."""
        self.logger.debug("%s #%d: first event after %s", call.name, call.id, _after(call))

    def done(self, call: Call, message: AssistantMessage) -> None:
        """Say how long it took, and what it used."""
        text = "%s #%d: done after %s: %s, %s%s"
        request_id = _request_id(message.request_id)
        usage = _tokens(message.usage)
        self.logger.debug(text, call.name, call.id, _after(call), message.stop_reason, usage, request_id)

    def error(self, call: Call, error: AlchemyError) -> None:
        """Say what class of error it is; its text may have the provider's words, and so the user's."""
        status = getattr(error, "status", None)
        said = "" if status is None else f", status {status}"
        request_id = _request_id(getattr(error, "request_id", None))
        text = "%s #%d: error after %s: %s%s%s"
        self.logger.debug(text, call.name, call.id, _after(call), type(error).__name__, said, request_id)


def _after(call: Call) -> str:
    """Return the time from the call to the step, in words."""
    return f"{max(0, call.step_ns - call.started_ns) / 1e9:.3f} s"


def _request_id(request_id: str | None) -> str:
    return "" if request_id is None else f", request id {request_id}"


def _tokens(usage: Usage) -> str:
    """Return what was used, in words; a count that the provider did not give is a question mark."""
    read, written = ("?" if count is None else count for count in (usage.input, usage.output))
    return f"{read} + {written} tokens"
