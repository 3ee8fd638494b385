"""Tries an installed alchemy: its version, a request and a stream against a loopback server, and the command line.

Run by `make wheel` with the interpreter of a clean environment, away from the checkout.
"""

from __future__ import annotations

import http.server
import importlib.metadata
import json
import platform
import subprocess
import sys
import threading
from pathlib import Path

import alchemy

PIECES = ("Hello", " from", " a", " wheel.")


class Provider(http.server.BaseHTTPRequestHandler):
    """Answers every chat completion with the same words, streamed or whole as asked."""

    def do_POST(self) -> None:
        """Reads the request and answers it."""
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        head = {"id": "smoke-1", "model": request["model"]}
        if request.get("stream"):
            deltas = [{"delta": {"content": piece}, "index": 0} for piece in PIECES]
            deltas.append({"delta": {}, "index": 0, "finish_reason": "stop"})
            chunks = [{**head, "object": "chat.completion.chunk", "choices": [delta]} for delta in deltas]
            body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
            kind = "text/event-stream"
        else:
            message = {"role": "assistant", "content": "".join(PIECES)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            body = json.dumps({**head, "object": "chat.completion", "choices": [choice]})
            kind = "application/json"
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it so)
        """Stays quiet."""


def expect(what: str, found: object, wanted: object) -> None:
    """Stops with one line where something is not as it should be."""
    if found != wanted:
        sys.exit(f"smoke test: {what} is {found!r}, should be {wanted!r}")


def main() -> int:
    """Runs every check and says in one line where; returns the exit code."""
    version = importlib.metadata.version("alchemy-llm")
    expect("__version__", alchemy.__version__, version)
    expect("installed away from the checkout", "site-packages" in str(alchemy.__file__), True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    model = alchemy.Model(id="smoke-test", base_url=f"http://127.0.0.1:{server.server_port}/v1")
    client = alchemy.Client()
    expect("the answer", client.complete(model, "Hello?").text, "".join(PIECES))
    with client.stream(model, "Hello?") as stream:
        pieces = [event.delta for event in stream if isinstance(event, alchemy.TextDelta)]
    expect("the stream", "".join(pieces), "".join(PIECES))
    client.close()
    server.shutdown()
    command = Path(sys.executable).parent / "alchemy"
    for line in ([str(command), "--version"], [sys.executable, "-m", "alchemy", "--version"]):
        said = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout
        expect(" ".join(line), version in said, True)
    print(f"alchemy {version} on CPython {platform.python_version()}, {platform.system()} {platform.machine()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
