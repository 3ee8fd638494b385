"""Answers of kinds that no recording shows, in the form of recordings."""

import json

from unrecorded_anthropic import ANTHROPIC
from unrecorded_completions import COMPLETIONS
from unrecorded_google import GOOGLE
from unrecorded_responses import RESPONSES

ANSWERS = {
    "openai-completions": COMPLETIONS,
    "anthropic-messages": ANTHROPIC,
    "openai-responses": RESPONSES,
    "google-generative-ai": GOOGLE,
}


def case_and_body(api: str, answer) -> tuple[dict, bytes]:
    """The answer as a recording would have it: a list is a stream, an object is a body."""
    streamed = isinstance(answer, list)
    case = {"api": api, "provider": "custom", "model": "x", "status": 200, "features": [], "stream": streamed}
    if not streamed:
        return {**case, "response_file": "response.json"}, json.dumps(answer).encode()
    body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in answer)
    return {**case, "response_file": "response.sse"}, body
