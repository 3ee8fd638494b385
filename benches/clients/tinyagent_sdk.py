"""The Rust crate alchemy-llm through the package `tiny-agent-os`.

Its documented side is asynchronous. The blocking side is the handle below it, which gives out plain dictionaries. It
knows no request that does not stream: for one it reads a stream of one delta and asks for the result.
"""

import asyncio
import importlib.metadata
from collections.abc import Callable
from typing import Any

import sdk
from asked import KEY, PROMPT, TOOL_DESCRIPTION, TOOL_NAME, TOOL_PARAMETERS, WHOLE_TEXT, Target
from bench_client import main
from tinyagent import _alchemy
from tinyagent.agent_types import AgentTool, Context, SimpleStreamOptions, TextContent, UserMessage
from tinyagent.alchemy_provider import OpenAICompatModel, stream_alchemy_openai_completions

CONTEXT = Context(
    system_prompt="",
    messages=[UserMessage(content=[TextContent(text=PROMPT)], timestamp=0)],
    tools=[AgentTool(name=TOOL_NAME, description=TOOL_DESCRIPTION, parameters=dict(TOOL_PARAMETERS))],
)
OPTIONS = SimpleStreamOptions(api_key=KEY)


class Blocking(sdk.Blocking):
    """The handle of the extension module."""

    def __init__(self, target: Target) -> None:
        self._base_url = f"{target.origin}/v1/chat/completions"

    def _handle(self, name: str) -> Any:
        model = {"id": name, "provider": "openai", "api": "openai-completions", "base_url": self._base_url}
        user = {"role": "user", "content": [{"type": "text", "text": PROMPT}], "timestamp": 0}
        tool = {"name": TOOL_NAME, "description": TOOL_DESCRIPTION, "parameters": TOOL_PARAMETERS}
        context = {"system_prompt": "", "messages": [user], "tools": [tool]}
        return _alchemy.openai_completions_stream(model, context, {"api_key": KEY})

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        handle = self._handle(model)
        while (event := handle.next_event()) is not None:
            if event["type"] == "text_delta":
                mark(event["delta"])

    def calls(self, model: str) -> int:
        """Reads one streamed tool call."""
        handle = self._handle(model)
        size = 0
        while (event := handle.next_event()) is not None:
            if event["type"] == "tool_call_delta":
                size += len(event["delta"])
        return size

    def request(self) -> str:
        """Reads one short stream."""
        answer = self._handle("events-1").result()
        return WHOLE_TEXT if answer["content"][0]["text"] else ""


class Asynchronous(sdk.Asynchronous):
    """`stream_alchemy_openai_completions`."""

    def __init__(self, target: Target) -> None:
        self._base_url = f"{target.origin}/v1/chat/completions"

    async def _stream(self, name: str) -> Any:
        model = OpenAICompatModel(provider="openai", id=name, base_url=self._base_url)
        return await stream_alchemy_openai_completions(model, CONTEXT, OPTIONS)

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        async for event in await self._stream(model):
            if event.type == "text_delta":
                mark(event.delta)

    async def calls(self, model: str) -> int:
        """Reads one streamed tool call."""
        size = 0
        async for event in await self._stream(model):
            if event.type == "tool_call_delta":
                size += len(event.delta)
        return size

    async def request(self) -> str:
        """Reads one short stream; its first event is waited for in the result."""
        stream = await self._stream("events-1")
        answer = await asyncio.wait_for(stream.result(), 60)
        return WHOLE_TEXT if answer.content[0].text else ""


if __name__ == "__main__":
    main(f"tiny-agent-os {importlib.metadata.version('tiny-agent-os')}", Blocking, Asynchronous)
