"""The `litellm` package, used as its documentation shows, with telemetry, logging and the fetch of prices off."""

import importlib.metadata
import os
from collections.abc import Callable
from typing import Any

# Read while it is imported: without it each start fetches the list of prices from the network.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
import sdk
from asked import KEY, OPENAI_TOOL, PROMPT, Target
from bench_client import main

SECONDS = 120.0
"""Its time limit: longer than the pauses of a stream that waits."""

litellm.telemetry = False
litellm.suppress_debug_info = True
litellm.turn_off_message_logging = True


class Client:
    """What both sides share; the package keeps its HTTP clients itself."""

    def __init__(self, target: Target) -> None:
        self._base_url = f"{target.origin}/v1"

    def _asked(self, model: str, *, stream: bool) -> dict[str, Any]:
        return {
            "model": f"openai/{model}",
            "messages": [{"role": "user", "content": PROMPT}],
            "tools": [OPENAI_TOOL],
            "api_base": self._base_url,
            "api_key": KEY,
            "stream": stream,
            "timeout": SECONDS,
            "max_retries": 0,
        }


class Blocking(Client, sdk.Blocking):
    """`litellm.completion`."""

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        stream: Any = litellm.completion(**self._asked(model, stream=True))
        for chunk in stream:
            if chunk.choices[0].delta.content:
                mark(chunk.choices[0].delta.content)

    def calls(self, model: str) -> int:
        """Reads one streamed tool call, whose arguments are kept as raw text."""
        size = 0
        stream: Any = litellm.completion(**self._asked(model, stream=True))
        for chunk in stream:
            if chunk.choices[0].delta.tool_calls:
                size += len(chunk.choices[0].delta.tool_calls[0].function.arguments or "")
        return size

    def request(self) -> str:
        """Makes one request."""
        answer: Any = litellm.completion(**self._asked("any", stream=False))
        return str(answer.choices[0].message.content)


class Asynchronous(Client, sdk.Asynchronous):
    """`litellm.acompletion`."""

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        stream: Any = await litellm.acompletion(**self._asked(model, stream=True))
        async for chunk in stream:
            if chunk.choices[0].delta.content:
                mark(chunk.choices[0].delta.content)

    async def calls(self, model: str) -> int:
        """Reads one streamed tool call, whose arguments are kept as raw text."""
        size = 0
        stream: Any = await litellm.acompletion(**self._asked(model, stream=True))
        async for chunk in stream:
            if chunk.choices[0].delta.tool_calls:
                size += len(chunk.choices[0].delta.tool_calls[0].function.arguments or "")
        return size

    async def request(self) -> str:
        """Makes one request."""
        answer: Any = await litellm.acompletion(**self._asked("any", stream=False))
        return str(answer.choices[0].message.content)


if __name__ == "__main__":
    main(f"litellm {importlib.metadata.version('litellm')}", Blocking, Asynchronous)
