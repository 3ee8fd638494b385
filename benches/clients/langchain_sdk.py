"""The `langchain-openai` package, used as its documentation shows: `ChatOpenAI` with a tool bound to it."""

import importlib.metadata
from collections.abc import Callable
from typing import Any

import sdk
from asked import KEY, OPENAI_TOOL, PROMPT, Target
from bench_client import main
from langchain_openai import ChatOpenAI

SECONDS = 120.0
"""Its time limit: longer than the pauses of a stream that waits."""


class Client:
    """What both sides share: a model for each name, over the HTTP client that the package keeps."""

    def __init__(self, target: Target) -> None:
        self._base_url = f"{target.origin}/v1"
        self._models: dict[str, Any] = {}

    def _model(self, name: str) -> Any:
        if name not in self._models:
            model = ChatOpenAI(
                model=name,
                base_url=self._base_url,
                api_key=KEY,
                timeout=SECONDS,
                max_retries=0,
                stream_usage=True,
                use_responses_api=False,
            )
            self._models[name] = model.bind_tools([OPENAI_TOOL])
        return self._models[name]


class Blocking(Client, sdk.Blocking):
    """`stream` and `invoke`."""

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        for chunk in self._model(model).stream(PROMPT):
            if chunk.content:
                mark(chunk.content)

    def calls(self, model: str) -> int:
        """Reads one streamed tool call; each chunk parses the piece of the arguments that it has."""
        return sum(
            len(call["args"] or "") for chunk in self._model(model).stream(PROMPT) for call in chunk.tool_call_chunks
        )

    def request(self) -> str:
        """Makes one request."""
        return str(self._model("any").invoke(PROMPT).content)


class Asynchronous(Client, sdk.Asynchronous):
    """`astream` and `ainvoke`."""

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        async for chunk in self._model(model).astream(PROMPT):
            if chunk.content:
                mark(chunk.content)

    async def calls(self, model: str) -> int:
        """Reads one streamed tool call; each chunk parses the piece of the arguments that it has."""
        size = 0
        async for chunk in self._model(model).astream(PROMPT):
            size += sum(len(call["args"] or "") for call in chunk.tool_call_chunks)
        return size

    async def request(self) -> str:
        """Makes one request."""
        return str((await self._model("any").ainvoke(PROMPT)).content)


if __name__ == "__main__":
    main(f"langchain-openai {importlib.metadata.version('langchain-openai')}", Blocking, Asynchronous)
