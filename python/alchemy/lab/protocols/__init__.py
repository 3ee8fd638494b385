"""The table of the wire protocols that the lab speaks. A protocol joins the lab by one entry here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alchemy.lab.protocols._protocol import Asked, Form, Frame, Protocol, UnwritableError
from alchemy.lab.protocols.anthropic_messages import AnthropicMessages
from alchemy.lab.protocols.google_generative_ai import GoogleGenerativeAI
from alchemy.lab.protocols.openai_completions import OpenAICompletions
from alchemy.lab.protocols.openai_responses import OpenAIResponses

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PROTOCOLS", "Asked", "Form", "Frame", "Protocol", "UnwritableError", "meant", "protocol_at"]

PROTOCOLS: dict[str, Protocol] = {
    protocol.api: protocol
    for protocol in (OpenAICompletions(), OpenAIResponses(), AnthropicMessages(), GoogleGenerativeAI())
}
"""Every protocol by its name. Where nothing tells which one a request means, it is the first."""


def protocol_at(path: str) -> Protocol | None:
    """Give the protocol that a path, without its query, leads to."""
    return next((protocol for protocol in PROTOCOLS.values() if protocol.path.search(path)), None)


def meant(path: str, headers: Mapping[str, str]) -> Protocol:
    """Guess which protocol a request to a wrong path meant, so that its client can read the error."""
    for protocol in PROTOCOLS.values():
        if any(path.startswith(mark) or mark in headers for mark in protocol.marks):
            return protocol
    return next(iter(PROTOCOLS.values()))
