"""Answers that are cut or damaged are never taken for whole ones, and never break the decoder."""

import random
import re

import pytest
from corpus import RECORDINGS, Recording, recordings
from legality import breaches
from readers import READERS
from replaying import replay_of

pytestmark = [
    pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"no recordings at {RECORDINGS}"),
    pytest.mark.parametrize("api", READERS),
]

# What says that the answer is whole; a stream that is cut before it has failed.
TERMINAL = {
    "openai-completions": re.compile(rb'"finish_reason" ?: ?"'),
    "openai-responses": re.compile(rb"response\.(completed|incomplete|failed)"),
    "anthropic-messages": re.compile(rb"message_stop"),
    "google-generative-ai": re.compile(rb'"finishReason"|"blockReason"'),
}
WHITE_SPACE = b" \t\r\n"


def answered(api: str, *, streamed: bool) -> list[Recording]:
    """The recordings of answers that succeeded."""
    return [each for each in recordings(api) if each.case["status"] == 200 and each.streamed == streamed]


def text_of(message) -> str:
    return "".join(block.text for block in message.content if type(block).__name__ == "Text")


def test_a_cut_stream_is_never_whole(api):
    """Every cut before the terminal marker is an error, and what is kept is the beginning of the whole."""
    chance = random.Random("cuts")
    tried = 0
    streams = answered(api, streamed=True)
    for recording in streams:
        marker = TERMINAL[api].search(recording.body)
        if marker is None:
            continue
        whole = replay_of(recording, [recording.body]).reached
        for _ in range(4):
            cut = recording.body[: chance.randrange(marker.start())]
            replay = replay_of(recording, [cut])
            assert replay.error is not None, (recording.id, len(cut))
            assert breaches(replay.events, None) == [], (recording.id, len(cut))
            assert text_of(whole).startswith(text_of(replay.error.partial).rstrip("\ufffd")), (recording.id, len(cut))
            tried += 1
    assert tried > 2 * len(streams), "too few streams have the marker"


def test_a_cut_body_is_never_whole(api):
    """Every cut of a plain JSON answer is an error."""
    chance = random.Random("bodies")
    for recording in answered(api, streamed=False):
        body = recording.body.rstrip(WHITE_SPACE)
        for size in (len(body) - 1, chance.randrange(len(body)), chance.randrange(len(body))):
            replay = replay_of(recording, [body[:size]])
            assert replay.error is not None, (recording.id, size)


def damaged(body: bytes, chance: random.Random) -> bytes:
    """The body with a few bytes changed, lost, doubled or put in."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body) + 1)
        size = chance.randint(1, 40)
        middle = chance.choice(
            (
                bytes([chance.randrange(256)]) + body[at + 1 : at + size],
                b"",
                body[at : at + size] * 2,
                chance.choice((b"\n\n", b"\r", b'"', b"null", b"\\ud83d", b"data: ")) + body[at : at + size],
            )
        )
        body = body[:at] + middle + body[at + size :]
    return body


def test_damaged_bytes_break_nothing(api):
    """Damaged answers give a legal stream that ends in a message or in a typed error."""
    chance = random.Random("damage")
    for recording in answered(api, streamed=True) + answered(api, streamed=False):
        replay = replay_of(recording, [damaged(recording.body, chance)])
        assert (replay.message is None) != (replay.error is None), recording.id
        assert breaches(replay.events, replay.message) == [], recording.id
