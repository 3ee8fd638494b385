"""Event loops that cannot watch a pipe, as Windows' default one."""

import asyncio
import gc
import weakref

import alchemy
from servers import TEXT, Server, event_stream


class PipelessLoop(asyncio.SelectorEventLoop):
    """Refuses to watch descriptors for others; its own wake-up goes by an inner way."""

    def add_reader(self, fd, callback, *args):
        raise NotImplementedError


async def ask(server) -> str:
    """Read one answer event by event, and another whole."""
    model = alchemy.Model(id="m", base_url=server.url)
    text = ""
    async with alchemy.stream(model, "hello") as stream:
        async for event in stream:
            if isinstance(event, alchemy.TextDelta):
                text += event.delta
    assert (await stream.result_async()).text == text
    return text


def test_a_loop_that_watches_no_pipes_is_woken_all_the_same():
    """Streams, one by one and ten at once, are told by `call_soon_threadsafe`."""
    loop = PipelessLoop()
    try:
        with Server(event_stream(*TEXT)) as server:

            async def main():
                return [await ask(server), *await asyncio.gather(*(ask(server) for _ in range(10)))]

            assert loop.run_until_complete(main()) == ["Hello there."] * 11
    finally:
        loop.close()


def test_a_closed_loop_is_let_go_of():
    """What was kept for a loop's waits does not keep the loop."""
    for kind in (asyncio.SelectorEventLoop, PipelessLoop):
        loop = kind()
        with Server(event_stream(*TEXT)) as server:
            loop.run_until_complete(ask(server))
        loop.close()
        gone = weakref.ref(loop)
        del loop
        gc.collect()
        assert gone() is None, kind
