"""What is sent: addresses, headers, options, and what is refused before sending."""

import json
import math

import alchemy
import pytest
from servers import answer, completion, event_stream

KEY = "sk-very-secret-0123456789"


@pytest.fixture
def sent(serve, at, request):
    """Sends one request and gives it back: `sent("hello", max_tokens=5)`."""
    whole = request.getfixturevalue("wire").whole if "wire" in request.fixturenames else completion()

    def send(context="hello", *, fields=None, **options):
        server = serve(answer(whole))
        alchemy.complete(at(server, **(fields or {})), context, **{"api_key": KEY, **options})
        return server.requests[0]

    return send


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("form", ["host", "version", "full path"])
def test_addresses_of_every_form_work(serve, at, wire, form, slash):
    """A base URL may stop at the host, at the version or at the full path, for whole answers and streams."""
    server = serve(answer(wire.whole), event_stream(*wire.text))
    path = {"host": "", "version": "/" + wire.url.split("/")[1], "full path": wire.whole_url}[form] + slash
    model = at(server.url + path)
    alchemy.complete(model, "hello", api_key=KEY)
    assert server.requests[0].path == wire.whole_url
    assert server.requests[0].method == "POST"
    if form == "full path" and wire.url != wire.whole_url:
        model = at(server.url + wire.url)
    alchemy.stream(model, "hello", api_key=KEY).result()
    assert server.requests[1].path == wire.url


PATHS_KEPT = {
    "openai-completions": {"/api": "/api/chat/completions", "/api/v4": "/api/v4/chat/completions"},
    "openai-responses": {"/api": "/api/responses", "/api/v4": "/api/v4/responses"},
    "anthropic-messages": {"/api": "/api/v1/messages", "/api/v1": "/api/v1/messages"},
    "google-generative-ai": {
        "/api": "/api/v1beta/models/m:generateContent",
        "/api/v1": "/api/v1/models/m:generateContent",
    },
}


def test_a_path_of_its_own_is_kept(serve, at, wire):
    """A base URL with a path is kept; a protocol whose own clients add the version to it gets it there too."""
    server = serve(answer(wire.whole))
    for path in PATHS_KEPT[wire.api]:
        alchemy.complete(at(server.url + path), "hello", api_key=KEY)
    assert [request.path for request in server.requests] == list(PATHS_KEPT[wire.api].values())


@pytest.mark.parametrize("query", ["?api-version=1", "/v1?api-version=1"])
def test_a_query_of_its_own_is_kept(serve, at, query):
    """A query in a base URL goes along."""
    server = serve()
    alchemy.complete(at(server.url + query), "hello", api_key=KEY)
    assert server.requests[0].path == "/v1/chat/completions?api-version=1"


def test_base_url_of_the_call_wins(serve, at):
    """`base_url=` of the call is used in place of the model's."""
    server = serve()
    alchemy.complete(at("http://127.0.0.1:9"), "hello", api_key=KEY, base_url=server.url)
    assert len(server.requests) == 1


KEY_HEADERS = {
    "openai-completions": {"authorization": f"Bearer {KEY}"},
    "openai-responses": {"authorization": f"Bearer {KEY}"},
    "anthropic-messages": {"x-api-key": KEY, "anthropic-version": "2023-06-01"},
    "google-generative-ai": {"x-goog-api-key": KEY},
}


def test_headers(sent, wire):
    """The key is in the protocol's own header, never in the address; the request says who sends it."""
    request = sent()
    own = set().union(*KEY_HEADERS.values())
    assert {name: value for name, value in request.headers.items() if name in own} == KEY_HEADERS[wire.api]
    assert KEY not in request.path
    assert KEY.encode() not in request.body
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith(f"alchemy-llm/{alchemy.__version__}")
    assert "gzip" in request.headers["accept-encoding"]


def test_headers_of_the_caller(sent, wire):
    """Headers are added, replace defaults, and None removes them."""
    (name, *_) = KEY_HEADERS[wire.api]
    request = sent(headers={"X-Mine": "1", "user-agent": "me", name.title(): None})
    assert (request.headers["x-mine"], request.headers["user-agent"]) == ("1", "me")
    assert name not in request.headers


def test_headers_of_the_model(sent, wire):
    """Headers of the model are sent, and those of the call win."""
    request = sent(fields={"headers": {"x-a": "model", "x-b": "model"}}, headers={"X-B": "call"})
    assert (request.headers["x-a"], request.headers["x-b"]) == ("model", "call")


