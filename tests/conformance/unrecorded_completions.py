"""Answers of `openai-completions` of kinds that no recording shows, written after the vendors' documentation.

A list is a stream, one event after the other; an object is a body that is not streamed.
"""


def chunk(reason=None, *, chunk=None, **delta):
    """One chunk of a stream; `chunk` are further keys of it."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"id": "c", "object": "chat.completion.chunk", "model": "x", "choices": [choice], **(chunk or {})}


def call(index, arguments=None, **more):
    """A chunk with a piece of a tool call."""
    function = {"name": more.pop("name", None), "arguments": arguments}
    return chunk(tool_calls=[{"index": index, **more, "function": function}])


def body(reason, **message):
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    return {"id": "c", "object": "chat.completion", "model": "x", "choices": [choice]}


# https://platform.openai.com/docs/api-reference/chat-streaming
COMPLETIONS = {
    "calls side by side": [
        call(0, "", id="a", name="f"),
        call(1, "", id="b", name="g"),
        call(1, '{"b":'),
        call(0, "{}"),
        call(1, "2}"),
        chunk("tool_calls"),
    ],
    "two calls with one id": [call(0, "{}", id="a", name="f"), call(1, "{}", id="a", name="g"), chunk("tool_calls")],
    "a call without an id": [call(0, "{}", name="f"), chunk("tool_calls")],
    "a call without a name": [call(0, '{"a":', id="a"), call(1, "{}"), call(0, "1}"), chunk("tool_calls")],
    "a call that the filter cut": [call(0, '{"a":', id="a", name="f"), chunk("content_filter")],
    "an empty call that the limit cut": [call(0, "", id="a", name="f"), chunk("length")],
    "a call that is no JSON": [call(0, '{"a":', id="a", name="f"), chunk("tool_calls")],
    "tool_calls without a call": [chunk(content="a"), chunk("tool_calls")],
    "a stop reason that is not known": [chunk(content="a"), chunk("odd")],
    "a failure as stop reason": [chunk(content="a"), chunk("network_error")],
    "a stream cut inside a call": [call(0, '{"a":', id="a", name="f")],
    "an error inside the stream": [
        chunk(content="half"),
        {"error": {"code": 502, "message": "Provider returned error"}},
    ],
    "a refusal": [chunk(refusal="I can"), chunk(refusal="not"), chunk("stop")],
    "usage within the choice": [
        chunk(content="a"),
        {
            "id": "c",
            "model": "x",
            "choices": [
                {
                    "index": 0,
                    "delta": {},
                    "finish_reason": "stop",
                    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
                },
            ],
        },
    ],
    "half an emoji in each of two pieces": [chunk(content="a\ud83d"), chunk(content="\ude00b"), chunk("stop")],
    "half an emoji that stays alone": [chunk(content="a\ud83d"), chunk("stop")],
    "a legacy call": body("function_call", content=None, function_call={"name": "f", "arguments": '{"a":1}'}),
    "a tool of free text": body(
        "tool_calls",
        tool_calls=[{"id": "a", "type": "custom", "custom": {"name": "f", "input": "{not json"}}],
    ),
    "an error under status 200": {"error": {"message": "Odd", "code": 500}},
    "a body without an end": body(None, content="a"),
}
