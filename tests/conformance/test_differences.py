"""Each field that the conformance run compares makes it fail where it is wrong."""

import dataclasses
import functools
import itertools

import alchemy
import pytest
from corpus import RECORDINGS, Recording, recordings
from readers import READERS, differences, read
from reading import MADE_UP, Failure
from replaying import replay_of
from skips import SKIPS
from unrecorded import case_and_body

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"no recordings at {RECORDINGS}")
every_protocol = pytest.mark.parametrize("api", READERS)

SUMMED = "openai-completions"
# Chat completions are compared by what the blocks of a kind add up to, so only these fields can differ.
COMPARED_OF_COMPLETIONS = {
    "Text": {"text"},
    "Thinking": {"thinking"},
    "ToolCall": {"id", "name", "arguments", "raw_arguments", "state", "custom"},
    "Audio": {"id"},
}


def other(name: str, value):
    """A value that differs from this one."""
    special = {"state": "invalid" if value == "complete" else "complete", "arguments": {"another": 1}, "data": b"x"}
    if name == "state" or (value is None and name in special):
        return special[name]
    if isinstance(value, bool):
        return not value
    # A quote breaks texts that are read as JSON, and is another text everywhere else.
    more = {dict: {"another": 1}, tuple: ({"another": 1},), bytes: b"x", str: '"'}.get(type(value))
    if isinstance(value, dict):
        return value | more
    return 'x"' if more is None else value + more


def kind_of(block) -> tuple:
    return type(block).__name__, getattr(block, "kind", None), getattr(block, "state", None)


def answers(api: str):
    """The recordings that can be compared, with their replays, as long as somebody asks for more."""
    for recording in recordings(api):
        if recording.id not in SKIPS:
            yield recording, replay_of(recording, [recording.body])


@functools.cache
def examples(api: str) -> list[tuple]:
    """For each kind of block a recording that has one, its replay, and the place of the block."""
    found = {}
    for recording, replay in answers(api):
        for place, block in enumerate(replay.message.content if replay.message else ()):
            found.setdefault(kind_of(block), (recording, replay, place))
    return list(found.values())


def with_message(replay, **changes):
    """The replay with another message."""
    changed = object.__new__(type(replay))
    changed.events, changed.error = replay.events, replay.error
    changed.message = dataclasses.replace(replay.message, **changes)
    return changed


def unseen(recording, replay, changes: dict) -> list[str]:
    """The names of those changes of the message that the comparison does not see."""
    reading = read(recording.case, recording.body)
    assert differences(recording.case, recording.body, replay, reading) == []
    return [
        name
        for name, change in changes.items()
        if not differences(recording.case, recording.body, with_message(replay, **change), reading)
    ]


@every_protocol
def test_a_wrong_block_is_seen(api):
    """A block that differs in one field, is lost, or stands twice."""
    seen = examples(api)
    assert seen
    for recording, replay, place in seen:
        content = replay.message.content
        block = content[place]
        before, after = content[:place], content[place + 1 :]
        names = [each.name for each in dataclasses.fields(block)]
        changes = {"lost": {"content": before + after}, "twice": {"content": (*before, block, block, *after)}}
        if api == SUMMED:
            names = COMPARED_OF_COMPLETIONS[type(block).__name__]
            changes = changes if {"Text", "ToolCall"} & {type(block).__name__} else {}
        for name in names:
            changed = dataclasses.replace(block, **{name: other(name, getattr(block, name))})
            changes[name] = {"content": (*before, changed, *after)}
        if isinstance(block, alchemy.ToolCall):
            changes["no id"] = {"content": (*before, dataclasses.replace(block, id=""), *after)}
        if api != SUMMED and read(recording.case, recording.body).content[place].get("id") is MADE_UP:
            del changes["id"]
        assert unseen(recording, replay, changes) == [], (recording.id, kind_of(block))


@pytest.mark.parametrize("api", [api for api in READERS if api != SUMMED])
def test_wrong_order_is_seen(api):
    """Two blocks of different kinds that changed places."""
    for recording, replay in answers(api):
        content = replay.message.content if replay.message else ()
        for place, (first, second) in enumerate(itertools.pairwise(content)):
            if type(first) is not type(second):
                swapped = (*content[:place], second, first, *content[place + 2 :])
                assert unseen(recording, replay, {"order": {"content": swapped}}) == []
                return
    pytest.fail("no recording has two kinds of blocks")


@every_protocol
def test_a_wrong_fact_is_seen(api):
    """Stop reasons, ids, notices, what is kept raw, and each count of the usage."""
    recording, replay = next(
        (recording, replay)
        for recording, replay in answers(api)
        if replay.message and replay.message.usage.output and {"text", "usage"} <= set(recording.case["features"])
    )
    message = replay.message
    names = ("stop_reason", "raw_stop_reason", "response_id", "response_model", "request_id")
    changes = {name: {name: other(name, getattr(message, name))} for name in names}
    changes["notices"] = {"notices": (alchemy.Notice(code="choice_dropped", path="response", text="x"),)}
    changes["raw"] = {"raw": {**message.raw, "another": 1}}
    changes["raw lost"] = {"raw": {}}
    changes["billed"] = {"usage": dataclasses.replace(message.usage, cost=alchemy.Cost(billed=1e6, total=1e6))}
    for name in ("input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning", "total_tokens"):
        changed = dataclasses.replace(message.usage, **{name: (getattr(message.usage, name) or 0) + 1})
        changes[name] = {"usage": changed}
    if api == SUMMED:
        # What has no field of its own is compared by its names, of which this recording may have none.
        del changes["raw"], changes["raw lost"], changes["cache_write_1h"]
    assert unseen(recording, replay, changes) == []


@every_protocol
def test_a_wrong_error_is_seen(api):
    """The kind, the status and the words of an error, and an error that is none."""
    case, body = case_and_body(api, {"type": "error", "error": {"type": "odd", "message": "Wait"}})
    recording = Recording({**case, "id": "error", "status": 429, "response_headers": {"retry-after": "3"}}, body)
    replay = replay_of(recording, [recording.body])
    reading = read(recording.case, recording.body)
    assert differences(recording.case, recording.body, replay, reading) == []
    expected = reading.failure
    changes = {"kind": "ServerError", "status": 599, "message": "other words", "retry_after": 99.0}
    for failure in [Failure(**{**dataclasses.asdict(expected), name: value}) for name, value in changes.items()]:
        wrong = dataclasses.replace(reading, failure=failure)
        assert differences(recording.case, recording.body, replay, wrong)
    assert differences(recording.case, recording.body, replay, dataclasses.replace(reading, failure=None))
