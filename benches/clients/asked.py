"""What every client asks the provider for, so that all send and receive the same."""

from dataclasses import dataclass

OPENAI_COMPLETIONS = "openai-completions"
OPENAI_RESPONSES = "openai-responses"
ANTHROPIC_MESSAGES = "anthropic-messages"
GOOGLE_GENERATIVE_AI = "google-generative-ai"
PROMPT = "hi"
KEY = "sk-benchmark-0123456789abcdef0123456789abcdef"
MAX_TOKENS = 1_024
WHOLE_TEXT = "Hello! How can I help you today?"
"""The text of an answer that is not streamed, over any protocol."""

TOOL_NAME = "get_weather"
TOOL_DESCRIPTION = "The weather of a place, now."
TOOL_PARAMETERS = {
    "type": "object",
    "properties": {"place": {"type": "string", "description": "A town and its country."}},
    "required": ["place"],
    "additionalProperties": False,
}
OPENAI_TOOL = {
    "type": "function",
    "function": {"name": TOOL_NAME, "description": TOOL_DESCRIPTION, "parameters": TOOL_PARAMETERS},
}
ANTHROPIC_TOOL = {"name": TOOL_NAME, "description": TOOL_DESCRIPTION, "input_schema": TOOL_PARAMETERS}


@dataclass(frozen=True)
class Target:
    """Where the provider is and how it is to be spoken to."""

    port: int
    api: str = OPENAI_COMPLETIONS
    """The wire protocol, by alchemy's name for it."""
    ca_file: str | None = None
    """The authority of the provider's certificate; None: plain HTTP."""
    http2: bool = False
    read_ahead: bool = False
    """Whether a library may gather bytes before it gives out any, where it can."""

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"https://localhost:{self.port}" if self.ca_file else f"http://127.0.0.1:{self.port}"
