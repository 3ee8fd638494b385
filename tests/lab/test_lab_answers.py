"""What a lab says comes back equal through alchemy, over every protocol, streamed and whole, sync and async."""

import asyncio
import typing

import alchemy
import pytest
from alchemy.lab import Tape
from alchemy.lab.protocols import PROTOCOLS
from alchemy.literals import Api, StopReason
from lab_raw import EVERYTHING

CALL = alchemy.ToolCall(id="c1", name="f", arguments={"path": "/tmp/x"})


def streamed(model):
    with alchemy.stream(model, "hi") as stream:
        return list(stream), stream.message


def whole(model):
    return [], alchemy.complete(model, "hi")


def streamed_async(model):
    async def run():
        async with alchemy.stream(model, "hi") as stream:
            return [event async for event in stream], stream.message

    return asyncio.run(run())


def whole_async(model):
    return [], asyncio.run(alchemy.complete_async(model, "hi"))


VERBS = (streamed, whole, streamed_async, whole_async)


@pytest.fixture(params=VERBS, ids=lambda verb: verb.__name__)
def ask(request):
    return request.param


def test_every_protocol_is_in_the_table():
    """A protocol that alchemy speaks and the lab does not fails here: it joins by an entry in `alchemy.lab.protocols`."""
    assert list(PROTOCOLS) == list(typing.get_args(Api))
    assert all(protocol.api == api for api, protocol in PROTOCOLS.items())
    assert all(set(protocol.stop_words) <= set(typing.get_args(StopReason)) for protocol in PROTOCOLS.values())


def test_everything_comes_back(lab, api, ask):
    """Thinking, text, tool calls, stop reason and usage are what the answer says."""
    lab.add(EVERYTHING)
    events, message = ask(lab.model(api))
    assert message.text == EVERYTHING.text
    assert message.thinking == EVERYTHING.thinking
    assert [(call.id, call.name, call.arguments) for call in message.tool_calls] == [
        (call.id, call.name, call.arguments) for call in EVERYTHING.tool_calls
    ]
    assert {call.state for call in message.tool_calls} == {"complete"}
    assert message.stop_reason == "tool_use"
    expected = EVERYTHING.usage + alchemy.Usage(total_tokens=20)
    assert message.usage == expected
    assert message.response_model == "lab"
    assert message.request_id == "lab-1"
    assert "c2lnbmVk" in (message.content[0].signature or "")
    assert message.notices == ()
    assert not events or events[-1].type == "done"


def test_text_comes_in_words(lab, api):
    """A streamed text has an event for each word."""
    lab.add("Hello there, dear all.")
    events, message = streamed(lab.model(api))
    deltas = [event.delta for event in events if isinstance(event, alchemy.TextDelta)]
    assert "".join(deltas) == message.text == "Hello there, dear all."
    assert lab.requests[0].streamed


@pytest.mark.parametrize("api", ["openai-completions", "openai-responses", "anthropic-messages"])
def test_arguments_come_in_pieces(lab, api):
    """The arguments of a tool call are told in at least four events."""
    lab.add(EVERYTHING, pace=0.002)
    events, _ = streamed(lab.model(api))
    deltas = [event for event in events if isinstance(event, alchemy.ToolCallDelta)]
    assert len(deltas) >= 4


def test_google_streams_arguments_where_asked(lab):
    """`google-generative-ai` tells arguments in pieces if the request wants them so."""
    lab.add(EVERYTHING, pace=0.002)
    with alchemy.stream(
        lab.model("google-generative-ai"),
        "hi",
        extra_body={"toolConfig": {"functionCallingConfig": {"streamFunctionCallArguments": True}}},
    ) as stream:
        events = list(stream)
    assert [call.arguments for call in stream.message.tool_calls] == [call.arguments for call in EVERYTHING.tool_calls]
    assert len([event for event in events if isinstance(event, alchemy.ToolCallDelta)]) >= 4


def test_stop_reasons(lab, api, ask):
    """Each reason that the protocol has a word for is the reason that arrives."""
    for reason in PROTOCOLS[api].stop_words:
        content = [CALL] if reason == "tool_use" else [alchemy.Text(text="So far.")]
        lab.add(alchemy.AssistantMessage(content=content, stop_reason=reason))
        _, message = ask(lab.model(api))
        assert (reason, message.stop_reason) == (reason, reason)


