"""How a request over `anthropic-messages` says who asks."""

import json

import alchemy
import pytest
from servers import answer

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [{"type": "text", "text": "Hello there."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 8, "output_tokens": 4},
}


@pytest.fixture
def ask(serve):
    """Asks Claude by a server of ours, and gives the headers that arrived."""

    def ask(model="anthropic/claude-haiku-4-5", **options):
        server = serve(answer(json.dumps(MESSAGE).encode()))
        assert alchemy.complete(model, "hello", base_url=server.url, **options).text == "Hello there."
        (request,) = server.requests
        assert request.path == "/v1/messages"
        return request.headers

    return ask


def test_a_key_has_a_header_of_its_own(ask):
    """An API key goes as `x-api-key`, and asks for nothing that is not open to everyone."""
    headers = ask(api_key="sk-ant-api03-x")
    assert headers["x-api-key"] == "sk-ant-api03-x"
    assert headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in headers
    assert "anthropic-beta" not in headers


def test_a_token_is_a_bearer(ask):
    """An OAuth token goes as a bearer, with the header that it needs."""
    headers = ask(api_key="sk-ant-oat01-x")
    assert headers["authorization"] == "Bearer sk-ant-oat01-x"
    assert headers["anthropic-beta"] == "oauth-2025-04-20"
    assert "x-api-key" not in headers


def test_what_is_asked_for_by_header_adds_up(ask):
    """The token's, the encoder's and the caller's own values of the header are one list."""
    headers = ask(
        api_key="sk-ant-oat01-x",
        reasoning="low",
        tools=[alchemy.Tool(name="now")],
        headers={"anthropic-beta": "context-1m-2025-08-07,oauth-2025-04-20"},
    )
    values = "oauth-2025-04-20,interleaved-thinking-2025-05-14,context-1m-2025-08-07"
    assert headers["anthropic-beta"] == values


def test_a_token_of_another_kind_goes_in_the_callers_header(ask):
    """A bearer token that is not known by its beginning is given as a header, and no key is asked for."""
    headers = ask(headers={"authorization": "Bearer gateway-token"})
    assert headers["authorization"] == "Bearer gateway-token"
    assert "x-api-key" not in headers


def test_a_key_of_the_environment(ask, monkeypatch):
    """The variable of a key and that of a token are both read; the beginning tells which it is."""
    monkeypatch.setenv("ANTHROPIC_OAUTH_TOKEN", "sk-ant-oat01-y")
    assert ask()["authorization"] == "Bearer sk-ant-oat01-y"
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-api03-y")
    assert ask()["x-api-key"] == "sk-ant-api03-y"
