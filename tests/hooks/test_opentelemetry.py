"""Spans and metrics by OpenTelemetry's conventions: names, attributes, parents, times, and no secret in them."""

import asyncio
import gc
import importlib
import json
import sys
import threading
import time

import alchemy
import alchemy.hooks
import alchemy.opentelemetry
import pytest
from alchemy._opentelemetry_data import BUCKETS, PROVIDERS
from alchemy.opentelemetry import OpenTelemetryHooks
from hook_recorder import run
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from servers import FINISH, HELLO, TEXT, Pause, Stall, answer, chunk, completion, event_stream

PROMPT = "a very private question"
USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 5,
    "total_tokens": 25,
    "prompt_tokens_details": {"cached_tokens": 8},
    "completion_tokens_details": {"reasoning_tokens": 2},
}


class Telemetry:
    """A tracer and a meter that keep what they are told."""

    def __init__(self, **settings):
        self.spans = InMemorySpanExporter()
        self.tracer_provider = TracerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self.reader = InMemoryMetricReader()
        self.meter_provider = MeterProvider([self.reader])
        self.hooks = OpenTelemetryHooks(self.tracer_provider, self.meter_provider, **settings)
        self.client = alchemy.Client(hooks=self.hooks, options={"api_key": "secret-key", "retries": 0})
        self.tracer = self.tracer_provider.get_tracer("test")

    def stop(self):
        self.client.close()
        self.tracer_provider.shutdown()
        self.meter_provider.shutdown()

    @property
    def span(self):
        """The one span there is of a request."""
        (span,) = [span for span in self.spans.get_finished_spans() if span.kind is SpanKind.CLIENT]
        return span

    @property
    def metrics(self):
        """What was recorded, by the name of the metric: its points."""
        data = self.reader.get_metrics_data()
        found = {}
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                found |= {metric.name: (metric, list(metric.data.data_points)) for metric in scope.metrics}
        return found

    def everything(self):
        """All that would leave the process, as text."""
        spans = "".join(span.to_json() for span in self.spans.get_finished_spans())
        return f"{spans} {self.reader.get_metrics_data()!r}"


@pytest.fixture
def telemetry(monkeypatch):
    """Makes tracers and meters: `telemetry(**settings of the hooks)`."""
    monkeypatch.delenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", raising=False)
    made = []

    def make(**settings):
        made.append(Telemetry(**settings))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def watched(telemetry):
    return telemetry()


def test_the_span_of_a_streamed_answer(serve, at, watched):
    """Name, kind, attributes, times and the event of the first token are those of the conventions."""
    usage = chunk()
    usage |= {"choices": [], "usage": USAGE}
    script = event_stream(HELLO, Pause(0.1), FINISH, usage, "[DONE]")
    script[0] = script[0].replace(b"\r\n\r\n", b"\r\nx-request-id: req_1\r\n\r\n", 1)
    server = serve(script)
    before = time.time_ns()
    stream = watched.client.stream(
        at(server, id="m-0"),
        PROMPT,
        max_tokens=7,
        temperature=0.5,
        top_p=0.9,
        stop=["END"],
        seed=3,
        session_id="conversation-1",
        response_format="json",
    )
    list(stream)
    time.sleep(0.1)
    read = time.time_ns()
    span = watched.span
    first_chunk = span.attributes["gen_ai.response.time_to_first_chunk"]
    assert dict(span.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "custom",
        "gen_ai.request.model": "m-0",
        "gen_ai.request.max_tokens": 7,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.request.seed": 3,
        "gen_ai.request.stream": True,
        "gen_ai.output.type": "json",
        "gen_ai.conversation.id": "conversation-1",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.model": "m-1",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.time_to_first_chunk": first_chunk,
        "gen_ai.usage.input_tokens": 20,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 8,
        "gen_ai.usage.reasoning.output_tokens": 2,
        "server.address": "127.0.0.1",
        "server.port": server.port,
        "alchemy.request.id": "req_1",
    }
    assert (span.name, span.kind, span.status.status_code) == ("chat m-0", SpanKind.CLIENT, StatusCode.UNSET)
    (first,) = span.events
    assert first.name == "alchemy.first_event"
    assert before <= span.start_time <= first.timestamp < span.end_time <= read - 50_000_000
    assert span.end_time - first.timestamp > 50_000_000
    assert 0 < first_chunk < (span.end_time - span.start_time) / 1e9
    assert span.instrumentation_scope.name == "alchemy"