def test_extra_body_is_merged_key_by_key(sent, wire):
    """`extra_body` adds keys, and its objects are merged into those of the request."""
    body = sent(extra_body={"generationConfig": {"topK": 7}, "own": 1}, max_tokens=5).json
    assert (body["own"], body["generationConfig"]["topK"]) == (1, 7)
    if wire.api == "google-generative-ai":
        assert body["generationConfig"]["maxOutputTokens"] == 5


def test_extra_body_is_merged_last(sent):
    """`extra_body` wins over the options."""
    body = sent(temperature=0.5, extra_body={"temperature": 1, "top_k": 7}).json
    assert (body["temperature"], body["top_k"]) == (1, 7)


def test_unset_options_are_not_sent(sent):
    """A bare request has the model and the messages alone."""
    body = sent().json
    assert body.keys() <= {"model", "messages", "stream"}
    assert body["model"] == "m"
    assert body["messages"] == [{"role": "user", "content": "hello"}]


def test_options_appear_on_the_wire(sent):
    """Each option has its place in the body."""
    tool = alchemy.Tool(name="clock", description="The time.", parameters={"type": "object"}, strict=True)
    body = sent(
        max_tokens=5,
        temperature=0.5,
        top_p=0.9,
        stop=["END"],
        seed=7,
        tools=[tool],
        tool_choice="required",
        parallel_tool_calls=False,
        response_format="json",
    ).json
    assert 5 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert (body["temperature"], body["top_p"], body["stop"], body["seed"]) == (0.5, 0.9, ["END"], 7)
    function = body["tools"][0]["function"]
    assert (function["name"], function["description"], function["strict"]) == ("clock", "The time.", True)
    assert body["tools"][0]["type"] == "function"
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("required", False)
    assert body["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("level", ["minimal", "low", "medium", "high", "xhigh"])
def test_reasoning_levels(sent, level):
    """A reasoning level is sent as the effort of the same name."""
    assert sent(fields={"reasoning": True}, reasoning=level).json["reasoning_effort"] == level


def test_a_tool_choice_by_name(sent):
    """A tool is named as the protocol wants it."""
    body = sent(tools=[alchemy.Tool(name="clock")], tool_choice=alchemy.ToolChoice(mode="tool", name="clock")).json
    assert body["tool_choice"] == {"type": "function", "function": {"name": "clock"}}


def test_a_schema_as_response_format(sent):
    """A JSON Schema is sent as the protocol's own form."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    sent_format = sent(response_format=schema).json["response_format"]
    assert sent_format["type"] == "json_schema"
    assert sent_format["json_schema"]["schema"] == schema


def test_a_conversation(sent):
    """System prompt, turns, calls and results are sent in order, with what ties them together."""
    context = alchemy.Context(
        system_prompt="Be brief.",
        messages=[
            alchemy.UserMessage(content="What time is it?"),
            alchemy.AssistantMessage(
                content=[
                    alchemy.Text(text="One moment."),
                    alchemy.ToolCall(id="call_1", name="clock", arguments={}, raw_arguments="{}"),
                ]
            ),
            alchemy.ToolResultMessage(tool_call_id="call_1", content="12:00"),
        ],
    )
    messages = sent(context).json["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "tool"]
    assert messages[0]["content"] == "Be brief."
    call = messages[2]["tool_calls"][0]
    assert (call["id"], call["function"]) == ("call_1", {"name": "clock", "arguments": "{}"})
    assert (messages[3]["tool_call_id"], messages[3]["content"]) == ("call_1", "12:00")


def test_dictionaries_are_messages_too(sent):
    """A list of dictionaries of the same shape is a context."""
    messages = sent([{"role": "user", "content": [{"type": "text", "text": "hello"}]}]).json["messages"]
    assert messages[0]["role"] == "user"


MESSAGES = [{"role": "user", "content": "hello"}] * 3


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ({"role": "user", "content": [{"type": "text", "text": 7}]}, "messages[3].content[0].text"),
        (
            {"role": "user", "content": [{"type": "text", "text": "a", "colour": "red"}]},
            "messages[3].content[0].colour",
        ),
        ({"role": "user", "content": [{"type": "smell"}]}, "messages[3].content[0].type"),
        ({"role": "nobody", "content": "a"}, "messages[3].role"),
        ({"role": "user"}, "messages[3].content"),
        ({"role": "tool_result", "content": "a"}, "messages[3].tool_call_id"),
    ],
)
def test_wrong_shapes_name_their_place(serve, at, message, path):
    """A message of the wrong shape is refused before anything is sent, with its path."""
    server = serve()
    with pytest.raises(alchemy.InvalidRequestError) as caught:
        alchemy.complete(at(server), [*MESSAGES, message], api_key=KEY)
    assert caught.value.path == path
    assert path in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert not server.connections


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"reasoning": "extreme"}, "reasoning"),
        ({"tool_choice": "sometimes"}, "tool_choice"),
        ({"temperature": math.nan}, "temperature"),
    ],
)
def test_wrong_options_are_refused(serve, at, options, word):
    """An option of the wrong kind is refused at the call, by its name."""
    server = serve()
    with pytest.raises((alchemy.InvalidRequestError, TypeError), match=word):
        alchemy.stream(at(server), "hello", api_key=KEY, **options)
    assert not server.connections


def test_an_unknown_option_is_a_type_error(at):
    """An option that does not exist is refused as Python refuses it."""
    with pytest.raises(TypeError):
        alchemy.stream(at("http://127.0.0.1:9"), "hello", temprature=1)


def test_a_lone_surrogate_is_replaced(sent, wire):
    """A lone surrogate in a prompt is sent as U+FFFD."""
    assert "a\ufffdb" in json.dumps(sent("a\ud83db").json, ensure_ascii=False)


def arguments_sent(request) -> str:
    return request.json["messages"][-2]["tool_calls"][0]["function"]["arguments"]


def calling(**call):
    return [
        alchemy.UserMessage(content="hello"),
        alchemy.AssistantMessage(content=[alchemy.ToolCall(id="c", name="f", **call)]),
        alchemy.ToolResultMessage(tool_call_id="c", content="1"),
    ]


def test_a_big_integer_in_arguments_is_kept(sent):
    """Integers beyond 64 bits keep every digit on the wire."""
    big = 2**80 + 1
    assert json.loads(arguments_sent(sent(calling(arguments={"id": big})))) == {"id": big}
    raw = json.dumps({"id": big})
    assert arguments_sent(sent(calling(arguments={"id": big}, raw_arguments=raw))) == raw


def test_a_big_integer_in_extra_body_is_kept(sent):
    """Integers beyond 64 bits in `extra_body` keep every digit."""
    assert sent(extra_body={"id": -(2**70)}).json["id"] == -(2**70)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nan_in_arguments_is_refused(at, value):
    """NaN and infinities are no JSON: refused, with the path."""
    with pytest.raises(alchemy.InvalidRequestError) as caught:
        alchemy.stream(at("http://127.0.0.1:9"), calling(arguments={"a": [value]}), api_key=KEY)
    assert caught.value.path.startswith("messages[1].content[0].arguments")


def test_no_key(at, monkeypatch):
    """Without a key the error names the variable to set."""
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    with pytest.raises(alchemy.MissingKeyError, match="GROQ_API_KEY"):
        alchemy.stream(at("http://127.0.0.1:9", provider="groq"), "hello")


PROVIDERS = {
    "openai-completions": "groq",
    "openai-responses": "openai",
    "anthropic-messages": "anthropic",
    "google-generative-ai": "google",
}


def test_a_header_may_say_who_asks(sent, wire, monkeypatch):
    """An `authorization` header of the caller stands in for the key, over each protocol."""
    for name in ("GROQ", "OPENAI", "ANTHROPIC", "GEMINI", "GOOGLE"):
        monkeypatch.delenv(f"{name}_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_OAUTH_TOKEN", raising=False)
    fields = {"provider": PROVIDERS[wire.api]}
    with pytest.raises(alchemy.MissingKeyError):
        sent(fields=fields, api_key=None)
    assert (
        sent(fields=fields, api_key=None, headers={"Authorization": "Bearer t"}).headers["authorization"] == "Bearer t"
    )


def test_the_key_of_the_environment(serve, at, monkeypatch):
    """The key is read from the environment at each call."""
    server = serve()
    for key in ("first", "second"):
        monkeypatch.setenv("GROQ_API_KEY", key)
        alchemy.complete(at(server, provider="groq"), "hello")
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer first", "Bearer second"]


def test_no_key_is_needed_for_a_server_of_ones_own(sent, wire):
    """A model without a provider needs no key, and none is sent."""
    (name, *_) = KEY_HEADERS[wire.api]
    assert name not in sent(api_key=None).headers


def test_an_unknown_model_names_the_nearest():
    """An unknown model of a known provider raises with ids that exist, and with the way out."""
    with pytest.raises(alchemy.ModelNotFoundError, match=r"groq/llama-3\.3-70b-versatile"):
        alchemy.stream("groq/llama-3.3-70b-versatil", "hello")
    assert alchemy.get_model("groq/brand-new", allow_unknown=True).id == "brand-new"


def test_an_unknown_provider():
    """An unknown provider raises as well."""
    with pytest.raises(alchemy.ModelNotFoundError):
        alchemy.get_model("nobody/nothing")


def test_the_key_is_in_no_repr(serve, at):
    """The key is in no repr of what it was given to."""
    server = serve()
    client = alchemy.Client(api_keys={"custom": KEY}, options={"api_key": KEY})
    stream = client.stream(at(server), "hello")
    assert KEY not in repr(client) + repr(stream) + repr(alchemy.Options(api_key=KEY))
    stream.close()
    client.close()


def test_strict_turns_notices_into_an_error(at, wire):
    """With `strict` what cannot be honoured is an error at the call; without it, a notice."""
    model = at("http://127.0.0.1:9")
    assistant = alchemy.AssistantMessage(
        content=[alchemy.Opaque(api="another-protocol", kind="thing", data={}), alchemy.Text(text="a")]
    )
    context = [alchemy.UserMessage(content="a"), assistant, alchemy.UserMessage(content="b")]
    with pytest.raises(alchemy.UnsupportedOptionError) as caught:
        alchemy.stream(model, context, api_key=KEY, strict=True)
    assert caught.value.notices


def test_notices_are_on_start_and_on_the_message(serve, at, stream_of, wire, caplog):
    """What could not be honoured is on `Start`, on the message, and in one log warning for each request."""
    server = serve(answer(wire.whole), event_stream(*wire.text))
    assistant = alchemy.AssistantMessage(
        content=[alchemy.Opaque(api="another-protocol", kind="thing", data={}), alchemy.Text(text="a")]
    )
    context = [alchemy.UserMessage(content="a"), assistant, alchemy.UserMessage(content="b")]
    message = alchemy.complete(at(server), context, api_key=KEY)
    assert [notice.path for notice in message.notices] == ["messages[1].content[0]"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    start, *_, done = stream_of(server, context)
    assert start.notices == done.message.notices == message.notices
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2


@pytest.mark.parametrize(
    ("context", "options", "path"),
    [
        (b"hello", {}, "context"),
        ([{"role": "user", "content": b"hello"}], {}, "messages[0].content"),
        ("hello", {"api_key": b"key"}, "options.api_key"),
        ("hello", {"max_tokens": "x" * 100_000}, "options.max_tokens"),
    ],
)
def test_what_is_no_text_is_refused(at, context, options, path):
    """Bytes where text belongs are refused with their place, and a wrong value is not repeated at length."""
    with pytest.raises(alchemy.InvalidRequestError) as caught:
        alchemy.complete(at("http://127.0.0.1:9"), context, **options)
    assert caught.value.path == path
    assert len(str(caught.value)) < 200


def test_a_protocol_that_the_provider_does_not_speak_is_refused():
    """The error names those that it speaks; an address of the caller's own is taken at its word."""
    with pytest.raises(alchemy.InvalidRequestError) as caught:
        alchemy.complete("groq/llama-3.3-70b-versatile", "hello", api="google-generative-ai", api_key=KEY)
    assert 'groq is not known to speak google-generative-ai; pass api="openai-completions"' in str(caught.value)
    with pytest.raises(alchemy.InvalidRequestError, match="local is not known to speak google-generative-ai"):
        alchemy.complete("local/smollm2-135m", "hello", api="google-generative-ai")
    with pytest.raises(alchemy.ApiConnectionError):
        alchemy.complete(
            "groq/llama-3.3-70b-versatile",
            "hello",
            api="google-generative-ai",
            api_key=KEY,
            base_url="http://127.0.0.1:9",
        )
