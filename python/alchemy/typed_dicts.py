"""The JSON form of every data class as a `TypedDict`: what `to_dict` gives and `from_dict` takes.

Made by scripts/generate_data.py from schema/data.toml; change it there.
"""

# ruff: noqa: TC001, TC003 (the types are looked up at run time by whoever reads a TypedDict)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from .literals import Api, CacheRetention, Modality, ReasoningLevel, StopReason, ToolCallState, ToolChoiceMode


class TextDict(TypedDict):
    """Text, from the user, a tool or the model."""

    type: Literal["text"]
    text: str
    """The text. A lone surrogate is replaced by U+FFFD when it is sent."""
    signature: NotRequired[str | None]
    """The provider's opaque mark on the block, sent back unchanged."""
    citations: NotRequired[Sequence[Mapping[str, Any]]]
    """Sources the provider names for the text, in the provider's own form and order."""


class ThinkingDict(TypedDict):
    """The model's reasoning, as far as the provider shows it."""

    type: Literal["thinking"]
    thinking: str
    """The reasoning, or a summary of it; empty where only a signature was sent."""
    signature: NotRequired[str | None]
    """What the provider needs to accept the block again: an opaque string, never interpreted."""
    redacted: NotRequired[bool]
    """Whether the provider withheld the reasoning; `signature` then carries it encrypted."""


class ImageDict(TypedDict):
    """An image; exactly one of `data`, `url` and `file_id`."""

    type: Literal["image"]
    data: NotRequired[str | bytes | None]
    """The encoded image file."""
    url: NotRequired[str | None]
    """An address that the provider can fetch."""
    file_id: NotRequired[str | None]
    """A file uploaded to the provider before, by the id that it gave; for `google-generative-ai` by the `uri`.
    `openai-completions` takes no image so."""
    mime_type: NotRequired[str | None]
    """For example `image/png`; None: told from the first bytes of `data`."""
    detail: NotRequired[str | None]
    """How closely to look, where the provider offers it: `low`, `high` or `auto`."""
    signature: NotRequired[str | None]
    """The provider's opaque mark on the block, sent back unchanged."""


class AudioDict(TypedDict):
    """Audio, heard or spoken; exactly one of `data`, `url` and `id`, or `data` with `id` in an answer."""

    type: Literal["audio"]
    data: NotRequired[str | bytes | None]
    """The encoded audio file."""
    url: NotRequired[str | None]
    """An address that the provider can fetch."""
    mime_type: NotRequired[str | None]
    """For example `audio/wav`; None: told from the first bytes of `data`."""
    transcript: NotRequired[str | None]
    """The spoken words, where the provider sends them."""
    id: NotRequired[str | None]
    """The provider's name for audio it made, by which a later request refers to it."""
    signature: NotRequired[str | None]
    """The provider's opaque mark on the block, sent back unchanged."""


class DocumentDict(TypedDict):
    """A document such as a PDF; exactly one of `data`, `url` and `file_id`."""

    type: Literal["document"]
    data: NotRequired[str | bytes | None]
    """The encoded document."""
    url: NotRequired[str | None]
    """An address that the provider can fetch."""
    file_id: NotRequired[str | None]
    """A file uploaded to the provider before, by the id that it gave; for `google-generative-ai` by the `uri`."""
    mime_type: NotRequired[str | None]
    """For example `application/pdf`; None: told from the first bytes of `data`."""
    name: NotRequired[str | None]
    """A file name or title shown to the model."""
    citations: NotRequired[bool | None]
    """Whether the answer is to cite it, where that is asked for by document; None: the provider's default."""
    signature: NotRequired[str | None]
    """The provider's opaque mark on the block, sent back unchanged."""