def test_the_span_of_each_protocol(serve, at, watched, wire):
    """Over every protocol a span has its model and its end; Google's calls the operation by a name of its own."""
    stream = watched.client.stream(at(serve(event_stream(*wire.text)), api=wire.api), PROMPT)
    stream.result()
    operation = "generate_content" if wire.api == "google-generative-ai" else "chat"
    span = watched.span
    assert span.name == f"{operation} m"
    assert span.attributes["gen_ai.operation.name"] == operation
    assert span.attributes["gen_ai.response.finish_reasons"] == ("stop",)


@pytest.mark.parametrize(
    ("provider", "name"), [("openai", "openai"), ("google", "gcp.gemini"), ("xai", "x_ai"), ("anthropic", "anthropic")]
)
def test_providers_have_the_names_of_the_conventions(serve, telemetry, provider, name):
    """Well-known providers are named as the conventions do, all others by their id."""
    watched = telemetry()
    model = alchemy.Model(id="m", provider=provider, api="openai-completions", base_url=serve().url)
    watched.client.complete(model, PROMPT)
    assert watched.span.attributes["gen_ai.provider.name"] == name


def test_the_table_of_providers_names_ours():
    """No entry of the table is for a provider that there is not."""
    assert set(PROVIDERS) <= set(alchemy.get_providers())


def test_metrics(serve, at, watched):
    """Duration, tokens and time to the first chunk are recorded with the conventions' names, units and buckets."""
    usage = chunk()
    usage |= {"choices": [], "usage": USAGE}
    server = serve(event_stream(*TEXT[:3], usage, "[DONE]"))
    watched.client.stream(at(server), PROMPT).result()
    shared = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "custom",
        "gen_ai.request.model": "m",
        "gen_ai.response.model": "m-1",
        "server.address": "127.0.0.1",
        "server.port": server.port,
    }
    metrics = watched.metrics
    assert {name: metric.unit for name, (metric, _) in metrics.items()} == {
        "gen_ai.client.operation.duration": "s",
        "gen_ai.client.token.usage": "{token}",
        "gen_ai.client.operation.time_to_first_chunk": "s",
    }
    (duration,) = metrics["gen_ai.client.operation.duration"][1]
    (first_chunk,) = metrics["gen_ai.client.operation.time_to_first_chunk"][1]
    assert dict(duration.attributes) == dict(first_chunk.attributes) == shared
    assert 0 < first_chunk.sum <= duration.sum < 10
    assert duration.explicit_bounds == first_chunk.explicit_bounds == BUCKETS["s"]
    tokens = {point.attributes["gen_ai.token.type"]: point for point in metrics["gen_ai.client.token.usage"][1]}
    assert {kind: point.sum for kind, point in tokens.items()} == {"input": 20, "output": 5}
    assert dict(tokens["input"].attributes) == {**shared, "gen_ai.token.type": "input"}
    assert tokens["input"].explicit_bounds == BUCKETS["{token}"]


def test_the_buckets_are_those_of_the_conventions():
    """The boundaries as the conventions list them."""
    seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
    assert list(BUCKETS["s"]) == seconds
    tokens = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]
    assert list(BUCKETS["{token}"]) == tokens


def test_what_is_not_streamed_has_no_first_chunk(serve, at, watched):
    """The time to the first chunk, and what else belongs to streams, is left out."""
    watched.client.complete(at(serve()), PROMPT)
    assert "gen_ai.client.operation.time_to_first_chunk" not in watched.metrics
    assert "gen_ai.client.token.usage" not in watched.metrics
    names = set(watched.span.attributes)
    assert not names & {"gen_ai.response.time_to_first_chunk", "gen_ai.request.stream", "gen_ai.usage.input_tokens"}
    assert watched.span.events == ()


def test_a_failure(serve, at, watched):
    """The status is ERROR, and the error's class, the HTTP status and the request id are told; its words are not."""
    server = serve(answer({"error": {"message": f"no: {PROMPT}"}}, 429, headers=[("x-request-id", "req_1")]))
    with pytest.raises(alchemy.RateLimitError):
        watched.client.complete(at(server), PROMPT)
    span = watched.span
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
    assert span.attributes["error.type"] == "RateLimitError"
    assert span.attributes["http.response.status_code"] == 429
    assert span.attributes["alchemy.request.id"] == "req_1"
    (duration,) = watched.metrics["gen_ai.client.operation.duration"][1]
    assert duration.attributes["error.type"] == "RateLimitError"
    assert PROMPT not in watched.everything()


def test_an_answer_that_breaks_off(serve, at, watched):
    """What is known of the answer is told with the failure."""
    with pytest.raises(alchemy.ResponseError):
        watched.client.stream(at(serve(event_stream(HELLO))), PROMPT).result()
    assert watched.span.attributes["error.type"] == "ResponseError"
    assert watched.span.attributes["gen_ai.response.id"] == "chatcmpl-1"
    assert watched.span.attributes["gen_ai.response.finish_reasons"] == ("error",)


