"""One typed, streaming-first Python API to every large-language-model provider."""

from __future__ import annotations

from ._catalog import get_model, get_models, get_providers, local_model
from ._client import Client, default_client as _default_client
from ._data import Data as _Data
from ._native import __version__, after_fork as _after_fork, bind as _bind, shut_down as _shut_down
from ._stream import MessageStream
from .content import (
    AssistantContent,
    Audio,
    ContentBlock,
    Document,
    Image,
    Opaque,
    Text,
    Thinking,
    ToolCall,
    ToolResultContent,
    UserContent,
    content_from_dict,
)
from .errors import (
    AbortedError,
    AlchemyError,
    ApiConnectionError,
    ApiError,
    ApiTimeoutError,
    AuthenticationError,
    BadRequestError,
    ConnectTimeoutError,
    ContextOverflowError,
    FirstEventTimeoutError,
    IdleTimeoutError,
    InvalidRequestError,
    LocalModelError,
    MissingKeyError,
    ModelNotFoundError,
    NotFoundError,
    OutputValidationError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitError,
    ResponseError,
    ServerError,
    ToolValidationError,
    TotalTimeoutError,
    UnsupportedOptionError,
)
from .events import (
    Block,
    Done,
    ErrorEvent,
    Event,
    Start,
    TextDelta,
    TextEnd,
    TextStart,
    ThinkingDelta,
    ThinkingEnd,
    ThinkingStart,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    event_from_dict,
)
from .messages import (
    AssistantMessage,
    Attempt,
    Context,
    Message,
    ToolResultMessage,
    UserMessage,
    message_from_dict,
)
from .models import Model, ModelCost
from .requests import Limits, Notice, Options, Response, Retries, Timeout
from .tools import Tool, ToolChoice
from .usage import Cost, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import literals as literals, typed_dicts as typed_dicts
    from .literals import (
        Api,
        CacheRetention,
        Modality,
        ReasoningLevel,
        StopReason,
        ToolCallState,
        ToolChoiceMode,
    )

__all__ = [
    "AbortedError",
    "AlchemyError",
    "Api",
    "ApiConnectionError",
    "ApiError",
    "ApiTimeoutError",
    "AssistantContent",
    "AssistantMessage",
    "Attempt",
    "Audio",
    "AuthenticationError",
    "BadRequestError",
    "Block",
    "CacheRetention",
    "Client",
    "ConnectTimeoutError",
    "ContentBlock",
    "Context",
    "ContextOverflowError",
    "Cost",
    "Document",
    "Done",
    "ErrorEvent",
    "Event",
    "FirstEventTimeoutError",
    "IdleTimeoutError",
    "Image",
    "InvalidRequestError",
    "Limits",
    "LocalModelError",
    "Message",
    "MessageStream",
    "MissingKeyError",
    "Modality",
    "Model",
    "ModelCost",
    "ModelNotFoundError",
    "NotFoundError",
    "Notice",
    "Opaque",
    "Options",
    "OutputValidationError",
    "OverloadedError",
    "PermissionDeniedError",
    "RateLimitError",
    "ReasoningLevel",
    "Response",
    "ResponseError",
    "Retries",
    "ServerError",
    "Start",
    "StopReason",
    "Text",
    "TextDelta",
    "TextEnd",
    "TextStart",
    "Thinking",
    "ThinkingDelta",
    "ThinkingEnd",
    "ThinkingStart",
    "Timeout",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "ToolCallEnd",
    "ToolCallStart",
    "ToolCallState",
    "ToolChoice",
    "ToolChoiceMode",
    "ToolResultContent",
    "ToolResultMessage",
    "ToolValidationError",
    "TotalTimeoutError",
    "UnsupportedOptionError",
    "Usage",
    "UserContent",
    "UserMessage",
    "__version__",
    "complete",
    "complete_async",
    "content_from_dict",
    "event_from_dict",
    "get_model",
    "get_models",
    "get_providers",
    "local_model",
    "message_from_dict",
    "stream",
]

#: The verbs on a client of the module's own, which holds nothing until its first request.
stream = _default_client.stream
complete = _default_client.complete
complete_async = _default_client.complete_async

_bind(dict(globals(), Data=_Data))


def _settle_process() -> None:
    """Have a forked child make connections of its own, and the exiting interpreter close them."""
    from atexit import register

    register(_shut_down)
    try:
        from os import register_at_fork
    except ImportError:  # where there is no fork
        return
    register_at_fork(after_in_child=_after_fork)


_settle_process()

_LITERALS = frozenset(
    ("Api", "CacheRetention", "Modality", "ReasoningLevel", "StopReason", "ToolCallState", "ToolChoiceMode")
)


def __getattr__(name: str) -> object:
    """Load what needs `typing` when it is first used."""
    if name in _LITERALS or name in ("literals", "typed_dicts"):
        from importlib import import_module

        if name not in _LITERALS:
            return import_module(f".{name}", __name__)
        return getattr(import_module(".literals", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List what is public, loaded or not."""
    return [*globals(), *_LITERALS, "literals", "typed_dicts"]
