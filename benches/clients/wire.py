"""The wire protocols as the hand-written loops speak them: requests, and the text in what comes back."""

import importlib
import json
from collections.abc import Callable
from typing import Any

from asked import (
    ANTHROPIC_MESSAGES,
    ANTHROPIC_TOOL,
    GOOGLE_GENERATIVE_AI,
    KEY,
    MAX_TOKENS,
    OPENAI_COMPLETIONS,
    OPENAI_RESPONSES,
    OPENAI_TOOL,
    PROMPT,
    TOOL_DESCRIPTION,
    TOOL_NAME,
    TOOL_PARAMETERS,
)

try:
    # Imported by name: type checkers look into an environment that has none.
    fast: Any = importlib.import_module("orjson")
except ImportError:
    loads: Callable[[bytes], Any] = json.loads
    LIBRARY = "json"
else:
    loads = fast.loads
    LIBRARY = f"orjson {fast.__version__}"

USER = [{"role": "user", "content": PROMPT}]


def path(api: str, model: str, *, stream: bool) -> str:
    """The path of a request."""
    if api == GOOGLE_GENERATIVE_AI:
        return f"/v1beta/models/{model}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")
    return {
        OPENAI_COMPLETIONS: "/v1/chat/completions",
        OPENAI_RESPONSES: "/v1/responses",
        ANTHROPIC_MESSAGES: "/v1/messages",
    }[api]


def headers(api: str) -> dict[str, str]:
    """The headers of a request, those of HTTP itself aside."""
    own = {ANTHROPIC_MESSAGES: {"x-api-key": KEY, "anthropic-version": "2023-06-01"}}
    own[GOOGLE_GENERATIVE_AI] = {"x-goog-api-key": KEY}
    return own.get(api, {"Authorization": f"Bearer {KEY}"}) | {"Content-Type": "application/json"}


def body(api: str, model: str, *, stream: bool) -> bytes:
    """The body of a request with one tool."""
    asked: dict[str, Any] = {"model": model, "stream": stream}
    if api == OPENAI_COMPLETIONS:
        asked |= {"messages": USER, "tools": [OPENAI_TOOL]}
        if stream:
            asked["stream_options"] = {"include_usage": True}
    elif api == OPENAI_RESPONSES:
        asked |= {"input": USER, "tools": [{"type": "function", **OPENAI_TOOL["function"]}]}
    elif api == ANTHROPIC_MESSAGES:
        asked |= {"messages": USER, "max_tokens": MAX_TOKENS, "tools": [ANTHROPIC_TOOL]}
    else:
        function = {"name": TOOL_NAME, "description": TOOL_DESCRIPTION, "parametersJsonSchema": TOOL_PARAMETERS}
        content = {"role": "user", "parts": [{"text": PROMPT}]}
        asked = {"contents": [content], "tools": [{"functionDeclarations": [function]}]}
    return json.dumps(asked).encode()


def _completions_text(event: Any) -> str | None:
    choices = event["choices"]
    return choices[0]["delta"].get("content") if choices else None


def _responses_text(event: Any) -> str | None:
    return event["delta"] if event["type"] == "response.output_text.delta" else None


def _anthropic_text(event: Any) -> str | None:
    return event["delta"].get("text") if event["type"] == "content_block_delta" else None


def _google_text(event: Any) -> str | None:
    return "".join(part.get("text", "") for part in event["candidates"][0]["content"]["parts"])


def arguments_text(event: Any) -> str | None:
    """The piece of a tool call's arguments in an event of `openai-completions`."""
    choices = event["choices"]
    calls = choices[0]["delta"].get("tool_calls") if choices else None
    return calls[0]["function"].get("arguments") if calls else None


def arguments_length(pieces: list[str]) -> int:
    """How many bytes a tool call's arguments have; all are parsed, so that they are known to be whole."""
    arguments = "".join(pieces)
    loads(arguments.encode())
    return len(arguments)


TEXT: dict[str, Callable[[Any], str | None]] = {
    OPENAI_COMPLETIONS: _completions_text,
    OPENAI_RESPONSES: _responses_text,
    ANTHROPIC_MESSAGES: _anthropic_text,
    GOOGLE_GENERATIVE_AI: _google_text,
}
WHOLE: dict[str, Callable[[Any], str]] = {
    OPENAI_COMPLETIONS: lambda answer: answer["choices"][0]["message"]["content"],
    OPENAI_RESPONSES: lambda answer: answer["output"][-1]["content"][0]["text"],
    ANTHROPIC_MESSAGES: lambda answer: answer["content"][0]["text"],
    GOOGLE_GENERATIVE_AI: lambda answer: answer["candidates"][0]["content"]["parts"][0]["text"],
}


def whole_text(api: str, answer: bytes) -> str:
    """The text of an answer that was not streamed."""
    return WHOLE[api](loads(answer))


class Events:
    """Takes the bytes of an event stream, HTTP's chunks taken off, and gives out the pieces of text."""

    def __init__(self, text_of: Callable[[Any], str | None]) -> None:
        self._text_of = text_of
        # Google ends its lines as HTTP does, the others as Unix does.
        self._blank_line = b"\r\n\r\n" if text_of is _google_text else b"\n\n"
        self._partial = b""

    def feed(self, data: bytes) -> list[str]:
        """The pieces of text that the bytes complete."""
        *events, self._partial = (self._partial + data).split(self._blank_line)
        texts = []
        text_of = self._text_of
        for event in events:
            start = 0 if event.startswith(b"data: ") else event.find(b"\ndata: ") + 1
            payload = event[start + 6 :]
            if payload != b"[DONE]" and (text := text_of(loads(payload))):
                texts.append(text)
        return texts
