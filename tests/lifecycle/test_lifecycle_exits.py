"""The interpreter's exit with streams open: quiet, soon, and the connections are closed."""

import sys
import time

import pytest
from programs import PREAMBLE, ended, run_program
from servers import HELLO, THERE, Pause, Server, Stall, event_stream

pytestmark = pytest.mark.alone

OPENED = "stream = alchemy.stream(model, 'hello')\nnext(stream)\n"
ASYNC_OPENED = (
    "async def main():\n    global stream\n    stream = alchemy.stream(model, 'hello')\n    await anext(stream)\n"
)
WAITING = "async def main():\n    async for event in alchemy.stream(model, 'hello'): pass\n"
# An object whose end takes as long as a thread needs to come back from its wait into an interpreter that is going.
SLOW_END = "class Slow:\n    def __del__(self): time.sleep(0.4)\nsys.modules['slow'] = Slow()\n"
EXITS = {
    "sync": OPENED,
    "async": f"{ASYNC_OPENED}asyncio.run(main())\n",
    "uvloop": f"import uvloop\n{ASYNC_OPENED}uvloop.run(main())\n",
    "half a generator": "events = iter(alchemy.stream(model, 'hello'))\nnext(events)\n",
    "a cycle": f"{OPENED}holder = [stream]\nholder.append(holder)\ndel stream, holder\ngc.disable()\n",
    "not sent": "stream = alchemy.stream(model, 'hello')\nalchemy.stream(model, 'hello').close()\n",
    "a client": "client = alchemy.Client()\nstream = client.stream(model, 'hello')\nnext(stream)\n",
    "a thread that waits": (
        f"{OPENED}threading.Thread(target=lambda: list(stream), daemon=True).start()\ntime.sleep(0.2)\n"
    ),
    "threads that wait while the interpreter goes": (
        f"{OPENED}{SLOW_END}"
        "for work in (lambda: list(stream), lambda: alchemy.complete(model, 'hello')) * 3:\n"
        "    threading.Thread(target=work, daemon=True).start()\n"
        "time.sleep(0.2)\n"
    ),
    "a loop in a thread": (
        f"{WAITING}{SLOW_END}threading.Thread(target=lambda: asyncio.run(main()), daemon=True).start()\ntime.sleep(0.3)\n"
    ),
    "a loop that watches no pipes in a thread": (
        "class Pipeless(asyncio.SelectorEventLoop):\n"
        "    def add_reader(self, *_): raise NotImplementedError\n"
        f"{WAITING}{SLOW_END}loop = Pipeless()\n"
        "threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True).start()\n"
        "time.sleep(0.3)\n"
    ),
    "an unfinished task": (
        f"{WAITING}async def leave():\n"
        "    global task\n"
        "    task = asyncio.create_task(main())\n"
        "    await asyncio.sleep(0.2)\n"
        "asyncio.run(leave(), debug=True)\n"
    ),
    "exit in a thread": (
        f"{OPENED}def work():\n    next(stream)\n    sys.exit(4)\n"
        "thread = threading.Thread(target=work)\nthread.start()\nthread.join()\n"
    ),
    "exit in the middle of a loop": (
        "@atexit.register\ndef end():\n    print('end', flush=True)\n"
        "for event in alchemy.stream(model, 'hello'):\n    sys.exit()\n"
    ),
    "faulthandler": f"import faulthandler\nfaulthandler.enable()\nfaulthandler.dump_traceback_later(60)\n{OPENED}",
}


@pytest.mark.parametrize("pace", ["still", "endless"])
@pytest.mark.parametrize("way", EXITS)
def test_exit_with_an_open_stream(way, pace):
    """A program that ends with a stream open ends quietly, within a second or so, and the server is told."""
    if way == "uvloop":
        pytest.importorskip("uvloop")
    script = event_stream(HELLO, Stall()) if pace == "still" else event_stream(HELLO, *[THERE, Pause(0.001)] * 5000)
    with Server(script) as server:
        process = run_program(EXITS[way] + "print('end', flush=True)\n", server.url)
        assert process.stdout.readline() == "end\n"
        began = time.monotonic()
        assert ended(process) == ("", "", 0)
        assert time.monotonic() - began < 2.5
        if way != "not sent":
            assert server.wait_closed(2)


def test_an_error_of_the_program_is_all_that_it_says():
    """An exception that ends the program with a stream open shows its own traceback and nothing else."""
    with Server(event_stream(HELLO, Stall())) as server:
        output, errors, status = ended(run_program(f"{OPENED}raise LookupError('mine')\n", server.url))
        assert (output, status) == ("", 1)
        assert errors.splitlines()[-1] == "LookupError: mine"
        assert errors.count("Traceback") == 1
        assert server.wait_closed(2)


