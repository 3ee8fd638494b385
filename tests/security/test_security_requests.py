"""What goes out is what was meant: no injected header, no other path or host, nothing fetched on the side."""

import contextlib

import alchemy
import pytest
from servers import answer, completion

KEY = "sk-very-secret-0123456789"
BREAKS = ["a\r\nx-evil: 1", "a\nx-evil: 1", "a\rx-evil: 1", "a\0", "a\x0bb", "a\x7f", "é", "漢字", "\u0665"]


def evil(server) -> list:
    """Requests that hold what nobody meant to send."""
    return [request for request in server.requests if "x-evil" in request.headers]


@pytest.mark.parametrize("text", BREAKS)
@pytest.mark.parametrize("place", ["value", "name", "model", "authorization"])
def test_no_header_is_injected(serve, at, wire, place, text):
    """Line breaks, control characters and letters beyond ASCII are refused in names and values of headers."""
    server = serve()
    given = {
        "value": {"headers": {"x-mine": text}},
        "name": {"headers": {text: "1"}},
        "authorization": {"headers": {"authorization": f"Bearer {text}"}},
    }.get(place, {})
    model = at(server, headers={"x-mine": text} if place == "model" else {})
    for ask in (alchemy.stream, alchemy.complete):
        with pytest.raises(alchemy.InvalidRequestError, match="header") as caught:
            ask(model, "hello", api_key=KEY, **given)
        assert caught.value.path.startswith("headers")
        assert "\n" not in str(caught.value)
        assert "x-evil" not in str(caught.value)
    assert not server.connections


