"""The recorded requests: those that can be compared, with their bodies made whole and the models they asked."""

import base64
import dataclasses
import functools
import re
from dataclasses import dataclass

import alchemy
from corpus import SAME_FORM, Recording, recordings
from left_out import left_out
from replaying import PROVIDERS

# The folders of recordings: one for each protocol, and those of servers that speak one of them elsewhere.
FOLDERS = ("openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai", *SAME_FORM)

# What a recording puts in the place of long base64 text. The hash makes the stand-in the same wherever the text was.
ELIDED = re.compile(r"[A-Za-z0-9+/=_-]*[.…]*<elided base64 len=\d+ sha256=([0-9a-f]+)>")


# Models that are served elsewhere too are those of the catalog, at another address.
SERVED_BY = PROVIDERS | {"google-vertex": "google"}


@dataclass(frozen=True)
class RecordedRequest:
    """One recorded request: `body` is its JSON, with stand-ins where the recording leaves bytes out."""

    recording: Recording
    body: dict

    @property
    def case(self) -> dict:
        return self.recording.case

    @property
    def id(self) -> str:
        return self.case["id"]

    @property
    def api(self) -> str:
        return self.case["api"]

    @property
    def streamed(self) -> bool:
        return bool(self.case["stream"])


@dataclass(frozen=True)
class Asked:
    """What a reader finds in a request, in our JSON form, and whether it is of a model that thinks."""

    context: dict
    options: dict
    thinks: bool = False


def whole(value):
    """The same JSON with bytes that stand in for those that the recording leaves out."""
    if isinstance(value, dict):
        return {key: whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [whole(inner) for inner in value]
    if isinstance(value, str) and "<elided base64" in value:
        return ELIDED.sub(lambda found: base64.b64encode(f"stand-in for {found[1]}".encode()).decode(), value)
    return value


@functools.cache
def requests(folder: str) -> tuple[list[RecordedRequest], dict[str, str]]:
    """The requests of one folder that are compared, by id; and those that are not, with the reason."""
    found = []
    skipped = {}
    for recording in recordings(folder):
        reason = left_out(recording.case)
        if reason is None:
            found.append(RecordedRequest(recording, whole(recording.case["request"]["body"])))
        else:
            skipped[recording.id] = reason
    return found, skipped


def model_of(request: RecordedRequest, *, thinks: bool = False) -> alchemy.Model:
    """The model as a user gets it: from the catalog if it is there, else described by hand."""
    case = request.case
    provider = SERVED_BY.get(case["provider"], case["provider"])
    provider = provider if provider in alchemy.get_providers() else "custom"
    name = request.body.get("model") or case["model"] or "unknown"
    model = alchemy.get_model(f"{provider}/{name}", allow_unknown=True)
    return dataclasses.replace(
        model,
        id=name,
        api=request.api,
        base_url="http://example.invalid",
        reasoning=model.reasoning or thinks,
    )
