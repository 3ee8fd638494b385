"""What the tests of the lab have in common: an answer with everything, and a client of plain sockets."""

import contextlib
import json
import socket
import time

import alchemy

#: Where each protocol is asked, and the least that it takes.
ASKED = {
    "openai-completions": ("/v1/chat/completions", {"model": "m", "messages": []}),
    "openai-responses": ("/v1/responses", {"model": "m", "input": "hi"}),
    "anthropic-messages": ("/v1/messages", {"model": "m", "max_tokens": 9, "messages": []}),
    "google-generative-ai": ("/v1beta/models/m:generateContent", {"contents": []}),
}
#: An answer with everything that a protocol may have in it.
EVERYTHING = alchemy.AssistantMessage(
    content=[
        alchemy.Thinking(thinking="Let me see, well.", signature="c2lnbmVk"),
        alchemy.Text(text="Grüße \U0001f600 to\nall of you."),
        alchemy.ToolCall(
            id="c1", name="f", arguments={"a": 'x "y" \U0001f600 z', "b": [1, 2.5, {"c": None}], "d": True}
        ),
        alchemy.ToolCall(id="c2", name="g", arguments={}),
    ],
    stop_reason="tool_use",
    usage=alchemy.Usage(input=10, output=7, cache_read=3, reasoning=2),
)


class Raw:
    """A client of one plain connection, which sees every byte."""

    def __init__(self, lab, api="openai-completions", *, streamed=True):
        path, body = ASKED[api]
        if streamed and api == "google-generative-ai":
            path = path.replace("generate", "streamGenerate") + "?alt=sse"
        elif streamed:
            body = {**body, "stream": True, "stream_options": {"include_usage": True}}
        self.path, self.body = path, json.dumps(body).encode()
        self.socket = socket.create_connection(("127.0.0.1", lab.port), 5)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.socket.close()

    def ask(self):
        """Send the request once more."""
        self.socket.sendall(
            f"POST {self.path} HTTP/1.1\r\nhost: lab\r\ncontent-length: {len(self.body)}\r\n\r\n".encode() + self.body
        )
        return self

    def read(self, until=None, seconds=5.0):
        """All bytes until the connection ends, some bytes are there, or the time is over."""
        received = b""
        ends = time.monotonic() + seconds
        with contextlib.suppress(TimeoutError):
            while (until is None or until not in received) and (left := ends - time.monotonic()) > 0:
                self.socket.settimeout(left)
                more = self.socket.recv(65536)
                if not more:
                    break
                received += more
        return received


def unchunked(raw):
    """The head, the body of a chunked answer, and whether it was ended in order."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return head, body, True
        body += rest[:length]
        rest = rest[length + 2 :]
    return head, body, False
