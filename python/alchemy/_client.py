"""The client: keys, addresses, connections and default options."""

from __future__ import annotations

from sys import modules
from time import time_ns

from ._data import Data, field_values
from ._native import NativeClient, get_model as _find_model
from ._stream import MessageStream, _loops, local_server, log_late_notices  # pyright: ignore[reportPrivateUsage]
from ._verbs import Verbs, spelled_out
from .errors import AlchemyError
from .models import Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from logging import Logger
    from os import PathLike
    from types import TracebackType
    from typing import Any, Literal, NoReturn, Self

    from ._native import NativeStream
    from ._observing import Observer, RetryLogger
    from ._verbs import ContextLike
    from .hooks import Hooks
    from .messages import AssistantMessage
    from .requests import Limits, Options, Retries, Timeout
    from .typed_dicts import LimitsDict, OptionsDict, RetriesDict, TimeoutDict

# Options whose values are merged key by key where both the client and the call give them.
_MERGED = ("headers", "extra_body", "metadata")

#: The options that hooks are told: those that say how to answer. Keys, addresses, headers and conversations are none.
TOLD = frozenset(
    (
        "max_tokens",
        "previous_response_id",
        "reasoning",
        "response_format",
        "seed",
        "service_tier",
        "session_id",
        "stop",
        "temperature",
        "top_p",
    )
)

_models: dict[str, Model] = {}

#: The hooks of every client; `alchemy.hooks.install` adds to them.
installed: list[Hooks] = []
_logger: Logger | None = None
_INFO = 20


