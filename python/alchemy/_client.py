"""The client: keys, addresses, connections and default options."""

from __future__ import annotations

from ._data import Data, field_values
from ._native import NativeClient, get_model as _find_model
from ._verbs import Verbs
from .errors import AlchemyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike
    from types import TracebackType
    from typing import Any, NoReturn, Self

    from ._native import NativeStream
    from ._verbs import ContextLike
    from .models import Model
    from .requests import Options, Retries, Timeout
    from .typed_dicts import OptionsDict

# Options whose values are merged key by key where both the client and the call give them.
_MERGED = ("headers", "extra_body", "metadata")

_models: dict[str, Model] = {}


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

    __slots__ = ("__weakref__", "_closed", "_native", "_options", "_settings")

    def __init__(
        self,
        *,
        api_keys: Mapping[str, str] | None = None,
        base_urls: Mapping[str, str] | None = None,
        timeout: Timeout | float | None = None,
        retries: Retries | int | None = None,
        proxy: str | None = None,
        ca_file: str | PathLike[str] | None = None,
        client_certificate: str | PathLike[str] | None = None,
        client_key: str | PathLike[str] | None = None,
        http2: bool = False,
        options: Options | OptionsDict | None = None,
    ) -> None:
        """Keep the settings.

        Args:
            api_keys: Keys by provider id, over the environment's.
            base_urls: Addresses by provider id, over the providers' own.
            timeout: Limits by phase in seconds, or the total alone. Default: `Timeout()`.
            retries: How a request that failed before its answer began is sent again; a number is the count
                alone, 0: never. Default: `Retries()`, twice.
            proxy: A proxy for every address, `http://`, `https://` or `socks5://`. Default: those of the
                environment, which are not used for this machine's own addresses.
            ca_file: A file of certificate authorities in PEM form, in place of the built-in ones and of
                `SSL_CERT_FILE`. A server's own certificate, self-signed, is taken only if it is not
                marked as an authority, which `openssl req -x509` does by default.
            client_certificate: A file with the certificate to show to servers that ask for one, in PEM form, those
                that vouch for it after it. Default: none; such servers refuse.
            client_key: The file of its key, in PEM form and without a passphrase. Default: the key is in the
                file of the certificate.
            http2: Whether HTTP/2 may be used where a server offers it. Default: False. All requests to a host
                then share one connection, on which a stream that is not read can hold up the others.
            options: Options for every request; those of a call win. Default: none.

        Raises:
            InvalidRequestError: A `client_key` was given without a `client_certificate`.
        """
        if client_key is not None and client_certificate is None:
            from .errors import InvalidRequestError

            raise InvalidRequestError(
                "client_key: a key goes with a certificate; pass client_certificate= as well", path="client_key"
            )
        self._options = _given(options)
        if timeout is not None:
            self._options["timeout"] = timeout
        if retries is not None:
            self._options["retries"] = retries
        self._settings: dict[str, Any] = {
            "api_keys": dict(api_keys or {}),
            "base_urls": dict(base_urls or {}),
            "proxy": proxy,
            "ca_file": ca_file,
            "client_certificate": client_certificate,
            "client_key": client_key,
            "http2": http2,
        }
        self._native: NativeClient | None = None
        self._closed = False

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

    def _merge(self, **given: Any) -> dict[str, Any]:
        """Put the options of a call over those of the client; None is unset."""
        options = {name: value for name, value in given.items() if value is not None}
        defaults = self._options
        if defaults:
            for name in _MERGED:
                if name in options and name in defaults:
                    options[name] = {**defaults[name], **options[name]}
            options = {**defaults, **options}
        schema_of = getattr(options.get("response_format"), "model_json_schema", None)
        if schema_of is not None:
            options["response_format"] = schema_of()
        return options

    def _prepare(
        self, model: Model | str, context: ContextLike, options: dict[str, Any], *, streamed: bool
    ) -> NativeStream:
        try:
            native = self._encode(model, context, options, streamed=streamed)
        finally:
            # The dictionary was made for this call. Programs that report errors collect the locals of each frame.
            options.clear()
        if native.notices:
            from ._notices import log

            log(native.name, native.notices)
        return native

    def _encode(
        self, model: Model | str, context: ContextLike, options: dict[str, Any], *, streamed: bool
    ) -> NativeStream:
        """Look the model up, and check and encode the request."""
        if self._closed:
            raise AlchemyError("the client is closed; make another one")
        if self._native is None:
            self._native = NativeClient(**self._settings)
        if isinstance(model, str):
            model = _models.get(model) or _remember(model)
        conversation: object = context
        if isinstance(context, str):
            conversation = {"messages": ({"role": "user", "content": context},)}
        elif isinstance(context, (list, tuple)):
            conversation = {"messages": context}
        return self._native.prepare(model, conversation, options, streamed)


def _given(options: Options | OptionsDict | None) -> dict[str, Any]:
    """Return the options that are set, by name."""
    if options is None:
        return {}
    values: dict[str, Any] = field_values(options) if isinstance(options, Data) else dict(options)
    return {name: value for name, value in values.items() if value is not None}


def _remember(name: str) -> Model:
    """Look a model up in the catalog, once."""
    model = _models[name] = _find_model(name)
    return model


#: What the module's own verbs use. It holds nothing until its first request.
default_client = Client()