def test_redacted_thinking_and_opaque_blocks(lab):
    """What Anthropic withholds, and what it does itself, is said as it is."""
    block = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}}
    answer = alchemy.AssistantMessage(
        content=[
            alchemy.Thinking(thinking="", signature="b2Zm", redacted=True),
            alchemy.Opaque(api="anthropic-messages", kind="server_tool_use", data=block),
            alchemy.Text(text="Found."),
        ]
    )
    for ask in (streamed, whole):
        lab.add(answer)
        _, message = ask(lab.model("anthropic-messages"))
        assert message.content[0] == answer.content[0]
        assert isinstance(message.content[1], alchemy.Opaque)
        assert message.text == "Found."


def test_signatures_go_round(lab, api, ask):
    """What came back once is said again as it was."""
    lab.add(EVERYTHING)
    _, first = ask(lab.model(api))
    lab.add(first)
    _, second = ask(lab.model(api))
    assert [(block.type, block.signature) for block in second.content] == [
        (block.type, block.signature) for block in first.content
    ]


@pytest.mark.parametrize("custom", ["openai-completions", "openai-responses"])
def test_free_text_tools(lab, custom, ask):
    """A call of a tool that takes free text is said as one."""
    call = alchemy.ToolCall(id="c1", name="sh", raw_arguments="ls -l\n", custom=True)
    lab.add(alchemy.AssistantMessage(content=[call], stop_reason="tool_use"))
    _, message = ask(lab.model(custom))
    assert (message.tool_calls[0].custom, message.tool_calls[0].raw_arguments) == (True, "ls -l\n")


def test_usage_is_never_missing(lab, api, ask):
    """An answer that says nothing of usage gets one, as providers always tell it."""
    _, message = ask(lab.model(api))
    assert message.usage.input >= 1
    assert message.usage.output == 2


def test_answers_by_the_request(lab, api, ask):
    """A function of the request is asked for the answer."""
    lab.default = lambda request: f"{request.api} {request.model} {request.streamed}"
    _, message = ask(lab.model(api, id="m-7"))
    assert message.text == f"{api} m-7 {ask in (streamed, streamed_async)}"


def test_answers_stand_in_line(lab):
    """First in, first out, each for its protocol and as often as said; then the default."""
    lab.add("one")
    lab.add("for messages", api="anthropic-messages")
    lab.add("two", times=2)
    texts = [alchemy.complete(lab.model(), "hi").text for _ in range(4)]
    assert texts == ["one", "two", "two", "Hello there."]
    assert alchemy.complete(lab.model("anthropic-messages"), "hi").text == "for messages"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([alchemy.Image(data=b"x", mime_type="image/png")], "cannot write image blocks"),
        ([alchemy.Text(text="a", citations=[{"x": 1}])], "cannot write citations"),
        ([alchemy.Opaque(api="other", kind="k", data={})], "no words for an opaque block of other"),
    ],
)
def test_what_cannot_be_said_is_told(api, content, words):
    """The client gets an error that is not sent again, and the `with` block raises."""
    from alchemy.lab import Lab

    def run():
        with Lab() as lab:
            lab.add(alchemy.AssistantMessage(content=content))
            with pytest.raises(alchemy.BadRequestError, match=words):
                alchemy.complete(lab.model(api), "hi")
            assert len(lab.requests) == 1

    with pytest.raises(ValueError, match=words):
        run()


def test_a_function_that_fails_is_told():
    """Its own error is raised at the end of the block."""
    from alchemy.lab import Lab

    def run():
        with (
            Lab(lambda request: request.json["nothing"]) as lab,
            pytest.raises(alchemy.BadRequestError, match="KeyError"),
        ):
            alchemy.complete(lab.model(), "hi")

    with pytest.raises(KeyError, match="nothing"):
        run()


def test_what_is_no_answer_is_refused(lab):
    """At once, where it is given."""
    for add in (
        lambda: lab.add(7),
        lambda: lab.add("x", api="other"),
        lambda: lab.add("x", times=0),
        lambda: lab.add("x", pace=-1),
        lambda: lab.model("other"),
        lambda: setattr(lab, "default", None),
        lambda: setattr(lab, "pace", float("nan")),
        lambda: setattr(lab, "faults", "stal"),
    ):
        with pytest.raises(ValueError, match=r"lab|fault") as caught:
            add()
        assert "\n" not in str(caught.value)


def test_tapes_are_replayed(lab):
    """The bytes arrive as recorded, whatever the request asked for."""
    lab.add(EVERYTHING)
    first = alchemy.complete(lab.model(), "hi")
    body = b'{"id":"1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Taped."},"finish_reason":"stop"}]}'
    lab.add(Tape.of_bytes(body, sizes=[3, 1], headers={"content-type": "application/json", "x-request-id": "tape-1"}))
    message = alchemy.complete(lab.model(), "hi")
    assert (message.text, message.request_id) == ("Taped.", "tape-1")
    assert first.text == EVERYTHING.text
