"""The fault language: what is written is what is read, and what is wrong is told in one line."""

import alchemy
import pytest
from alchemy.lab import FAULTS, Fault
from alchemy.lab._faults import Place, faults_of
from alchemy.lab.protocols import PROTOCOLS
from hypothesis import given, strategies as st

FEW = ["openai-completions", "google-generative-ai"]
MOST = ["openai-completions", "openai-responses", "anthropic-messages"]
KINDS = st.sampled_from(sorted(FAULTS))
PLACES = st.sampled_from([None, "head", "start", "middle", "last", "end", "0", "3", "17b", "x", "", "3c", "-1"])
VALUES = st.one_of(
    st.none(),
    st.sampled_from(["1", "0.5", "429", "overloaded", "random:3", "date:2", "x-a:b", "x-a:b@2", "text/plain", ""]),
    st.text(max_size=12),
)


def told(make):
    """What is made, or None where it is refused in one printable line that is short enough to read."""
    words = []
    try:
        return make()
    except alchemy.InvalidRequestError as error:
        words.append(str(error))
    assert words[0].startswith("no fault ")
    assert words[0].isprintable()
    assert len(words[0]) < 300
    return None


@given(KINDS, VALUES, PLACES)
def test_what_is_written_is_what_is_read(kind, value, place):
    """A fault that can be made is the same once it was text; one that cannot is a ValueError of one line."""
    made = told(lambda: Fault(kind, value, at=place))
    if made is None:
        return
    read = Fault.parse(str(made))
    if value is None or not (value[-1:].isspace() or value.endswith("=")):
        assert read == made
        assert hash(read) == hash(made)
    assert made.place is None or isinstance(made.place, Place)
    assert made.number >= 0 if FAULTS[kind].value in {"seconds", "count", "bytes", "status"} else True


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser(text):
    """Any text is a fault, or a ValueError that names the nearest kind or what is wrong."""
    made = told(lambda: Fault.parse(text))
    assert made is None or isinstance(made, Fault)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stal@3", "there is no such kind; the nearest is stall"),
        ("Reset", "the nearest is reset"),
        ("retry_after=3", "the nearest is retry-after"),
        ("", "there is no such kind"),
        ("delay", "delay needs a value, for example delay=0.5@2"),
        ("delay=soon", "delay takes a number of seconds"),
        ("delay=-1", "delay takes a number of seconds"),
        ("delay=nan", "delay takes a number of seconds"),
        ("stall=3", "stall takes no value"),
        ("stall@there", "no such place; one of head, start"),
        ("status=42", "an HTTP status"),
        ("status=429@2", "an HTTP status"),
        ("gzip@2", "gzip stands at no place"),
        ("split=0", "a whole number of bytes from 1"),
        ("error=odd", "overloaded or server"),
        ("header=nothing", "name:value"),
        ("header=a:b\r\nset-cookie:c", "name:value"),
        ("content-type=a\nb", "text of one line"),
        ("malformed@head", "belongs to the body"),
        ("x" * 500, "..."),
    ],
)
def test_what_is_wrong_is_told(text, words):
    """In one line, with the way to do it right."""
    with pytest.raises(alchemy.InvalidRequestError) as caught:
        Fault.parse(text)
    assert words in str(caught.value)
    assert caught.value.path == "faults"


def test_the_typed_form():
    """Numbers may be given as numbers, and the text is the repr."""
    fault = Fault("delay", 0.5, at=2)
    assert (str(fault), repr(fault)) == ("delay=0.5@2", "Fault('delay=0.5@2')")
    assert fault.place == Place("event", 2)
    assert Fault("stall").place == Place("event", 1)
    assert Fault("truncate", at="40b").place == Place("byte", 40)
    assert Fault("gzip").place is None
    assert Fault.parse("header=x-mail: a@b") == Fault("header", "x-mail: a@b")
    assert faults_of(["gzip", Fault("stall")]) == (Fault("gzip"), Fault("stall"))
    assert faults_of("gzip") == faults_of(Fault("gzip")) == (Fault("gzip"),)
    with pytest.raises(AttributeError):
        fault.kind = "stall"


def test_which_protocol_has_a_use_for_which_kind():
    """All have one for nearly all kinds."""
    for name, kind in FAULTS.items():
        fitting = [api for api in PROTOCOLS if Fault.parse(kind.example).fits(api)]
        short = {
            "empty-ids": ["openai-completions"],
            "no-ids": FEW,
            "together": FEW,
            "interleaved": MOST,
            "cut-arguments": MOST,
        }
        assert fitting == short.get(name, list(PROTOCOLS))
    assert not Fault("stall").fits("other")


def test_the_list():
    """Each kind says in one line what it does."""
    for name, kind in FAULTS.items():
        assert "\n" not in kind.meaning
        assert kind.meaning[0].islower()
        assert kind.example.startswith(name)
