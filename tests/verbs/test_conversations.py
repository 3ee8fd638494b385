"""A conversation with tools over each wire protocol: kept, stored, sent back, and handed over to another one."""

import copy
import json
import pickle

import alchemy
import pytest
from dialects import DIALECTS
from pydantic import TypeAdapter
from servers import answer

CLOCK = alchemy.Tool(
    name="clock", description="The time.", parameters={"type": "object", "properties": {"city": {"type": "string"}}}
)
ASKED = alchemy.Context(
    system_prompt="Be brief.", messages=(alchemy.UserMessage(content="What time is it?"),), tools=(CLOCK,)
)
# What no other model must see.
SECRETS = ("SIGN", "HIDE", "U0lH", "srvtoolu", "ws_1", "rs_1", "executableCode", "I need both")

RESPONSES = [
    {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "I need both."}],
        "encrypted_content": "HIDE==",
    },
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "phase": "commentary",
        "content": [{"type": "output_text", "text": "One moment.", "annotations": []}],
    },
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "x"}},
    {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "clock", "arguments": '{"city":"Oslo"}'},
    {"type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "clock", "arguments": "{}"},
]
ANTHROPIC = [
    {"type": "thinking", "thinking": "I need both.", "signature": "SIGN=="},
    {"type": "redacted_thinking", "data": "HIDE=="},
    {"type": "text", "text": "One moment."},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
    {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {"city": "Oslo"}},
    {"type": "tool_use", "id": "toolu_2", "name": "clock", "input": {}},
]
GOOGLE = [
    {"text": "I need both.", "thought": True},
    {"text": "One moment.", "thoughtSignature": "U0lHTg=="},
    {"executableCode": {"language": "PYTHON", "code": "1"}},
    {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
    {"functionCall": {"id": "c1", "name": "clock", "args": {"city": "Oslo"}}, "thoughtSignature": "U0lHQQ=="},
    {"functionCall": {"id": "c2", "name": "clock", "args": {}}},
]
CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "clock", "arguments": '{"city":"Oslo"}'}},
    {"id": "call_2", "type": "function", "function": {"name": "clock", "arguments": "{}"}},
]
COMPLETIONS = {"role": "assistant", "content": "One moment.", "tool_calls": CALLS}

ANSWERS = {
    "openai-completions": {
        "id": "a",
        "model": "m-1",
        "choices": [
            {
                "index": 0,
                "message": {**COMPLETIONS, "reasoning_content": "I need both."},
                "finish_reason": "tool_calls",
            }
        ],
    },
    "openai-responses": {"id": "a", "object": "response", "model": "m-1", "status": "completed", "output": RESPONSES},
    "anthropic-messages": {
        "id": "a",
        "type": "message",
        "role": "assistant",
        "model": "m-1",
        "content": ANTHROPIC,
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 9, "output_tokens": 5},
    },
    "google-generative-ai": {
        "candidates": [{"index": 0, "content": {"role": "model", "parts": GOOGLE}, "finishReason": "STOP"}],
        "modelVersion": "m-1",
        "responseId": "a",
    },
}
# The model's turn as it goes back, and where it stands in the body. Chat Completions takes no thinking back, save from
# servers that are known to want it.
SENT_BACK = {
    "openai-completions": lambda body: (body["messages"][2], COMPLETIONS),
    "openai-responses": lambda body: (body["input"][1:6], RESPONSES),
    "anthropic-messages": lambda body: (body["messages"][1]["content"], ANTHROPIC),
    "google-generative-ai": lambda body: (body["contents"][1]["parts"], GOOGLE),
}


@pytest.fixture
def reply(serve, at, wire):
    """An answer that thinks, speaks, uses a tool of the provider's and calls one of ours twice."""
    return alchemy.complete(at(serve(answer(ANSWERS[wire.api]))), ASKED)


def went_on(reply) -> alchemy.Context:
    """The conversation, each call answered."""
    results = [alchemy.ToolResultMessage(tool_call_id=call.id, content="12:00") for call in reply.tool_calls]
    return ASKED.with_messages(reply, *results, alchemy.UserMessage(content="And tomorrow?"))


def test_the_answer_is_read(reply, wire):
    """Each protocol gives the same text, thinking and calls."""
    assert (reply.text, reply.thinking, reply.stop_reason) == ("One moment.", "I need both.", "tool_use")
    assert [(call.name, call.arguments) for call in reply.tool_calls] == [("clock", {"city": "Oslo"}), ("clock", {})]
    kinds = {block.kind for block in reply.content if isinstance(block, alchemy.Opaque)}
    assert bool(kinds) == (wire.api != "openai-completions")


def test_it_can_be_stored(reply):
    """Signatures, bytes and opaque blocks survive pickle, copies, JSON and pydantic, alone and in a conversation."""
    for value in (reply, went_on(reply)):
        kind = type(value)
        adapter = TypeAdapter(kind)
        assert pickle.loads(pickle.dumps(value)) == value
        assert copy.deepcopy(value) == value
        assert kind.from_dict(json.loads(json.dumps(value.to_dict()))) == value
        assert adapter.validate_json(adapter.dump_json(value)) == value


@pytest.mark.parametrize("stored", [False, True], ids=["as it is", "stored"])
def test_it_goes_back_as_it_came(serve, at, reply, wire, stored):
    """To the same model every block goes back unchanged, without a notice."""
    context = went_on(reply)
    if stored:
        context = alchemy.Context.from_dict(json.loads(json.dumps(context.to_dict())))
    server = serve(answer(wire.whole))
    message = alchemy.complete(at(server, input=("text", "image")), context, strict=True)
    assert message.notices == ()
    sent, expected = SENT_BACK[wire.api](server.requests[0].json)
    # An item that is whole need not say so.
    assert without_status(sent) == without_status(expected)


def without_status(value):
    if isinstance(value, list):
        return [without_status(inner) for inner in value]
    if value.get("type") in {"message", "function_call"}:
        return {key: inner for key, inner in value.items() if key != "status"}
    return value


@pytest.mark.parametrize("other", DIALECTS, ids=str)
def test_it_goes_on_with_another_model(serve, reply, other):
    """To another model go the words, the calls and their results; what does not carry over is told block by block."""
    server = serve(answer(other.whole))
    model = alchemy.Model(id="another", api=other.api, base_url=server.url)
    message = alchemy.complete(model, went_on(reply))
    body = server.requests[0].body.decode()
    assert [text for text in ("One moment.", "Oslo", "12:00", "And tomorrow?") if text not in body] == []
    assert [text for text in SECRETS if text in body] == []
    own = [
        place for place, block in enumerate(reply.content) if not isinstance(block, (alchemy.Text, alchemy.ToolCall))
    ]
    assert [notice.path for notice in message.notices] == [f"messages[1].content[{place}]" for place in own]
    with pytest.raises(alchemy.UnsupportedOptionError):
        alchemy.stream(model, went_on(reply), strict=True)
