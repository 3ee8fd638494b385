"""Bounds: memory of what nobody reads, of one huge event, over many events and requests; a thousand streams at once."""

import json
import sys
import time

import pytest
from dialects import DIALECTS
from flooding import Flood
from programs import ended, run_program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")

MB = 1 << 20
PREAMBLE = (
    "import asyncio, gc, json, os, resource, sys, threading, time\n"
    "import alchemy\n"
    "url, api = sys.argv[1:3]\n"
    "def model(name):\n    return alchemy.Model(id=name, base_url=url, api=api)\n"
    "def memory():\n"
    "    gc.collect()\n"
    "    return int(open('/proc/self/statm').read().split()[1]) * resource.getpagesize()\n"
    "def peak():\n    return int(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]) * 1024\n"
    "def held():\n    gc.collect()\n    return len(gc.get_objects())\n"
    "def told(**figures):\n    print(json.dumps(figures), flush=True)\n"
)


@pytest.fixture(scope="module")
def flood():
    """The fast provider."""
    with Flood() as server:
        yield server


@pytest.fixture(params=DIALECTS, ids=str)
def wire(request):
    """Each wire protocol in turn."""
    return request.param


def measured(program: str, flood, wire=DIALECTS[0], seconds: float = 50) -> dict:
    """The figures that a program prints as its last line."""
    process = run_program(program, flood.url, wire.api, preamble=PREAMBLE, flags=())
    output, errors, status = ended(process, seconds)
    assert (errors, status) == ("", 0)
    return json.loads(output.splitlines()[-1])


UNREAD = {
    "sync": "stream = alchemy.stream(model('burst-2000000'), 'hello')\nnext(stream)\n",
    "async": (
        "stream = alchemy.stream(model('burst-2000000'), 'hello')\n"
        "async def main():\n    await anext(stream)\n    told(opened=True)\n    sys.stdin.readline()\n"
        "asyncio.run(main())\n"
    ),
    "a slow reader": (
        "stream = alchemy.stream(model('burst-2000000'), 'hello')\n"
        "for event, _ in zip(stream, range(100)):\n    time.sleep(0.003)\n"
    ),
}


@pytest.mark.parametrize("way", UNREAD)
def test_what_nobody_reads_holds_the_server_back(flood, wire, way):
    """The server stops within a few megabytes, and the client holds no more than that."""
    program = f"before = memory()\n{UNREAD[way]}told(opened=True)\nsys.stdin.readline()\ntold(grown=memory() - before)\nstream.close()\n"
    before = flood.counts()
    process = run_program(program, flood.url, wire.api, preamble=PREAMBLE, flags=())
    assert json.loads(process.stdout.readline()) == {"opened": True}
    former, written = 0, flood.counts()["written"]
    ends = time.monotonic() + 20
    # The counts themselves are written too.
    while written - former > 1000 and time.monotonic() < ends:
        time.sleep(0.5)
        former, written = written, flood.counts()["written"]
    assert written - former <= 1000
    assert written - before["written"] < 12 * MB
    output, errors, status = ended(process)
    assert (errors, status) == ("", 0)
    assert json.loads(output.splitlines()[-1])["grown"] < 16 * MB


@pytest.mark.parametrize("streamed", [True, False], ids=["an event", "a whole answer"])
def test_one_event_over_the_limit(flood, wire, streamed):
    """Seventy megabytes in one event, or in an answer that is not streamed, are an error, and are not all taken in."""
    call = (
        "alchemy.stream(model('big-70'), 'hello').result()"
        if streamed
        else "alchemy.complete(model('big-70'), 'hello')"
    )
    program = (
        "before = memory()\n"
        f"try:\n    {call}\n"
        "except alchemy.ResponseError as error:\n"
        "    told(error=str(error), partial=error.partial.text, peak=peak() - before)\n"
    )
    figures = measured(program, flood, wire)
    assert "larger than 64 MB" in figures["error"]
    assert figures["partial"] == ("Hello" if streamed else "")
    assert figures["peak"] < 160 * MB


def test_just_under_the_limit(flood, wire):
    """Sixty megabytes in an answer that is not streamed are whole."""
    figures = measured("told(length=len(alchemy.complete(model('big-60'), 'hello').text))\n", flood, wire)
    assert figures["length"] >= 60 * MB


