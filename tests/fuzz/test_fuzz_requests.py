"""Requests under odd values: models, conversations and options of every kind are encoded or refused, never worse."""

import asyncio
import inspect
import json

import alchemy
import odd_values
import pytest
from alchemy import _native
from hypothesis import given, strategies as st
from odd_values import CONTEXTS, JSON, MODELS, ODD, TEXT, TOOLS, attempt, built, entries
from servers import TEXT as ANSWER, Server, answer, completion, event_stream

VERB = inspect.signature(alchemy.Client.stream).parameters
OPTIONS = tuple(name for name in VERB if name not in ("self", "model", "context", "errors", "base_url", "api_key"))
# What only a stream takes.
OF_STREAMS = set(VERB) - set(inspect.signature(alchemy.Client.complete).parameters)
KNOWN = {
    "temperature": st.floats(),
    "top_p": st.floats(),
    "max_tokens": st.integers(),
    "seed": st.integers(),
    "strict": st.booleans(),
    "stop": st.lists(TEXT, max_size=2),
    "tools": st.lists(TOOLS, max_size=2),
    "tool_choice": st.sampled_from(("auto", "required", "f")) | entries(("mode", "name")),
    "reasoning": st.sampled_from(("low", "off")) | st.integers(),
    "response_format": st.sampled_from(("json", "text", int, alchemy.Text)) | entries(("schema", "name", "strict")),
    "headers": st.dictionaries(TEXT, TEXT | ODD, max_size=2),
    "extra_body": st.dictionaries(TEXT, JSON, max_size=2),
    "timeout": st.floats(0.5, 5),
    "coalesce_ms": st.floats(),
    "coalesce_chars": st.integers(),
}
REQUESTS = st.fixed_dictionaries({}, optional={name: KNOWN.get(name, TEXT) | ODD for name in OPTIONS})
COMPLETIONS = st.fixed_dictionaries(
    {}, optional={name: KNOWN.get(name, TEXT) | ODD for name in OPTIONS if name not in OF_STREAMS}
)
CLIENT = tuple(name for name in inspect.signature(alchemy.Client).parameters if name != "options")


@pytest.fixture(scope="module")
def server():
    with Server(answer(completion())) as server:
        yield server


@pytest.fixture(scope="module")
def streaming():
    with Server(event_stream(*ANSWER)) as server:
        yield server


@given(MODELS | ODD, CONTEXTS | ODD, REQUESTS | ODD, st.booleans() | ODD)
def test_requests_are_encoded_or_refused(model, context, options, streamed):
    """The native encoder takes any objects: a body that is JSON, or a documented error."""
    encoded = attempt(_native.encode, *built([model, context, options, streamed]))
    if encoded is not None:
        json.loads(encoded[3])


@given(CONTEXTS | ODD, COMPLETIONS)
def test_complete_answers_or_refuses(server, context, options):
    """`complete` with odd contexts and options."""
    model = alchemy.Model(id="m", base_url=server.url)
    message = attempt(alchemy.complete, model, built(context), **built(options))
    assert message is None or message.text == "Hello there."


@given(CONTEXTS | ODD, COMPLETIONS)
def test_complete_async_answers_or_refuses(server, context, options):
    """`complete_async` with odd contexts and options."""

    async def run():
        model = alchemy.Model(id="m", base_url=server.url)
        return await alchemy.complete_async(model, built(context), **built(options))

    message = attempt(lambda: asyncio.run(run()))
    assert message is None or message.text == "Hello there."


@given(CONTEXTS | ODD, REQUESTS, st.sampled_from(("raise", "event")) | ODD)
def test_stream_answers_or_refuses(streaming, context, options, errors):
    """`stream` with odd contexts and options, read to its end."""
    model = alchemy.Model(id="m", base_url=streaming.url)

    def run():
        with alchemy.stream(model, built(context), errors=built(errors), **built(options)) as stream:
            return [event.type for event in stream][-1]

    assert attempt(run) in (None, "done", "error")


@given(MODELS | ODD, ODD)
def test_models_are_taken_or_refused(server, model, odd):
    """A model that is odd, or has odd fields, is refused before anything is sent elsewhere."""
    if isinstance(model, dict):
        made = attempt(alchemy.Model, **(built(model) | {"base_url": server.url}))
        if made is not None:
            attempt(alchemy.complete, made, "a", api_key="key", timeout=5)
            attempt(alchemy.complete, made, built(odd), api_key=built(odd), timeout=5)
    else:
        attempt(alchemy.complete, built(model), "a", timeout=5)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(CLIENT, ODD | JSON)), ODD | REQUESTS)
def test_clients_are_made_or_refused(server, settings, options):
    """A client takes odd settings or refuses them, at its making or at its first request."""
    client = attempt(alchemy.Client, **built(settings), options=built(options))
    if client is not None:
        attempt(repr, client)
        attempt(client.complete, alchemy.Model(id="m", base_url=server.url), "a", timeout=5)
        client.close()


@given(ODD, ODD)
def test_addresses_and_keys_are_taken_or_refused(address, key):
    """An odd address and an odd key are refused; nothing is sent."""
    model = alchemy.Model(id="m")
    attempt(alchemy.complete, model, "a", base_url=built(address), api_key=built(key), timeout=5)


@pytest.mark.parametrize("number", range(len(odd_values.MAKERS)))
def test_every_odd_value_in_every_place(server, number):
    """Each odd value once as the model, the conversation, a message, its content, an option and all options."""
    make = odd_values.MAKERS[number]
    model = alchemy.Model(id="m", base_url=server.url)
    message = {"role": "user", "content": "a"}
    attempt(_native.encode, make(), "a", {})
    attempt(_native.encode, model, make(), {})
    attempt(_native.encode, model, [message, make()], {})
    attempt(_native.encode, model, [message | {"content": make()}], {})
    attempt(_native.encode, model, [message], make())
    attempt(alchemy.complete, model, make())
    for name in OPTIONS:
        if name != "timeout":
            attempt(_native.encode, model, [message], {name: make()})
