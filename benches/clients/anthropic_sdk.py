"""The `anthropic` package, used as its documentation shows.

Text is read from the events of `create(stream=True)`; a tool call through the `stream` helper, which parses the
arguments as they come.
"""

from collections.abc import Callable
from typing import Any

import anthropic
import sdk
from asked import ANTHROPIC_TOOL, KEY, MAX_TOKENS, PROMPT, Target
from bench_client import main

SECONDS = 120.0
"""Its time limit: longer than the pauses of a stream that waits."""


def options(target: Target) -> dict[str, Any]:
    """The settings of a client."""
    return {"api_key": KEY, "base_url": target.origin, "timeout": SECONDS, "max_retries": 0}


def asked(model: str) -> dict[str, Any]:
    """The arguments of a request."""
    messages = [{"role": "user", "content": PROMPT}]
    return {"model": model, "messages": messages, "max_tokens": MAX_TOKENS, "tools": [ANTHROPIC_TOOL]}


class Blocking(sdk.Blocking):
    """`anthropic.Anthropic`."""

    def __init__(self, target: Target) -> None:
        self._client: Any = anthropic.Anthropic(**options(target))

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        for event in self._client.messages.create(**asked(model), stream=True):
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                mark(event.delta.text)

    def calls(self, model: str) -> int:
        """Reads one streamed tool call, whose arguments the helper parses after every delta."""
        size = 0
        with self._client.messages.stream(**asked(model)) as stream:
            for event in stream:
                if event.type == "input_json":
                    size += len(event.partial_json)
        return size

    def request(self) -> str:
        """Makes one request."""
        return str(self._client.messages.create(**asked("any")).content[0].text)


class Asynchronous(sdk.Asynchronous):
    """`anthropic.AsyncAnthropic`."""

    def __init__(self, target: Target) -> None:
        self._client: Any = anthropic.AsyncAnthropic(**options(target))

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        async for event in await self._client.messages.create(**asked(model), stream=True):
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                mark(event.delta.text)

    async def calls(self, model: str) -> int:
        """Reads one streamed tool call, whose arguments the helper parses after every delta."""
        size = 0
        async with self._client.messages.stream(**asked(model)) as stream:
            async for event in stream:
                if event.type == "input_json":
                    size += len(event.partial_json)
        return size

    async def request(self) -> str:
        """Makes one request."""
        return str((await self._client.messages.create(**asked("any"))).content[0].text)


if __name__ == "__main__":
    main(f"anthropic {anthropic.__version__}", Blocking, Asynchronous)