class ToolCallDict(TypedDict):
    """The model's wish to run a tool."""

    type: Literal["tool_call"]
    id: str
    """Ties the result to the call; made up here where the provider sends none."""
    name: str
    """The tool's name."""
    arguments: NotRequired[Mapping[str, Any] | None]
    """The arguments; None unless `state` is `complete` and they are a JSON object."""
    raw_arguments: NotRequired[str]
    """The arguments as the model wrote them."""
    state: NotRequired[ToolCallState]
    """Whether the arguments are whole and valid."""
    custom: NotRequired[bool]
    """Whether the tool takes free text; `raw_arguments` is then that text."""
    signature: NotRequired[str | None]
    """The provider's opaque mark on the call, sent back unchanged."""


class OpaqueDict(TypedDict):
    """Whatever a provider sends that has no block of its own, kept whole and sent back to the same model."""

    type: Literal["opaque"]
    api: str
    """The wire protocol that it belongs to."""
    kind: str
    """The provider's name for it."""
    data: Any
    """The provider's own form, whole."""
    text: NotRequired[str | None]
    """A readable rendering, where there is one."""


class UserMessageDict(TypedDict):
    """What the user says."""

    role: Literal["user"]
    content: str | Sequence[UserContentDict]
    """Text, or blocks in the order the model is to read them."""
    timestamp_ms: NotRequired[int | None]
    """When it was said; never sent. Unit: milliseconds since 1970."""


class AssistantMessageDict(TypedDict):
    """What the model answered. Dictionaries may give `content` as a str, which is taken as one text block."""

    role: Literal["assistant"]
    content: str | Sequence[AssistantContentDict]
    """Content blocks in the order the model produced them."""
    api: NotRequired[str | None]
    """The wire protocol that carried it."""
    provider: NotRequired[str | None]
    """The provider that answered."""
    model: NotRequired[str | None]
    """The model id that was asked for."""
    response_model: NotRequired[str | None]
    """The model id that the provider says answered."""
    response_id: NotRequired[str | None]
    """The provider's id of the answer."""
    request_id: NotRequired[str | None]
    """The provider's id of the HTTP exchange, for its support."""
    usage: NotRequired[UsageDict]
    """Tokens and cost."""
    stop_reason: NotRequired[StopReason]
    """Why the model stopped."""
    raw_stop_reason: NotRequired[str | None]
    """The provider's own word for it; None where it sent none."""
    error_message: NotRequired[str | None]
    """What failed, in one line, where `stop_reason` is `error` or `aborted`."""
    notices: NotRequired[Sequence[NoticeDict]]
    """What could not be honoured exactly, in the order it was met."""
    timestamp_ms: NotRequired[int | None]
    """When the answer began. Unit: milliseconds since 1970."""
    attempts: NotRequired[Sequence[AttemptDict]]
    """Every time the request was sent, in order; the last is the one that answered."""
    raw: NotRequired[Mapping[str, Any]]
    """What the protocol sent beyond these fields, such as `logprobs`, and `usage` as it sent it."""


class AttemptDict(TypedDict):
    """One time that a request was sent, or that its connection was tried."""

    status: NotRequired[int | None]
    """The HTTP status; None where no answer came."""
    request_id: NotRequired[str | None]
    """The provider's id of the exchange."""
    error: NotRequired[str | None]
    """The name of the error class that it failed by; None where it answered."""
    reason: NotRequired[str | None]
    """What failed, in one line."""
    waited: NotRequired[float]
    """How long it was held back: by the wait before a retry, or by the client's limits. Unit: seconds."""
    duration: NotRequired[float]
    """From the send to the head of the answer, or to the failure. Unit: seconds."""


class ToolResultMessageDict(TypedDict):
    """What a tool call gave."""

    role: Literal["tool_result"]
    tool_call_id: str
    """The `id` of the tool call it answers."""
    content: str | Sequence[ToolResultContentDict]
    """Text, or blocks in order."""
    tool_name: NotRequired[str | None]
    """The tool's name, for providers that want it; None: taken from the call."""
    is_error: NotRequired[bool]
    """Whether the tool failed."""
    details: NotRequired[Any]
    """The application's own record of the run; never sent."""
    timestamp_ms: NotRequired[int | None]
    """When the tool ended; never sent. Unit: milliseconds since 1970."""


