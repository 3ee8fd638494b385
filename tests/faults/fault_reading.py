"""Compares what arrived with what the server was told to answer."""

import re

from alchemy import Text, Thinking, ToolCall
from fault_outcomes import ALL_SAID, CALL, NOTHING, PREFIX, SAID, WHOLE
from fault_row import ANSWERS, SAID_WORDS, Row
from legality import breaches

# What the fault `huge` puts into a text.
FILLER = re.compile("a{1000,}")


def parts(message, *, ids: bool = True) -> list[tuple]:
    """The content of a message without what a protocol adds to it, such as the ids of its items."""
    said = []
    for block in message.content:
        match block:
            case Text():
                said.append(("text", FILLER.sub("", block.text)))
            case Thinking():
                said.append(("thinking", block.thinking))
            case ToolCall():
                said.append(("call", block.id if ids else bool(block.id), block.name, block.arguments))
            case _:
                said.append((block.type,))
    return said


def arrived(row: Row, message, *, failed: bool) -> str:
    """What of the answer is in a message: one of the words of `fault_outcomes`, or the content itself."""
    if message is None:
        return "no message"
    told = ANSWERS[row.told or row.answer]
    ids = "no-ids" not in row.faults
    said = parts(message, ids=ids)
    if said == parts(told, ids=ids) and len({call.id for call in message.tool_calls}) == len(message.tool_calls):
        if failed:
            return ALL_SAID
        counts = (message.usage.input, message.usage.output)
        return WHOLE if counts == (told.usage.input, told.usage.output) else f"whole, usage {counts}"
    match said:
        case []:
            part = NOTHING
        case [("text", text)] if text == SAID_WORDS:
            part = SAID
        case [("text", text)] if told.text.startswith(text):
            part = PREFIX
        case [("call", _, "look", None)]:
            part = CALL
        case _:
            part = repr(said)[:500]
    return part


def differences(events, message, *, ended: bool) -> list[str]:
    """Rules that the events of a stream broke, and blocks to which they do not add up."""
    found = breaches(events, message if ended else None)
    if message is None:
        return found
    deltas: dict[int, str] = {}
    for event in events:
        if hasattr(event, "delta"):
            deltas[event.content_index] = deltas.get(event.content_index, "") + event.delta
    for index, block in enumerate(message.content):
        text = getattr(block, {"text": "text", "thinking": "thinking"}.get(block.type, "raw_arguments"), "")
        if deltas.get(index, "") != text:
            found.append(f"block {index} has {text!r:.80}, its events say {deltas.get(index)!r:.80}")
    return found
