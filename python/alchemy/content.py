"""Content blocks: what messages are made of."""

from __future__ import annotations

from ._data import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, ClassVar, Literal, TypeAlias

    from .literals import ToolCallState


class Text(Data):
    """Text, from the user, a tool or the model."""

    type: ClassVar[Literal["text"]] = "text"

    text: str
    """The text. A lone surrogate is replaced by U+FFFD when it is sent."""
    signature: str | None = None
    """The provider's opaque mark on the block, sent back unchanged."""
    citations: tuple[dict[str, Any], ...] = ()
    """Sources the provider names for the text, in the provider's own form and order."""

    if TYPE_CHECKING:  # sequences may be given as lists, and objects as dictionaries

        def __init__(
            self,
            *,
            text: str,
            signature: str | None = None,
            citations: Iterable[dict[str, Any]] = (),
        ) -> None: ...


class Thinking(Data):
    """The model's reasoning, as far as the provider shows it."""

    type: ClassVar[Literal["thinking"]] = "thinking"

    thinking: str
    """The reasoning, or a summary of it; empty where only a signature was sent."""
    signature: str | None = None
    """What the provider needs to accept the block again: an opaque string, never interpreted."""
    redacted: bool = False
    """Whether the provider withheld the reasoning; `signature` then carries it encrypted."""


class Image(Data):
    """An image; exactly one of `data`, `url` and `file_id`."""

    type: ClassVar[Literal["image"]] = "image"

    data: bytes | None = None
    """The encoded image file."""
    url: str | None = None
    """An address that the provider can fetch."""
    file_id: str | None = None
    """A file uploaded to the provider before, by the id that it gave; for `google-generative-ai` by the `uri`.
    `openai-completions` takes no image so."""
    mime_type: str | None = None
    """For example `image/png`; None: told from the first bytes of `data`."""
    detail: str | None = None
    """How closely to look, where the provider offers it: `low`, `high` or `auto`."""
    signature: str | None = None
    """The provider's opaque mark on the block, sent back unchanged."""


class Audio(Data):
    """Audio, heard or spoken; exactly one of `data`, `url` and `id`, or `data` with `id` in an answer."""

    type: ClassVar[Literal["audio"]] = "audio"

    data: bytes | None = None
    """The encoded audio file."""
    url: str | None = None
    """An address that the provider can fetch."""
    mime_type: str | None = None
    """For example `audio/wav`; None: told from the first bytes of `data`."""
    transcript: str | None = None
    """The spoken words, where the provider sends them."""
    id: str | None = None
    """The provider's name for audio it made, by which a later request refers to it."""
    signature: str | None = None
    """The provider's opaque mark on the block, sent back unchanged."""


class Document(Data):
    """A document such as a PDF; exactly one of `data`, `url` and `file_id`."""

    type: ClassVar[Literal["document"]] = "document"

    data: bytes | None = None
    """The encoded document."""
    url: str | None = None
    """An address that the provider can fetch."""
    file_id: str | None = None
    """A file uploaded to the provider before, by the id that it gave; for `google-generative-ai` by the `uri`."""
    mime_type: str | None = None
    """For example `application/pdf`; None: told from the first bytes of `data`."""
    name: str | None = None
    """A file name or title shown to the model."""
    citations: bool | None = None
    """Whether the answer is to cite it, where that is asked for by document; None: the provider's default."""
    signature: str | None = None
    """The provider's opaque mark on the block, sent back unchanged."""


class ToolCall(Data):
    """The model's wish to run a tool."""

    type: ClassVar[Literal["tool_call"]] = "tool_call"

    id: str
    """Ties the result to the call; made up here where the provider sends none."""
    name: str
    """The tool's name."""
    arguments: dict[str, Any] | None = None
    """The arguments; None unless `state` is `complete` and they are a JSON object."""
    raw_arguments: str = ""
    """The arguments as the model wrote them."""
    state: ToolCallState = "complete"
    """Whether the arguments are whole and valid."""
    custom: bool = False
    """Whether the tool takes free text; `raw_arguments` is then that text."""
    signature: str | None = None
    """The provider's opaque mark on the call, sent back unchanged."""


class Opaque(Data):
    """Whatever a provider sends that has no block of its own, kept whole and sent back to the same model."""

    type: ClassVar[Literal["opaque"]] = "opaque"

    api: str
    """The wire protocol that it belongs to."""
    kind: str
    """The provider's name for it."""
    data: Any
    """The provider's own form, whole."""
    text: str | None = None
    """A readable rendering, where there is one."""


UserContent: TypeAlias = Text | Image | Audio | Document | Opaque
"""What a user message may hold."""

AssistantContent: TypeAlias = Text | Thinking | ToolCall | Image | Audio | Document | Opaque
"""What an assistant message may hold. This union grows: handle kinds you do not know."""

ToolResultContent: TypeAlias = Text | Image | Audio | Document | Opaque
"""What a tool result may hold."""

ContentBlock: TypeAlias = Text | Thinking | ToolCall | Image | Audio | Document | Opaque
"""Every kind of content block. This union grows: handle kinds you do not know."""


def content_from_dict(data: Mapping[str, Any], /) -> ContentBlock:
    """Read a content block of any kind from its JSON form; its `type` tells the kind.

    Args:
        data: A dictionary as `to_dict` gives it.

    Returns:
        An object of the class that the tag names.

    Raises:
        InvalidRequestError: The tag, a key or a value is wrong or missing; the error names its path.

    Example:
        >>> import alchemy
        >>> alchemy.content_from_dict({"type": "text", "text": "Hello"})
        Text(text='Hello')
    """
    from . import _dicts

    read: ContentBlock = _dicts.read(ContentBlock, data)
    return read