class ContextDict(TypedDict):
    """A conversation: what the model is to read."""

    system_prompt: NotRequired[str | None]
    """Instructions that stand above the conversation."""
    messages: NotRequired[Sequence[MessageDict]]
    """The messages, oldest first."""
    tools: NotRequired[Sequence[ToolDict]]
    """The tools that the model may call."""


class ToolDict(TypedDict):
    """A tool that the model may call."""

    name: str
    """The name; most providers take letters, digits, `_` and `-`, at most 64."""
    description: NotRequired[str]
    """What it does and when to use it, for the model."""
    parameters: NotRequired[Mapping[str, Any]]
    """A JSON Schema of an object; empty: the tool takes no arguments."""
    strict: NotRequired[bool | None]
    """Whether the provider is to force arguments into the schema. None: nothing is sent; OpenAI's Responses, which
    would force them by itself and change the schema for that, is sent false."""
    custom: NotRequired[bool]
    """Whether it takes free text instead of arguments by a schema. Where there are no such tools it is sent as a
    function with the one argument `input`, and a notice."""
    format: NotRequired[Mapping[str, Any]]
    """The grammar that the text of a custom tool obeys, in the provider's form; empty: any text."""
    native: NotRequired[Mapping[str, Mapping[str, Any]]]
    """By wire protocol, the tool in that protocol's own form, sent as it is: for tools that the provider runs. Over
    another protocol it is sent as a function if it has `description` or `parameters`, else left out with a notice."""


class ToolChoiceDict(TypedDict):
    """What the model may do with its tools. Wherever it is taken, a mode's name alone is taken too."""

    mode: NotRequired[ToolChoiceMode]
    """The rule."""
    name: NotRequired[str | None]
    """The tool to call, where `mode` is `tool`."""


class UsageDict(TypedDict):
    """What an answer used. Every count is None where the provider did not say. Usages add up."""

    input: NotRequired[int | None]
    """Input read at full price, without cached tokens. Unit: tokens."""
    output: NotRequired[int | None]
    """Output, thinking included. Unit: tokens."""
    cache_read: NotRequired[int | None]
    """Input read from the provider's cache. Unit: tokens."""
    cache_write: NotRequired[int | None]
    """Input written to the provider's cache. Unit: tokens."""
    cache_write_1h: NotRequired[int | None]
    """The part of `cache_write` that is kept for an hour. Unit: tokens."""
    reasoning: NotRequired[int | None]
    """The part of `output` that was thinking. Unit: tokens."""
    total_tokens: NotRequired[int | None]
    """Everything: input, cache reads and writes, and output. Unit: tokens."""
    cost: NotRequired[CostDict | None]
    """What it cost; None where no price is known."""


class CostDict(TypedDict):
    """The price of an answer, computed from the model's prices unless the provider billed a figure."""

    input: NotRequired[float | None]
    """For `Usage.input`. Unit: USD."""
    output: NotRequired[float | None]
    """For `Usage.output`. Unit: USD."""
    cache_read: NotRequired[float | None]
    """For `Usage.cache_read`. Unit: USD."""
    cache_write: NotRequired[float | None]
    """For `Usage.cache_write`. Unit: USD."""
    total: NotRequired[float | None]
    """The sum, or `billed` where the provider named a price. Unit: USD."""
    billed: NotRequired[float | None]
    """What the provider says it charged. Unit: USD."""


class ModelCostDict(TypedDict):
    """A model's prices."""

    input: NotRequired[float | None]
    """Input at full price. Unit: USD per million tokens."""
    output: NotRequired[float | None]
    """Output. Unit: USD per million tokens."""
    cache_read: NotRequired[float | None]
    """Input read from the cache. Unit: USD per million tokens."""
    cache_write: NotRequired[float | None]
    """Input written to the cache. Unit: USD per million tokens."""
    cache_write_1h: NotRequired[float | None]
    """Input written to the cache for an hour; None: as `cache_write`. Unit: USD per million tokens."""


