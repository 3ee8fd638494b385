"""The benchmarks' provider gives whole and correct streams over every protocol, and keeps to their times."""

import asyncio
import json
import socket
import ssl
import time
from itertools import cycle, islice

import alchemy
import pytest

# The first test waits for the programs to be built.
pytestmark = pytest.mark.timeout(600)

WORDS = [" the", " quick", " brown", " fox", " jumps", " over", ",", " a", " lazy", " dog", ".", "\n"]
WORDS += [" über", " café", ' "so"', " understanding"]
HELLO = "Hello! How can I help you today?"
PATHS = {
    "openai-completions": "/v1",
    "openai-responses": "/v1",
    "anthropic-messages": "/v1",
    "google-generative-ai": "/v1beta",
}
ROUTES = {
    "openai-completions": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic-messages": "/v1/messages",
    "google-generative-ai": "/v1beta/models/{}:streamGenerateContent?alt=sse",
}
MILLISECOND = 1_000_000


@pytest.fixture(params=PATHS)
def api(request):
    """Each wire protocol in turn."""
    return request.param


@pytest.fixture(params=["plain", "tls", "http2"])
def way(request, provider):
    """Each way to the provider in turn: its address and the client's settings."""
    if request.param == "plain":
        return f"http://127.0.0.1:{provider.port}", {}
    return f"https://127.0.0.1:{provider.tls}", {"ca_file": provider.ca_file, "http2": request.param == "http2"}


@pytest.fixture(params=["sync", "async"])
def read(request, api, way):
    """Reads the stream of a model: its events."""
    address, settings = way

    def model(name):
        return alchemy.Model(id=name, api=api, base_url=address + PATHS[api])

    def sync(name):
        with alchemy.Client(api_keys={"custom": "k"}, retries=0, **settings) as client:
            return list(client.stream(model(name), "hi"))

    async def asynchronous(name):
        async with alchemy.Client(api_keys={"custom": "k"}, retries=0, **settings) as client:
            return [event async for event in client.stream(model(name), "hi")]

    return sync if request.param == "sync" else lambda name: asyncio.run(asynchronous(name))


def texts(events):
    return [event.delta for event in events if isinstance(event, alchemy.TextDelta)]


def last(events):
    assert isinstance(events[-1], alchemy.Done)
    return events[-1].message


def test_a_burst_is_whole(read):
    """Each delta of `events-N` is an event of its own, and the end says why and how many."""
    events = read("events-40")
    expected = list(islice(cycle(WORDS), 40))
    assert texts(events) == expected
    message = last(events)
    assert message.text == "".join(expected)
    assert message.stop_reason == "stop"
    assert message.usage.output == 40


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_paced_stream_says_its_times(read, count):
    """The deltas of `paced-N-MS` come one by one, none before its time, which lie exactly MS apart."""
    events = read(f"paced-{count}-3")
    now = time.monotonic_ns()
    said = texts(events)
    times = [int(text) for text in said]
    assert [f" {due:019}" for due in times] == said
    assert times == [times[0] + step * 3 * MILLISECOND for step in range(count)] if count else not times
    assert all(due < now for due in times)
    message = last(events)
    assert message.text == "".join(said)
    assert message.stop_reason == "stop"
    assert message.usage.output == count


