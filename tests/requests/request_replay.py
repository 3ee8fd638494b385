"""Answers of one exchange put back into the conversation of the next, as the recording's own client did."""

import itertools
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

import alchemy
from alchemy import _native
from allowed import ALLOWED, REPLAYED
from corpus import RECORDINGS
from left_out import NOT_SENT_BACK
from request_corpus import RecordedRequest, model_of, requests
from request_report import asked, compared, encoded, judged


@dataclass
class Replays:
    """What came of the answers that went back."""

    sent_back: int = 0
    signatures: Counter = field(default_factory=Counter)  # kind of block -> how many went back with a signature
    reasons: Counter = field(default_factory=Counter)  # name of an allowed difference -> requests that have it
    skipped: Counter = field(default_factory=Counter)  # why -> requests
    failed: dict[str, list[str]] = field(default_factory=dict)


def pairs(api: str):
    """Each two exchanges of one recording that follow each other, of the same model."""
    found, _ = requests(api)
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
    case = request.case
    body = (RECORDINGS / request.api / request.id / case["response_file"]).read_bytes()
    content_type = (case.get("response_headers") or {}).get("content-type") or ""
    model = model_of(request, thinks=thinks)
    _, message, _ = _native.replay(
        model, [body], status=200, content_type=content_type, streamed=request.streamed, headers={}
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


def sent_back(one: RecordedRequest, other: RecordedRequest):
    """The next request with our decoded answer in it; None where the recording does not send the answer back."""
    wanted = asked(other)
    messages = wanted.context["messages"]
    before = asked(one).context["messages"]
    if len(messages) <= len(before) or messages[len(before)]["role"] != "assistant":
        return None
    if messages[: len(before)] != before:
        return None
    message = decoded(one, thinks=wanted.thinks)
    if message is None:
        return None
    answer = json.loads(json.dumps(message.to_dict()))
    context = {**wanted.context, "messages": with_answer(messages, len(before), answer)}
    return replace(wanted, context=context), message


def replays(api: str) -> Replays:
    """Sends every answer back that its recording sends back, and compares the requests."""
    result = Replays()
    for one, other in pairs(api):
        found = sent_back(one, other)
        if found is None:
            continue
        if other.id in NOT_SENT_BACK:
            result.skipped[NOT_SENT_BACK[other.id]] += 1
            continue
        wanted, message = found
        result.sent_back += 1
        result.signatures.update(type(block).__name__ for block in message.content if getattr(block, "signature", None))
        try:
            names, rest = judged(compared(other, encoded(other, wanted)), (*REPLAYED, *ALLOWED))
        except alchemy.AlchemyError as error:
            names, rest = set(), [f"{type(error).__name__}: {error}"]
        result.reasons.update(names & {entry.name for entry in REPLAYED})
        if rest:
            result.failed[other.id] = rest
    return result
