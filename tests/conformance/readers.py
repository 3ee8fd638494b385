"""The independent readers of the wire protocols, by protocol."""

from types import ModuleType

import anthropic_reading
import completions_reading
import google_reading
import responses_reading
from comparing import Differences
from completions_comparing import CompletionsDifferences

# Each has `read(case, body)`, and `begins(event)` and `ends(event)` by which joined answers are told apart.
READERS: dict[str, ModuleType] = {
    module.API: module for module in (completions_reading, responses_reading, anthropic_reading, google_reading)
}


def read(case: dict, body: bytes):
    """What a recorded answer says, by the reader of its protocol."""
    return READERS[case["api"]].read(case, body)


def differences(case: dict, body: bytes, replay, reading=None) -> list[str]:
    """Each point where what was decoded from `body` differs from the reading of it, in one line."""
    kind = CompletionsDifferences if case["api"] == completions_reading.API else Differences
    return kind(case, body).all(replay, reading or read(case, body))
