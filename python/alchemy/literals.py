"""The literals: words from a fixed list, as aliases for type checkers and for reading at run time.

This module needs `typing`, so `import alchemy` leaves it alone; it is imported when a name of it is used.
"""

from typing import Literal, TypeAlias

Api: TypeAlias = Literal["openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai"]
"""A wire protocol: how a request is encoded and an answer decoded."""

StopReason: TypeAlias = Literal["stop", "length", "tool_use", "error", "aborted", "content_filter", "refusal", "pause"]
"""Why the model stopped. Only `error` and `aborted` are failures."""

ToolCallState: TypeAlias = Literal["complete", "truncated", "invalid"]
"""Whether a tool call's arguments can be trusted. Only `complete` calls are to be run."""

ToolChoiceMode: TypeAlias = Literal["auto", "none", "required", "tool"]
"""What the model may do with its tools."""

ReasoningLevel: TypeAlias = Literal["off", "minimal", "low", "medium", "high", "xhigh"]
"""How much the model thinks before it answers."""

CacheRetention: TypeAlias = Literal["auto", "none", "short", "long"]
"""How long the provider may keep the prompt's prefix cached."""

Modality: TypeAlias = Literal["text", "image", "audio", "document", "video"]
"""A kind of content that a model takes."""
