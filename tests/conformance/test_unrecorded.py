"""Answers that no recording shows: decoder and plain reading agree on them as well, however they are cut."""

import json

import pytest
from corpus import Recording
from readers import differences, read
from replaying import replay_of, splits
from running import body_problems
from unrecorded import ANSWERS, case_and_body

CASES = [(api, name) for api, answers in ANSWERS.items() for name in answers]


@pytest.mark.parametrize(("api", "name"), CASES, ids=[f"{api}: {name}" for api, name in CASES])
def test_decoder_and_reading_agree(api, name):
    """Whole, byte by byte and at random splits."""
    case, body = case_and_body(api, ANSWERS[api][name])
    recording = Recording({**case, "id": name}, body)
    assert body_problems(recording, body, splits(body, name)) == []


def test_a_json_array_is_a_stream():
    """Google streams one JSON array where Server-Sent Events were not asked for."""
    case, _ = case_and_body("google-generative-ai", [])
    for answer in ANSWERS["google-generative-ai"].values():
        if isinstance(answer, list):
            body = json.dumps(answer, indent=1).encode()
            recording = Recording({**case, "id": "array"}, body)
            assert differences(case, body, replay_of(recording, [body]), read(case, body)) == []
