"""A plain reading of Server-Sent Events, independent of the product's own framing.

Written from https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream, with the three
liberties that recorded servers need: a field name may follow spaces, a last event counts without its blank line, and
JSON may stand in the stream as it is, which is how a server that fails may end it.
"""

import json


def data_of_events(body: bytes) -> list[str]:
    """The data of every event of a whole body, in order; events without data are left out."""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found: list[str] = []
    data: list[str] = []
    bare: list[str] = []
    for line in [*lines, ""]:
        if not line:
            if data or bare:
                found.append("\n".join(data or bare))
            data, bare = [], []
            continue
        name, _, value = line.lstrip(" ").partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
        elif bare or (not data and line.startswith("{")):
            bare.append(line)
    return found


def whole_text(value):
    """The same JSON value with surrogate pairs joined and lone surrogates replaced by U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [whole_text(item) for item in value]
    if isinstance(value, dict):
        return {whole_text(name): whole_text(item) for name, item in value.items()}
    return value


def chunks_of(body: bytes) -> tuple[list[dict], str]:
    """The JSON chunks of a stream up to its end, and how it ended.

    Returns:
        The chunks, and `done` where `[DONE]` was met, `trailing` where anything follows that, `malformed` where an event
        is no JSON object, else `end`.
    """
    chunks: list[dict] = []
    events = data_of_events(body)
    for place, data in enumerate(events):
        if data.strip() == "[DONE]":
            more = any(data.strip() != "[DONE]" for data in events[place + 1 :])
            return chunks, "trailing" if more else "done"
        try:
            chunk = json.loads(data)
        except ValueError:
            return chunks, "malformed"
        if not isinstance(chunk, dict):
            return chunks, "malformed"
        chunks.append(chunk)
    return chunks, "end"
