"""The `google-genai` package, used as its documentation shows."""

from collections.abc import Callable
from typing import Any

import sdk
from asked import KEY, PROMPT, TOOL_DESCRIPTION, TOOL_NAME, TOOL_PARAMETERS, Target
from bench_client import main
from google import genai
from google.genai import types

MILLISECONDS = 120_000
"""Its time limit: longer than the pauses of a stream that waits."""


def client(target: Target) -> Any:
    """A client; both sides hang off it."""
    return genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=target.origin, timeout=MILLISECONDS))


def asked(model: str) -> dict[str, Any]:
    """The arguments of a request."""
    function = types.FunctionDeclaration(
        name=TOOL_NAME, description=TOOL_DESCRIPTION, parameters_json_schema=TOOL_PARAMETERS
    )
    tools = [types.Tool(function_declarations=[function])]
    return {"model": model, "contents": PROMPT, "config": types.GenerateContentConfig(tools=tools)}


class Blocking(sdk.Blocking):
    """`client.models`."""

    def __init__(self, target: Target) -> None:
        self._client = client(target)

    def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        for chunk in self._client.models.generate_content_stream(**asked(model)):
            if chunk.text:
                mark(chunk.text)

    def calls(self, model: str) -> int:
        """Its protocol sends the arguments of a call whole."""
        raise NotImplementedError(model)

    def request(self) -> str:
        """Makes one request."""
        return str(self._client.models.generate_content(**asked("any")).text)


class Asynchronous(sdk.Asynchronous):
    """`client.aio.models`."""

    def __init__(self, target: Target) -> None:
        # Its asynchronous side hangs off a client that must live as long.
        self._client = client(target)
        self._models = self._client.aio.models

    async def paced(self, model: str, mark: Callable[[str], None]) -> None:
        """Reads one stream and marks its deltas."""
        async for chunk in await self._models.generate_content_stream(**asked(model)):
            if chunk.text:
                mark(chunk.text)

    async def calls(self, model: str) -> int:
        """Its protocol sends the arguments of a call whole."""
        raise NotImplementedError(model)

    async def request(self) -> str:
        """Makes one request."""
        return str((await self._models.generate_content(**asked("any"))).text)


if __name__ == "__main__":
    main(f"google-genai {genai.__version__}", Blocking, Asynchronous)
