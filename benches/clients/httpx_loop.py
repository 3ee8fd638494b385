"""The loop written by hand on httpx: its streamed body, event lines and orjson."""

import ssl
from collections.abc import Callable
from typing import Any

import httpx
import wire
from asked import Target
from bench_client import main
from reading import AsynchronousReads, BlockingReads

SECONDS = 120.0
"""Its time limit: longer than the pauses of a stream that waits."""


def options(target: Target) -> dict[str, Any]:
    """The settings of a client: as many connections as there are streams, and the provider's own authority."""
    return {
        "base_url": target.origin,
        "headers": wire.headers(target.api),
        "http2": target.http2,
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=None),
        "timeout": SECONDS,
        "verify": ssl.create_default_context(cafile=target.ca_file) if target.ca_file else True,
    }


class Loop:
    """What both sides share."""

    def __init__(self, target: Target) -> None:
        self._api = target.api
        self._text_of = wire.TEXT[target.api]

    def _request(self, model: str, *, stream: bool) -> dict[str, Any]:
        return {
            "method": "POST",
            "url": wire.path(self._api, model, stream=stream),
            "content": wire.body(self._api, model, stream=stream),
        }


class Blocking(BlockingReads, Loop):
    """`httpx.Client`."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._client = httpx.Client(**options(target))

    def _read(self, model: str, text_of: Callable[[Any], str | None], each: Callable[[str], None]) -> None:
        events = wire.Events(text_of)
        with self._client.stream(**self._request(model, stream=True)) as response:
            response.raise_for_status()
            for piece in response.iter_bytes():
                for text in events.feed(piece):
                    each(text)

    def stream(self, model: str) -> int:
        """Reads one stream."""
        events = wire.Events(self._text_of)
        seen = 0
        with self._client.stream(**self._request(model, stream=True)) as response:
            response.raise_for_status()
            for piece in response.iter_bytes():
                for _text in events.feed(piece):
                    seen += 1
        return seen

    def request(self) -> str:
        """Makes one request."""
        response = self._client.request(**self._request("any", stream=False))
        response.raise_for_status()
        return wire.whole_text(self._api, response.content)


class Asynchronous(AsynchronousReads, Loop):
    """`httpx.AsyncClient`."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._client = httpx.AsyncClient(**options(target))

    async def _read(self, model: str, text_of: Callable[[Any], str | None], each: Callable[[str], None]) -> None:
        events = wire.Events(text_of)
        async with self._client.stream(**self._request(model, stream=True)) as response:
            response.raise_for_status()
            async for piece in response.aiter_bytes():
                for text in events.feed(piece):
                    each(text)

    async def stream(self, model: str) -> int:
        """Reads one stream."""
        events = wire.Events(self._text_of)
        seen = 0
        async with self._client.stream(**self._request(model, stream=True)) as response:
            response.raise_for_status()
            async for piece in response.aiter_bytes():
                for _text in events.feed(piece):
                    seen += 1
        return seen

    async def request(self) -> str:
        """Makes one request."""
        response = await self._client.request(**self._request("any", stream=False))
        response.raise_for_status()
        return wire.whole_text(self._api, response.content)


if __name__ == "__main__":
    main(f"httpx {httpx.__version__}, {wire.LIBRARY}", Blocking, Asynchronous)
