"""Each request goes through its steps once, in order, with true times, and without a key."""

import re
import threading
import time
from pathlib import Path

import alchemy
import alchemy.hooks
import pytest
from hook_recorder import STEPS, Recorder
from servers import TEXT, Pause, answer, completion, event_stream

WHOLE = ["request_built", "attempt", "headers", "first_event", "done"]


def test_the_steps_of_a_whole_answer(serve, at, client, recorder, way, wire):  # noqa: PLR0917
    """Whichever way it is read and over whichever protocol, an answer is told in five steps, and its call is one."""
    take, streamed = way
    server = serve(event_stream(*wire.text) if streamed else answer(wire.whole))
    message = take(client, at(server, api=wire.api))
    assert recorder.names() == WHOLE
    assert recorder.detail("attempt") == 1
    assert recorder.detail("headers").status == 200
    assert recorder.detail("done") is message
    call = recorder.call
    assert (call.provider, call.model, call.api, call.streamed) == ("custom", "m", wire.api, streamed)
    assert (call.server_address, call.server_port) == ("127.0.0.1", server.port)


def test_the_times_are_those_of_the_steps_and_not_of_the_telling(serve, at, client, recorder):
    """Who reads an answer long after it came is told when it came."""
    before = time.time_ns()
    server = serve(event_stream(TEXT[0], Pause(0.2), *TEXT[1:]))
    stream = client.stream(at(server), "hello")
    with stream:
        time.sleep(1)
        read = time.time_ns()
        list(stream)
    call = recorder.call
    times = [call.started_ns, call.sent_ns, call.headers_ns, call.first_event_ns, call.ended_ns]
    assert times == sorted(times)
    assert before <= call.started_ns
    assert call.ended_ns - call.first_event_ns > 100_000_000
    assert call.ended_ns < read - 100_000_000
    assert call.step_ns == call.ended_ns


@pytest.mark.parametrize("errors", ["raise", "event"])
def test_a_refusal(serve, at, client, recorder, errors):
    """An HTTP error ends in the error that is raised, or that the event stands for."""
    server = serve(answer({"error": {"message": "No."}}, 401))
    stream = client.stream(at(server), "hello", errors=errors)
    if errors == "raise":
        with pytest.raises(alchemy.AuthenticationError) as caught:
            list(stream)
        assert repr(recorder.detail("error")) == repr(caught.value)
    else:
        assert stream.result().stop_reason == "error"
    assert recorder.names() == ["request_built", "attempt", "headers", "error"]
    assert recorder.detail("headers").status == 401
    assert recorder.detail("error").status == 401


def test_every_way_tells_of_an_error(serve, at, client, recorder, way):
    """A failure is told once, by the error that is raised: each who asks gets one of its own."""
    take, _ = way
    with pytest.raises(alchemy.ServerError) as caught:
        take(client, at(serve(answer({}, 500))))
    assert recorder.names() == ["request_built", "attempt", "headers", "error"]
    assert repr(recorder.detail("error")) == repr(caught.value)


def test_an_answer_that_breaks_off(serve, at, client, recorder, way, wire):  # noqa: PLR0917
    """What had arrived is with the error; the first event was one."""
    take, streamed = way
    if not streamed:
        pytest.skip("an answer that is not streamed arrives whole or not at all")
    with pytest.raises(alchemy.ResponseError):
        take(client, at(serve(wire.script(*wire.hello)), api=wire.api))
    assert recorder.names() == ["request_built", "attempt", "headers", "first_event", "error"]
    assert recorder.detail("error").partial.text == "Hello"


@pytest.mark.parametrize(
    ("model", "context", "error"),
    [
        ("openai/no-such-model", "hello", alchemy.ModelNotFoundError),
        ("openai/gpt-5-mini", [{"role": "user", "content": 5}], alchemy.InvalidRequestError),
        (alchemy.Model(id="m", provider="openai"), "hello", alchemy.MissingKeyError),
    ],
)
def test_what_is_refused_before_sending_is_not_told(recorder, model, context, error, monkeypatch):
    """A request that raises at the call was none."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with alchemy.Client(hooks=recorder) as client, pytest.raises(error):
        client.stream(model, context, **({} if error is alchemy.MissingKeyError else {"api_key": "k"}))
    assert recorder.told == []


def test_a_call_tells_the_request_and_no_secret(serve, at, client, recorder):
    """The options, the conversation and the body are there; neither the key nor any header's value is."""
    server = serve()
    context = alchemy.Context(messages=(alchemy.UserMessage(content="What is a fjord?"),))
    options = {"max_tokens": 7, "temperature": 0.5, "top_p": 0.9, "stop": ["END"], "seed": 3}
    client.complete(
        at(server, headers={"x-model-token": "secret-of-model"}),
        context,
        api_key="secret-key",
        headers={"x-team": "secret-team", "cookie": "secret-cookie"},
        **options,
    )
    call = recorder.call
    assert {name: getattr(call, name) for name in options} == options
    assert call.reasoning is None
    assert call.context is context
    assert call.body == server.requests[0].body
    assert {"authorization", "x-team", "cookie", "x-model-token"} <= set(call.header_names)
    told = {name: getattr(call, name) for name in dir(call) if name != "_native"}
    assert "secret" not in f"{told!r} {call!r}"
    assert server.requests[0].headers["authorization"] == "Bearer secret-key"