@pytest.mark.parametrize("how", ["close", "drop", "collect", "cancel"])
def test_a_stream_that_is_given_up(serve, at, watched, how):
    """Closed, dropped, collected or cancelled: its span ends, with `AbortedError`."""
    model = at(serve(event_stream(HELLO, Stall())))

    async def cancelled():
        task = asyncio.create_task(watched.client.complete_async(model, PROMPT))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    if how == "cancel":
        run(cancelled())
    else:
        stream = watched.client.stream(model, PROMPT)
        next(iter(stream))
        if how == "close":
            stream.close()
        elif how == "collect":
            cycle = [stream]
            cycle.append(cycle)
            del cycle
        del stream
        gc.collect()
    ends = time.monotonic() + 5
    while not watched.spans.get_finished_spans() and time.monotonic() < ends:
        time.sleep(0.01)
    assert watched.span.status.status_code is StatusCode.ERROR
    assert watched.span.attributes["error.type"] == "AbortedError"


def test_the_parent_is_that_of_the_call(serve, at, watched):
    """Whichever task or thread reads the answer, its span belongs to the code that asked."""
    model = at(serve(event_stream(*TEXT)))

    def parents():
        spans = watched.spans.get_finished_spans()
        watched.spans.clear()
        names = {span.context.span_id: span.name for span in spans}
        return [
            names.get(span.parent.span_id) if span.parent else None for span in spans if span.kind is SpanKind.CLIENT
        ]

    # Read in another thread.
    with watched.tracer.start_as_current_span("asked"):
        stream = watched.client.stream(model, PROMPT)
    thread = threading.Thread(target=stream.result)
    thread.start()
    thread.join()
    assert parents() == ["asked"]

    # Read in another task, under a span of that task.
    async def read(stream):
        with watched.tracer.start_as_current_span("reads"):
            await stream.result_async()

    async def main():
        with watched.tracer.start_as_current_span("asked"):
            stream = watched.client.stream(model, PROMPT)
            await asyncio.create_task(read(stream))

    run(main())
    assert parents() == ["asked"]

    # Many tasks at once, each with its own.
    async def one(number):
        with watched.tracer.start_as_current_span(f"asked {number}"):
            await watched.client.stream(model, PROMPT).result_async()

    async def many():
        await asyncio.gather(*(one(number) for number in range(5)))

    run(many())
    assert sorted(parents()) == [f"asked {number}" for number in range(5)]
    watched.client.stream(model, PROMPT).result()
    assert parents() == [None]


def test_spans_are_not_current(serve, at, watched):
    """A stream that is open does not become the parent of what the program does besides."""
    stream = watched.client.stream(at(serve(event_stream(*TEXT))), PROMPT)
    with stream, watched.tracer.start_as_current_span("besides"):
        list(stream)
    (besides,) = [span for span in watched.spans.get_finished_spans() if span.name == "besides"]
    assert besides.parent is None


CONVERSATION = {
    "system_prompt": "Be private.",
    "messages": [
        {
            "role": "user",
            "content": [{"type": "text", "text": PROMPT}, {"type": "image", "url": "https://host/private"}],
        },
        {
            "role": "assistant",
            "content": [{"type": "tool_call", "id": "call-1", "name": "look", "arguments": {"at": "private"}}],
        },
        {"role": "tool_result", "tool_call_id": "call-1", "content": "a private result"},
    ],
}


def ask_privately(serve, at, watched):
    """Has a conversation of which every part is private, and gets a private answer with a tool call."""
    call = {"id": "call-2", "type": "function", "function": {"name": "look", "arguments": '{"at": "private"}'}}
    body = completion("a private answer \ud800", tool_calls=[call])
    body["choices"][0]["finish_reason"] = "tool_calls"
    return watched.client.complete(at(serve(answer(body))), CONVERSATION, headers={"x-team": "secret-team"})


def test_no_content_and_no_secret_by_default(serve, at, watched):
    """Neither the key, nor a header, nor any word of the conversation leaves the process."""
    ask_privately(serve, at, watched)
    told = watched.everything()
    assert "secret" not in told
    assert "private" not in told
    assert watched.span.attributes["gen_ai.response.finish_reasons"] == ("tool_call",)


def content(span):
    """The attributes of a span that hold content, read."""
    names = ("gen_ai.system_instructions", "gen_ai.input.messages", "gen_ai.output.messages")
    return [json.loads(span.attributes[name]) for name in names]


