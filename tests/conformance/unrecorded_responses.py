"""Answers of `openai-responses` of kinds that no recording shows, written after the vendor's documentation.

A list is a stream, one event after the other; an object is a body that is not streamed.
"""


def responses(*middle, kind="completed", **final):
    """The events of one `openai-responses` answer around `middle`."""
    answer = {"id": "r", "object": "response", "model": "x"}
    return [
        {"type": "response.created", "response": {**answer, "status": "in_progress", "output": []}},
        *middle,
        {"type": f"response.{kind}", "response": {**answer, "status": kind, "output": [], **final}},
    ]


def item(place, **fields):
    return [{"type": "response.output_item.done", "output_index": place, "item": fields}]


def message(*parts, **fields):
    return {
        "type": "message",
        "id": "msg",
        "role": "assistant",
        "status": "completed",
        "content": list(parts),
        **fields,
    }


def output_text(text, **fields):
    return {"type": "output_text", "text": text, "annotations": [], **fields}


def said(kind, text, place=0, **where):
    return {"type": f"response.{kind}.delta", "output_index": place, "item_id": "i", "delta": text, **where}


# https://platform.openai.com/docs/api-reference/responses-streaming
RESPONSES = {
    "a failed response": responses(
        *item(0, **message(output_text("half"))),
        kind="failed",
        error={"code": "server_error", "message": "The server had an error"},
    ),
    "an error event": [*responses()[:1], {"type": "error", "code": "rate_limit_exceeded", "message": "Slow down"}],
    "a cancelled response": responses(said("output_text", "a", content_index=0), kind="cancelled"),
    "a filtered response": responses(
        *item(0, **message(output_text("half"))),
        kind="incomplete",
        incomplete_details={"reason": "content_filter"},
    ),
    "a response cut for a reason that is not known": responses(kind="incomplete", incomplete_details={"reason": "odd"}),
    "a call that the limit cut": responses(
        *item(0, type="function_call", id="fc", call_id="c", name="f", arguments='{"a":', status="incomplete"),
        kind="incomplete",
        incomplete_details={"reason": "max_output_tokens"},
    ),
    "a stream cut inside the text": responses(said("output_text", "half", content_index=0))[:2],
    "a stream cut inside the reasoning": responses(
        said("reasoning_summary_text", "one", summary_index=0),
        said("reasoning_summary_text", "half", summary_index=1),
    )[:3],
    "a stream cut inside a call": responses(
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": ""},
        },
        said("function_call_arguments", '{"a":'),
    )[:3],
    "calls side by side": responses(
        *(
            {
                "type": "response.output_item.added",
                "output_index": place,
                "item": {
                    "type": "function_call",
                    "id": f"f{place}",
                    "call_id": f"c{place}",
                    "name": "f",
                    "arguments": "",
                },
            }
            for place in range(2)
        ),
        said("function_call_arguments", '{"a":', place=1),
        said("function_call_arguments", "{}", place=0),
        said("function_call_arguments", "1}", place=1),
        *item(1, type="function_call", id="f1", call_id="c1", name="f", arguments='{"a":1}'),
        *item(0, type="function_call", id="f0", call_id="c0", name="f", arguments="{}"),
    ),
    "an event that is not known": responses({"type": "odd.event"}, *item(0, **message(output_text("a")))),
    "a refusal": responses(
        said("refusal", "I can", content_index=0),
        said("refusal", "not", content_index=0),
        *item(0, **message({"type": "refusal", "refusal": "I cannot"})),
    ),
    "two parts and a phase": responses(*item(0, **message(output_text("a"), output_text("b"), phase="commentary"))),
    "an empty part": responses(*item(0, **message(output_text(""), output_text("b")))),
    "a summary in two parts before the content": responses(
        said("reasoning_summary_text", "one", summary_index=0),
        said("reasoning_summary_text", "two", summary_index=1),
        *item(
            0,
            type="reasoning",
            id="rs",
            summary=[{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}],
            content=[{"type": "reasoning_text", "text": "three"}],
        ),
    ),
    "reasoning that is withheld": responses(*item(0, type="reasoning", id="rs", summary=[], encrypted_content="e")),
    "items that only the last event holds": responses(
        *item(0, **message(output_text("a"))),
        output=[
            message(output_text("a")),
            {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": ""},
        ],
    ),
    "a call that only the last event ends": responses(
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": ""},
        },
        said("function_call_arguments", '{"a":'),
        *item(1, **message(output_text("a"))),
        output=[
            {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": '{"a":1}'},
            message(output_text("a")),
        ],
    ),
    "a tool of free text": responses(
        *item(0, type="custom_tool_call", id="ct", call_id="c", name="f", input="{not json", status="completed"),
    ),
    "a computer that does several things": responses(
        *item(
            0,
            type="computer_call",
            id="cu",
            call_id="c",
            actions=[{"type": "click", "x": 1, "y": 2}],
            status="completed",
        ),
    ),
    "a local shell": responses(
        *item(0, type="local_shell_call", id="ls", call_id="c", action={"type": "exec", "command": ["ls"]}),
    ),
    "a shell on this machine": responses(
        *item(0, type="shell_call", id="sh", call_id="c", action={"commands": ["ls"]}, environment={"type": "local"}),
    ),
    "an image": responses(*item(0, type="image_generation_call", id="ig", result="aGk=", output_format="webp")),
    "an image that failed": responses(*item(0, type="image_generation_call", id="ig", result=None, status="failed")),
    "an item that is not known": responses(*item(0, type="odd_call", id="o", nested={"a": [1, None]})),
    "log probabilities": responses(
        *item(0, **message(output_text("a", logprobs=[{"token": "a", "logprob": -0.5}]))),
    ),
    "two calls with one id": responses(
        *item(0, type="function_call", id="f0", call_id="c", name="f", arguments="{}"),
        *item(1, type="function_call", id="f1", call_id="c", name="g", arguments="{}"),
    ),
    "half an emoji in each of two pieces": responses(
        said("output_text", "a\ud83d", content_index=0),
        said("output_text", "\ude00b", content_index=0),
        *item(0, **message(output_text("a\ud83d\ude00b"))),
    ),
    "an error under status 200": {"error": {"message": "Odd", "type": "server_error"}},
    "a response that waits": {"id": "r", "object": "response", "status": "queued", "model": "x", "output": []},
}
