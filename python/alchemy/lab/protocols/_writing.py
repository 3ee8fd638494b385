"""What the protocols have in common when they say an answer: pieces, usage, what cannot be said."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

from alchemy.content import Opaque, Text, Thinking, ToolCall
from alchemy.lab.protocols._protocol import UnwritableError
from alchemy.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alchemy.lab.protocols._protocol import Asked
    from alchemy.messages import AssistantMessage

    T = TypeVar("T")

__all__ = [
    "Block",
    "argument_pieces",
    "arguments_of",
    "blocks_of",
    "in_turns",
    "json_object",
    "numbers",
    "prompt_tokens",
    "usage_of",
    "words",
]

Block = Text | Thinking | ToolCall | Opaque

_WORD = re.compile(r"\s*\S+\s?|\s+")
_LONGEST_PIECE = 40


def words(text: str, *, halves: bool = False) -> list[str]:
    """Cut text into words, each with the space behind it; nothing of it is lost."""
    return [part for word in _WORD.findall(text) for part in _cut(word, halves=halves)]


def argument_pieces(arguments: str, *, halves: bool = False) -> list[str]:
    """Cut a tool call's arguments into at least four pieces, if they are as long."""
    size = max(1, min(_LONGEST_PIECE, -(-len(arguments) // 4)))
    pieces = (arguments[start : start + size] for start in range(0, len(arguments), size))
    return [part for piece in pieces for part in _cut(piece, halves=halves)]


def _cut(piece: str, *, halves: bool) -> Iterator[str]:
    """Cut a piece in the middle of each character that UTF-16 writes as two."""
    start = 0
    for place, character in enumerate(piece):
        if halves and character > "\uffff":
            above = ord(character) - 0x10000
            yield piece[start:place] + chr(0xD800 + (above >> 10))
            yield chr(0xDC00 + (above & 0x3FF))
            start = place + 1
    if start < len(piece):
        yield piece[start:]


def in_turns(lists: Sequence[Sequence[T]]) -> list[T]:
    """Take from several lists in turns until all are empty."""
    longest = max(map(len, lists), default=0)
    return [items[turn] for turn in range(longest) for items in lists if turn < len(items)]


def blocks_of(message: AssistantMessage, api: str) -> list[Block]:
    """Give the blocks of an answer; what cannot be scripted is told."""
    blocks: list[Block] = []
    for block in message.content:
        if isinstance(block, Opaque) and block.api != api:
            raise UnwritableError(f"{api} has no words for an opaque block of {block.api}")
        if not isinstance(block, Block):
            raise UnwritableError(f"the lab cannot write {block.type} blocks; replay a Tape that has one")
        if isinstance(block, Text) and block.citations:
            raise UnwritableError("the lab cannot write citations; replay a Tape that has some")
        blocks.append(block)
    return blocks


def arguments_of(call: ToolCall) -> str:
    """Give a call's arguments as the model wrote them."""
    if call.raw_arguments or call.arguments is None:
        return call.raw_arguments
    return json.dumps(call.arguments, ensure_ascii=False)


def json_object(text: str | None) -> dict[str, Any] | None:
    """Read a signature that is a JSON object, as some protocols keep theirs; None where it is none."""
    try:
        value = json.loads(text or "")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType]


def usage_of(message: AssistantMessage, asked: Asked) -> Usage:
    """Give what an answer used: as it says, or about four bytes a token of the prompt and a token each word."""
    usage = message.usage
    if usage.input is not None or usage.output is not None:
        return usage
    texts = [message.text, message.thinking, *map(arguments_of, message.tool_calls)]
    return usage + Usage(input=asked.size // 4 + 1, output=max(1, sum(len(words(text)) for text in texts)))


def prompt_tokens(usage: Usage) -> int:
    """Give all that went in, with what a cache gave and took."""
    return (usage.input or 0) + (usage.cache_read or 0) + (usage.cache_write or 0)


def numbers(**counts: int | None) -> dict[str, int]:
    """Leave out the counts that are not known."""
    return {name: count for name, count in counts.items() if count is not None}