def test_content_on_request(serve, at, telemetry):
    """With `capture_content` the conversation and the answer are there in the conventions' form; keys are not."""
    watched = telemetry(capture_content=True)
    ask_privately(serve, at, watched)
    call = {"type": "tool_call", "name": "look", "arguments": {"at": "private"}}
    assert content(watched.span) == [
        [{"type": "text", "content": "Be private."}],
        [
            {
                "role": "user",
                "parts": [
                    {"type": "text", "content": PROMPT},
                    {"type": "uri", "modality": "image", "uri": "https://host/private"},
                ],
            },
            {"role": "assistant", "parts": [{**call, "id": "call-1"}]},
            {
                "role": "tool",
                "parts": [{"type": "tool_call_response", "id": "call-1", "response": "a private result"}],
            },
        ],
        [
            {
                "role": "assistant",
                "parts": [{"type": "text", "content": "a private answer \ufffd"}, {**call, "id": "call-2"}],
                "finish_reason": "tool_call",
            }
        ],
    ]
    assert "secret" not in watched.everything()


@pytest.mark.parametrize(
    ("value", "captured"),
    [
        ("true", True),
        ("SPAN_ONLY", True),
        ("span_and_event", True),
        ("false", False),
        ("EVENT_ONLY", False),
        ("", False),
    ],
)
def test_content_by_the_environment(serve, at, telemetry, monkeypatch, value, captured):  # noqa: PLR0917
    """The variable that all instrumentations of generative AI read is honoured; the argument wins over it."""
    assert not telemetry().hooks._capture_content
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", value)
    for settings, expected in (({}, captured), ({"capture_content": not captured}, not captured)):
        watched = telemetry(**settings)
        watched.client.complete(at(serve()), PROMPT)
        assert ("gen_ai.input.messages" in watched.span.attributes) is expected


@pytest.mark.parametrize(
    "context",
    [
        "hi",
        [{"role": "user", "content": "hi"}],
        (alchemy.UserMessage(content="hi"),),
        alchemy.Context(messages=(alchemy.UserMessage(content=(alchemy.Text(text="hi"),)),)),
        {"messages": [alchemy.UserMessage(content="hi")]},
    ],
    ids=["str", "dictionaries", "messages", "context", "dictionary"],
)
def test_content_of_every_form_of_a_conversation(serve, at, telemetry, context):
    """However the conversation is given, it is told in one form."""
    watched = telemetry(capture_content=True)
    watched.client.complete(at(serve()), context)
    expected = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
    assert json.loads(watched.span.attributes["gen_ai.input.messages"]) == expected


def test_content_of_every_kind_of_block():
    """Each block has a part, and the bytes of none are told."""
    from alchemy._opentelemetry_content import received

    blocks = [
        alchemy.Thinking(thinking="hm"),
        alchemy.Image(data=b"12345", mime_type="image/png"),
        alchemy.Document(file_id="file-1"),
        alchemy.Audio(url="https://host/a"),
        alchemy.Opaque(api="openai-responses", kind="web_search_call", data={"secret": 1}, text="searched"),
        alchemy.ToolCall(id="1", name="f", raw_arguments='{"a', state="truncated"),
    ]
    (message,) = json.loads(received(alchemy.AssistantMessage(content=blocks))["gen_ai.output.messages"])
    assert message["parts"] == [
        {"type": "reasoning", "content": "hm"},
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "", "bytes": 5},
        {"type": "file", "modality": "document", "file_id": "file-1"},
        {"type": "uri", "modality": "audio", "uri": "https://host/a"},
        {"type": "web_search_call", "content": "searched"},
        {"type": "tool_call", "id": "1", "name": "f", "arguments": '{"a'},
    ]


def test_instrument_traces_every_client(serve, at, telemetry):
    """The module's verbs and all clients are traced, each request once, until it is taken back."""
    first, second = telemetry(), telemetry()
    server = serve()
    try:
        for watched in (first, second):
            made = alchemy.opentelemetry.instrument(watched.tracer_provider, watched.meter_provider)
            assert isinstance(made, OpenTelemetryHooks)
        alchemy.complete(at(server), PROMPT)
        with alchemy.Client() as client:
            client.complete(at(server), PROMPT)
    finally:
        alchemy.opentelemetry.uninstrument()
    alchemy.complete(at(server), PROMPT)
    assert first.spans.get_finished_spans() == ()
    assert len(second.spans.get_finished_spans()) == 2


def test_without_opentelemetry_the_error_says_what_to_install(monkeypatch):
    """Where the extra is not installed, one line says how to."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "alchemy.opentelemetry")
    with pytest.raises(ImportError, match=r"pip install 'alchemy-llm\[otel\]'"):
        importlib.import_module("alchemy.opentelemetry")


def test_a_text_is_no_answer_to_whether_content_is_captured(telemetry):
    """`capture_content="false"` would be true: it is refused."""
    with pytest.raises(TypeError, match="capture_content"):
        telemetry(capture_content="false")
