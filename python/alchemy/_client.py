"""The client: keys, addresses and defaults, and the three verbs."""

from __future__ import annotations

from ._data import Data, field_values
from ._native import NativeClient, get_model as _find_model
from ._stream import MessageStream, local_server, log_late_notices
from .errors import AlchemyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike
    from types import TracebackType
    from typing import Any, Literal, Self, TypeAlias

    from ._native import NativeStream
    from .literals import Api, CacheRetention, ReasoningLevel, ToolChoiceMode
    from .messages import AssistantMessage, Context, Message
    from .models import Model
    from .requests import Options, Timeout
    from .tools import Tool, ToolChoice
    from .typed_dicts import ContextDict, MessageDict, OptionsDict, ToolChoiceDict, ToolDict

    ContextLike: TypeAlias = Context | ContextDict | Sequence[Message | MessageDict] | str

# Options whose values are merged key by key where both the client and the call give them.
_MERGED = ("headers", "extra_body", "metadata")

_models: dict[str, Model] = {}


class Client:
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

    def stream(
        self,
        model: Model | str,
        context: ContextLike,
        *,
        errors: Literal["raise", "event"] = "raise",
        api: Api | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: Timeout | float | None = None,
        headers: Mapping[str, str | None] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        stop: Sequence[str] | None = None,
        seed: int | None = None,
        reasoning: ReasoningLevel | int | None = None,
        tools: Sequence[Tool | ToolDict] | None = None,
        tool_choice: ToolChoice | ToolChoiceDict | ToolChoiceMode | None = None,
        parallel_tool_calls: bool | None = None,
        response_format: Literal["text", "json"] | Mapping[str, Any] | type | None = None,
        cache: CacheRetention | None = None,
        session_id: str | None = None,
        previous_response_id: str | None = None,
        service_tier: str | None = None,
        metadata: Mapping[str, str] | None = None,
        strict: bool | None = None,
    ) -> MessageStream:
        """Prepare a request whose answer is streamed.

        The request is checked and encoded here, so that mistakes raise at this line; it is sent at the
        stream's first `with`, iteration or `result`. Options that are None are unset: nothing is sent, and
        the provider's default holds.

        Args:
            model: A `Model`, or the name of one in the catalog, `provider/model-id`.
            context: A `Context`, a sequence of messages, or the user's words. Dictionaries of the same
                shape are taken in place of objects. A lone surrogate in a text is sent as U+FFFD.
            errors: What a failure is: `raise`, an exception, or `event`, an `ErrorEvent` at the end and a
                result with the stop reason `error`.
            api: The wire protocol, over the model's, where the provider speaks several.
            api_key: The key, over the client's and the environment's.
            base_url: The server's address, over the model's; with or without version (`/v1`) or full path.
            timeout: Limits by phase in seconds, or the total alone. Default: `Timeout()`.
            headers: Headers to add; a None value removes a default.
            extra_body: Keys merged into the request's body last.
            max_tokens: The most to answer in tokens, thinking included; at least 1. Unset, a protocol that
                demands a figure (`anthropic-messages`) gets the model's limit, or 16384 if none is known.
            temperature: Randomness, from 0 to 2.
            top_p: Nucleus sampling, above 0 and up to 1.
            stop: Sequences at which the answer ends.
            seed: For answers that repeat, as far as the provider can.
            reasoning: How much to think: a level, or a budget in tokens, 0 or more; models get the nearest.
            tools: Tools, over the context's; empty: none.
            tool_choice: `auto`, `none`, `required`, or a `ToolChoice` that names a tool.
            parallel_tool_calls: Whether several tools may be called at once.
            response_format: `text`, `json` for any JSON object, a JSON Schema, or a class that has
                `model_json_schema`, such as a pydantic model.
            cache: How long the prompt's prefix may be cached: `auto` (the default), `none`, `short`, `long`.
            session_id: Names the conversation, so that caches are found again.
            previous_response_id: The `response_id` of an answer to go on from, over `openai-responses`; it was
                asked for with `extra_body={"store": True}`. The context then has what is new alone.
            service_tier: The provider's word for how the request is processed, such as `flex`; sent as it is.
            metadata: Labels kept with the request at the provider; `user_id` names the end user.
            strict: Whether what cannot be honoured exactly is an error here. Default: False; it is
                then told in `notices` and logged.

        Returns:
            A stream of events; iterate over it, or call its `result`.

        Raises:
            ModelNotFoundError: No model has that name.
            MissingKeyError: There is no key for the provider.
            InvalidRequestError: The request has a wrong shape or value; the error names its path.
            UnsupportedOptionError: With `strict`: something cannot be honoured exactly.

        Example:
            >>> with client.stream("local/smollm2-135m", "Say hello.", max_tokens=20) as stream:  # doctest: +SKIP
            ...     for event in stream:
            ...         if isinstance(event, alchemy.TextDelta):
            ...             print(event.delta, end="", flush=True)
        """
        options = self._merge(
            api=api,
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            headers=headers,
            extra_body=extra_body,
            max_tokens=max_tokens,
            temperature=temperature,
            top_p=top_p,
            stop=stop,
            seed=seed,
            reasoning=reasoning,
            tools=tools,
            tool_choice=tool_choice,
            parallel_tool_calls=parallel_tool_calls,
            response_format=response_format,
            cache=cache,
            session_id=session_id,
            previous_response_id=previous_response_id,
            service_tier=service_tier,
            metadata=metadata,
            strict=strict,
        )
        return MessageStream(self._prepare(model, context, options, streamed=True), errors=errors)

    def complete(
        self,
        model: Model | str,
        context: ContextLike,
        *,
        api: Api | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: Timeout | float | None = None,
        headers: Mapping[str, str | None] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        stop: Sequence[str] | None = None,
        seed: int | None = None,
        reasoning: ReasoningLevel | int | None = None,
        tools: Sequence[Tool | ToolDict] | None = None,
        tool_choice: ToolChoice | ToolChoiceDict | ToolChoiceMode | None = None,
        parallel_tool_calls: bool | None = None,
        response_format: Literal["text", "json"] | Mapping[str, Any] | type | None = None,
        cache: CacheRetention | None = None,
        session_id: str | None = None,
        previous_response_id: str | None = None,
        service_tier: str | None = None,
        metadata: Mapping[str, str] | None = None,
        strict: bool | None = None,
    ) -> AssistantMessage:
        """Send a request and wait for the whole answer.

        Options that are None are unset: nothing is sent, and the provider's default holds.

        Args:
            model: A `Model`, or the name of one in the catalog, `provider/model-id`.
            context: A `Context`, a sequence of messages, or the user's words. Dictionaries of the same
                shape are taken in place of objects. A lone surrogate in a text is sent as U+FFFD.
            api: The wire protocol, over the model's, where the provider speaks several.
            api_key: The key, over the client's and the environment's.
            base_url: The server's address, over the model's; with or without version (`/v1`) or full path.
            timeout: Limits by phase in seconds, or the total alone. Default: `Timeout()`.
            headers: Headers to add; a None value removes a default.
            extra_body: Keys merged into the request's body last.
            max_tokens: The most to answer in tokens, thinking included; at least 1. Unset, a protocol that
                demands a figure (`anthropic-messages`) gets the model's limit, or 16384 if none is known.
            temperature: Randomness, from 0 to 2.
            top_p: Nucleus sampling, above 0 and up to 1.
            stop: Sequences at which the answer ends.
            seed: For answers that repeat, as far as the provider can.
            reasoning: How much to think: a level, or a budget in tokens, 0 or more; models get the nearest.
            tools: Tools, over the context's; empty: none.
            tool_choice: `auto`, `none`, `required`, or a `ToolChoice` that names a tool.
            parallel_tool_calls: Whether several tools may be called at once.
            response_format: `text`, `json` for any JSON object, a JSON Schema, or a class that has
                `model_json_schema`, such as a pydantic model.
            cache: How long the prompt's prefix may be cached: `auto` (the default), `none`, `short`, `long`.
            session_id: Names the conversation, so that caches are found again.
            previous_response_id: The `response_id` of an answer to go on from, over `openai-responses`; it was
                asked for with `extra_body={"store": True}`. The context then has what is new alone.
            service_tier: The provider's word for how the request is processed, such as `flex`; sent as it is.
            metadata: Labels kept with the request at the provider; `user_id` names the end user.
            strict: Whether what cannot be honoured exactly is an error here. Default: False; it is
                then told in `notices` and logged.

        Returns:
            The message, its content blocks in the order the model produced them.

        Raises:
            ModelNotFoundError: No model has that name.
            MissingKeyError: There is no key for the provider.
            InvalidRequestError: The request has a wrong shape or value; the error names its path.
            UnsupportedOptionError: With `strict`: something cannot be honoured exactly.
            ApiError: The provider, or the way to it, failed; `partial` has what arrived.

        Example:
            >>> reply = client.complete("local/smollm2-135m", "Say hello.", max_tokens=20)  # doctest: +SKIP
            >>> reply.text  # doctest: +SKIP
            'Hello!'
        """
        options = self._merge(
            api=api,
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            headers=headers,
            extra_body=extra_body,
            max_tokens=max_tokens,
            temperature=temperature,
            top_p=top_p,
            stop=stop,
            seed=seed,
            reasoning=reasoning,
            tools=tools,
            tool_choice=tool_choice,
            parallel_tool_calls=parallel_tool_calls,
            response_format=response_format,
            cache=cache,
            session_id=session_id,
            previous_response_id=previous_response_id,
            service_tier=service_tier,
            metadata=metadata,
            strict=strict,
        )
        native = self._prepare(model, context, options, streamed=False)
        try:
            message = native.complete(*local_server(native))
        except BaseException:
            native.close()
            raise
        log_late_notices(native, message)
        return message

    async def complete_async(
        self,
        model: Model | str,
        context: ContextLike,
        *,
        api: Api | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: Timeout | float | None = None,
        headers: Mapping[str, str | None] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        stop: Sequence[str] | None = None,
        seed: int | None = None,
        reasoning: ReasoningLevel | int | None = None,
        tools: Sequence[Tool | ToolDict] | None = None,
        tool_choice: ToolChoice | ToolChoiceDict | ToolChoiceMode | None = None,
        parallel_tool_calls: bool | None = None,
        response_format: Literal["text", "json"] | Mapping[str, Any] | type | None = None,
        cache: CacheRetention | None = None,
        session_id: str | None = None,
        previous_response_id: str | None = None,
        service_tier: str | None = None,
        metadata: Mapping[str, str] | None = None,
        strict: bool | None = None,
    ) -> AssistantMessage:
        """Send a request and wait for the whole answer, in async code.

        Everything happens when the call is awaited. Cancelling it closes the connection. Options that are
        None are unset: nothing is sent, and the provider's default holds.

        Args:
            model: A `Model`, or the name of one in the catalog, `provider/model-id`.
            context: A `Context`, a sequence of messages, or the user's words. Dictionaries of the same
                shape are taken in place of objects. A lone surrogate in a text is sent as U+FFFD.
            api: The wire protocol, over the model's, where the provider speaks several.
            api_key: The key, over the client's and the environment's.
            base_url: The server's address, over the model's; with or without version (`/v1`) or full path.
            timeout: Limits by phase in seconds, or the total alone. Default: `Timeout()`.
            headers: Headers to add; a None value removes a default.
            extra_body: Keys merged into the request's body last.
            max_tokens: The most to answer in tokens, thinking included; at least 1. Unset, a protocol that
                demands a figure (`anthropic-messages`) gets the model's limit, or 16384 if none is known.
            temperature: Randomness, from 0 to 2.
            top_p: Nucleus sampling, above 0 and up to 1.
            stop: Sequences at which the answer ends.
            seed: For answers that repeat, as far as the provider can.
            reasoning: How much to think: a level, or a budget in tokens, 0 or more; models get the nearest.
            tools: Tools, over the context's; empty: none.
            tool_choice: `auto`, `none`, `required`, or a `ToolChoice` that names a tool.
            parallel_tool_calls: Whether several tools may be called at once.
            response_format: `text`, `json` for any JSON object, a JSON Schema, or a class that has
                `model_json_schema`, such as a pydantic model.
            cache: How long the prompt's prefix may be cached: `auto` (the default), `none`, `short`, `long`.
            session_id: Names the conversation, so that caches are found again.
            previous_response_id: The `response_id` of an answer to go on from, over `openai-responses`; it was
                asked for with `extra_body={"store": True}`. The context then has what is new alone.
            service_tier: The provider's word for how the request is processed, such as `flex`; sent as it is.
            metadata: Labels kept with the request at the provider; `user_id` names the end user.
            strict: Whether what cannot be honoured exactly is an error here. Default: False; it is
                then told in `notices` and logged.

        Returns:
            The message, its content blocks in the order the model produced them.

        Raises:
            ModelNotFoundError: No model has that name.
            MissingKeyError: There is no key for the provider.
            InvalidRequestError: The request has a wrong shape or value; the error names its path.
            UnsupportedOptionError: With `strict`: something cannot be honoured exactly.
            ApiError: The provider, or the way to it, failed; `partial` has what arrived.

        Example:
            >>> reply = await client.complete_async("local/smollm2-135m", "Say hello.", max_tokens=20)  # doctest: +SKIP
            >>> reply.text  # doctest: +SKIP
            'Hello!'
        """
        options = self._merge(
            api=api,
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            headers=headers,
            extra_body=extra_body,
            max_tokens=max_tokens,
            temperature=temperature,
            top_p=top_p,
            stop=stop,
            seed=seed,
            reasoning=reasoning,
            tools=tools,
            tool_choice=tool_choice,
            parallel_tool_calls=parallel_tool_calls,
            response_format=response_format,
            cache=cache,
            session_id=session_id,
            previous_response_id=previous_response_id,
            service_tier=service_tier,
            metadata=metadata,
            strict=strict,
        )
        native = self._prepare(model, context, options, streamed=False)
        from ._loop import complete

        return await complete(native)

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
        native = self._native.prepare(model, conversation, options, streamed)
        if native.notices:
            from ._notices import log

            log(native.name, native.notices)
        return native


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
