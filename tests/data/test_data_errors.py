# pyright: reportCallIssue=false, reportOptionalMemberAccess=false
"""The errors: their tree, their attributes, their pickles."""

import copy
import inspect
import pickle
import re

import alchemy
import pytest
from alchemy import errors

ERRORS = {
    name: value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.AlchemyError)
}
VALUES = {
    "path": "messages[0]",
    "notices": (alchemy.Notice(code="option_dropped", path="options.seed", text="not sent"),),
    "provider": "groq",
    "model": "m",
    "status": 429,
    "request_id": "r",
    "body": "{}",
    "attempts": (alchemy.Attempt(status=503, error="OverloadedError"), alchemy.Attempt(status=429, waited=0.5)),
    "partial": alchemy.AssistantMessage(content=[alchemy.Text(text="so far")]),
    "retry_after": 1.5,
    "seconds": 10.0,
}


def keywords(cls):
    """Return the names of an error's attributes."""
    return [p.name for p in inspect.signature(cls).parameters.values() if p.kind is p.KEYWORD_ONLY]


def made(cls):
    return cls("groq: it failed", **{name: VALUES[name] for name in keywords(cls)})


@pytest.mark.parametrize("name", ERRORS)
def test_attributes_survive_pickle_and_copy(name):
    """An error keeps its class, message, attributes, cause and notes through pickle, copy and deepcopy."""
    error = made(ERRORS[name])
    error.__cause__ = OSError("reset")
    error.add_note("while testing")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is ERRORS[name]
        assert str(twin) == "groq: it failed"
        assert {key: getattr(twin, key) for key in keywords(ERRORS[name])} == {
            key: VALUES[key] for key in keywords(ERRORS[name])
        }
        assert repr(twin.__cause__) == repr(error.__cause__)
        assert twin.__notes__ == ["while testing"]
        assert twin.__suppress_context__


@pytest.mark.parametrize("name", ERRORS)
def test_message_alone_is_enough(name):
    """Every attribute is optional, given by keyword, and documented; the message is positional."""
    cls = ERRORS[name]
    error = cls("what failed")
    documented = {key for base in cls.__mro__ for key in inspect.get_annotations(base)}
    for key in keywords(cls):
        assert not getattr(error, key)
        assert key in documented
    with pytest.raises(TypeError):
        cls("what failed", "more")
    with pytest.raises(TypeError):
        cls(message="what failed")
    assert cls.__doc__
    assert getattr(alchemy, name) is cls


def test_message_is_one_line():
    """Line breaks in a message, such as a provider's own words, become spaces."""
    assert str(alchemy.ApiError("openai: first\nsecond\r\nthird")) == "openai: first second third"


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("ModelNotFoundError", LookupError),
        ("InvalidRequestError", ValueError),
        ("UnsupportedOptionError", ValueError),
        ("ApiConnectionError", ConnectionError),
        ("ApiTimeoutError", TimeoutError),
    ],
)
def test_builtin_bases(name, builtin):
    """Errors are caught as the builtin that says the same."""
    with pytest.raises(builtin, match=r"^groq: it failed$"):
        raise made(ERRORS[name])


def test_tree_in_the_docstring_is_the_tree():
    """The tree in the module's docstring is the one of the classes."""
    parents = {}
    stack = []
    for line in errors.__doc__.splitlines():
        if match := re.match(r"^    ([|` -]*)(\w+Error)\b", line):
            depth = len(match[1]) // 4
            stack[depth:] = [match[2]]
            parents[match[2]] = stack[depth - 1] if depth else None
    assert parents == {
        name: cls.__bases__[0].__name__ if cls is not errors.AlchemyError else None for name, cls in ERRORS.items()
    }


def test_foreign_cause_does_not_break_pickle():
    """A cause that may not pickle is left behind; the error itself arrives."""

    class LocalError(Exception):
        pass

    error = alchemy.ApiError("x", status=500)
    error.__cause__ = LocalError()
    assert pickle.loads(pickle.dumps(error)).__cause__ is None
    assert copy.copy(error).__cause__ is error.__cause__