class ModelDict(TypedDict):
    """A model and where it is served."""

    id: str
    """The provider's id of the model, sent as it is."""
    provider: NotRequired[str]
    """The provider's id; it picks the key and the defaults below."""
    api: NotRequired[str]
    """The wire protocol, one of `Api`. A model made by hand speaks the default unless told otherwise, whoever its
    provider is; `get_model(..., allow_unknown=True)` gives the provider's own."""
    base_url: NotRequired[str | None]
    """Where the server is, with or without version (`/v1`) or full path; None: the provider's own address."""
    name: NotRequired[str | None]
    """A name for people."""
    reasoning: NotRequired[bool]
    """Whether it can think before it answers."""
    input: NotRequired[Sequence[Modality]]
    """What it takes."""
    context_window: NotRequired[int | None]
    """Input and output together; None: not known. Unit: tokens."""
    max_tokens: NotRequired[int | None]
    """The most it can answer; None: not known. Unit: tokens."""
    cost: NotRequired[ModelCostDict | None]
    """Prices; None: not known."""
    headers: NotRequired[Mapping[str, str]]
    """Headers sent with each request; never a key."""
    quirks: NotRequired[Mapping[str, Any]]
    """Deviations of the server from its protocol, over the provider's own."""


class TimeoutDict(TypedDict):
    """How long to wait, by phase. None waits without end."""

    connect: NotRequired[float | None]
    """For the connection, TLS included. Unit: seconds."""
    first_event: NotRequired[float | None]
    """From the send to the first event; a non-streamed answer is one event. Unit: seconds."""
    idle: NotRequired[float | None]
    """Between two pieces of an answer that has begun. Unit: seconds."""
    total: NotRequired[float | None]
    """From the send to the end. Unit: seconds."""


class RetriesDict(TypedDict):
    """How a request that failed before its answer began is sent again."""

    count: NotRequired[int]
    """How many times more it is sent at most; 0: never."""
    backoff: NotRequired[float]
    """The longest first wait; each further one doubles it. The wait is drawn at random from 0 up to it. Unit:
    seconds."""
    max_backoff: NotRequired[float]
    """What the doubling stops at. Unit: seconds."""
    max_wait: NotRequired[float]
    """The longest wait that a provider may ask for. A longer one is not waited for: the error says how long it is.
    Unit: seconds."""
    budget: NotRequired[float | None]
    """How many retries each request adds to what a client may spend at one provider, over a reserve of 10; a wait that
    a 429 asks for costs nothing. None: no such limit."""


class LimitsDict(TypedDict):
    """What a client may ask for at once and by the minute. Who comes first goes first; None is no limit."""

    concurrent_requests: NotRequired[int | None]
    """Requests that are under way at once, their answers included; at least 1."""
    requests_per_minute: NotRequired[int | None]
    """Requests that are sent in a minute, retries included; at least 1."""
    tokens_per_minute: NotRequired[int | None]
    """Tokens in a minute, in and out: estimated before a request, corrected by the usage of its answer; at least 1.
    Unit: tokens."""
    learn: NotRequired[bool]
    """Whether the rate-limit headers of the answers hold requests back as well, for each model by itself."""


