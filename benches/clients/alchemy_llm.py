"""alchemy, used as its documentation shows: a client of its own and a model made by hand."""

from collections.abc import Callable

import alchemy
from asked import KEY, PROMPT, TOOL_DESCRIPTION, TOOL_NAME, TOOL_PARAMETERS, Target
from bench_client import main

TOOLS = [alchemy.Tool(name=TOOL_NAME, description=TOOL_DESCRIPTION, parameters=TOOL_PARAMETERS)]


class Client:
    """What both sides share. The client's time limits are those it has by default."""

    def __init__(self, target: Target) -> None:
        self._client = alchemy.Client(api_keys={"custom": KEY}, ca_file=target.ca_file, http2=target.http2)
        self._target = target
        self._models: dict[str, alchemy.Model] = {}

    def _stream(self, name: str) -> alchemy.MessageStream:
        return self._client.stream(self._model(name), PROMPT, tools=TOOLS)

    def _model(self, name: str) -> alchemy.Model:
        if name not in self._models:
            self._models[name] = alchemy.Model(id=name, api=self._target.api, base_url=self._target.origin)
        return self._models[name]


class Blocking(Client):
    """`for event in client.stream(...)` and `client.complete(...)`."""

    def stream(self, model: str) -> int:
        """Reads one stream."""
        seen = 0
        with self._stream(model) as stream:
            for event in stream:
                if isinstance(event, alchemy.TextDelta):
                    seen += 1
        return seen

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        with self._stream(model) as stream:
            for event in stream:
                if isinstance(event, alchemy.TextDelta):
                    mark(event.delta)

    def calls(self, model: str) -> int:
        """Reads one streamed tool call and looks at its arguments after every delta."""
        seen = 0
        with self._stream(model) as stream:
            for event in stream:
                if isinstance(event, alchemy.ToolCallDelta):
                    stream.partial_arguments(event.content_index)
                    seen += len(event.delta)
        return seen

    def request(self) -> str:
        """Makes one request."""
        return self._client.complete(self._model("any"), PROMPT, tools=TOOLS).text


class Asynchronous(Client):
    """`async for event in client.stream(...)` and `await client.complete_async(...)`."""

    async def stream(self, model: str) -> int:
        """Reads one stream."""
        seen = 0
        async with self._stream(model) as stream:
            async for event in stream:
                if isinstance(event, alchemy.TextDelta):
                    seen += 1
        return seen

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        async with self._stream(model) as stream:
            async for event in stream:
                if isinstance(event, alchemy.TextDelta):
                    mark(event.delta)

    async def calls(self, model: str) -> int:
        """Reads one streamed tool call and looks at its arguments after every delta."""
        seen = 0
        async with self._stream(model) as stream:
            async for event in stream:
                if isinstance(event, alchemy.ToolCallDelta):
                    stream.partial_arguments(event.content_index)
                    seen += len(event.delta)
        return seen

    async def request(self) -> str:
        """Makes one request."""
        return (await self._client.complete_async(self._model("any"), PROMPT, tools=TOOLS)).text


if __name__ == "__main__":
    main(f"alchemy {alchemy.__version__}", Blocking, Asynchronous)
