"""The loop written by hand on pyreqwest: its streamed body, event lines and orjson."""

import datetime as dt
import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wire
from asked import Target
from bench_client import main
from pyreqwest.client import ClientBuilder, SyncClientBuilder
from pyreqwest.request import SyncRequestBuilder
from reading import AsynchronousReads, BlockingReads

TIMEOUT = dt.timedelta(seconds=120)
"""Its time limit: longer than the pauses of a stream that waits."""


READ_AHEAD = SyncRequestBuilder.default_streamed_read_buffer_limit()
"""Bytes that it gathers before it gives out any, by default; a stream of tokens would have to wait for them."""


class Loop:
    """What both sides share."""

    _client: Any

    def __init__(self, target: Target, builder: Any) -> None:
        self._api = target.api
        self._text_of = wire.TEXT[target.api]
        self._read_ahead = READ_AHEAD if target.read_ahead else 0
        builder = builder.base_url(target.origin).default_headers(wire.headers(target.api))
        builder = builder.error_for_status(True).timeout(TIMEOUT)
        if target.ca_file:
            builder = builder.add_root_certificate_pem(Path(target.ca_file).read_bytes())
        self._client = (builder if target.http2 else builder.http1_only()).build()

    def _post(self, model: str, *, stream: bool) -> Any:
        request = self._client.post(wire.path(self._api, model, stream=stream))
        return request.body_bytes(wire.body(self._api, model, stream=stream))

    def _stream(self, model: str) -> Any:
        return self._post(model, stream=True).streamed_read_buffer_limit(self._read_ahead).build_streamed()


class Blocking(BlockingReads, Loop):
    """`SyncClient`."""

    def __init__(self, target: Target) -> None:
        super().__init__(target, SyncClientBuilder())

    def _read(self, model: str, text_of: Callable[[Any], str | None], each: Callable[[str], None]) -> None:
        events = wire.Events(text_of)
        with self._stream(model) as response:
            reader = response.body_reader
            while (piece := reader.read_chunk()) is not None:
                for text in events.feed(piece):
                    each(text)

    def stream(self, model: str) -> int:
        """Reads one stream."""
        events = wire.Events(self._text_of)
        seen = 0
        with self._stream(model) as response:
            reader = response.body_reader
            while (piece := reader.read_chunk()) is not None:
                for _text in events.feed(piece):
                    seen += 1
        return seen

    def request(self) -> str:
        """Makes one request."""
        return wire.whole_text(self._api, bytes(self._post("any", stream=False).build().send().bytes()))


class Asynchronous(AsynchronousReads, Loop):
    """`Client`."""

    def __init__(self, target: Target) -> None:
        super().__init__(target, ClientBuilder())

    async def _read(self, model: str, text_of: Callable[[Any], str | None], each: Callable[[str], None]) -> None:
        events = wire.Events(text_of)
        async with self._stream(model) as response:
            reader = response.body_reader
            while (piece := await reader.read_chunk()) is not None:
                for text in events.feed(piece):
                    each(text)

    async def stream(self, model: str) -> int:
        """Reads one stream."""
        events = wire.Events(self._text_of)
        seen = 0
        async with self._stream(model) as response:
            reader = response.body_reader
            while (piece := await reader.read_chunk()) is not None:
                for _text in events.feed(piece):
                    seen += 1
        return seen

    async def request(self) -> str:
        """Makes one request."""
        response = await self._post("any", stream=False).build().send()
        return wire.whole_text(self._api, bytes(await response.bytes()))


if __name__ == "__main__":
    main(f"pyreqwest {importlib.metadata.version('pyreqwest')}, {wire.LIBRARY}", Blocking, Asynchronous)
