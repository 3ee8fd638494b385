"""alchemy, used as its documentation shows: a client of its own and a model made by hand."""

import alchemy
from bench_client import main


class Client:
    """What both sides share."""

    def __init__(self, port: int) -> None:
        self._client = alchemy.Client(api_keys={"custom": "k"})
        self._base_url = f"http://127.0.0.1:{port}/v1"
        self._any = self._model("any")

    def _model(self, name: str) -> alchemy.Model:
        return alchemy.Model(id=name, base_url=self._base_url)


class Blocking(Client):
    """`for event in client.stream(...)` and `client.complete(...)`."""

    def stream(self, count: int) -> int:
        """Reads one stream."""
        seen = 0
        with self._client.stream(self._model(f"events-{count}"), "hi") as stream:
            for event in stream:
                if isinstance(event, alchemy.TextDelta):
                    seen += 1
        return seen

    def request(self) -> str:
        """Makes one request."""
        return self._client.complete(self._any, "hi").text


class Asynchronous(Client):
    """`async for event in client.stream(...)` and `await client.complete_async(...)`."""

    async def stream(self, count: int) -> int:
        """Reads one stream."""
        seen = 0
        async with self._client.stream(self._model(f"events-{count}"), "hi") as stream:
            async for event in stream:
                if isinstance(event, alchemy.TextDelta):
                    seen += 1
        return seen

    async def request(self) -> str:
        """Makes one request."""
        return (await self._client.complete_async(self._any, "hi")).text


if __name__ == "__main__":
    main(f"alchemy {alchemy.__version__}", Blocking, Asynchronous)