class OptionsDict(TypedDict):
    """The options of a request. None is unset: nothing is sent, and the provider's default holds."""

    api: NotRequired[Api | None]
    """The wire protocol, over the model's, where the provider speaks several."""
    api_key: NotRequired[str | None]
    """The key, over the client's and the environment's. Never shown in a repr."""
    base_url: NotRequired[str | None]
    """The server's address, over the model's; with or without version (`/v1`) or full path."""
    timeout: NotRequired[TimeoutDict | float | None]
    """A number is the total. Unit: seconds."""
    retries: NotRequired[int | RetriesDict | None]
    """How a request that failed before its answer began is sent again; a number is the count alone, 0: never. None: as
    `Retries()`."""
    max_event_bytes: NotRequired[int | None]
    """The most that one event of the answer may have, or the whole of an answer that is not streamed; at least 1. None:
    64 MB."""
    coalesce_ms: NotRequired[float | None]
    """How long a delta of a stream is held, above 0, while what follows in its block is merged into it. None: nothing
    is merged, unless `coalesce_chars` is given. Unit: milliseconds."""
    coalesce_chars: NotRequired[int | None]
    """With how many characters a delta of a stream is held no longer; at least 1. None: no such limit."""
    headers: NotRequired[Mapping[str, str | None]]
    """Headers to add; a None value removes a default."""
    extra_body: NotRequired[Mapping[str, Any]]
    """Merged into the request body last, key by key."""
    max_tokens: NotRequired[int | None]
    """The most to answer, thinking included; at least 1. None: a protocol that demands a figure (`anthropic-messages`)
    gets the model's limit, or 16384 if none is known. Unit: tokens."""
    temperature: NotRequired[float | None]
    """Randomness, from 0 to 2."""
    top_p: NotRequired[float | None]
    """Nucleus sampling, above 0 and up to 1."""
    stop: NotRequired[Sequence[str]]
    """Sequences at which the answer ends."""
    seed: NotRequired[int | None]
    """For answers that repeat, as far as the provider can."""
    reasoning: NotRequired[ReasoningLevel | int | None]
    """A level, or a budget in tokens, 0 or more. Models get the nearest thing that they take; those that do not think
    get nothing, with a notice. Unit: tokens."""
    tools: NotRequired[Sequence[ToolDict] | None]
    """Tools, over the context's; empty: none."""
    tool_choice: NotRequired[ToolChoiceDict | ToolChoiceMode | None]
    """What the model may do with its tools."""
    parallel_tool_calls: NotRequired[bool | None]
    """Whether several tools may be called at once."""
    response_format: NotRequired[str | Mapping[str, Any] | None]
    """`text`, `json` for any JSON object, or a JSON Schema."""
    cache: NotRequired[CacheRetention | None]
    """How long the prompt's prefix may be cached; None: as `auto`."""
    session_id: NotRequired[str | None]
    """Names the conversation, so that caches are found again."""
    previous_response_id: NotRequired[str | None]
    """The `response_id` of an answer that the conversation goes on from, over `openai-responses`. The provider must
    have stored it: ask for it with `extra_body={"store": True}`. The messages are then what is new alone."""
    service_tier: NotRequired[str | None]
    """The provider's word for how the request is processed, such as `flex` or `priority`; sent as it is."""
    metadata: NotRequired[Mapping[str, str]]
    """Labels kept with the request at the provider; `user_id` names the end user."""
    strict: NotRequired[bool]
    """Whether a notice is an `UnsupportedOptionError` at the call."""


class NoticeDict(TypedDict):
    """Something that could not be honoured exactly."""

    code: str
    """What happened, a stable word such as `option_dropped`."""
    path: str
    """Where, such as `options.seed` or `messages[3].content[0]`."""
    text: str
    """One line for people."""


class ResponseDict(TypedDict):
    """The HTTP answer's head."""

    status: int
    """The HTTP status."""
    headers: NotRequired[Mapping[str, str]]
    """Header names in lower case; repeated ones joined by `, `. Cookies are left out."""
    request_id: NotRequired[str | None]
    """The provider's id of the exchange."""


class StartDict(TypedDict):
    """The answer has begun. Always the first event, once."""

    type: Literal["start"]
    api: str
    """The wire protocol."""
    provider: str
    """The provider's id."""
    model: str
    """The model id that was asked for."""
    response_id: NotRequired[str | None]
    """The provider's id of the answer, where its first chunk has it."""
    notices: NotRequired[Sequence[NoticeDict]]
    """What the request could not honour exactly."""


class TextStartDict(TypedDict):
    """A text block begins."""

    type: Literal["text_start"]
    content_index: int
    """Its place in `message.content`, from 0."""


