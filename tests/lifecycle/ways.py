"""Every way in which a stream, or a wait for one, is ended early."""

import asyncio
import contextlib
import gc
import threading
import time

import alchemy


class ExpectedError(Exception):
    """Stands for whatever goes wrong in a user's code."""


def read_some(stream) -> None:
    """Reads up to the first piece of text."""
    while not isinstance(next(stream), alchemy.TextDelta):
        pass


async def read_some_async(stream) -> None:
    while not isinstance(await anext(stream), alchemy.TextDelta):
        pass


# -- a stream that was read in part: each way returns when the end was called. What is closed is kept alive as
#    `make.kept`, so that it is not the drop that closes it; the rest leave nothing alive -------------------------------


def by_close(make) -> float:
    stream = make.kept = make()
    read_some(stream)
    began = time.monotonic()
    stream.close()
    return began


def by_leaving_with(make) -> float:
    with make() as stream:
        make.kept = stream
        read_some(stream)
        return time.monotonic()


def by_an_exception_in_with(make) -> float:
    began = 0.0
    with contextlib.suppress(ExpectedError), make() as stream:
        make.kept = stream
        read_some(stream)
        began = time.monotonic()
        raise ExpectedError
    return began


def by_a_break(make) -> float:
    began = 0.0
    for event in make():
        began = time.monotonic()
        if isinstance(event, alchemy.TextDelta):
            break
    return began


def by_dropping(make) -> float:
    stream = make()
    read_some(stream)
    began = time.monotonic()
    del stream
    return began


def by_dropping_the_iterator(make) -> float:
    iterator = iter(make())
    read_some(iterator)
    began = time.monotonic()
    del iterator
    return began


def by_closing_the_iterator(make) -> float:
    iterator = iter(make())
    read_some(iterator)
    began = time.monotonic()
    iterator.close()
    return began


def by_collecting_a_cycle(make) -> float:
    # What was there before is not looked through, which would take longer than the close may.
    gc.freeze()
    holder = {"stream": make()}
    holder["itself"] = holder
    read_some(holder["stream"])
    began = time.monotonic()
    del holder
    gc.collect()
    gc.unfreeze()
    return began


def by_closing_twice_in_threads(make) -> float:
    stream = make.kept = make()
    read_some(stream)
    closers = [threading.Thread(target=stream.close) for _ in range(4)]
    began = time.monotonic()
    for closer in closers:
        closer.start()
    for closer in closers:
        closer.join()
    return began


async def by_aclose(make) -> float:
    stream = make.kept = make()
    await read_some_async(stream)
    began = time.monotonic()
    await stream.aclose()
    return began


async def by_leaving_async_with(make) -> float:
    async with make() as stream:
        make.kept = stream
        await read_some_async(stream)
        return time.monotonic()


async def by_an_exception_in_async_with(make) -> float:
    began = 0.0
    with contextlib.suppress(ExpectedError):
        async with make() as stream:
            make.kept = stream
            await read_some_async(stream)
            began = time.monotonic()
            raise ExpectedError
    return began


async def by_an_async_break(make) -> float:
    began = 0.0
    async for event in make():
        began = time.monotonic()
        if isinstance(event, alchemy.TextDelta):
            break
    return began


async def by_dropping_aiter(make) -> float:
    iterator = aiter(make())
    await read_some_async(iterator)
    began = time.monotonic()
    del iterator
    return began


async def by_aclosing(make) -> float:
    async with contextlib.aclosing(make()) as stream:
        make.kept = stream
        await read_some_async(stream)
        return time.monotonic()


async def by_abandoning_an_async_generator(make) -> float:
    async def generator():
        async with make() as stream:
            make.kept = stream
            async for event in stream:
                yield event

    events = generator()
    await read_some_async(events)
    began = time.monotonic()
    await events.aclose()
    return began


READ_IN_PART = [
    by_close,
    by_leaving_with,
    by_an_exception_in_with,
    by_a_break,
    by_dropping,
    by_dropping_the_iterator,
    by_closing_the_iterator,
    by_collecting_a_cycle,
    by_closing_twice_in_threads,
    by_aclose,
    by_leaving_async_with,
    by_an_exception_in_async_with,
    by_an_async_break,
    by_dropping_aiter,
    by_aclosing,
    by_abandoning_an_async_generator,
]


# -- a wait that is under way: each form waits for ever, and is ended from outside -----------------------------------


async def the_loop(make) -> None:
    async for _event in make():
        pass


async def the_loop_in_with(make) -> None:
    async with make() as stream:
        make.kept = stream
        async for _event in stream:
            pass


async def the_result(make) -> None:
    make.kept = make()
    await make.kept.result_async()


async def the_whole(make) -> None:
    await make.complete()


WAITS = [the_loop, the_loop_in_with, the_result, the_whole]


async def cancel(wait, reached) -> float:
    task = asyncio.create_task(wait)
    await reached()
    began = time.monotonic()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    return began


async def time_out(wait, reached) -> float:
    began = 0.0
    limit = asyncio.timeout(None)
    with contextlib.suppress(TimeoutError):
        async with limit:
            waiting = asyncio.create_task(reached())

            def over(_task) -> None:
                nonlocal began
                began = time.monotonic()
                limit.reschedule(asyncio.get_running_loop().time())

            waiting.add_done_callback(over)
            await wait
    assert limit.expired()
    return began


async def fail_a_sibling(wait, reached) -> float:
    began = 0.0

    async def fail() -> None:
        nonlocal began
        await reached()
        began = time.monotonic()
        raise ExpectedError

    with contextlib.suppress(BaseExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(wait)
            group.create_task(fail())
    return began


async def leave_it_to_the_end_of_the_loop(wait, reached) -> float:
    task = asyncio.create_task(wait)
    await reached()
    # Whoever runs the loop cancels what is left in it.
    task.get_name()
    return time.monotonic()


ENDS = [cancel, time_out, fail_a_sibling, leave_it_to_the_end_of_the_loop]
