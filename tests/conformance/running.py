"""The conformance run: each recording of a wire protocol decoded in every way, and compared with its reading."""

import collections
import functools
from dataclasses import dataclass, field

from corpus import SAME_FORM, Recording, recordings
from legality import breaches
from readers import READERS, differences, read
from replaying import parts, replay_of, splits
from skips import SKIPS

# Everything that is run.
FOLDERS = (*READERS, *SAME_FORM)


@dataclass
class Outcome:
    """What the run over the recordings of one folder gave."""

    folder: str
    recordings: int = 0
    streamed: int = 0
    passed: int = 0
    # Reason -> how many were left out for it.
    skipped: collections.Counter = field(default_factory=collections.Counter)
    # Case id -> what is wrong with its decoding.
    failed: dict[str, list[str]] = field(default_factory=dict)
    # Way of cutting -> how many recordings were cut that way.
    cuts: collections.Counter = field(default_factory=collections.Counter)
    providers: collections.Counter = field(default_factory=collections.Counter)


def body_problems(recording: Recording, body: bytes, cuts: dict[str, list[bytes]]) -> list[str]:
    """Everything that is wrong with the decoding of one body."""
    found = []
    first = None
    for name, chunks in cuts.items():
        replay = replay_of(recording, chunks)
        if first is None:
            first = replay.plain()
            found += breaches(replay.events, replay.message)
            found += differences(recording.case, body, replay)
        elif replay.plain() != first:
            found.append(f"{name}: another result than in one piece")
    return found


# What plain JSON walking meets where the JSON is not as expected.
SURPRISES = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def problems(recording: Recording) -> tuple[list[str], list[str]]:
    """Everything that is wrong with the decoding of one recording, and the ways in which it was cut."""
    case = recording.case
    cuts = splits(recording.body, recording.id, case.get("chunk_sizes") or ())
    found = body_problems(recording, recording.body, cuts)
    if "concatenated" in case["features"]:
        for number, body in enumerate(parts(recording.body, READERS[case["api"]])):
            cut = splits(body, f"{recording.id} {number}")
            found += [f"part {number}: {problem}" for problem in body_problems(recording, body, cut)]
    return found, list(cuts)


@functools.cache
def outcome(folder: str) -> Outcome:
    """The run over all recordings of one folder; it is made once, whoever asks."""
    result = Outcome(folder)
    for recording in recordings(folder):
        result.recordings += 1
        result.streamed += recording.streamed
        result.providers[recording.case["provider"]] += 1
        if recording.id in SKIPS:
            result.skipped[SKIPS[recording.id]] += 1
            continue
        try:
            wrong, cuts = problems(recording)
        except SURPRISES as surprise:
            wrong, cuts = [f"the reading does not know what to make of it: {surprise!r}"], []
        result.cuts.update(cuts)
        if wrong:
            result.failed[recording.id] = wrong
        else:
            result.passed += 1
    return result


def holds_no_answer(recording: Recording) -> bool:
    """Whether the recording is one that cannot be compared: no answer yet, or one to a request that alchemy never makes."""
    request = recording.case.get("request") or {}
    return request.get("method") == "GET" or read(recording.case, recording.body).failure is not None
