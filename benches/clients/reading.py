"""What the hand-written loops on HTTP clients have in common: all that is read piece by piece through `_read`."""

from collections.abc import Callable
from typing import Any

import wire


class BlockingReads:
    """A tool call and a paced stream, by a `_read` that hands on each text."""

    _read: Callable[[str, Callable[[Any], str | None], Callable[[str], None]], None]
    _text_of: Callable[[Any], str | None]

    def calls(self, model: str) -> int:
        """Reads one streamed tool call, whose arguments are looked at when they are whole."""
        pieces: list[str] = []
        self._read(model, wire.arguments_text, pieces.append)
        return wire.arguments_length(pieces)

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        self._read(model, self._text_of, mark)


class AsynchronousReads:
    """The same in async code."""

    _read: Callable[[str, Callable[[Any], str | None], Callable[[str], None]], Any]
    _text_of: Callable[[Any], str | None]

    async def calls(self, model: str) -> int:
        """Reads one streamed tool call, whose arguments are looked at when they are whole."""
        pieces: list[str] = []
        await self._read(model, wire.arguments_text, pieces.append)
        return wire.arguments_length(pieces)

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        await self._read(model, self._text_of, mark)
