"""Every recorded exchange decodes to what a plain reading of its bytes says, however the network cut it."""

import collections
import dataclasses
import time

import alchemy
import pytest
from comparing import differences
from corpus import RECORDINGS, recordings
from legality import breaches
from reading import read
from replaying import Replay, model_of, splits
from skips import SKIPS

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(),
    reason=f"no recordings at {RECORDINGS}; set ALCHEMY_WIRE to their folder",
)

API = "openai-completions"


def replay_of(recording, chunks) -> Replay:
    case = recording.case
    return Replay(
        model_of(case),
        chunks,
        status=case["status"],
        content_type=recording.content_type,
        streamed=bool(case["stream"]),
        headers=case.get("response_headers") or {},
    )


def problems(recording) -> list[str]:
    """Everything that is wrong with the decoding of one recording."""
    case = recording.case
    found = []
    first = None
    for name, chunks in splits(recording.body, recording.id, case.get("chunk_sizes") or ()).items():
        replay = replay_of(recording, chunks)
        if first is None:
            first = replay.plain()
            found += breaches(replay.events, replay.message)
            found += differences(replay, read(case, recording.body))
        elif replay.plain() != first:
            found.append(f"{name}: another result than in one piece")
    return found


@pytest.mark.timeout(240)
def test_recorded_answers(capsys):
    """Over all recordings of the protocol: whole, byte by byte, at random splits and as recorded."""
    began = time.monotonic()
    failed = {}
    counts = collections.Counter()
    found = recordings(API)
    for recording in found:
        if recording.id in SKIPS:
            counts["skipped"] += 1
            continue
        wrong = problems(recording)
        counts["failed" if wrong else "passed"] += 1
        if wrong:
            failed[recording.id] = wrong
    with capsys.disabled():
        print(
            f"\n{API}: {len(found)} recordings, {counts['passed']} passed, {counts['skipped']} skipped, "
            f"{counts['failed']} failed, {time.monotonic() - began:.1f} s",
        )
        for reason, number in collections.Counter(SKIPS.values()).items():
            print(f"  skipped {number}: {reason}")
    report = [f"{case}\n    " + "\n    ".join(wrong) for case, wrong in list(failed.items())[:40]]
    assert not failed, f"{len(failed)} recordings differ\n" + "\n".join(report)


CHANGES = {
    "text": {"content": ()},
    "stop_reason": {"stop_reason": "length"},
    "raw_stop_reason": {"raw_stop_reason": "other"},
    "response_id": {"response_id": "other"},
    "response_model": {"response_model": None},
    "usage": {"usage": alchemy.Usage()},
    "raw": {"raw": {}},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_difference_is_seen(change):
    """A message that differs from the recording in one field is reported; the true one is not."""
    recording = next(
        each
        for each in recordings(API)
        if {"usage", "text"} <= set(each.case["features"]) and "service_tier" in each.case["features"]
    )
    reading = read(recording.case, recording.body)
    replay = replay_of(recording, [recording.body])
    assert differences(replay, reading) == []
    assert replay.message is not None
    replay.message = dataclasses.replace(replay.message, **CHANGES[change])
    assert differences(replay, reading)


def test_skips_name_recordings():
    """A skip that names no recording is a skip that hides nothing and has to go."""
    assert SKIPS.keys() <= {recording.id for recording in recordings(API)}
