"""An answer that can always be read on, as one that was compressed, keeps nobody else waiting."""

import asyncio
import functools
import gzip
import itertools
import json
import threading
import time

import alchemy
import pytest
from servers import FINISH, HELLO, THERE, Pause, Server, answer, event_stream

PACE = 0.01


@functools.cache
def flood() -> list:
    """An answer of two million events in a few packets: it takes a fifth of a second to decode."""
    hello, there, finish = (f"data: {json.dumps(each)}\n\n".encode() for each in (HELLO, THERE, FINISH))
    body = hello + there * 2_000_000 + finish
    return answer(gzip.compress(body, 1), content_type="text/event-stream", headers=[("content-encoding", "gzip")])


async def longest_silence(paced, flooded) -> tuple[float, float]:
    """For how long a loop hears nothing of a paced stream at worst while a flood is read, and how long that takes."""
    times = []

    def work() -> None:
        times.append(time.monotonic())
        alchemy.stream(flooded, "hello").result()
        times.append(time.monotonic())

    thread = threading.Thread(target=work)
    heard = []
    async with alchemy.stream(paced, "hello") as stream:
        async for _event in stream:
            heard.append(time.monotonic())
            if len(heard) == 5:
                thread.start()
            if len(heard) > 5 and not thread.is_alive():
                break
    thread.join()
    began, ended = times
    heard = [began, *(each for each in heard if began < each < ended), ended]
    return max(later - before for before, later in itertools.pairwise(heard)), ended - began


@pytest.mark.alone
def test_a_flood_does_not_keep_event_loops_waiting(at):
    """What other streams have for a loop is told while a flood is decoded, not once it is over."""
    with Server(event_stream(HELLO, *[THERE, Pause(PACE)] * 3000)) as paced, Server(flood()) as flooded:
        measured = []
        for _ in range(3):
            silence, whole = asyncio.run(longest_silence(at(paced), at(flooded)))
            measured.append((silence, whole))
            if whole > 5 * PACE and silence < whole / 2:
                return
        pytest.fail(f"a loop heard nothing for so many seconds of a flood of so many: {measured}")
