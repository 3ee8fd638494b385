"""The `openai` package, used as its documentation shows: chat completions, and its responses."""

from collections.abc import Callable
from typing import Any

import openai
import sdk
from asked import KEY, OPENAI_RESPONSES, OPENAI_TOOL, PROMPT, Target
from bench_client import main

SECONDS = 120.0
"""Its time limit: longer than the pauses of a stream that waits."""
MESSAGES = [{"role": "user", "content": PROMPT}]
RESPONSES_TOOL = {"type": "function", **OPENAI_TOOL["function"], "strict": False}


def options(target: Target) -> dict[str, Any]:
    """The settings of a client."""
    return {"api_key": KEY, "base_url": f"{target.origin}/v1", "timeout": SECONDS, "max_retries": 0}


def asked(target: Target, model: str, *, stream: bool) -> dict[str, Any]:
    """The arguments of `create`."""
    if target.api == OPENAI_RESPONSES:
        return {"model": model, "input": MESSAGES, "tools": [RESPONSES_TOOL], "stream": stream}
    more = {"stream_options": {"include_usage": True}} if stream else {}
    return {"model": model, "messages": MESSAGES, "tools": [OPENAI_TOOL], "stream": stream, **more}


class Blocking(sdk.Blocking):
    """`openai.OpenAI`."""

    def __init__(self, target: Target) -> None:
        client = openai.OpenAI(**options(target))
        self._target = target
        self._responses = target.api == OPENAI_RESPONSES
        self._create: Any = client.responses.create if self._responses else client.chat.completions.create

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        events = self._create(**asked(self._target, model, stream=True))
        if self._responses:
            for event in events:
                if event.type == "response.output_text.delta":
                    mark(event.delta)
            return
        for chunk in events:
            if chunk.choices and chunk.choices[0].delta.content:
                mark(chunk.choices[0].delta.content)

    def calls(self, model: str) -> int:
        """Reads one streamed tool call, whose arguments are kept as raw text."""
        size = 0
        for chunk in self._create(**asked(self._target, model, stream=True)):
            if chunk.choices and chunk.choices[0].delta.tool_calls:
                size += len(chunk.choices[0].delta.tool_calls[0].function.arguments or "")
        return size

    def request(self) -> str:
        """Makes one request."""
        answer = self._create(**asked(self._target, "any", stream=False))
        return answer.output_text if self._responses else str(answer.choices[0].message.content)


class Asynchronous(sdk.Asynchronous):
    """`openai.AsyncOpenAI`."""

    def __init__(self, target: Target) -> None:
        client = openai.AsyncOpenAI(**options(target))
        self._target = target
        self._responses = target.api == OPENAI_RESPONSES
        self._create: Any = client.responses.create if self._responses else client.chat.completions.create

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        events = await self._create(**asked(self._target, model, stream=True))
        if self._responses:
            async for event in events:
                if event.type == "response.output_text.delta":
                    mark(event.delta)
            return
        async for chunk in events:
            if chunk.choices and chunk.choices[0].delta.content:
                mark(chunk.choices[0].delta.content)

    async def calls(self, model: str) -> int:
        """Reads one streamed tool call, whose arguments are kept as raw text."""
        size = 0
        async for chunk in await self._create(**asked(self._target, model, stream=True)):
            if chunk.choices and chunk.choices[0].delta.tool_calls:
                size += len(chunk.choices[0].delta.tool_calls[0].function.arguments or "")
        return size

    async def request(self) -> str:
        """Makes one request."""
        answer = await self._create(**asked(self._target, "any", stream=False))
        return answer.output_text if self._responses else str(answer.choices[0].message.content)


if __name__ == "__main__":
    main(f"openai {openai.__version__}", Blocking, Asynchronous)
