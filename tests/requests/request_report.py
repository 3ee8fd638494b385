"""Every recorded request read, encoded again and compared: what came of it, in numbers."""

import functools
import json
from collections import Counter
from dataclasses import dataclass, field

import alchemy
import anthropic_request
import completions_request
import google_request
import responses_request
from alchemy import _native
from allowed import ALLOWED
from body_differences import differences
from normal_forms import NORMAL
from request_corpus import FOLDERS, Asked, RecordedRequest, model_of, requests

READERS = {
    "openai-completions": completions_request.read,
    "openai-responses": responses_request.read,
    "anthropic-messages": anthropic_request.read,
    "google-generative-ai": google_request.read,
}

# How many segments at the end of a path are the protocol's own.
SEGMENTS = {"openai-completions": 2, "openai-responses": 1, "anthropic-messages": 1, "google-generative-ai": 2}
HEADERS = ("content-type", "anthropic-version", "anthropic-beta")


@dataclass
class Outcome:
    """What came of the requests of one folder."""

    compared: int = 0
    equal: int = 0
    explained: int = 0
    reasons: Counter = field(default_factory=Counter)  # name of an allowed difference -> requests that have it
    extra: Counter = field(default_factory=Counter)  # key that went through `extra_body` -> requests
    skipped: dict[str, str] = field(default_factory=dict)  # case id -> why
    failed: dict[str, list[str]] = field(default_factory=dict)  # case id -> the differences that nothing explains


def asked(request: RecordedRequest) -> Asked:
    return READERS[request.api](request.body, request.case)


def sent(request: RecordedRequest, wanted: Asked) -> tuple:
    """The method, the address, the headers, the body and the notices of what we send for it."""
    model = model_of(request, thinks=wanted.thinks)
    context, options = alchemy.Context.from_dict(wanted.context), alchemy.Options.from_dict(wanted.options)
    return _native.encode(model, context, options, request.streamed)


def encoded(request: RecordedRequest, wanted: Asked) -> dict:
    """The body that we send for it, and beside it the end of the address and the headers of the protocol."""
    method, url, headers, body, _ = sent(request, wanted)
    # A recording without one of these headers has lost it; a beta that it lacks was not asked for.
    kept = {*recorded_headers(request), "anthropic-beta"}
    headers = {name: value for name, value in headers.items() if name in kept}
    return json.loads(body) | outside(request.api, method, url, headers)


def recorded_headers(request: RecordedRequest) -> dict:
    return {name.lower(): value for name, value in (request.case["request"].get("headers") or {}).items()}


def outside(api: str, method: str, path: str, headers: dict) -> dict:
    """What a request says outside of its body: how it ends, and the headers that the protocol names."""
    path, _, query = path.partition("?")
    end = "/".join(path.split("/")[-SEGMENTS[api] :]) + ("?alt=sse" if "alt=sse" in query else "")
    said = {f":{name}": headers[name] for name in HEADERS if name in headers}
    return {":method": method, ":path": end} | said


def compared(request: RecordedRequest, ours: dict) -> list:
    """The fields in which a request of ours differs from the recorded one, both in their normal form."""
    normal = NORMAL[request.api]
    recorded = request.case["request"]
    body = request.body | outside(request.api, recorded["method"], recorded["path"], recorded_headers(request))
    return differences(normal(body), normal(ours), request.case)


def judged(found: list, allowed=ALLOWED) -> tuple[set[str], list[str]]:
    """The names of the allowed differences that explain some, and the differences that nothing explains."""
    names, rest = set(), []
    for difference in found:
        entry = next((entry for entry in allowed if entry.explains(difference)), None)
        if entry is None:
            rest.append(str(difference))
        else:
            names.add(entry.name)
    return names, rest


@functools.cache
def outcome(folder: str) -> Outcome:
    """Compares every request of a folder; it is made once, whoever asks."""
    result = Outcome()
    found, result.skipped = requests(folder)
    for request in found:
        result.compared += 1
        try:
            wanted = asked(request)
            result.extra.update(list(wanted.options.get("extra_body", {})))
            names, rest = judged(compared(request, encoded(request, wanted)))
        except (alchemy.AlchemyError, ValueError) as error:
            names, rest = set(), [f"{type(error).__name__}: {error}"]
        result.reasons.update(names)
        if rest:
            result.failed[request.id] = rest
        elif names:
            result.explained += 1
        else:
            result.equal += 1
    return result


def counts(outcomes: dict[str, Outcome]) -> dict:
    """The same in numbers alone, in a fixed order."""
    return {
        folder: {
            "requests": result.compared + len(result.skipped),
            "compared": result.compared,
            "equal": result.equal,
            "explained": result.explained,
            "skipped": len(result.skipped),
            "failed": len(result.failed),
            "reasons": dict(sorted(result.reasons.items())),
            "extra_body": dict(sorted(result.extra.items())),
            "skip_reasons": dict(sorted(Counter(result.skipped.values()).items())),
        }
        for folder, result in outcomes.items()
    }


def report() -> dict:
    """The counts of every folder, for whoever shows them."""
    return counts({folder: outcome(folder) for folder in FOLDERS})
