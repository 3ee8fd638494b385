"""Answers of one exchange put back into the conversation of the next, as the recording's own client did."""

import functools
import itertools
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

import alchemy
from alchemy import _native
from allowed import ALLOWED
from allowed_sent_back import REPLAYED
from left_out import NOT_SENT_BACK
from request_corpus import Asked, RecordedRequest, model_of, requests
from request_report import asked, compared, encoded, judged


@dataclass
class Replays:
    """What came of the answers that went back."""

    sent_back: int = 0
    signatures: Counter = field(default_factory=Counter)  # kind of block -> how many went back with a signature
    dropped: Counter = field(default_factory=Counter)  # kind of block that the client never sends -> requests
    reasons: Counter = field(default_factory=Counter)  # name of an allowed difference -> requests that have it
    skipped: Counter = field(default_factory=Counter)  # why -> requests
    failed: dict[str, list[str]] = field(default_factory=dict)


def pairs(folder: str):
    """Each two exchanges of one recording that follow each other, of the same model."""
    found, _ = requests(folder)
    sequences = defaultdict(dict)
    for request in found:
        if request.case.get("sequence"):
            sequences[request.case["sequence"]][request.case["sequence_index"]] = request
    for sequence in sequences.values():
        for before, after in itertools.pairwise(sorted(sequence)):
            one, other = sequence[before], sequence[after]
            same = after == before + 1 and one.case["provider"] == other.case["provider"]
            if same and one.body.get("model") == other.body.get("model") and one.case["status"] == 200:
                yield one, other


def decoded(request: RecordedRequest, *, thinks: bool):
    """The message that our decoder makes of the answer to a request; None if the answer failed."""
    recording = request.recording
    _, message, _ = _native.replay(
        model_of(request, thinks=thinks),
        [recording.body],
        status=200,
        content_type=recording.content_type,
        streamed=recording.streamed,
        headers={},
    )
    return message


def with_answer(messages: list[dict], at: int, answer: dict) -> list[dict]:
    """The conversation with the decoded answer in place of the recorded one; results follow the ids of its calls."""
    calls = [[block for block in each["content"] if block["type"] == "tool_call"] for each in (messages[at], answer)]
    ids = {old["id"]: new["id"] for old, new in zip(*calls, strict=False)}
    changed = [*messages[:at], answer, *messages[at + 1 :]]
    for index, message in enumerate(changed):
        if index > at and message["role"] == "tool_result":
            identity = message["tool_call_id"]
            changed[index] = {**message, "tool_call_id": ids.get(identity, identity)}
    return changed


def kinds(block: dict) -> str:
    return block.get("kind") or block["type"]


def as_sent(answer: dict, recorded: dict) -> tuple[dict, set[str]]:
    """The answer without blocks of kinds that the recording's client never sends back; and those kinds."""
    sent = {kinds(block) for block in recorded["content"]}
    dropped = {kinds(block) for block in answer["content"] if block["type"] in ("thinking", "opaque")} - sent
    content = [block for block in answer["content"] if kinds(block) not in dropped]
    return {**answer, "content": content}, dropped


@dataclass(frozen=True)
class SentBack:
    """The next request with our decoded answer in it."""

    asked: Asked
    answer: dict
    dropped: set[str]


def sent_back(one: RecordedRequest, other: RecordedRequest) -> SentBack | None:
    """The next request with our decoded answer in it; None where the recording does not send the answer back."""
    wanted = asked(other)
    messages = wanted.context["messages"]
    before = asked(one).context["messages"]
    at = len(before)
    if len(messages) <= at or messages[at]["role"] != "assistant" or messages[:at] != before:
        return None
    message = decoded(one, thinks=wanted.thinks)
    if message is None:
        return None
    answer, dropped = as_sent(json.loads(json.dumps(message.to_dict())), messages[at])
    context = {**wanted.context, "messages": with_answer(messages, at, answer)}
    return SentBack(replace(wanted, context=context), answer, dropped)


@functools.cache
def replays(folder: str) -> Replays:
    """Sends every answer back that its recording sends back, and compares the requests; made once, whoever asks."""
    result = Replays()
    for one, other in pairs(folder):
        found = sent_back(one, other)
        if found is None:
            continue
        if other.id in NOT_SENT_BACK:
            result.skipped[NOT_SENT_BACK[other.id]] += 1
            continue
        result.sent_back += 1
        result.signatures.update(block["type"] for block in found.answer["content"] if block.get("signature"))
        result.dropped.update(found.dropped)
        try:
            names, rest = judged(compared(other, encoded(other, found.asked)), (*REPLAYED, *ALLOWED))
        except alchemy.AlchemyError as error:
            names, rest = set(), [f"{type(error).__name__}: {error}"]
        result.reasons.update(names & {entry.name for entry in REPLAYED})
        if rest:
            result.failed[other.id] = rest
    return result
