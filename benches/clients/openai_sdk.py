"""The `openai` package, used as its documentation shows."""

import importlib
from typing import Any

from bench_client import main

# Imported by name: only the peers' environment has it, and type checkers look into another.
openai: Any = importlib.import_module("openai")

MESSAGES = [{"role": "user", "content": "hi"}]


class Blocking:
    """`openai.OpenAI`."""

    def __init__(self, port: int) -> None:
        self._client = openai.OpenAI(api_key="k", base_url=f"http://127.0.0.1:{port}/v1")

    def stream(self, count: int) -> int:
        """Reads one stream."""
        seen = 0
        chunks = self._client.chat.completions.create(
            model=f"events-{count}", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
        for chunk in chunks:
            if chunk.choices and chunk.choices[0].delta.content:
                seen += 1
        return seen

    def request(self) -> str:
        """Makes one request."""
        answer = self._client.chat.completions.create(model="any", messages=MESSAGES)
        return str(answer.choices[0].message.content)


class Asynchronous:
    """`openai.AsyncOpenAI`."""

    def __init__(self, port: int) -> None:
        self._client = openai.AsyncOpenAI(api_key="k", base_url=f"http://127.0.0.1:{port}/v1")

    async def stream(self, count: int) -> int:
        """Reads one stream."""
        seen = 0
        chunks = await self._client.chat.completions.create(
            model=f"events-{count}", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
        async for chunk in chunks:
            if chunk.choices and chunk.choices[0].delta.content:
                seen += 1
        return seen

    async def request(self) -> str:
        """Makes one request."""
        answer = await self._client.chat.completions.create(model="any", messages=MESSAGES)
        return str(answer.choices[0].message.content)


if __name__ == "__main__":
    main(f"openai {openai.__version__}", Blocking, Asynchronous)
