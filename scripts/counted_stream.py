"""Asks a server on this machine by alchemy, for the instructions of the process to be counted.

`counted_stream.py PORT stream EVENTS` streams a short answer, which makes the connection, and then one of so many
events; `counted_stream.py PORT requests COUNT` makes so many requests that are not streamed. The server is `serve`, in
another process.
"""

from __future__ import annotations

import json
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import alchemy

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


def whole() -> bytes:
    """Returns an answer that is not streamed, in the form of chat completions, with the headers that such have."""
    message = {"role": "assistant", "content": "Hello! How can I help you today?", "refusal": None, "annotations": []}
    details = {"reasoning_tokens": 0, "audio_tokens": 0}
    usage = {"prompt_tokens": 9, "completion_tokens": 10, "total_tokens": 19, "completion_tokens_details": details}
    body = {
        "id": "chatcmpl-CQ8fY2mZ7bKd01tUvWxYzAbCdEfGh",
        "object": "chat.completion",
        "created": 1762000000,
        "model": "gpt-4.1-mini-2025-04-14",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": usage,
        "service_tier": "default",
        "system_fingerprint": "fp_51db84afab",
    }
    text = json.dumps(body, separators=(",", ":")).encode()
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n"
        "date: Sat, 01 Nov 2025 12:00:00 GMT\r\nopenai-processing-ms: 120\r\nopenai-version: 2020-10-01\r\n"
        "x-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\n"
        "x-request-id: req_0f9f6c1d2b3a4e5f8091a2b3c4d5e6f7\r\n\r\n"
    )
    return head.encode() + text


class Handler(socketserver.StreamRequestHandler):
    """Answers each request of a connection by a stream of as many events as its path begins with; by a whole for 0."""

    def handle(self) -> None:
        """Serves one connection to its end."""
        while request := self.rfile.readline():
            length = 0
            while (line := self.rfile.readline()) not in {b"\r\n", b""}:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            self.rfile.read(length)
            events = int(request.split(b"/")[1])
            self.wfile.write(answer(events) if events else whole())


@contextmanager
def serve() -> Iterator[int]:
    """Serves on the loopback interface; gives the port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def stream(client: alchemy.Client, port: int, events: int) -> None:
    """Streams two answers."""
    for count in (WARM, events):
        with client.stream(model(port, count), "Write about the harbour.") as stream:
            deltas = sum(event.type == "text_delta" for event in stream)
        if deltas != count:
            sys.exit(f"{deltas} deltas came, not {count}")


def requests(client: alchemy.Client, port: int, count: int) -> None:
    """Makes requests that are not streamed, with what an agent gives each time."""
    import alchemy

    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools = [alchemy.Tool(name="get_weather", description="The weather in a city.", parameters=schema)]
    asked = model(port, 0)
    for _ in range(count):
        if not client.complete(asked, "Hello!", tools=tools, max_tokens=100).text:
            sys.exit("an answer was empty")


def model(port: int, events: int) -> alchemy.Model:
    """Returns a model that answers in so many events."""
    import alchemy

    address = f"http://127.0.0.1:{port}/{events}/v1"
    return alchemy.Model(id="m", provider="openai", api="openai-completions", base_url=address)


def main() -> None:
    """Does what the arguments ask for."""
    import alchemy

    port, what, size = sys.argv[1:]
    client = alchemy.Client(api_keys={"openai": "key-0123456789-0123456789"})
    {"stream": stream, "requests": requests}[what](client, int(port), int(size))


if __name__ == "__main__":
    main()
