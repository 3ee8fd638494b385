"""The verbs as they are called: each option spelled out and documented. What they do is in the client."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Literal, TypeAlias

    from ._stream import MessageStream
    from .literals import Api, CacheRetention, ReasoningLevel, ToolChoiceMode
    from .messages import AssistantMessage, Context, Message
    from .models import Model
    from .requests import Retries, Timeout
    from .tools import Tool, ToolChoice
    from .typed_dicts import ContextDict, MessageDict, RetriesDict, TimeoutDict, ToolChoiceDict, ToolDict

    ContextLike: TypeAlias = Context | ContextDict | Sequence[Message | MessageDict] | str


class Verbs:
    """What a client can do, for readers, type checkers and `inspect`.

    To call a function with two dozen keyword arguments, the interpreter looks up the default of each, and the function
    looks at each again to know which were given. So these are never run: `Client` has functions in their place that
    take the options that are given as one dictionary, and `spelled_out` lets them pass for these.
    """

    __slots__ = ()

    def stream(
        self,
        model: Model | str,
        context: ContextLike,
        *,
        errors: Literal["raise", "event"] = "raise",
        coalesce_ms: float | None = None,
        coalesce_chars: int | None = None,
        api: Api | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: Timeout | TimeoutDict | float | None = None,
        retries: Retries | RetriesDict | int | None = None,
        max_event_bytes: int | None = None,
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
            coalesce_ms: How long a delta is held, in milliseconds above 0, while what follows in its block is
                merged into it. Another event, the end and a failure end that at once, and the first delta of
                the answer is not held. Default: None, nothing is merged, unless `coalesce_chars` is given.
            coalesce_chars: With how many characters a delta is held no longer; at least 1. Alone, without
                `coalesce_ms`, no time ends it. Default: None, no such limit.
            api: The wire protocol, over the model's, where the provider speaks several.
            api_key: The key, over the client's and the environment's.
            base_url: The server's address, over the model's; with or without version (`/v1`) or full path.
            timeout: Limits by phase in seconds, or the total alone. Default: `Timeout()`.
            retries: How a request that failed before its answer began is sent again; a number is the count
                alone, 0: never. Default: `Retries()`, twice.
            max_event_bytes: The most that one event may have, or the whole of an answer that is not streamed.
                Default: 64 MB.
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
        raise NotImplementedError

    def complete(
        self,
        model: Model | str,
        context: ContextLike,
        *,
        api: Api | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: Timeout | TimeoutDict | float | None = None,
        retries: Retries | RetriesDict | int | None = None,
        max_event_bytes: int | None = None,
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
            retries: How a request that failed before its answer began is sent again; a number is the count
                alone, 0: never. Default: `Retries()`, twice.
            max_event_bytes: The most that one event may have, or the whole of an answer that is not streamed.
                Default: 64 MB.
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
        raise NotImplementedError

    async def complete_async(
        self,
        model: Model | str,
        context: ContextLike,
        *,
        api: Api | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: Timeout | TimeoutDict | float | None = None,
        retries: Retries | RetriesDict | int | None = None,
        max_event_bytes: int | None = None,
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
            retries: How a request that failed before its answer began is sent again; a number is the count
                alone, 0: never. Default: `Retries()`, twice.
            max_event_bytes: The most that one event may have, or the whole of an answer that is not streamed.
                Default: 64 MB.
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
        raise NotImplementedError


def spelled_out(verb: Any, declared: Any) -> Any:
    """Let a function that takes any options pass for one of `Verbs`, which has them spelled out; returns it."""
    for name in ("__name__", "__doc__", "__annotations__"):
        setattr(verb, name, getattr(declared, name))
    verb.__qualname__ = declared.__qualname__ = f"Client.{declared.__name__}"
    # `inspect` finds the signature by this.
    verb.__wrapped__ = declared
    return verb
