"""llama.cpp answers over three wire protocols: the same words over each, streamed and not."""

import alchemy
import pytest
from alchemy.local import processes
from alchemy.local.files import locate

APIS = ("openai-completions", "openai-responses", "anthropic-messages")
# Long enough to tell answers apart, short enough that rounding cannot.
TOKENS = 16


@pytest.fixture
def single(smollm2, monkeypatch):
    """A model on a server of one slot and without a cache: both can change how numbers are rounded."""
    monkeypatch.setattr(processes, "_SLOTS", 1)
    monkeypatch.setattr(processes, "_CACHE_PROMPT", False)
    model = alchemy.local_model(locate(smollm2).path, context_window=512)
    yield model
    processes._by_url[model.base_url].stop()


def answers(model, api):
    """The answer to one question over a protocol: whole, streamed, and the pieces of the streamed one."""
    options = {"api": api, "temperature": 0, "max_tokens": TOKENS}
    # A client each, and so a connection each: words are compared here, not what becomes of connections that are kept.
    with alchemy.Client() as client:
        whole = client.complete(model, "Name three colours.", **options)
    with alchemy.Client() as client, client.stream(model, "Name three colours.", **options) as stream:
        pieces = [event.delta for event in stream if isinstance(event, alchemy.TextDelta)]
        streamed = stream.result()
    return whole, streamed, pieces


def test_three_protocols_give_the_same_words(single):
    """At temperature 0 the text is that of `openai-completions`, over each protocol, streamed and not."""
    expected = answers(single, APIS[0])[0].text
    assert expected
    for api in APIS:
        whole, streamed, pieces = answers(single, api)
        assert (whole.api, streamed.api) == (api, api)
        assert whole.text == streamed.text == "".join(pieces) == expected, api
        assert len(pieces) > TOKENS / 2, api


def test_three_protocols_count_the_same_tokens(single):
    """Input, cached or not, and output are counted alike."""
    counts = set()
    for api in APIS:
        for reply in answers(single, api)[:2]:
            usage = reply.usage
            counts.add(((usage.input or 0) + (usage.cache_read or 0), usage.output))
    ((_, output),) = counts
    assert output == TOKENS


async def ask(model, api):
    with alchemy.Client() as client:
        return await client.complete_async(model, "Say hello.", api=api, temperature=0, max_tokens=4)


def test_three_protocols_answer_async(single):
    """The same verbs from an event loop."""
    import asyncio

    async def main():
        return [await ask(single, api) for api in APIS]

    texts = [reply.text for reply in asyncio.run(main())]
    assert len(set(texts)) == 1
    assert texts[0]