class Client(Verbs):
    """Keys, addresses, connections and default options, with the verbs of the module as methods.

    A client may be used from any threads and event loops at once. It keeps its connections for the next
    request; nothing is read, loaded or connected before the first. A forked child makes its own connections.

    Example:
        >>> import alchemy
        >>> with alchemy.Client(api_keys={"openai": "sk-..."}, timeout=30) as client:
        ...     client
        <alchemy.Client>
    """

    __slots__ = ("__weakref__", "_closed", "_hooks", "_native", "_options", "_settings")

    def __init__(
        self,
        *,
        api_keys: Mapping[str, str] | None = None,
        base_urls: Mapping[str, str] | None = None,
        timeout: Timeout | TimeoutDict | float | None = None,
        retries: Retries | RetriesDict | int | None = None,
        limits: Limits | LimitsDict | None = None,
        proxy: str | None = None,
        ca_file: str | PathLike[str] | None = None,
        client_certificate: str | PathLike[str] | None = None,
        client_key: str | PathLike[str] | None = None,
        http2: bool = False,
        wake_moderation: bool = True,
        options: Options | OptionsDict | None = None,
        hooks: Hooks | Sequence[Hooks] | None = None,
    ) -> None:
        """Keep the settings.

        Args:
            api_keys: Keys by provider id, over the environment's.
            base_urls: Addresses by provider id, over the providers' own.
            timeout: Limits by phase in seconds, or the total alone. Default: `Timeout()`.
            retries: How a request that failed before its answer began is sent again; a number is the count
                alone, 0: never. Default: `Retries()`, twice.
            limits: How many requests are under way at once, and how many requests and tokens go in a minute;
                what is over waits its turn. `Limits()` alone holds back what the provider's answers say would
                be refused. Default: None, nothing is held back.
            proxy: A proxy for every address, `http://`, `https://` or `socks5://`. Default: those of the
                environment, which are not used for this machine's own addresses.
            ca_file: A file of certificate authorities in PEM form, in place of the built-in ones and of
                `SSL_CERT_FILE`. A server's own certificate, self-signed, is taken only if it is not
                marked as an authority, which `openssl req -x509` does by default.
            client_certificate: A file with the certificate to show to servers that ask for one, in PEM form, those
                that vouch for it after it. Default: none; such servers refuse.
            client_key: The file of its key, in PEM form and without a passphrase. Default: the key is in the
                file of the certificate.
            http2: Whether HTTP/2 may be used where a server offers it. Default: False. Once a connection to a host
                is there, all requests to it share that one, on which a stream that is not read can hold up the others.
            wake_moderation: Whether an event may wait up to 0.4 ms for those of other streams while dozens of streams
                have events all the time, so that one wake-up serves many. A stream that is alone, a sync wait, a
                connection that is made and a close are never kept waiting. Default: True; with False nobody waits
                while this client has a request under way.
            options: Options for every request; those of a call win. Default: none.
            hooks: What is told each step of each request, one or several, in this order. Default: none.

        Raises:
            InvalidRequestError: A `client_key` was given without a `client_certificate`, or `limits` has a wrong
                name or value.
        """
        # What may hold a key is kept before anything can fail: programs that report errors collect the locals of each
        # frame.
        self._closed = False
        kept: Any = options
        self._options: dict[str, Any] = kept
        self._settings: dict[str, Any] = {
            "api_keys": api_keys,
            "base_urls": base_urls,
            "proxy": proxy,
            "ca_file": ca_file,
            "client_certificate": client_certificate,
            "client_key": client_key,
            "http2": http2,
            "wake_moderation": wake_moderation,
            "limits": limits,
        }
        del api_keys, base_urls, proxy, options, kept
        if client_key is not None and client_certificate is None:
            from .errors import InvalidRequestError

            raise InvalidRequestError(
                "client_key: a key goes with a certificate; pass client_certificate= as well", path="client_key"
            )
        self._set_options(timeout=timeout, retries=retries)
        for name in ("api_keys", "base_urls"):
            self._settings[name] = dict(self._settings[name] or {})
        self._hooks: tuple[Hooks, ...] = ()
        if hooks is not None:
            from .hooks import checked

            self._hooks = checked(hooks)
        # Wrong limits are refused here, where they are given.
        self._native: NativeClient | None = None if limits is None else NativeClient(**self._settings)

    @property
    def running(self) -> int | None:
        """How many requests are under way by the count of the client's limits; None without limits."""
        counts = None if self._native is None else self._native.counts()
        return None if counts is None else counts[0]

    @property
    def waiting(self) -> int | None:
        """How many requests the client's limits hold back just now; None without limits.

        Example:
            >>> import alchemy
            >>> client = alchemy.Client(limits=alchemy.Limits(concurrent_requests=8))
            >>> client.running, client.waiting
            (0, 0)
        """
        counts = None if self._native is None else self._native.counts()
        return None if counts is None else counts[1]

    def close(self) -> None:
        """Close the connections. Streams that are open go on; new requests are refused."""
        self._closed = True
        if self._native is not None:
            self._native.close()

    async def aclose(self) -> None:
        """Close as `close` does; for `contextlib.aclosing`."""
        self.close()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Close the connections."""
        self.close()

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Close the connections."""
        self.close()

    def __repr__(self) -> str:
        """Show no settings: there are keys among them."""
        return "<alchemy.Client: closed>" if self._closed else "<alchemy.Client>"

    def __reduce__(self) -> NoReturn:
        """Refuse: there are keys in it, and connections belong to their process."""
        raise TypeError("a client cannot be pickled or copied: it holds keys and connections; make another one")

    # -- the verbs ----------------------------------------------------------------------------

    def _stream(
        self, model: Model | str, context: ContextLike, *, errors: Literal["raise", "event"] = "raise", **options: Any
    ) -> MessageStream:
        if errors not in ("raise", "event"):
            options.clear()
            from .errors import InvalidRequestError

            raise InvalidRequestError(f'errors: {errors!r} is neither "raise" nor "event"', path="errors")
        native, observer = self._prepare(model, context, options, streamed=True)
        return MessageStream(native, errors=errors) if observer is None else observer.stream(errors)

    def _complete(self, model: Model | str, context: ContextLike, **options: Any) -> AssistantMessage:
        native, observer = self._prepare(model, context, options, streamed=False)
        if observer is not None:
            return observer.complete()
        try:
            message = native.complete()
            if message is None:
                message = native.complete(*local_server(native))
        except BaseException:
            native.close()
            raise
        if message.notices:
            log_late_notices(native, message)
        return message

    async def _complete_async(self, model: Model | str, context: ContextLike, **options: Any) -> AssistantMessage:
        native, observer = self._prepare(model, context, options, streamed=False)
        if observer is not None:
            return await observer.complete_async()
        try:
            # Nothing is sent where nobody could wait for the answer.
            event_loop, bridge = _loops().place()
            if not native.start():
                await _loops().start(native)
            waiter = native.arm(bridge, event_loop, True)
            # An error that somebody keeps must not keep, by its traceback, a loop that is closed and its pipe.
            del event_loop, bridge
            if waiter is not None:
                await waiter
        except BaseException:
            native.close()
            raise
        message = native.result()
        if message.notices:
            log_late_notices(native, message)
        return message

    if not TYPE_CHECKING:
        stream = spelled_out(_stream, Verbs.stream)
        complete = spelled_out(_complete, Verbs.complete)
        complete_async = spelled_out(_complete_async, Verbs.complete_async)

    # -- inner steps --------------------------------------------------------------------------

    def _set_options(self, **given: object) -> None:
        """Bring the options into a dictionary of those that are set, and put what else was given over them."""
        if isinstance(self._options, Data):
            self._options = field_values(self._options)
        self._options = dict(self._options or {})
        for name in [name for name in self._options if self._options[name] is None]:
            del self._options[name]
        self._options.update((name, given[name]) for name in given if given[name] is not None)

    def _prepare(
        self, model: Model | str, context: ContextLike, options: dict[str, Any], *, streamed: bool
    ) -> tuple[NativeStream, Observer | RetryLogger | None]:
        """Check and encode a request, and empty `options`; with somebody who watches it, if there is one."""
        logged = _is_logged()
        observed = logged or bool(self._hooks or installed)
        started_ns = time_ns() if observed else 0
        try:
            if options or self._options:
                self._merge(options, streamed=streamed)
            told = {name: value for name, value in options.items() if name in TOLD} if observed else None
            client = self._native
            if client is None or self._closed:
                client = self._open()
            # To ask a class whether an object is of it takes ten times as long.
            if type(model) is not Model and isinstance(model, str):
                model = _models.get(model) or _remember(model)
            native = client.prepare(model, context, options, streamed, observed)
        finally:
            # The dictionary was made for this call. Programs that report errors collect the locals of each frame.
            options.clear()
        if native.notices:
            from ._notices import log

            log(native.name, native.notices)
        if told is None:
            return native, None
        return native, self._watch(native, context, told, started_ns=started_ns, logged=logged)

    def _watch(
        self, native: NativeStream, context: ContextLike, told: dict[str, Any], *, started_ns: int, logged: bool
    ) -> Observer | RetryLogger | None:
        """Have a request's steps told to the hooks and to the log."""
        from ._observing import observe

        hooks = self._hooks
        if installed:
            everywhere = tuple(installed)
            hooks = everywhere + tuple(hook for hook in hooks if not any(hook is known for known in everywhere))
        return observe(native, hooks, context, told, started_ns=started_ns, logged=logged)

    def _merge(self, options: dict[str, Any], *, streamed: bool) -> None:
        """Put the options of a call over those of the client, in place: no local may hold a key where this fails."""
        if not (_STREAMED if streamed else _WHOLE).issuperset(options):
            self._refuse(options, streamed=streamed)
        for name in [name for name, value in options.items() if value is None]:
            del options[name]
        for name in self._options:
            if name not in options:
                options[name] = self._options[name]
            elif name in _MERGED and hasattr(self._options[name], "keys") and hasattr(options[name], "keys"):
                options[name] = {**self._options[name], **options[name]}
        if "response_format" in options:
            schema_of = getattr(options["response_format"], "model_json_schema", None)
            if schema_of is not None:
                options["response_format"] = schema_of()

    def _refuse(self, options: dict[str, Any], *, streamed: bool) -> None:
        """Raise what Python raises of options that a verb does not have."""
        wrong: Any = dict.fromkeys(options)
        options.clear()
        (Verbs.stream if streamed else Verbs.complete)(self, "", "", **wrong)

    def _open(self) -> NativeClient:
        """Make what connects, at the first request."""
        if self._closed:
            raise AlchemyError("the client is closed; make another one")
        self._native = NativeClient(**self._settings)
        return self._native


#: The options that a verb takes.
_WHOLE = frozenset(Verbs.complete.__kwdefaults__ or ())
_STREAMED = frozenset(Verbs.stream.__kwdefaults__ or ())


def _is_logged() -> bool:
    """Whether the application logs what `LoggingHooks` tells; `logging` is slow to import and left alone until then."""
    global _logger  # noqa: PLW0603  (looked up once)
    logger = _logger
    if logger is None:
        # A module that another thread is just importing may not have the function yet.
        find = getattr(modules.get("logging"), "getLogger", None)
        if find is None:
            return False
        _logger = logger = find("alchemy")
    return logger.isEnabledFor(_INFO)


def _remember(name: str) -> Model:
    """Look a model up in the catalog, once."""
    model = _models[name] = _find_model(name)
    return model


#: What the module's own verbs use. It holds nothing until its first request.
default_client = Client()
