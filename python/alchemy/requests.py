"""What goes with a request and comes with its answer: options, timeouts, notices, the HTTP head."""

# ruff: noqa: RUF012 (a dictionary given as a default is copied for every object)

from __future__ import annotations

from ._data import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .literals import Api, CacheRetention, ReasoningLevel, ToolChoiceMode
    from .tools import Tool, ToolChoice
    from .typed_dicts import RetriesDict, TimeoutDict, ToolChoiceDict, ToolDict


class Timeout(Data):
    """How long to wait, by phase. None waits without end."""

    connect: float | None = 10.0
    """For the connection, TLS included. Unit: seconds."""
    first_event: float | None = 600.0
    """From the send to the first event; a non-streamed answer is one event. Unit: seconds."""
    idle: float | None = 120.0
    """Between two pieces of an answer that has begun. Unit: seconds."""
    total: float | None = 3600.0
    """From the send to the end. Unit: seconds."""


class Retries(Data):
    """How a request that failed before its answer began is sent again."""

    count: int = 2
    """How many times more it is sent at most; 0: never."""
    backoff: float = 0.5
    """The longest first wait; each further one doubles it. The wait is drawn at random from 0 up to it. Unit:
    seconds."""
    max_backoff: float = 8.0
    """What the doubling stops at. Unit: seconds."""
    max_wait: float = 60.0
    """The longest wait that a provider may ask for. A longer one is not waited for: the error says how long it is.
    Unit: seconds."""
    budget: float | None = 0.2
    """How many retries each request adds to what a client may spend at one provider, over a reserve of 10; a wait that
    a 429 asks for costs nothing. None: no such limit."""


class Limits(Data):
    """What a client may ask for at once and by the minute. Who comes first goes first; None is no limit."""

    concurrent_requests: int | None = None
    """Requests that are under way at once, their answers included; at least 1."""
    requests_per_minute: int | None = None
    """Requests that are sent in a minute, retries included; at least 1."""
    tokens_per_minute: int | None = None
    """Tokens in a minute, in and out: estimated before a request, corrected by the usage of its answer; at least 1.
    Unit: tokens."""
    learn: bool = True
    """Whether the rate-limit headers of the answers hold requests back as well, for each model by itself."""


class Options(Data):
    """The options of a request. None is unset: nothing is sent, and the provider's default holds."""

    api: Api | None = None
    """The wire protocol, over the model's, where the provider speaks several."""
    api_key: str | None = None
    """The key, over the client's and the environment's. Never shown in a repr."""
    base_url: str | None = None
    """The server's address, over the model's; with or without version (`/v1`) or full path."""
    timeout: Timeout | float | None = None
    """A number is the total. Unit: seconds."""
    retries: int | Retries | None = None
    """How a request that failed before its answer began is sent again; a number is the count alone, 0: never. None: as
    `Retries()`."""
    max_event_bytes: int | None = None
    """The most that one event of the answer may have, or the whole of an answer that is not streamed; at least 1. None:
    64 MB."""
    coalesce_ms: float | None = None
    """How long a delta of a stream is held, above 0, while what follows in its block is merged into it. None: nothing
    is merged, unless `coalesce_chars` is given. Unit: milliseconds."""
    coalesce_chars: int | None = None
    """With how many characters a delta of a stream is held no longer; at least 1. None: no such limit."""
    headers: dict[str, str | None] = {}
    """Headers to add; a None value removes a default."""
    extra_body: dict[str, Any] = {}
    """Merged into the request body last, key by key."""
    max_tokens: int | None = None
    """The most to answer, thinking included; at least 1. None: a protocol that demands a figure (`anthropic-messages`)
    gets the model's limit, or 16384 if none is known. Unit: tokens."""
    temperature: float | None = None
    """Randomness, from 0 to 2."""
    top_p: float | None = None
    """Nucleus sampling, above 0 and up to 1."""
    stop: tuple[str, ...] = ()
    """Sequences at which the answer ends."""
    seed: int | None = None
    """For answers that repeat, as far as the provider can."""
    reasoning: ReasoningLevel | int | None = None
    """A level, or a budget in tokens, 0 or more. Models get the nearest thing that they take; those that do not think
    get nothing, with a notice. Unit: tokens."""
    tools: tuple[Tool, ...] | None = None
    """Tools, over the context's; empty: none."""
    tool_choice: ToolChoice | ToolChoiceMode | None = None
    """What the model may do with its tools."""
    parallel_tool_calls: bool | None = None
    """Whether several tools may be called at once."""
    response_format: str | dict[str, Any] | None = None
    """`text`, `json` for any JSON object, or a JSON Schema."""
    cache: CacheRetention | None = None
    """How long the prompt's prefix may be cached; None: as `auto`."""
    session_id: str | None = None
    """Names the conversation, so that caches are found again."""
    previous_response_id: str | None = None
    """The `response_id` of an answer that the conversation goes on from, over `openai-responses`. The provider must
    have stored it: ask for it with `extra_body={"store": True}`. The messages are then what is new alone."""
    service_tier: str | None = None
    """The provider's word for how the request is processed, such as `flex` or `priority`; sent as it is."""
    metadata: dict[str, str] = {}
    """Labels kept with the request at the provider; `user_id` names the end user."""
    strict: bool = False
    """Whether a notice is an `UnsupportedOptionError` at the call."""

    if TYPE_CHECKING:  # sequences may be given as lists, and objects as dictionaries

        def __init__(
            self,
            *,
            api: Api | None = None,
            api_key: str | None = None,
            base_url: str | None = None,
            timeout: Timeout | TimeoutDict | float | None = None,
            retries: int | Retries | RetriesDict | None = None,
            max_event_bytes: int | None = None,
            coalesce_ms: float | None = None,
            coalesce_chars: int | None = None,
            headers: dict[str, str | None] = ...,
            extra_body: dict[str, Any] = ...,
            max_tokens: int | None = None,
            temperature: float | None = None,
            top_p: float | None = None,
            stop: Iterable[str] = (),
            seed: int | None = None,
            reasoning: ReasoningLevel | int | None = None,
            tools: Iterable[Tool | ToolDict] | None = None,
            tool_choice: ToolChoice | ToolChoiceDict | ToolChoiceMode | None = None,
            parallel_tool_calls: bool | None = None,
            response_format: str | dict[str, Any] | None = None,
            cache: CacheRetention | None = None,
            session_id: str | None = None,
            previous_response_id: str | None = None,
            service_tier: str | None = None,
            metadata: dict[str, str] = ...,
            strict: bool = False,
        ) -> None: ...


class Notice(Data):
    """Something that could not be honoured exactly."""

    code: str
    """What happened, a stable word such as `option_dropped`."""
    path: str
    """Where, such as `options.seed` or `messages[3].content[0]`."""
    text: str
    """One line for people."""


class Response(Data):
    """The HTTP answer's head."""

    status: int
    """The HTTP status."""
    headers: dict[str, str] = {}
    """Header names in lower case; repeated ones joined by `, `. Cookies are left out."""
    request_id: str | None = None
    """The provider's id of the exchange."""
