"""Tapes: what they keep, what they leave out, and that a file gives back what was put into it."""

import math

import alchemy
import pytest
from alchemy.lab import Tape
from hypothesis import given, strategies as st

CHUNKS = st.lists(st.tuples(st.floats(0, 5), st.binary(max_size=20)), max_size=6).map(
    lambda pieces: list(zip(sorted(seconds for seconds, _ in pieces), [data for _, data in pieces], strict=True))
)


@given(CHUNKS, st.sampled_from([200, 429, 503]))
def test_json_gives_back_what_was_put_in(chunks, status):
    """Text, bytes that are none, and times."""
    tape = Tape(chunks, status=status, headers={"A": "b"})
    assert Tape.from_dict(tape.to_dict()) == tape
    assert tape.headers == {"a": "b"}
    assert tape.body == b"".join(data for _, data in chunks)


def test_a_file_gives_back_what_was_put_in(tmp_path):
    """Bytes that are no text go as base64, others can be read and edited."""
    tape = Tape([(0, "data: grüß\n\n".encode()), (1.5, b"\xff\x00")], headers={"content-type": "text/event-stream"})
    tape.save(tmp_path / "a.tape")
    text = (tmp_path / "a.tape").read_text(encoding="utf-8")
    assert "grüß" in text
    assert "base64" in text
    assert Tape.load(tmp_path / "a.tape") == tape


def test_secrets_are_left_out():
    """Whatever may hold one, and how the body was framed; what tells of tokens that are counted stays."""
    secret = ["set-cookie", "Authorization", "x-api-key", "X-Auth-Token", "client-secret", "proxy-authenticate"]
    framing = ["transfer-encoding", "content-length", "connection"]
    kept = ["content-type", "x-request-id", "x-ratelimit-remaining-tokens", "content-encoding", "retry-after"]
    tape = Tape([], headers=dict.fromkeys([*secret, *framing, *kept], "v"))
    assert sorted(tape.headers) == sorted(kept)


@given(st.binary(max_size=200), st.integers(0, 9))
def test_bytes_are_cut_by_sizes_or_by_seed(data, seed):
    """Nothing is lost, and the same seed cuts the same."""
    assert Tape.of_bytes(data, sizes=7).body == data
    assert Tape.of_bytes(data, sizes=[1, 2, 3]).body == data
    assert Tape.of_bytes(data, seed=seed) == Tape.of_bytes(data, seed=seed)
    assert Tape.of_bytes(data, seed=seed).body == data
    assert all(len(piece) <= 7 for _, piece in Tape.of_bytes(data, sizes=7).chunks)


def test_times():
    """The pieces come after one another, and a tape at another speed is as much faster."""
    tape = Tape.of_bytes(b"abcd", sizes=1, seconds=0.5)
    assert [seconds for seconds, _ in tape.chunks] == [0, 0.5, 1, 1.5]
    assert (tape.seconds, tape.at_speed(3).seconds, tape.at_speed(math.inf).seconds) == (1.5, 0.5, 0)
    assert Tape([]).seconds == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: Tape([(1, b""), (0.5, b"")]),
        lambda: Tape([(-1, b"")]),
        lambda: Tape([(math.nan, b"")]),
        lambda: Tape([], status=99),
        lambda: Tape([], speed=0),
        lambda: Tape([], headers={"a b": "c"}),
        lambda: Tape([], headers={"a": "c\r\nd: e"}),
        lambda: Tape.of_bytes(b"abc", sizes=0),
        lambda: Tape.from_dict({}),
        lambda: Tape.from_dict({"tape": 1}),
        lambda: Tape.from_dict({"tape": 1, "headers": [], "chunks": []}),
        lambda: Tape.from_dict({"tape": 1, "chunks": [{"at": 0}]}),
        lambda: Tape.from_dict({"tape": 1, "chunks": [{"at": 0, "base64": "*"}]}),
    ],
)
def test_what_is_no_tape_is_refused(make):
    """In one line that says where."""
    with pytest.raises(alchemy.InvalidRequestError, match="tape: ") as caught:
        make()
    assert "\n" not in str(caught.value)
    assert caught.value.path


def test_what_is_no_file_of_a_tape_is_refused(tmp_path):
    """The error names the file."""
    for text in ("{", "[]", "\x00"):
        (tmp_path / "a.tape").write_text(text)
        with pytest.raises(alchemy.InvalidRequestError, match=r"a\.tape: no tape"):
            Tape.load(tmp_path / "a.tape")
    with pytest.raises(FileNotFoundError):
        Tape.load(tmp_path / "b.tape")