@pytest.mark.parametrize(("size", "step"), [(39, 5), (1_000, 8), (2_001, 333)])
def test_a_call_is_whole(read, api, size, step):
    """The arguments of `calls-BYTES-STEP` have so many bytes, come STEP at a time, and are JSON."""
    events = read(f"calls-{size}-{step}")
    message = last(events)
    (call,) = message.tool_calls
    assert message.stop_reason == "tool_use"
    assert (call.name, call.state, len(call.raw_arguments)) == ("write_file", "complete", size)
    assert call.arguments == json.loads(call.raw_arguments)
    assert call.arguments["path"] == "notes/report.md"
    deltas = [event.delta for event in events if isinstance(event, alchemy.ToolCallDelta)]
    assert "".join(deltas) == call.raw_arguments
    if api != "google-generative-ai":
        assert [len(delta) for delta in deltas] == [step] * (size // step) + [size % step] * (size % step > 0)
    else:
        # Google sends values, of which alchemy makes JSON again; a piece has so many characters before it is escaped.
        assert len(deltas) >= len(call.arguments["content"]) / step


def test_an_answer_that_is_not_streamed(api, way):
    """Any model's answer without a stream is the same sentence."""
    address, settings = way
    model = alchemy.Model(id="any", api=api, base_url=address + PATHS[api])
    with alchemy.Client(api_keys={"custom": "k"}, retries=0, **settings) as client:
        for message in (client.complete(model, "hi"), asyncio.run(client.complete_async(model, "hi"))):
            assert message.text == HELLO
            assert message.stop_reason == "stop"
            assert message.usage.output == 10


@pytest.mark.parametrize(("http2", "connections"), [(False, 20), (True, 1)])
def test_streams_share_a_connection_where_http2_is_allowed(provider, http2, connections):
    """After a first request, twenty paced streams at once take twenty connections, and over HTTP/2 still one."""
    model = alchemy.Model(id="paced-20-20", base_url=f"https://127.0.0.1:{provider.tls}/v1")
    provider.reset()

    async def ask():
        async with alchemy.Client(api_keys={"custom": "k"}, retries=0, ca_file=provider.ca_file, http2=http2) as client:
            await client.complete_async(model, "hi")
            return await asyncio.gather(*(client.stream(model, "hi").result_async() for _ in range(20)))

    messages = asyncio.run(ask())
    assert [len(message.text) for message in messages] == [400] * 20
    # The question itself comes over a connection, too.
    assert provider.stats()["connections"] == connections + 1


@pytest.mark.parametrize("model", ["events-30", "calls-200-9", "paced-6-10"])
def test_each_event_is_an_http_chunk(provider, api, model):
    """Over HTTP/1.1 a chunk of the body holds one event, from its first byte to the blank line after it."""
    body = json.dumps({"model": model, "stream": True})
    with socket.create_connection(("127.0.0.1", provider.port), timeout=30) as link:
        head = f"POST {ROUTES[api].format(model)} HTTP/1.1\r\nhost: h\r\ncontent-length: {len(body)}\r\n\r\n"
        link.sendall((head + body).encode())
        answer = link.makefile("rb")
        while answer.readline() != b"\r\n":
            pass
        chunks = 0
        while size := int(answer.readline(), 16):
            event = answer.read(size).replace(b"\r\n", b"\n")
            assert answer.readline() == b"\r\n"
            assert event.startswith((b"data: ", b"event: "))
            assert event.endswith(b"\n\n")
            assert event.count(b"\n\n") == event.count(b"data: ") == 1
            chunks += 1
        assert answer.readline() == b"\r\n"
        answer.close()
    assert chunks > 6


@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
def test_python_trusts_the_certificate(provider, protocol):
    """OpenSSL, through which most peers speak, takes the certificate at its strictest, and either version of HTTP."""
    context = ssl.create_default_context(cafile=provider.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols([protocol])
    for name in ("127.0.0.1", "localhost"):
        with (
            socket.create_connection(("127.0.0.1", provider.tls), timeout=30) as raw,
            context.wrap_socket(raw, server_hostname=name) as link,
        ):
            assert link.selected_alpn_protocol() == protocol


def test_a_client_that_leaves_ends_its_stream_alone(provider):
    """Of two paced streams one is left: the other is whole, and the provider goes on."""
    model = alchemy.Model(id="paced-20-5", base_url=f"http://127.0.0.1:{provider.port}/v1")
    with alchemy.Client(api_keys={"custom": "k"}, retries=0) as client:
        other = client.stream(model, "hi")
        with client.stream(model, "hi") as left:
            next(iter(left))
        assert len(texts(list(other))) == 20
    assert provider.ask("GET", "/stats")[0] == 200


def test_stats_count_what_was_written_since_the_reset(provider):
    """`/stats` has the streams, the deltas and the lateness since `/stats/reset`, and CPU time that only grows."""
    cpu = provider.stats()["cpu_seconds"]
    provider.reset()
    assert provider.stats()["late_ms"] == {"p50": None, "p99": None, "max": None}
    for model in ("paced-7-2", "events-50"):
        body = json.dumps({"model": model, "stream": True, "messages": []})
        assert provider.ask("POST", "/v1/chat/completions", body)[1].endswith("data: [DONE]\n\n")
    stats = provider.stats()
    assert (stats["streams"], stats["events"]) == (2, 57)
    assert 0 <= stats["late_ms"]["p50"] <= stats["late_ms"]["p99"] <= stats["late_ms"]["max"]
    assert stats["cpu_seconds"] >= cpu


@pytest.mark.parametrize(
    ("request_line", "model", "status", "words"),
    [
        ("POST /v1/chat/completions", "paced-7", 400, "write paced-<events>-<milliseconds>"),
        ("POST /v1/chat/completions", "calls-7-7", 400, "write calls-<bytes>-<step>"),
        ("POST /v1/chat/completions", "events-3000000", 400, "more than 2000000"),
        ("POST /v1/embeddings", "any", 404, "benches/loopback/README.md"),
        ("GET /v1/responses", "any", 404, "benches/loopback/README.md"),
    ],
)
def test_what_is_not_served_is_refused(provider, request_line, model, status, words):
    """A path or a model's name that makes no sense is refused with a reason."""
    got, body = provider.ask(*request_line.split(), json.dumps({"model": model, "stream": True}))
    assert got == status
    assert words in json.loads(body)["error"]["message"]
