"""What the clients of libraries share that give out texts: a stream is counted by the loop that marks a paced one.

A library's own loop costs tens of microseconds an event; appending to a list costs 0.03.
"""

from collections.abc import Callable


class Blocking:
    """The blocking side."""

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and calls `mark` with the text of each delta."""
        raise NotImplementedError

    def stream(self, model: str) -> int:
        """Reads one stream and returns how many pieces of text came."""
        texts: list[str] = []
        self.paced(model, texts.append)
        return len(texts)


class Asynchronous:
    """The asynchronous side."""

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and calls `mark` with the text of each delta."""
        raise NotImplementedError

    async def stream(self, model: str) -> int:
        """Reads one stream and returns how many pieces of text came."""
        texts: list[str] = []
        await self.paced(model, texts.append)
        return len(texts)
