"""Every recorded exchange decodes to what a plain reading of its bytes says, however the network cut it."""

import time
import typing

import pytest
from alchemy.literals import Api
from corpus import OTHER_SET, RECORDINGS, recordings
from readers import READERS
from replaying import replay_of
from running import FOLDERS, holds_no_answer, outcome
from skips import SKIPS

recorded = pytest.mark.skipif(
    not RECORDINGS.is_dir(),
    reason=f"no recordings at {RECORDINGS}; set ALCHEMY_WIRE to their folder",
)


def test_every_protocol_has_a_reader():
    """A wire protocol without an independent reading is not tested against what servers really send."""
    assert set(READERS) == set(typing.get_args(Api))


@recorded
@pytest.mark.timeout(240)
@pytest.mark.parametrize("folder", FOLDERS)
def test_recorded_answers(folder, capsys):
    """Over all recordings of the protocol: whole, byte by byte, at random splits and as recorded."""
    began = time.monotonic()
    result = outcome(folder)
    with capsys.disabled():
        print(
            f"\n{folder}: {result.recordings} recordings, {result.passed} passed, {result.skipped.total()} skipped, "
            f"{len(result.failed)} failed, {time.monotonic() - began:.1f} s",
        )
        for reason, number in result.skipped.items():
            print(f"  skipped {number}: {reason}")
    report = [f"{case}\n    " + "\n    ".join(wrong) for case, wrong in list(result.failed.items())[:40]]
    assert not result.failed, f"{len(result.failed)} recordings differ\n" + "\n".join(report)
    assert result.passed


@recorded
@pytest.mark.skipif(OTHER_SET, reason="ALCHEMY_WIRE names another set of recordings")
def test_skips_name_recordings_that_hold_no_answer():
    """A skip that names no recording, or one that could be compared, hides something and has to go."""
    found = {recording.id: recording for api in READERS for recording in recordings(api)}
    assert SKIPS.keys() <= found.keys()
    assert [name for name in SKIPS if not holds_no_answer(found[name])] == []


@recorded
def test_no_answer_yet_is_an_error():
    """A response that is still queued is no answer, and says so."""
    for recording in recordings("openai-responses"):
        if SKIPS.get(recording.id, "").startswith("no answer yet"):
            replay = replay_of(recording, [recording.body])
            assert "no answer yet" in str(replay.error)