def test_memory_is_flat_over_many_events(flood, wire):
    """A stream of 200,000 events needs no more than its text, sync and async."""
    program = (
        "def read(count):\n"
        "    return sum(1 for event in alchemy.stream(model(f'burst-{count}'), 'hello'))\n"
        "async def main(count):\n"
        "    total = 0\n"
        "    async for event in alchemy.stream(model(f'burst-{count}'), 'hello'):\n        total += 1\n"
        "    return total\n"
        "read(50_000), asyncio.run(main(50_000))\n"
        "objects, grown = held(), []\n"
        "for _ in range(2):\n"
        "    before = memory()\n"
        "    counts = read(200_000), asyncio.run(main(200_000))\n"
        "    grown.append(memory() - before)\n"
        "told(counts=counts, grown=min(grown), objects=held() - objects)\n"
    )
    figures = measured(program, flood, wire)
    assert min(figures["counts"]) > 200_000
    # What events leave behind is there each time; what waited unread at the busiest moment the allocator takes once.
    assert figures["grown"] < 8 * MB
    assert figures["objects"] < 200


def test_memory_is_flat_over_many_requests(flood):
    """Five thousand requests, sync and async, leave nothing behind."""
    program = (
        "def ask(count):\n    for _ in range(count):\n        alchemy.complete(model('m'), 'hello')\n"
        "async def main(count):\n    for _ in range(count):\n        await alchemy.complete_async(model('m'), 'hello')\n"
        "ask(500), asyncio.run(main(500))\n"
        "before, objects, files = memory(), held(), len(os.listdir('/proc/self/fd'))\n"
        "ask(2500), asyncio.run(main(2500))\n"
        "told(grown=memory() - before, objects=held() - objects, files=len(os.listdir('/proc/self/fd')) - files)\n"
    )
    figures = measured(program, flood)
    assert figures["grown"] < 3 * MB
    assert figures["objects"] < 100
    assert figures["files"] <= 1


def test_memory_is_flat_over_failures(flood):
    """Two thousand answers that fail, whose errors are caught and dropped, leave nothing behind."""
    program = (
        "def fail(count):\n"
        "    for _ in range(count):\n"
        "        stream = alchemy.stream(model('still'), 'hello')\n"
        "        try:\n            next(stream)\n            stream.close()\n            stream.result()\n"
        "        except alchemy.AbortedError as error:\n            assert error.partial\n"
        "        try:\n            alchemy.complete(model('m'), 'hello', extra_body={'model': 'burst'}, headers={'content-length': '1'})\n"
        "        except alchemy.AlchemyError:\n            pass\n"
        "fail(300)\n"
        "before, objects = memory(), held()\n"
        "fail(2000)\n"
        "told(grown=memory() - before, objects=held() - objects)\n"
    )
    figures = measured(program, flood)
    assert figures["grown"] < 3 * MB
    assert figures["objects"] < 100


def test_a_thousand_streams_at_once(flood):
    """A thousand streams, in two loops and forty threads of one process, are open at once, whole, and closed after."""
    program = (
        "resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)\n"
        "files = len(os.listdir('/proc/self/fd'))\n"
        "client = alchemy.Client()\n"
        "texts = []\n"
        "paced = model('paced-12-400')\n"
        "async def one():\n    texts.append((await client.stream(paced, 'hello').result_async()).text)\n"
        "async def main():\n    await asyncio.gather(*(one() for _ in range(300)))\n"
        "def work():\n"
        "    streams = [client.stream(paced, 'hello').__enter__() for _ in range(10)]\n"
        "    for stream in streams:\n        texts.append(stream.result().text)\n"
        "threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(2)]\n"
        "threads += [threading.Thread(target=work) for _ in range(40)]\n"
        "for thread in threads:\n    thread.start()\n"
        "time.sleep(2)\n"
        "tasks = len(os.listdir('/proc/self/task'))\n"
        "for thread in threads:\n    thread.join()\n"
        "client.close()\n"
        "ends = time.monotonic() + 5\n"
        "while len(os.listdir('/proc/self/fd')) > files + 3 and time.monotonic() < ends:\n    time.sleep(0.05)\n"
        "told(whole=texts.count('Hello' + ' there.' * 12), tasks=tasks, files=len(os.listdir('/proc/self/fd')) - files)\n"
    )
    figures = measured(program, flood)
    assert figures["whole"] == 1000
    assert flood.counts()["most"] >= 1000
    # The program's own 43 and the worker.
    assert figures["tasks"] <= 44
    # What the runtime itself waits by.
    assert figures["files"] <= 3
