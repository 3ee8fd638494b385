"""The plain reading and the legality checker can tell right from wrong."""

import alchemy
import pytest
from legality import breaches
from plain_sse import data_of_events
from plain_usage import read_usage
from readers import read
from reading import MADE_UP, JsonText
from unrecorded import ANSWERS, case_and_body

START = alchemy.Start(api="openai-completions", provider="custom", model="m")
TEXT = alchemy.Text(text="ab")
MESSAGE = alchemy.AssistantMessage(content=(TEXT,))
LEGAL = (
    START,
    alchemy.TextStart(content_index=0),
    alchemy.TextDelta(content_index=0, delta="a"),
    alchemy.TextDelta(content_index=0, delta="b"),
    alchemy.TextEnd(content_index=0, block=TEXT),
    alchemy.Done(message=MESSAGE),
)


def test_a_legal_stream_has_no_breach():
    """The checker passes a stream that keeps the rules."""
    assert breaches(LEGAL, MESSAGE) == []


@pytest.mark.parametrize(
    "events",
    [
        LEGAL[1:],
        LEGAL[:-1],
        (*LEGAL, LEGAL[-1]),
        (START, *LEGAL),
        (LEGAL[0], *LEGAL[2:]),
        (*LEGAL[:2], *LEGAL[3:]),
        (*LEGAL[:4], LEGAL[5]),
        (*LEGAL[:5], LEGAL[3], LEGAL[5]),
        (*LEGAL[:5], alchemy.TextStart(content_index=0), LEGAL[5]),
        (*LEGAL[:2], alchemy.ThinkingDelta(content_index=0, delta="a"), *LEGAL[2:]),
        (*LEGAL[:2], alchemy.TextDelta(content_index=0, delta=""), *LEGAL[2:]),
        (*LEGAL[:5], alchemy.Block(content_index=1, block=alchemy.Audio(id="a")), LEGAL[5]),
    ],
    ids=[
        *("no start", "no done", "two dones", "two starts", "no block start", "lost delta", "no end"),
        *("delta after end", "index twice", "wrong kind", "empty delta", "block too many"),
    ],
)
def test_each_breach_is_seen(events):
    """The checker reports a stream that breaks a rule."""
    assert breaches(events, MESSAGE)


def test_plain_sse():
    """Line ends, comments, several data lines, a byte-order mark, bare JSON and an unfinished last event are read."""
    body = b'\xef\xbb\xbfdata: a\r\n\r\n: note\rdata:b\rdata: c\r\r data: d\n\nevent: x\n\n{\n"a": 1\n}\n\ndata: e'
    assert data_of_events(body) == ["a", "b\nc", "d", '{\n"a": 1\n}', "e"]


def test_plain_usage_counts_reasoning_outside_completion_tokens():
    """Where the total says that reasoning is counted beside the completion, output holds both."""
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 22,
        "completion_tokens_details": {"reasoning_tokens": 7},
        "prompt_tokens_details": {"cached_tokens": 12},
        "cost_in_usd_ticks": 1_724_000,
    }
    read = read_usage(usage)
    assert (read["input"], read["output"], read["cache_read"]) == (0, 12, 12)
    assert read["billed"] == pytest.approx(0.0001724)


def test_plain_reading_of_a_cut_call():
    """Arguments that the length limit cut are truncated, and a stream without a finish reason has failed."""
    case = {"api": "openai-completions", "status": 200, "response_file": "response.sse", "provider": "openai"}
    chunk = b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\\"a"}}]}%s}]}\n\n'
    cut = read(case, chunk % b',"finish_reason":"length"')
    assert (cut.stop_reason, cut.calls[0].state, cut.calls[0].arguments) == ("length", "truncated", None)
    assert read(case, chunk % b"").failure is not None


def read_unrecorded(api: str, name: str):
    return read(*case_and_body(api, ANSWERS[api][name]))


def test_plain_reading_of_an_error_inside_an_anthropic_stream():
    """What had arrived is kept, and the kind of the error has its status."""
    reading = read_unrecorded("anthropic-messages", "overloaded inside the stream")
    assert reading.content == [{"type": "text", "text": "half"}]
    assert (reading.failure.message, reading.failure.status) == ("Overloaded", 529)
    assert read_unrecorded("anthropic-messages", "a stream cut inside a call").content[0]["state"] == "truncated"


def test_plain_reading_of_anthropic_counts():
    """Counts of the last event replace those of the first, key by key."""
    usage = read_unrecorded("anthropic-messages", "counts of thinking and of caches").usage
    assert (usage["input"], usage["output"], usage["reasoning"], usage["total_tokens"]) == (5, 2, 3, 25)
    assert (usage["cache_read"], usage["cache_write"], usage["cache_write_1h"]) == (7, 11, 10)


def test_plain_reading_of_google_arguments_in_pieces():
    """The pieces are put where their paths say."""
    call = read_unrecorded("google-generative-ai", "arguments in pieces of every kind").content[0]
    assert call["arguments"] == {"text": "ab", "list": [{"number": 1.5}, {"yes": True}], "none": None}
    calls = read_unrecorded("google-generative-ai", "two calls of one function without ids").content
    assert [call["id"] for call in calls] == [MADE_UP, MADE_UP]


def test_plain_reading_of_google_signatures():
    """A signature ends a block of thinking; what follows is another."""
    reading = read_unrecorded("google-generative-ai", "thinking that a signature ends")
    assert [block.get("thinking") for block in reading.content] == ["ab", "c", None]


def test_plain_reading_of_responses_items():
    """Each part of a message is a text, and what only the last event holds is read from there."""
    phase = JsonText({"id": "msg", "phase": "commentary"})
    parts = read_unrecorded("openai-responses", "two parts and a phase").content
    assert parts == [{"type": "text", "text": text, "signature": phase} for text in "ab"]
    late = read_unrecorded("openai-responses", "items that only the last event holds")
    assert [block["type"] for block in late.content] == ["text", "tool_call"]
    assert late.content[1]["arguments"] == {}
    refused = read_unrecorded("openai-responses", "a refusal")
    assert (refused.stop_reason, refused.raw_stop_reason) == ("refusal", "completed")
