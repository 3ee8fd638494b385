"""Answers of `anthropic-messages` of kinds that no recording shows, written after the vendor's documentation.

A list is a stream, one event after the other; an object is a body that is not streamed.
"""

TEXT = {"type": "text", "text": ""}


def anthropic(*middle, stop="end_turn", start=None):
    """The events of one `anthropic-messages` answer around `middle`."""
    message = {"id": "m", "type": "message", "role": "assistant", "model": "x", "content": [], "stop_reason": None}
    return [
        {
            "type": "message_start",
            "message": {**message, "usage": {"input_tokens": 1, "output_tokens": 1}, **(start or {})},
        },
        *middle,
        {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ]


def begin(index, **block):
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index, kind, **fields):
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def stop(index):
    return {"type": "content_block_stop", "index": index}


def written(index, text):
    return [begin(index, **TEXT), delta(index, "text_delta", text=text), stop(index)]


def called(index, *pieces, **more):
    pieces = [delta(index, "input_json_delta", partial_json=piece) for piece in pieces]
    block = {"type": "tool_use", "id": f"t{index}", "name": "f", "input": {}, **more}
    return [begin(index, **block), *pieces, stop(index)]


# https://docs.claude.com/en/api/messages-streaming
ANTHROPIC = {
    "overloaded inside the stream": [
        *anthropic(*written(0, "half"))[:-2],
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    ],
    "an error of no known kind": [{"type": "error", "error": {"type": "odd_error", "message": "Odd"}}],
    "a stream cut inside a call": anthropic(*called(0, '{"a":'))[:3],
    "a piece of a block that has not begun": anthropic(*written(0, "a"), delta(1, "text_delta", text="b")),
    "a full context window": anthropic(*written(0, "cut"), stop="model_context_window_exceeded"),
    "a call that the limit cut": anthropic(*called(0, '{"a":1}'), *called(1, '{"a":'), stop="max_tokens"),
    "an empty call that the limit cut": anthropic(*called(0), stop="max_tokens"),
    "arguments that are no JSON": anthropic(*called(0, '{"a":'), stop="tool_use"),
    "arguments that are a list": anthropic(*called(0, "[1]"), stop="tool_use"),
    "a call without arguments": anthropic(*called(0, ""), stop="tool_use"),
    "a call whose caller is null": anthropic(*called(0, "{}", caller=None), stop="tool_use"),
    "two calls with one id": anthropic(*called(0, "{}"), *called(1, "{}", id="t0")),
    "a call without an id": anthropic(*called(0, "{}", id="")),
    "a call under end_turn": anthropic(*called(0, "{}")),
    "tool_use without a call": anthropic(*written(0, "a"), stop="tool_use"),
    "a stop reason that is not known": anthropic(*written(0, "a"), stop="odd"),
    "a pause for compaction": anthropic(*written(0, "a"), stop="compaction"),
    "an event that is not known": anthropic({"type": "odd_event", "a": 1}, *written(0, "a")),
    "half an emoji in each of two pieces": anthropic(
        begin(0, **TEXT),
        delta(0, "text_delta", text="a\ud83d"),
        delta(0, "text_delta", text="\ude00b"),
        stop(0),
    ),
    "half an emoji that stays alone": anthropic(*written(0, "a\ud83d"), *written(1, "b")),
    "sources before the text": anthropic(
        begin(0, type="text", text="", citations=[]),
        delta(0, "citations_delta", citation={"type": "page_location", "cited_text": "x"}),
        delta(0, "text_delta", text="a"),
        delta(0, "citations_delta", citation={"type": "page_location", "cited_text": "y"}),
        stop(0),
    ),
    "an empty text": anthropic(begin(0, **TEXT), stop(0), *written(1, "a")),
    "thinking of which only the signature is told": anthropic(
        begin(0, type="thinking", thinking="", signature=""),
        delta(0, "signature_delta", signature="s"),
        stop(0),
        *written(1, "a"),
    ),
    "input of the server's tool that is no JSON": anthropic(
        begin(0, type="server_tool_use", id="s", name="web_search", input={}),
        delta(0, "input_json_delta", partial_json='{"query":'),
        stop(0),
    ),
    "pieces that are not known": anthropic(
        begin(0, type="odd", content=None, nested={"a": [1]}),
        delta(0, "odd_delta", content="ab", extra=1),
        delta(0, "odd_delta", content="c", extra=2),
        stop(0),
    ),
    "counts of thinking and of caches": anthropic(
        *written(0, "a"),
        start={
            "usage": {
                "input_tokens": 5,
                "output_tokens": 1,
                "cache_read_input_tokens": 7,
                "cache_creation_input_tokens": 11,
                "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 10},
                "output_tokens_details": {"thinking_tokens": 3},
            },
        },
    ),
    "an error under status 200": {"type": "error", "error": {"type": "api_error", "message": "Internal"}},
    "a body that the limit cut": {
        **anthropic()[0]["message"],
        "stop_reason": "max_tokens",
        "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}],
    },
}
