"""Conversations of any size in every shape that a long one has, and what it takes to encode one in a fresh process.

Run as a program it prints one line of JSON: `growth_conversations.py SHAPE API BYTES [ADDRESS]`. With an address the
request is sent there too.
"""

import base64
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import alchemy

SENTENCE = 'The quick brown fox said "no" and jumped over it.\n'
PNG = b"\x89PNG\r\n" + bytes(range(256))
OPTIONS = {"api_key": "sk-1234567890", "max_tokens": 100}
# Linux alone tells the peak of a process and lets it be reset.
STATUS = Path("/proc/self/status")


def text(size: int, seed: object = "") -> str:
    """A text of that many characters, which no other has."""
    return f"{seed} " + SENTENCE * (size // len(SENTENCE))


def turns(size: int) -> list:
    """Data classes: a user and a model by turns, two kilobytes each."""
    said = alchemy.UserMessage
    return [
        said(content=text(2000, index))
        if index % 2 == 0
        else alchemy.AssistantMessage(content=[alchemy.Text(text=text(2000, index))])
        for index in range(size // 4000 * 2 + 1)
    ]


def dictionaries(size: int) -> list:
    """The same as dictionaries."""
    return [
        {"role": "user", "content": text(2000, index)}
        if index % 2 == 0
        else {"role": "assistant", "content": [{"type": "text", "text": text(2000, index)}]}
        for index in range(size // 4000 * 2 + 1)
    ]


def giant(size: int) -> list:
    """One message."""
    return [alchemy.UserMessage(content=text(size))]


def tools(size: int) -> list:
    """Calls and their results, four kilobytes a pair."""
    messages: list = [alchemy.UserMessage(content="Go on.")]
    for index in range(size // 4000):
        given = {"path": f"{index}.txt", "text": text(300)}
        raw = json.dumps(given)
        call = alchemy.ToolCall(id=f"call_{index}", name="write", arguments=given, raw_arguments=raw)
        messages.append(alchemy.AssistantMessage(content=[call], stop_reason="tool_use"))
        messages.append(alchemy.ToolResultMessage(tool_call_id=f"call_{index}", content=text(3500, index)))
    return messages


def images(size: int) -> list:
    """Four images as bytes, which are a third longer as base64."""
    picture = PNG * (size * 3 // 4 // 4 // len(PNG))
    return [alchemy.UserMessage(content=[alchemy.Image(data=picture + bytes([index])) for index in range(4)])]


def encoded_images(size: int) -> list:
    """Four images as base64."""
    picture = PNG * (size * 3 // 4 // 4 // len(PNG))
    blocks = [{"type": "image", "data": base64.b64encode(picture + bytes([index])).decode()} for index in range(4)]
    return [{"role": "user", "content": blocks}]


def beyond_ascii(size: int) -> list:
    """One message of characters that take three bytes each."""
    return [{"role": "user", "content": "日本語の文章、いろいろ。" * (size // 36)}]


SHAPES: dict[str, Callable[[int], list]] = {
    "turns": turns,
    "dictionaries": dictionaries,
    "one giant message": giant,
    "tool calls": tools,
    "images": images,
    "images as base64": encoded_images,
    "beyond ASCII": beyond_ascii,
}


def model_of(api: str, address: str = "http://127.0.0.1:9") -> alchemy.Model:
    """A model that speaks a protocol and takes images."""
    return alchemy.Model(id="m", api=api, base_url=address, input=("text", "image"))


def seconds(api: str, messages: list) -> float:
    """The CPU time of this thread that encoding takes, the best of three."""

    def once() -> float:
        began = time.thread_time()
        alchemy.stream(model_of(api), messages, **OPTIONS)
        return time.thread_time() - began

    return min(once() for _ in range(3))


def memory(name: str) -> int:
    """A figure of this process in bytes: `VmRSS`, what it holds, or `VmHWM`, the most that it held."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def main(shape: str, api: str, size: str, address: str = "") -> None:
    """Measure one conversation."""
    messages = SHAPES[shape](int(size))
    model = model_of(api, address or "http://127.0.0.1:9")
    # What is made once is made before.
    alchemy.stream(model, "hello", **OPTIONS)
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    began = time.thread_time()
    stream = alchemy.stream(model, messages, retries=alchemy.Retries(count=2, backoff=0.01), **OPTIONS)
    spent = time.thread_time() - began
    if address:
        stream.result()
    peak = memory("VmHWM") - before
    body = len(alchemy._native.encode(model, {"messages": messages}, {}, True)[3])
    print(json.dumps({"body": body, "peak": peak, "seconds": spent}))


if __name__ == "__main__":
    main(*sys.argv[1:])
