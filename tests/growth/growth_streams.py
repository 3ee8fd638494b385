"""Long answers of each wire protocol, and what it takes to read them."""

import json
import time

import alchemy
from dialects import Dialect
from servers import Stall, event, event_stream

# What `call_more` of a dialect brings, as it stands in JSON: the end of a text and of the arguments. And in its place
# eight bytes, after which more come.
ENDS = {"google-generative-ai": (b'"y"', b'"aaaaaaaa", "willContinue": true')}
END = (b'"y\\"}"', b'"aaaaaaaa"')
# So many events are one write.
BATCH = 500


def wire(*steps) -> bytes:
    """Steps as the bytes that are sent."""
    return b"".join(step if isinstance(step, bytes) else event(step) for step in steps)


def _resized(piece: bytes) -> bytes:
    """A chunk of HTTP whose data has changed, with its right length."""
    data = piece.partition(b"\r\n")[2].removesuffix(b"\r\n")
    return b"%x\r\n%s\r\n" % (len(data), data)


def text_script(dialect: Dialect, events: int) -> list:
    """An answer of so many pieces of text, all at once."""
    batch = wire(*dialect.there) * BATCH
    return event_stream(*dialect.begin, *dialect.hello, *[batch] * (events // BATCH), Stall(), end=False)


def call_script(dialect: Dialect, size: int) -> list:
    """An answer that calls a tool, whose arguments come in pieces of eight bytes, all at once."""
    more = wire(*dialect.call_more)
    end, text = ENDS.get(dialect.api, END)
    assert more.count(end) == 1, more
    piece = _resized(more.replace(end, text))
    batch = piece * BATCH
    return event_stream(*dialect.begin, *dialect.call, *[batch] * (size // 8 // BATCH), Stall(), end=False)


def read_events(model: alchemy.Model, events: int) -> float:
    """Reads so many pieces of text; returns the CPU seconds of this process."""
    began = time.process_time()
    with alchemy.stream(model, "hello", api_key="sk-1234567890") as stream:
        left = events
        for one in stream:
            if type(one) is alchemy.TextDelta:
                left -= 1
                if left == 0:
                    return time.process_time() - began
    raise AssertionError(left)


def read_arguments(model: alchemy.Model, size: int) -> tuple[float, int]:
    """Asks for the arguments after each piece of them; returns the CPU seconds of this process and their last length."""
    began = time.process_time()
    partial: dict = {}
    with alchemy.stream(model, "hello", api_key="sk-1234567890") as stream:
        left = size // 8 // BATCH * BATCH
        for one in stream:
            if type(one) is alchemy.ToolCallDelta:
                partial = stream.partial_arguments(0) or {}
                # The beginning of the call has a piece of its own.
                left -= one.delta == "aaaaaaaa"
                if left == 0:
                    return time.process_time() - began, len(partial["a"])
    raise AssertionError(json.dumps(partial)[:100])
