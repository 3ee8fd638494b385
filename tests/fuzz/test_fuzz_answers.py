"""Answers changed at random: the native decoder and the objects that it makes, whatever the bytes."""

import contextlib
import json
import random

import alchemy
from alchemy import _native
from hypothesis import given, strategies as st
from legality import breaches
from odd_values import APIS, MODELS, ODD, REPOSITORY, attempt, built

BODIES = [
    (path.parent.parent.name, path.read_bytes())
    for path in sorted((REPOSITORY / "fixtures").glob("*/*/response.*"))
    if path.stat().st_size < 20_000
]
PIECES = (b"\n", b"\n\n", b"data: ", b"data: [DONE]\n\n", b"[", b"}", b'"', b"\\ud83d", b"\xff", b"1e400", b"null", b"")


def changed(body: bytes, chance: random.Random) -> bytes:
    """The body after a few changes: of its events, of its values and of its bytes."""
    for _ in range(chance.randint(0, 4)):
        frames = body.split(b"\n\n")
        one, two = chance.randrange(len(frames)), chance.randrange(len(frames))
        at, end = sorted((chance.randrange(len(body) + 1), chance.randrange(len(body) + 1)))
        match chance.randrange(8):
            case 0:
                frames[one], frames[two] = frames[two], frames[one]
            case 1:
                frames.insert(one, frames[two])
            case 2:
                del frames[one]
            case 3:
                other = chance.choice(BODIES)[1].split(b"\n\n")
                frames[one:two] = other[: chance.randint(0, 3)]
            case 4:
                body = body[:at] + chance.choice(PIECES) + body[at:]
                continue
            case 5:
                body = body[:at] + body[min(end, at + 20) :]
                continue
            case 6:
                body = body[:at]
                continue
            case _:
                keys = (b'"index":', b'"id":', b'"type":', b'"text":', b'"arguments":', b'"content":', b'"delta":')
                value = chance.choice((b"-1,", b"null,", b"1.5,", b"18446744073709551615,", b'"\\ud83d",', b"[{}],"))
                key = chance.choice(keys)
                body = body.replace(key, key + value + b'"a":', chance.randint(1, 3))
                continue
        body = b"\n\n".join(frames)
    return body


def pieces(body: bytes, chance: random.Random) -> list[bytes]:
    cuts = sorted(chance.sample(range(len(body) + 1), min(len(body), chance.randint(0, 12))))
    return [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]


@given(st.randoms(use_true_random=False), st.sampled_from(APIS), st.sampled_from((200, 200, 200, 404, 429, 500)))
def test_answers_are_decoded_or_refused(chance, api, status):
    """An answer becomes legal events and a message that can be kept and sent on, or one error with what had arrived."""
    own, body = chance.choice(BODIES)
    body = changed(body, chance)
    api = own if chance.random() < 0.9 else api
    model = alchemy.Model(id="m", api=api, base_url="http://example.invalid")
    events, message, error = _native.replay(model, pieces(body, chance), status=status)
    assert (message is None) != (error is None)
    assert breaches(events, message) == []
    if error is not None:
        assert isinstance(error, alchemy.AlchemyError)
        assert "\n" not in str(error)
        message = error.partial
        assert message.stop_reason == "error"
    for event in events:
        assert alchemy.event_from_dict(json.loads(json.dumps(event.to_dict()))) == event
    text = json.dumps(message.to_dict())
    assert alchemy.AssistantMessage.from_dict(json.loads(text)) == message
    for call in message.tool_calls:
        assert call.state != "complete" or call.custom or isinstance(call.arguments, dict)
    results = [alchemy.ToolResultMessage(tool_call_id=call.id, content="a") for call in message.tool_calls]
    turns = [alchemy.UserMessage(content="a"), message, *results, alchemy.UserMessage(content="b")]
    for target in APIS:
        encoded = attempt(_native.encode, alchemy.Model(id="m", api=target, base_url="http://a.invalid"), turns, {})
        if encoded is not None:
            json.loads(encoded[3])


@given(
    MODELS | ODD, st.lists(st.binary(max_size=40) | ODD, max_size=4) | ODD, st.integers() | ODD, ODD | st.text(), ODD
)
def test_replay_takes_what_it_can_use(model, chunks, status, label, headers):
    """The native replay with odd arguments of every kind."""
    model, chunks, status, label, headers = built([model, chunks, status, label, headers])
    # Python's own word for a number that no status can be.
    with contextlib.suppress(OverflowError):
        attempt(_native.replay, model, chunks, status=status, content_type=label, headers=headers)
