"""Data classes under odd values: each makes an object or refuses, and whatever was made keeps its promises."""

import contextlib
import copy
import inspect
import json
import pickle

import alchemy
import odd_values
import pytest
from alchemy._data import Data
from hypothesis import given, strategies as st
from odd_values import ALLOWED, BLOCK_KEYS, BLOCKS, JSON, MESSAGES, ODD, attempt, built, entries

CLASSES = sorted(
    (value for name in dir(alchemy) if inspect.isclass(value := getattr(alchemy, name)) and issubclass(value, Data)),
    key=lambda cls: cls.__name__,
)
FROM_DICT = (alchemy.message_from_dict, alchemy.event_from_dict, alchemy.content_from_dict)


def fields_of(cls):
    return entries(tuple(cls.__field_types__), {"content": st.lists(BLOCKS, max_size=2) | ODD | JSON})


def use(made) -> None:
    """Everything that an object can be asked for: it answers, or refuses as documented."""
    attempt(repr, made)
    attempt(str, made)
    # To hash and to compare values that hold themselves is beyond Python's own lists as well.
    with contextlib.suppress(RecursionError):
        attempt(hash, made)
        attempt(lambda: made == copy.copy(made))
    attempt(made.replace)
    with contextlib.suppress(*ALLOWED, pickle.PicklingError, AttributeError, RecursionError):
        # What pickle cannot take of a foreign value is between the two of them.
        pickle.dumps(made)
    written = attempt(made.to_dict)
    if written is not None:
        try:
            text = json.dumps(written)
        except ValueError as error:
            # How many digits Python writes is a setting of the program's.
            if "digits" in str(error):
                return
            raise
        again = attempt(type(made).from_dict, json.loads(text))
        if again is not None:
            assert attempt(again.to_dict) == json.loads(text)


@given(st.sampled_from(CLASSES).flatmap(lambda cls: st.tuples(st.just(cls), fields_of(cls))))
def test_constructors_make_or_refuse(drawn):
    """A class takes odd values for its fields or refuses them, and what it made can be used."""
    cls, fields = drawn
    made = attempt(cls, **built(fields))
    if made is not None:
        use(made)


@given(st.sampled_from(CLASSES).flatmap(lambda cls: st.tuples(st.just(cls), fields_of(cls) | ODD)))
def test_dictionaries_are_read_or_refused(drawn):
    """`from_dict` reads a dictionary or names what is wrong in it, in one line."""
    cls, fields = drawn
    try:
        made, refused = cls.from_dict(built(fields)), ""
    except alchemy.InvalidRequestError as error:
        made, refused = None, str(error)
    except ALLOWED:
        return
    assert "\n" not in refused
    if made is not None:
        use(made)


@given(st.sampled_from(FROM_DICT), MESSAGES | BLOCKS | entries((*BLOCK_KEYS, "content_index", "delta", "block")) | ODD)
def test_unions_are_read_or_refused(read, fields):
    """The readers of unions read a dictionary or refuse it."""
    made = attempt(read, built(fields))
    if made is not None:
        use(made)


@given(ODD | st.text(), ODD | st.booleans())
def test_names_are_found_or_refused(name, unknown):
    """The catalog answers to any name, of any type."""
    name, unknown = built(name), built(unknown)
    attempt(alchemy.get_model, name, allow_unknown=unknown)
    attempt(alchemy.get_models, name)
    attempt(alchemy.local_model, name, context_window=unknown)


def test_what_holds_itself_is_shown():
    """A value that holds itself, or is nested without measure, has a `repr` all the same."""
    for value in (odd_values.cyclic_dict(), odd_values.deep(10_000, lists=False)):
        assert repr(alchemy.Opaque(api="a", kind="b", data=value)) == "Opaque(...)"
    holder: dict = {}
    holder["a"] = alchemy.Opaque(api="a", kind="b", data=holder)
    assert "Opaque(...)" in repr(holder["a"])


def test_names_that_no_file_can_have_are_refused():
    """A name that is too long for a file, and the home of nobody."""
    for name in ("a" * 5000, "~nobody-of-that-name/a.gguf", "\0"):
        with pytest.raises(alchemy.LocalModelError):
            alchemy.local_model(name)


def test_the_odd_values_are_met():
    """Every odd value can be made, each anew."""
    for make in odd_values.MAKERS:
        make()
    assert len(CLASSES) > 30
