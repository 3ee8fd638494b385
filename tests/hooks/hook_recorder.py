"""A hook that writes down what it is told, and the ways to take an answer."""

import asyncio

import alchemy.hooks

STEPS = ("request_built", "attempt", "headers", "retry", "first_event", "done", "error")


class Recorder(alchemy.hooks.Hooks):
    """Writes down each step of every request: (name of the step, call, what else it was told)."""

    def __init__(self):
        self.told = []

    def names(self, call=None):
        """The names of the steps, of one call or of all."""
        return [name for name, of, _ in self.told if call in {None, of}]

    def detail(self, name):
        """What came with the one step of that name."""
        (found,) = [detail for step, _, detail in self.told if step == name]
        return found[0]

    @property
    def call(self):
        """The one call there was."""
        (found,) = {call for _, call, _ in self.told}
        return found


def _writer(name):
    def write(self, call, *detail):
        self.told.append((name, call, detail))

    return write


for _name in STEPS:
    setattr(Recorder, _name, _writer(_name))


def run(coroutine):
    """Runs a coroutine in a loop of its own."""
    return asyncio.run(asyncio.wait_for(coroutine, 30))


def iterate(client, model, **options):
    stream = client.stream(model, "hello", **options)
    for _event in stream:
        pass
    return stream.result()


def result(client, model, **options):
    return client.stream(model, "hello", **options).result()


def within(client, model, **options):
    with client.stream(model, "hello", **options) as stream:
        list(stream)
        return stream.result()


def complete(client, model, **options):
    return client.complete(model, "hello", **options)


def iterate_async(client, model, **options):
    async def main():
        stream = client.stream(model, "hello", **options)
        async for _event in stream:
            pass
        return await stream.result_async()

    return run(main())


def result_async(client, model, **options):
    async def main():
        return await client.stream(model, "hello", **options).result_async()

    return run(main())


def within_async(client, model, **options):
    async def main():
        async with client.stream(model, "hello", **options) as stream:
            return [event async for event in stream][-1].message

    return run(main())


def complete_async(client, model, **options):
    async def main():
        return await client.complete_async(model, "hello", **options)

    return run(main())


WAYS = [iterate, result, within, complete, iterate_async, result_async, within_async, complete_async]