def test_an_exit_without_ado():
    """`os._exit` with streams open and waited for ends at once."""
    program = (
        f"{OPENED}threading.Thread(target=lambda: list(stream), daemon=True).start()\n"
        f"{WAITING}threading.Thread(target=lambda: asyncio.run(main()), daemon=True).start()\n"
        "time.sleep(0.3)\nos._exit(7)\n"
    )
    with Server(event_stream(HELLO, Stall())) as server:
        assert ended(run_program(program, server.url)) == ("", "", 7)
        assert server.wait_closed(2)


def test_a_thread_of_the_program_is_waited_for():
    """A thread that is no daemon has its answer before the program ends, as Python has it."""
    program = (
        "def work():\n    print(alchemy.stream(model, 'hello').result().stop_reason, flush=True)\n"
        "threading.Thread(target=work).start()\n"
    )
    with Server(event_stream(HELLO, Pause(0.5), {"choices": [{"index": 0, "finish_reason": "stop"}]})) as server:
        assert ended(run_program(program, server.url)) == ("stop\n", "", 0)


# What was registered before the import of alchemy runs after alchemy has closed its connections.
LATE = {
    "a wait that was open": (
        (
            "    try:\n        stream.result()\n"
            "    except alchemy.AbortedError as error:\n        print('aborted', error.partial.stop_reason)\n"
        ),
        "aborted aborted\n",
    ),
    "a request": ("    print(alchemy.complete(at(sys.argv[2]), 'hello').text)\n", "Hello there.\n"),
    "a request in a loop": (
        "    print(asyncio.run(alchemy.complete_async(at(sys.argv[2]), 'hello')).text)\n",
        "Hello there.\n",
    ),
    "a close": ("    stream.close()\n    print(repr(stream))\n", "<MessageStream custom/m: AbortedError>\n"),
}


@pytest.mark.parametrize("what", LATE)
def test_at_the_exit(what):
    """A function of `atexit` that runs last may close, wait, which ends at once, and even ask."""
    body, expected = LATE[what]
    preamble = f"import atexit, sys, asyncio\n@atexit.register\ndef late():\n{body}"
    with Server(event_stream(HELLO, Stall())) as server, Server() as other:
        process = run_program(OPENED, server.url, other.url, preamble=preamble + PREAMBLE)
        assert ended(process) == (expected, "", 0)
        assert server.wait_closed(2)


# How a thread of the program comes to wait for an answer whose connection the exit has closed.
LATE_WAITS = {
    "result": "    stream.result()\n",
    "iterate": "    for event in stream: pass\n",
    "result_async": "    asyncio.run(stream.result_async())\n",
    "iterate in a loop": ("    async def read():\n        async for event in stream: pass\n    asyncio.run(read())\n"),
}


@pytest.mark.parametrize("way", LATE_WAITS)
def test_a_thread_that_begins_to_wait_at_the_exit_says_nothing(way):
    """A daemon thread that turns to its stream once the connections are closed goes with the program, without a traceback.

    The thread that ends the program is told at once that the answer was given up: see `test_at_the_exit`.
    """
    preamble = (
        "import atexit, threading, time\nclosed, waits = threading.Event(), threading.Event()\n"
        "@atexit.register\ndef late():\n"
        "    closed.set()\n    print(waits.wait(5), flush=True)\n    time.sleep(0.3)\n"
    )
    program = (
        f"{OPENED}def work():\n    closed.wait()\n    waits.set()\n{LATE_WAITS[way]}"
        "threading.Thread(target=work, daemon=True).start()\n"
    )
    with Server(event_stream(HELLO, Stall())) as server:
        process = run_program(program, server.url, preamble=preamble + PREAMBLE)
        assert ended(process) == ("True\n", "", 0)
        assert server.wait_closed(2)


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted by /proc")
def test_no_thread_is_left():
    """There is one worker while there are requests, for many streams too, and none after the exit."""
    preamble = (
        "import atexit, os\n"
        "def threads():\n    return len(os.listdir('/proc/self/task'))\n"
        "atexit.register(lambda: print('after', threads()))\n"
    )
    program = (
        "print('before', threads())\n"
        "streams = [alchemy.stream(model, 'hello') for _ in range(50)]\n"
        "for stream in streams:\n    next(stream)\n"
        "print('during', threads())\n"
    )
    with Server(event_stream(HELLO, Stall())) as server:
        process = run_program(program, server.url, preamble=preamble + PREAMBLE)
        assert ended(process) == ("before 1\nduring 2\nafter 1\n", "", 0)
