"""A scripted provider on loopback, and the command line run as a program, with and without a terminal."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

PROGRAM = [sys.executable, "-m", "alchemy"]
#: The first terminal that a session's leader opens becomes the one whose Ctrl-C it gets.
ON_TERMINAL = """
import os, runpy
os.close(os.open(os.ttyname(0), os.O_RDWR))
runpy.run_module("alchemy", run_name="__main__")
"""


def chunk(delta=None, *, finish=None, usage=None):
    choices = [] if usage else [{"index": 0, "delta": delta or {}, "finish_reason": finish}]
    body = {"id": "answer-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": choices}
    return b"data: " + json.dumps(body | ({"usage": usage} if usage else {})).encode() + b"\n\n"


ENDING = (
    chunk(finish="stop")
    + chunk(usage={"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7})
    + b"data: [DONE]\n\n"
)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the requested model's name says."""

    protocol_version = "HTTP/1.1"
    server: "Server"  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        getattr(self, "answer_" + body["model"])(body)
        self.close_connection = True

    def begin(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()

    def send(self, *pieces):
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()

    def answer_hello(self, body):
        self.begin()
        self.send(chunk({"role": "assistant", "content": "Hello"}), chunk({"content": " there"}), ENDING)

    def answer_claude(self, body):
        """Say hello over `anthropic-messages`, and over nothing else."""
        assert self.path == "/v1/messages"
        message = {"id": "answer-1", "model": "claude", "usage": {"input_tokens": 5, "output_tokens": 1}}
        self.begin()
        self.send(
            *(
                b"data: " + json.dumps(event).encode() + b"\n\n"
                for event in (
                    {"type": "message_start", "message": message},
                    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
                    {"type": "content_block_stop", "index": 0},
                    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
                    {"type": "message_stop"},
                )
            )
        )

    def answer_echo(self, body):
        """Say how many messages there were, and the last one."""
        self.begin()
        text = f"{len(body['messages'])}: {body['messages'][-1]['content']}"
        self.send(chunk({"role": "assistant", "content": text}), ENDING)

    def answer_waits(self, body):
        """Begin after a while, so that a spinner turns."""
        time.sleep(0.5)
        self.answer_hello(body)

    def answer_endless(self, body):
        """Say one thing, and then nothing until the client hangs up."""
        self.begin()
        self.send(chunk({"role": "assistant", "content": "Once upon"}))
        self.server.began.set()
        self.connection.settimeout(30)
        self.server.hung_up.append(self.connection.recv(1) == b"")

    def answer_thinks(self, body):
        self.begin()
        self.send(chunk({"role": "assistant", "reasoning_content": "Let me see."}), chunk({"content": "Yes"}), ENDING)

    def answer_escapes(self, body):
        self.begin()
        self.send(chunk({"role": "assistant", "content": "a\x1b]0;title\x07b \u2603\ud83d\ude00"}), ENDING)

    def answer_many(self, body):
        self.begin()
        self.send(*[chunk({"role": "assistant", "content": f"line {number}\n"}) for number in range(5000)], ENDING)

    def answer_cut(self, body):
        """End without a finish reason."""
        self.begin()
        self.send(chunk({"role": "assistant", "content": "Half a sen"}))

    def answer_refuses(self, body):
        error = json.dumps({"error": {"message": "Incorrect API key", "type": "invalid_request_error"}}).encode()
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(error)))
        self.end_headers()
        self.send(error)

    def log_message(self, format, *arguments):  # noqa: A002 - the base class's name
        """Keep quiet."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.began = threading.Event()
        self.hung_up = []
        self.url = f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request, client_address):
        """A client that hangs up is part of these tests."""


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def environment():
    """The environment of the programs, without what would change their output."""
    dropped = ("NO_COLOR", "PYTHONIOENCODING", "PYTHONUTF8")
    return {name: value for name, value in os.environ.items() if name not in dropped} | {"TERM": "xterm"}


@pytest.fixture
def run(server, environment):
    """Run `alchemy chat` against the scripted model of a name, without a terminal."""

    def run(model, *arguments, piped="", variables=None):
        words = ["chat", "--base-url", server.url, "--model", model, *arguments]
        return subprocess.run(
            [*PROGRAM, *words],
            input=piped.encode(),
            capture_output=True,
            env=environment | (variables or {}),
            timeout=40,
            check=False,
        )

    return run


class Terminal:
    """A program whose standard streams are a pseudo-terminal, and what it has shown there."""

    def __init__(self, words, environment):
        import pty

        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", ON_TERMINAL, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self.shown = ""
        self.waited_for = 0

    def read_until(self, wanted, *, seconds=20):
        """Read until something is shown after what was waited for before."""
        import select

        deadline = time.monotonic() + seconds
        while (found := self.shown.find(wanted, self.waited_for)) < 0:
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"no {wanted!r} in {self.shown[self.waited_for :]!r}"
            data = self._read()
            assert data, f"the program ended without {wanted!r}: {self.shown[self.waited_for :]!r}"
            self.shown += data.decode("utf-8", "replace")
        self.waited_for = found + len(wanted)

    def interrupt(self):
        """Press Ctrl-C until the program ends; gives the exit code.

        More than once, because Python's line editor misses a signal that comes just before it waits for a key.
        """
        import select

        for _ in range(40):
            self.press("\x03")
            while select.select([self.master], [], [], 0.5)[0]:
                data = self._read()
                if not data:
                    return self.process.wait(20)
                self.shown += data.decode("utf-8", "replace")
        raise AssertionError(f"Ctrl-C does not end the program: {self.shown[self.waited_for :]!r}")

    def finish(self):
        """Read to the end; gives the exit code."""
        while data := self._read():
            self.shown += data.decode("utf-8", "replace")
        return self.process.wait(20)

    def press(self, keys):
        os.write(self.master, keys.encode())

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.master)

    def _read(self):
        try:
            return os.read(self.master, 65536)
        except OSError:  # what Linux gives when the other side has closed
            return b""


@pytest.fixture
def open_terminal(environment):
    """Run `alchemy` on a terminal."""
    pytest.importorskip("pty", reason="this platform has no pseudo-terminals")
    opened = []

    def open_terminal(*words, variables=None):
        opened.append(Terminal(words, environment | (variables or {})))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.close()


@pytest.fixture
def terminal(server, open_terminal):
    """Run `alchemy chat` against the scripted model of a name, on a terminal."""

    def terminal(model, *arguments, variables=None):
        words = ["chat", "--base-url", server.url, "--model", model, *arguments]
        return open_terminal(*words, variables=variables)

    return terminal
