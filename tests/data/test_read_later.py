"""What a message keeps beside its fields is made when it is first asked for, and nobody can tell."""

import copy
import gc
import json
import pickle
import threading

import alchemy
import pytest
from alchemy._native import replay

MODEL = alchemy.Model(id="m")
BODY = {
    "id": "r1",
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "details": {"big": 123456789012345678901, "list": [1, None]}},
    "system_fingerprint": "fp_1",
}
RAW = {"usage": BODY["usage"], "system_fingerprint": "fp_1"}


def answered(body=None):
    """A message as the native module makes it."""
    _, message, error = replay(MODEL, [json.dumps(body or BODY).encode()], streamed=False)
    assert error is None
    return message


def slot(message):
    """What is in the slot itself."""
    (held,) = [held for held in gc.get_referents(message) if type(held).__name__ in {"Unread", "dict"}]
    return held


def test_it_is_unread_until_it_is_asked_for():
    """The slot holds no dictionary before, and afterwards the one that was given out."""
    message = answered()
    assert type(slot(message)).__name__ == "Unread"
    assert message.raw == RAW
    assert message.raw is message.raw is slot(message)
    message.raw["mine"] = 1
    assert message.raw["mine"] == 1


@pytest.mark.parametrize(
    "look",
    [
        lambda message: message.to_dict()["raw"],
        lambda message: pickle.loads(pickle.dumps(message)).raw,
        lambda message: copy.copy(message).raw,
        lambda message: copy.deepcopy(message).raw,
        lambda message: message.replace(model="other").raw,
        lambda message: alchemy.AssistantMessage.from_dict(message.to_dict()).raw,
        lambda message: getattr(message, "raw"),  # noqa: B009
        lambda message: eval(repr(message), vars(alchemy)).raw,
    ],
    ids=["dict", "pickle", "copy", "deep copy", "replace", "read back", "getattr", "repr"],
)
def test_every_look_finds_it(look):
    """Whichever way a message is looked at first, what it keeps is there."""
    assert look(answered()) == RAW


def test_messages_are_equal_whether_it_was_read_or_not():
    """Equality and hash go by what it is, not by whether somebody has looked."""
    one, other = answered(), answered()
    assert one.raw == RAW
    assert one == other
    assert hash(answered()) == hash(other)
    assert answered() != answered({**BODY, "system_fingerprint": "fp_2"})


def test_it_goes_back_in_a_conversation(serve, at):
    """A message that nobody has looked into can be sent back."""
    server = serve()
    alchemy.complete(at(server), [alchemy.UserMessage(content="Hi"), answered(), alchemy.UserMessage(content="And?")])
    (request,) = server.requests
    assert [message["role"] for message in request.json["messages"]] == ["user", "assistant", "user"]


def test_it_is_frozen_as_any_field():
    """It can neither be set nor deleted, and an object whose slot is empty says so."""
    message = answered()
    with pytest.raises(AttributeError, match="frozen"):
        message.raw = {}
    with pytest.raises(AttributeError, match="frozen"):
        del message.raw
    made = object.__new__(alchemy.AssistantMessage)
    with pytest.raises(AttributeError):
        made.raw  # noqa: B018
    object.__setattr__(made, "raw", {"a": 1})
    assert made.raw == {"a": 1}
    object.__delattr__(made, "raw")
    assert not hasattr(made, "raw")
    with pytest.raises(TypeError):
        type(vars(alchemy.AssistantMessage)["raw"]).__get__(vars(alchemy.AssistantMessage)["raw"], 5)


def test_threads_that_ask_at_once_get_the_same():
    """One dictionary for all: what one of them changes in it, the others see."""
    for _ in range(50):
        message = answered()
        start = threading.Barrier(4)
        found = []

        def look(message=message, start=start, found=found):
            start.wait()
            found.append(message.raw)

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({id(each) for each in found}) == 1
