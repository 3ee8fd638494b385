"""Forks: before the first use, after it, while streams are open, and servers that fork their workers."""

import gc
import http.client
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import alchemy
import pytest
from programs import ask, ended, in_a_child, run_program, wait_for
from servers import FINISH, HELLO, HOST, TEXT, THERE, Pause, Server, Stall, Until, event_stream

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform"),
    # Python warns of forks in processes that have threads, as this one has.
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]


@pytest.fixture
def answers():
    """A server that gives whole JSON answers."""
    with Server() as server:
        yield server


def test_a_forked_child_makes_its_own(answers, at):
    """After a fork the child uses the module's verbs and the client that its parent made and used, and so does the parent."""
    client = alchemy.Client()
    assert ask(answers.url) == ask(answers.url, client) == "Hello there."
    work = lambda: ask(answers.url) == ask(answers.url, client) == "Hello there."  # noqa: E731
    assert in_a_child(work) == 0
    assert work()
    # The child of a child is no different.
    assert in_a_child(lambda: work() and in_a_child(work) == 0 and work()) == 0


def test_a_fork_before_the_first_use():
    """A parent that has asked nothing yet leaves a client that works in it and in its child, with exits of their own."""
    program = (
        "client = alchemy.Client()\n"
        "child = os.fork()\n"
        "texts = client.complete(model, 'hello').text, alchemy.complete(model, 'hello').text\n"
        "os.write(1, f'{texts}\\n'.encode())\n"
        "if child:\n    assert os.waitpid(child, 0)[1] == 0\n"
    )
    with Server() as server:
        assert ended(run_program(program, server.url)) == ("('Hello there.', 'Hello there.')\n" * 2, "", 0)