PLACES = {
    "session_id": lambda text: {"session_id": text},
    "user_id": lambda text: {"metadata": {"user_id": text}},
    "metadata": lambda text: {"metadata": {text: text}},
    "service_tier": lambda text: {"service_tier": text},
    "stop": lambda text: {"stop": [text]},
    "extra_body": lambda text: {"extra_body": {text: text}},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("provider", ["xai", "fireworks", "openai"])
def test_no_option_becomes_a_header(serve, at, wire, place, provider):
    """Line breaks in any option stay in the body's JSON, or are left out with a notice."""
    server = serve(answer(wire.whole))
    for text in BREAKS:
        alchemy.complete(at(server, provider=provider), "hello", api_key=KEY, **PLACES[place](text))
    assert len(server.requests) == len(BREAKS)
    assert not evil(server)
    assert all(isinstance(request.json, dict) for request in server.requests)


@pytest.mark.parametrize("name", ["fireworks", "xai"])
def test_a_session_that_goes_into_a_header_is_plain(serve, at, name):
    """Where the session's name is a header, what a header cannot carry is left out with a notice."""
    server = serve()
    alchemy.complete(at(server, provider=name), "hello", api_key=KEY, session_id="plain one")
    message = alchemy.complete(at(server, provider=name), "hello", api_key=KEY, session_id=BREAKS[0])
    (header,) = {"x-grok-conv-id", "x-session-affinity"} & set(server.requests[0].headers)
    assert server.requests[0].headers[header] == "plain one"
    assert header not in server.requests[1].headers
    assert [notice.path for notice in message.notices] == ["options.session_id"]


CONNECTION = [
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Expect",
    "Host",
    "Keep-Alive",
    "Proxy-Authorization",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
]


@pytest.mark.parametrize("name", CONNECTION)
@pytest.mark.parametrize("value", ["5", "chunked", None])
def test_headers_of_the_connection_are_refused(serve, at, wire, name, value):
    """Who sets them could have one request read as two; they are refused by their name, from the model as well."""
    server = serve()
    with pytest.raises(alchemy.InvalidRequestError, match=name.lower()) as caught:
        alchemy.complete(at(server), "hello", api_key=KEY, headers={name: value})
    assert caught.value.path == f"headers.{name.lower()}"
    if value:
        with pytest.raises(alchemy.InvalidRequestError, match=name.lower()):
            alchemy.complete(at(server, headers={name: value}), "hello", api_key=KEY)
    assert not server.connections


MODELS = [
    "../../admin",
    "..",
    ".",
    "a?b=c&key=d",
    "a#b",
    "a%2f..%2fb",
    "a/../../b",
    "a b\r\nx-evil: 1",
    "a\\..\\b",
    "models/../../x",
    "tunedModels/../../x",
    "//evil.example/x",
    "@evil.example",
    "https://evil.example/x",
    "a:generateContent?x=",
    "\0",
    "漢字",
]


@pytest.mark.parametrize("model", MODELS)
def test_a_model_id_changes_no_address(serve, at, wire, model):
    """Whatever is in a model's id, it is a part of the path where the protocol has it there, and stays in its place."""
    server = serve(answer(wire.whole))
    alchemy.complete(at(f"{server.url}/gateway/v1beta", id=model), "hello", api_key=KEY)
    (request,) = server.requests
    assert not evil(server)
    if wire.api != "google-generative-ai":
        assert request.json["model"] == model
        assert request.path.startswith("/gateway/v1beta/")
        assert "?" not in request.path
        return
    collection = "tunedModels" if model.startswith("tunedModels/") else "models"
    prefix = f"/gateway/v1beta/{collection}/"
    assert request.path.startswith(prefix)
    name = request.path.removeprefix(prefix)
    assert name.endswith(":generateContent")
    assert not set(name.removesuffix(":generateContent")) & set("/?#\\ :@\r\n\0")


def test_a_model_id_without_end_is_refused(serve, at, wire):
    """An id that makes the address longer than servers take is refused by its name; in a body it is sent."""
    server = serve(answer(wire.whole))
    model = at(server, id="m" * 100_000)
    if wire.api == "google-generative-ai":
        with pytest.raises(alchemy.InvalidRequestError) as caught:
            alchemy.complete(model, "hello", api_key=KEY)
        assert caught.value.path == "model.id"
        assert len(str(caught.value)) < 300
        assert not server.connections
    else:
        alchemy.complete(model, "hello", api_key=KEY)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://host/v1",
        "javascript:alert(1)",
        "data:,x",
        "ws://host",
        "unix:///run/x",
        "http://",
        "http:///v1",
        "https://host\n.evil.example",
        "https://host\t",
        "https://ho\rst",
        "https://host\\@evil.example",
        "http://[::1",
        "http://[fe80::1%eth0]/",
        "http://host:99999",
        "http://a b/",
        "https://host/" + "x" * 9000,
        "https://" + "x" * 100_000,
    ],
)
def test_an_address_that_is_none_is_refused(at, wire, url):
    """What is no address of http or https, or is read in two ways, is refused where it was given."""
    if url in {"https://host\t", "http:///v1"}:
        # Blanks around an address do not count, and the standard takes any number of slashes: these are addresses.
        assert alchemy.stream(at(url), "hello", api_key=KEY)
        return
    for ask in (alchemy.stream, alchemy.complete):
        for model, given in ((at(url), {}), (at("http://127.0.0.1:9"), {"base_url": url})):
            with pytest.raises(alchemy.InvalidRequestError) as caught:
                ask(model, "hello", api_key=KEY, **given)
            assert caught.value.path == "base_url"
            assert len(str(caught.value)) < 300


def test_a_fragment_goes_nowhere(serve, at):
    """A fragment in an address is not sent."""
    server = serve()
    alchemy.complete(at(f"{server.url}/v1?a=b#secret"), "hello", api_key=KEY)
    assert server.requests[0].path == "/v1/chat/completions?a=b"


def references(url: str) -> dict:
    """A schema that points to an address in every way that one can."""
    remote = {"$ref": f"{url}/ref.json#/a"}
    return {
        "$schema": f"{url}/schema.json",
        "$id": f"{url}/id.json",
        "type": "object",
        "properties": {"a": remote, "b": {"type": "string"}, "c": {"$dynamicRef": f"{url}/dynamic#x"}},
        "anyOf": [remote, {"$ref": "file:///etc/passwd"}],
        "required": ["b"],
    }


@pytest.mark.parametrize("place", ["tool", "strict tool", "response_format"])
def test_no_remote_schema_is_fetched(serve, at, wire, place):
    """A schema that points elsewhere is sent as it is, narrowed, or refused; nobody goes to look."""
    elsewhere, server = serve(answer(completion())), serve(answer(wire.whole))
    schema = references(elsewhere.url)
    options = {"response_format": schema}
    if "tool" in place:
        options = {"tools": [alchemy.Tool(name="f", parameters=schema, strict=place == "strict tool")]}
    with contextlib.suppress(alchemy.InvalidRequestError):
        alchemy.complete(at(server), "hello", api_key=KEY, **options)
        assert server.requests[0].json
    assert not elsewhere.connections