class TextDeltaDict(TypedDict):
    """More text of a block."""

    type: Literal["text_delta"]
    content_index: int
    """The block's place in `message.content`, from 0."""
    delta: str
    """What is new, never empty."""


class TextEndDict(TypedDict):
    """A text block is whole."""

    type: Literal["text_end"]
    content_index: int
    """The block's place in `message.content`, from 0."""
    block: TextDict
    """The block."""


class ThinkingStartDict(TypedDict):
    """A thinking block begins."""

    type: Literal["thinking_start"]
    content_index: int
    """Its place in `message.content`, from 0."""


class ThinkingDeltaDict(TypedDict):
    """More of a thinking block."""

    type: Literal["thinking_delta"]
    content_index: int
    """The block's place in `message.content`, from 0."""
    delta: str
    """What is new, never empty."""


class ThinkingEndDict(TypedDict):
    """A thinking block is whole."""

    type: Literal["thinking_end"]
    content_index: int
    """The block's place in `message.content`, from 0."""
    block: ThinkingDict
    """The block."""


class ToolCallStartDict(TypedDict):
    """A tool call begins."""

    type: Literal["tool_call_start"]
    content_index: int
    """Its place in `message.content`, from 0."""
    id: str
    """The call's id."""
    name: str
    """The tool's name."""


class ToolCallDeltaDict(TypedDict):
    """More of a tool call's arguments."""

    type: Literal["tool_call_delta"]
    content_index: int
    """The block's place in `message.content`, from 0."""
    delta: str
    """Raw text of the arguments, never empty."""


class ToolCallEndDict(TypedDict):
    """A tool call is over; look at its `state` before running it."""

    type: Literal["tool_call_end"]
    content_index: int
    """The block's place in `message.content`, from 0."""
    tool_call: ToolCallDict
    """The call."""


class BlockDict(TypedDict):
    """A block that arrives whole: opaque, image, audio or document."""

    type: Literal["block"]
    content_index: int
    """Its place in `message.content`, from 0."""
    block: AssistantContentDict
    """The block."""


class DoneDict(TypedDict):
    """The answer is whole. The last event of a stream that did not fail."""

    type: Literal["done"]
    message: AssistantMessageDict
    """The whole message."""


class ErrorEventDict(TypedDict):
    """The answer failed. The last event, seen only with `errors="event"`."""

    type: Literal["error"]
    kind: str
    """The name of the exception that `errors="raise"` would have raised."""
    message: AssistantMessageDict
    """What had arrived; its `error_message` says what failed."""


UserContentDict: TypeAlias = TextDict | ImageDict | AudioDict | DocumentDict | OpaqueDict
"""What a user message may hold."""

AssistantContentDict: TypeAlias = (
    TextDict | ThinkingDict | ToolCallDict | ImageDict | AudioDict | DocumentDict | OpaqueDict
)
"""What an assistant message may hold. This union grows: handle kinds you do not know."""

ToolResultContentDict: TypeAlias = TextDict | ImageDict | AudioDict | DocumentDict | OpaqueDict
"""What a tool result may hold."""

ContentBlockDict: TypeAlias = TextDict | ThinkingDict | ToolCallDict | ImageDict | AudioDict | DocumentDict | OpaqueDict
"""Every kind of content block. This union grows: handle kinds you do not know."""

MessageDict: TypeAlias = UserMessageDict | AssistantMessageDict | ToolResultMessageDict
"""One message of a conversation."""

EventDict: TypeAlias = (
    StartDict
    | TextStartDict
    | TextDeltaDict
    | TextEndDict
    | ThinkingStartDict
    | ThinkingDeltaDict
    | ThinkingEndDict
    | ToolCallStartDict
    | ToolCallDeltaDict
    | ToolCallEndDict
    | BlockDict
    | DoneDict
    | ErrorEventDict
)
"""What a stream delivers. This union grows: handle kinds you do not know."""