def test_a_child_that_ends_in_order():
    """A child that ends by the interpreter's exit, with a stream of its own open, leaves the parent's stream alone."""
    program = (
        "stream = alchemy.stream(model, 'hello')\n"
        "next(stream)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    own = alchemy.stream(model, 'hello')\n"
        "    next(own)\n"
        "    sys.exit()\n"
        "status = os.waitpid(child, 0)[1]\n"
        "print(status, flush=True)\n"
        "sys.stdin.readline()\n"
        "print(stream.result().text)\n"
    )
    go_on = threading.Event()
    with Server(event_stream(HELLO, Until(go_on), THERE, FINISH, "[DONE]")) as server:
        process = subprocess.Popen(
            [
                sys.executable,
                "-X",
                "dev",
                "-c",
                f"import os, sys, alchemy\nmodel = alchemy.Model(id='m', base_url='{server.url}')\n{program}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout.readline() == "0\n"
        assert server.connections[1].closed.wait(2)
        assert not server.connections[0].closed.is_set()
        go_on.set()
        assert process.communicate("\n", timeout=10) == ("Hello there.\n", None)
        assert process.returncode == 0


USES = {
    "for": list,
    "next": next,
    "result": lambda stream: stream.result(),
    "message": lambda stream: stream.message,
    "response": lambda stream: stream.response,
    "partial_arguments": lambda stream: stream.partial_arguments(0),
}


def test_a_stream_from_before_the_fork(serve, at):
    """A stream that was opened before the fork says so in the child, is closed and dropped there without effect, and goes on in the parent."""
    go_on = threading.Event()
    server = serve(event_stream(HELLO, Until(go_on), THERE, FINISH, "[DONE]"))
    streams = [alchemy.stream(at(server), "hello")]
    for _ in range(3):
        next(streams[0])
    unsent = alchemy.stream(at(server), "hello")

    def work() -> bool:
        for use in USES.values():
            with pytest.raises(alchemy.AlchemyError, match="forked"):
                use(streams[0])
            with pytest.raises(alchemy.AlchemyError, match="forked"):
                use(unsent)
        assert repr(streams[0]) == "<MessageStream custom/m: of another process>"
        assert streams[0].notices == ()
        streams[0].close()
        streams.clear()
        gc.collect()
        return True

    assert in_a_child(work) == 0
    assert not server.connections[0].closed.is_set()
    go_on.set()
    assert streams[0].result().text == "Hello there."
    assert unsent.result().text == "Hello there."


def test_a_fork_while_another_thread_takes_events(serve, at):
    """A child does not wait for what a thread of its parent held when it forked."""
    taking, go_on = threading.Event(), threading.Event()

    class Slow(alchemy.MessageStream):
        """Takes its time where events are handed over."""

        def _last_event(self):
            taking.set()
            go_on.wait(10)

    stream = Slow(alchemy.stream(at(serve(event_stream(*TEXT))), "hello")._native, errors="raise")
    other = threading.Thread(target=lambda: list(stream))
    other.start()
    assert taking.wait(10)

    def work() -> bool:
        signal.alarm(5)
        for use in (list, lambda stream: stream.result()):
            with pytest.raises(alchemy.AlchemyError, match="forked"):
                use(stream)
        return True

    assert in_a_child(work) == 0
    go_on.set()
    other.join(10)
    assert not other.is_alive()


def test_forks_in_the_middle_of_a_flood(serve, at, answers):
    """Children that are forked while the worker is busy and threads read all answer, and no event of the parent is lost."""
    pieces = 20_000
    server = serve(event_stream(HELLO, *[THERE] * pieces, FINISH, "[DONE]"))
    texts = []
    readers = [
        threading.Thread(target=lambda: texts.append(alchemy.stream(at(server), "hello").result().text))
        for _ in range(4)
    ]
    for reader in readers:
        reader.start()
    for _ in range(8):
        assert in_a_child(lambda: ask(answers.url) == "Hello there.") == 0
    for reader in readers:
        reader.join(30)
    assert texts == ["Hello" + " there." * pieces] * 4


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(answers, serve, at, method):
    """Pools of each kind answer, made while a stream is open, and with a client from before the fork."""
    held = alchemy.stream(at(serve(event_stream(HELLO, Pause(0.3), *TEXT[1:]))), "hello")
    next(held)
    assert ask(answers.url) == "Hello there."
    with multiprocessing.get_context(method).Pool(3) as pool:
        assert pool.map(ask, [answers.url] * 12) == ["Hello there."] * 12
        pool.close()
        pool.join()
    assert held.result().text == "Hello there."


APPLICATION = """
import os
import alchemy

model = alchemy.Model(id="m", base_url=os.environ["ANSWERS"])
client = alchemy.Client()
# The master asks before it forks, and keeps a stream open.
assert client.complete(model, "hello").text == alchemy.complete(model, "hello").text
stream = alchemy.stream(alchemy.Model(id="m", base_url=os.environ["STREAMS"]), "hello")
next(stream)


def application(environ, start_response):
    text = client.complete(model, "hello").text
    with alchemy.stream(model, "hello") as own:
        text += own.result().text
    start_response("200 OK", [("content-type", "text/plain")])
    return [f"{os.getpid()} {text} {stream!r}".encode()]
"""


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return listener.getsockname()[1]


def test_gunicorn(tmp_path, answers, serve):
    """Workers that gunicorn forks from a master that has asked answer, the master's stream stays open, and the end is quiet."""
    pytest.importorskip("gunicorn")
    streams = serve(event_stream(HELLO, Stall()))
    (tmp_path / "served.py").write_text(APPLICATION)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--bind", f"{HOST}:{port}"]
    master = subprocess.Popen(
        [*command, "--log-level", "warning", "served:application"],
        cwd=tmp_path,
        env={**os.environ, "ANSWERS": answers.url, "STREAMS": streams.url},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        workers = set()
        ends = time.monotonic() + 20
        while len(workers) < 2 and time.monotonic() < ends:
            try:
                connection = http.client.HTTPConnection(HOST, port, timeout=10)
                connection.request("GET", "/")
                worker, rest = connection.getresponse().read().decode().split(" ", 1)
                connection.close()
            except ConnectionError:
                time.sleep(0.1)
                continue
            assert rest == "Hello there.Hello there. <MessageStream custom/m: of another process>"
            workers.add(worker)
        assert len(workers) == 2
        assert str(master.pid) not in workers
        assert not streams.connections[0].closed.is_set()
    finally:
        master.terminate()
        _, errors = master.communicate(timeout=15)
    assert (master.returncode, [line for line in errors.splitlines() if "Worker exiting" not in line]) == (0, [])
    assert streams.wait_closed(2)


def test_workers_forked_by_hand(answers):
    """Eight workers, forked one after the other from a parent that is asking all the time, answer at once."""
    stop = threading.Event()
    asked = []

    def go_on() -> None:
        while not stop.is_set():
            asked.append(ask(answers.url))

    asker = threading.Thread(target=go_on)
    asker.start()
    children = []
    for _ in range(8):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if [ask(answers.url) for _ in range(20)] == ["Hello there."] * 20 else 2
            finally:
                os._exit(code)
        children.append(child)
    assert [wait_for(child) for child in children] == [0] * 8
    stop.set()
    asker.join(10)
    assert set(asked) == {"Hello there."}
