"""The loop written by hand on aiohttp: its streamed body, event lines and orjson. It has no blocking side."""

import ssl
from collections.abc import Callable
from typing import Any

import aiohttp
import wire
from asked import Target
from bench_client import main, no_blocking_side
from reading import AsynchronousReads

SECONDS = 120.0
"""Its time limit: longer than the pauses of a stream that waits."""


class Asynchronous(AsynchronousReads):
    """`aiohttp.ClientSession`, with as many connections as there are streams."""

    def __init__(self, target: Target) -> None:
        self._api = target.api
        self._origin = target.origin
        self._text_of = wire.TEXT[target.api]
        context = ssl.create_default_context(cafile=target.ca_file) if target.ca_file else True
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=context),
            headers=wire.headers(target.api),
            timeout=aiohttp.ClientTimeout(total=SECONDS),
        )

    def _post(self, model: str, *, stream: bool) -> Any:
        url = self._origin + wire.path(self._api, model, stream=stream)
        return self._session.post(url, data=wire.body(self._api, model, stream=stream))

    async def _read(self, model: str, text_of: Callable[[Any], str | None], each: Callable[[str], None]) -> None:
        events = wire.Events(text_of)
        async with self._post(model, stream=True) as response:
            response.raise_for_status()
            async for piece in response.content.iter_any():
                for text in events.feed(piece):
                    each(text)

    async def stream(self, model: str) -> int:
        """Reads one stream."""
        events = wire.Events(self._text_of)
        seen = 0
        async with self._post(model, stream=True) as response:
            response.raise_for_status()
            async for piece in response.content.iter_any():
                for _text in events.feed(piece):
                    seen += 1
        return seen

    async def request(self) -> str:
        """Makes one request."""
        async with self._post("any", stream=False) as response:
            response.raise_for_status()
            return wire.whole_text(self._api, await response.read())


if __name__ == "__main__":
    main(f"aiohttp {aiohttp.__version__}, {wire.LIBRARY}", no_blocking_side, Asynchronous)
