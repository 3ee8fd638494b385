"""Streams an answer with alchemy from a server on this machine, for the instructions of the process to be counted.

`counted_stream.py PORT EVENTS` streams a short answer, which makes the connection, and then one of so many events.
The server is `serve`, in another process.
"""

from __future__ import annotations

import json
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

WARM = 50
WORDS = (" the", " river", " runs", " down", " to", " a", " quiet", " harbour", ",", ' "so"')


def answer(events: int) -> bytes:
    """Returns a stream of so many chunks of text in the form of chat completions, a chunk of HTTP to each."""
    head = {"id": "chatcmpl-CQ8fY2mZ7bKd01tUvWxYzAbCdEfGh", "object": "chat.completion.chunk", "created": 1762000000}
    head |= {"model": "gpt-4.1-mini-2025-04-14", "service_tier": "default", "system_fingerprint": "fp_51db84afab"}
    texts: list[str] = []
    for number in range(events):
        delta = {"content": WORDS[number % len(WORDS)]}
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        texts.append(json.dumps({**head, "choices": [choice], "usage": None}, separators=(",", ":")))
    choice = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    texts += [json.dumps({**head, "choices": [choice]}, separators=(",", ":")), "[DONE]"]
    lines = [f"data: {text}\n\n".encode() for text in texts]
    body = b"".join(b"%x\r\n%b\r\n" % (len(line), line) for line in lines)
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        + body
        + b"0\r\n\r\n"
    )


class Handler(socketserver.StreamRequestHandler):
    """Answers each request of a connection by a stream of as many events as its path begins with."""

    def handle(self) -> None:
        """Serves one connection to its end."""
        while request := self.rfile.readline():
            length = 0
            while (line := self.rfile.readline()) not in {b"\r\n", b""}:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            self.rfile.read(length)
            self.wfile.write(answer(int(request.split(b"/")[1])))


@contextmanager
def serve() -> Iterator[int]:
    """Serves on the loopback interface; gives the port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def main() -> None:
    """Streams two answers."""
    import alchemy

    port, events = int(sys.argv[1]), int(sys.argv[2])
    client = alchemy.Client(api_keys={"openai": "key"})
    for count in (WARM, events):
        address = f"http://127.0.0.1:{port}/{count}/v1"
        model = alchemy.Model(id="m", provider="openai", api="openai-completions", base_url=address)
        with client.stream(model, "Write about the harbour.") as stream:
            deltas = sum(event.type == "text_delta" for event in stream)
        if deltas != count:
            sys.exit(f"{deltas} deltas came, not {count}")


if __name__ == "__main__":
    main()
