"""pydantic-ai's model layer (`pydantic_ai.direct`), used as its documentation shows, without instrumentation."""

import importlib.metadata
from collections.abc import Callable
from typing import Any

import openai
import sdk
from asked import KEY, PROMPT, TOOL_DESCRIPTION, TOOL_NAME, TOOL_PARAMETERS, Target
from bench_client import main
from pydantic_ai import ModelRequest, direct
from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta, ToolCallPartDelta
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.tools import ToolDefinition

SECONDS = 120.0
"""Its time limit: longer than the pauses of a stream that waits."""
TOOL = ToolDefinition(name=TOOL_NAME, description=TOOL_DESCRIPTION, parameters_json_schema=TOOL_PARAMETERS)
PARAMETERS = ModelRequestParameters(function_tools=[TOOL])


def text_of(event: Any) -> str:
    """The text that an event brings; a part's first piece comes with its start."""
    match event:
        case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
            return text
        case PartStartEvent(part=TextPart(content=text)):
            return text
    return ""


def arguments_of(event: Any) -> str:
    """The piece of a tool call's arguments that an event brings."""
    match event:
        case PartDeltaEvent(delta=ToolCallPartDelta(args_delta=str(text))):
            return text
        case PartStartEvent(part=part) if isinstance(getattr(part, "args", None), str):
            return part.args
    return ""


class Client:
    """What both sides share: one HTTP client, and a model for each name."""

    def __init__(self, target: Target) -> None:
        client = openai.AsyncOpenAI(api_key=KEY, base_url=f"{target.origin}/v1", timeout=SECONDS, max_retries=0)
        self._provider = OpenAIProvider(openai_client=client)
        self._models: dict[str, OpenAIChatModel] = {}

    def _asked(self, name: str) -> dict[str, Any]:
        if name not in self._models:
            self._models[name] = OpenAIChatModel(name, provider=self._provider)
        return {
            "model": self._models[name],
            "messages": [ModelRequest.user_text_prompt(PROMPT)],
            "model_request_parameters": PARAMETERS,
            "instrument": False,
        }


class Blocking(Client, sdk.Blocking):
    """`model_request_stream_sync` and `model_request_sync`."""

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        with direct.model_request_stream_sync(**self._asked(model)) as stream:
            for event in stream:
                if text := text_of(event):
                    mark(text)

    def calls(self, model: str) -> int:
        """Reads one streamed tool call, whose arguments are kept as raw text."""
        with direct.model_request_stream_sync(**self._asked(model)) as stream:
            return sum(len(arguments_of(event)) for event in stream)

    def request(self) -> str:
        """Makes one request."""
        return str(direct.model_request_sync(**self._asked("any")).parts[0].content)


class Asynchronous(Client, sdk.Asynchronous):
    """`model_request_stream` and `model_request`."""

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        async with direct.model_request_stream(**self._asked(model)) as stream:
            async for event in stream:
                if text := text_of(event):
                    mark(text)

    async def calls(self, model: str) -> int:
        """Reads one streamed tool call, whose arguments are kept as raw text."""
        size = 0
        async with direct.model_request_stream(**self._asked(model)) as stream:
            async for event in stream:
                size += len(arguments_of(event))
        return size

    async def request(self) -> str:
        """Makes one request."""
        return str((await direct.model_request(**self._asked("any"))).parts[0].content)


if __name__ == "__main__":
    main(f"pydantic-ai-slim {importlib.metadata.version('pydantic-ai-slim')}", Blocking, Asynchronous)