def test_calls_are_counted(serve, at, client, recorder):
    """Each request has an id of its own, and a dictionary for the hooks."""
    server = serve()
    for _ in range(3):
        client.complete(at(server), "hello")
    calls = list(dict.fromkeys(call for _, call, _ in recorder.told))
    assert len({call.id for call in calls}) == 3
    calls[0].state["mine"] = 1
    assert calls[1].state == {}


def test_several_hooks_are_told_in_their_order(serve, at):
    """A client takes one hook or several; each step is told to all before the next is."""
    told = []

    class Named(alchemy.hooks.Hooks):
        def __init__(self, name):
            self.name = name

        def request_built(self, call):
            told.append((self.name, "request_built"))

        def done(self, call, message):
            told.append((self.name, "done"))

    with alchemy.Client(hooks=[Named("a"), Named("b")]) as client:
        client.complete(at(serve()), "hello")
    assert told == [("a", "request_built"), ("b", "request_built"), ("a", "done"), ("b", "done")]


def test_installed_hooks_hear_of_every_client(serve, at, recorder):
    """The module's own verbs and clients that were there before are told of; a hook is told once though given twice."""
    server = serve()
    given = Recorder()
    with alchemy.Client(hooks=[recorder, given]) as client:
        alchemy.hooks.install(recorder)
        alchemy.hooks.install(recorder)
        try:
            client.complete(at(server), "hello")
            assert recorder.names() == WHOLE
            alchemy.complete(at(server), "hello")
            assert recorder.names() == WHOLE * 2
        finally:
            alchemy.hooks.uninstall(recorder)
    alchemy.complete(at(server), "hello")
    alchemy.hooks.uninstall(recorder)
    assert recorder.names() == WHOLE * 2
    assert given.names() == WHOLE


def test_what_is_no_hook_is_refused():
    """A wrong object, or a method that would have to be awaited, is a mistake at once."""

    class Awaited(alchemy.hooks.Hooks):
        async def done(self, call, message):  # pyright: ignore[reportIncompatibleMethodOverride]
            pass

    for wrong in (object(), [alchemy.hooks.Hooks(), 5], Awaited()):
        with pytest.raises(TypeError):
            alchemy.Client(hooks=wrong)
    with pytest.raises(TypeError, match=r"Awaited\.done is a coroutine function"):
        alchemy.hooks.install(Awaited())


def test_every_step_has_a_method():
    """The steps that the tests know are all there are, and the guide tells them in their order."""
    public = [name for name in vars(alchemy.hooks.Hooks) if not name.startswith("_")]
    assert tuple(public) == STEPS
    guide = (Path(__file__).resolve().parents[2] / "docs/guide/tracing.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^\| `(\w+)\(call", guide, re.MULTILINE)) == STEPS


def test_many_consumers_of_one_stream(serve, at, client, recorder):
    """However many threads share a stream, each step is told once and in order."""
    server = serve(event_stream(*[TEXT[0]] * 2_000, *TEXT))
    stream = client.stream(at(server), "hello")
    threads = [threading.Thread(target=lambda: list(stream)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    stream.result()
    assert recorder.names() == WHOLE


def test_hooks_of_many_requests_at_once(serve, at):
    """Sixteen threads ask at once: every call has its own five steps in order."""
    recorder = Recorder()
    server = serve(answer(completion()))
    with alchemy.Client(hooks=recorder) as client:
        threads = [threading.Thread(target=lambda: client.complete(at(server), "hello")) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    calls = {call for _, call, _ in recorder.told}
    assert len(calls) == 16
    assert all(recorder.names(call) == WHOLE for call in calls)
