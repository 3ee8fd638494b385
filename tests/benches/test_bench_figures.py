"""What the benchmarks' clients reckon: percentiles, lateness and text taken off the wire."""

import json
import subprocess
import sys
import time
from pathlib import Path

import hand_written
import paced
import pytest
import wire
from asked import ANTHROPIC_MESSAGES, GOOGLE_GENERATIVE_AI, OPENAI_COMPLETIONS, OPENAI_RESPONSES
from burst import Calls, Streams
from figures import Clock, percentile, percentiles

APIS = (OPENAI_COMPLETIONS, OPENAI_RESPONSES, ANTHROPIC_MESSAGES, GOOGLE_GENERATIVE_AI)
EVENTS = {
    OPENAI_COMPLETIONS: {"choices": [{"delta": {"content": "Hi"}}]},
    OPENAI_RESPONSES: {"type": "response.output_text.delta", "delta": "Hi"},
    ANTHROPIC_MESSAGES: {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}},
    GOOGLE_GENERATIVE_AI: {"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]},
}


def test_a_percentile_is_a_sample():
    """The share is of samples at or below it; one sample is every percentile."""
    ordered = list(range(1, 101))
    assert [percentile(ordered, share) for share in (0.0, 0.5, 0.99, 0.991, 1.0)] == [1, 50, 99, 100, 100]
    assert percentile([7.0], 0.5) == 7.0
    assert percentiles([3_000_000, 1_000_000, 2_000_000], 1e-6) == {"p50": 2.0, "p99": 3.0, "max": 3.0}
    assert percentiles([]) == {}


def test_sizes_are_read_from_words():
    """A pace, streams and tool calls are numbers with an x between."""
    pace = paced.Pace.parse("1000x200x20")
    assert (pace.streams, pace.model, pace.ideal) == (1000, "paced-200-20", 4.0)
    assert Streams.parse("10000x5") == Streams(10_000, 5)
    assert (Calls.parse("4001x8x2").deltas, Calls.parse("4001x8x2").model) == (501, "calls-4001-8")


def test_a_delta_is_as_late_as_its_text_says():
    """The text of a paced delta is when it was due; the first one's arrival is kept."""
    marks = paced.Marks()
    marks.mark(f" {time.monotonic_ns() - 5_000_000:019}")
    marks.mark(f" {time.monotonic_ns():019}")
    assert 5_000_000 <= marks.late[0] < 1_000_000_000
    assert 0 <= marks.late[1] < 1_000_000_000
    assert 0 <= time.monotonic_ns() - marks.first < 1_000_000_000


def test_a_run_that_lost_deltas_is_no_figure():
    """Lateness, start and CPU are told for all deltas or not at all."""
    pace = paced.Pace(streams=1, deltas=2, pause=20)
    marks = paced.Marks()
    marks.first, marks.late = 30_000_000, [1_000_000, 3_000_000]
    said = paced.summary(pace, [marks], 0, Clock())
    assert said["late_ms"] == {"p50": pytest.approx(1), "p99": pytest.approx(3), "max": pytest.approx(3)}
    assert said["steady_ms"]["p50"] == pytest.approx(3)
    assert said["start_ms"]["max"] == pytest.approx(10)
    marks.late.pop()
    with pytest.raises(SystemExit, match="saw 1 deltas of 2"):
        paced.summary(pace, [marks], 0, Clock())


@pytest.mark.parametrize("api", APIS)
def test_the_loops_take_text_off_every_wire(api):
    """Events are put together across pieces, and what has no text gives none."""
    blank = b"\r\n\r\n" if api == GOOGLE_GENERATIVE_AI else b"\n\n"
    name = b"event: message\n" if api in (ANTHROPIC_MESSAGES, OPENAI_RESPONSES) else b""
    stream = (name + b"data: " + json.dumps(EVENTS[api]).encode() + blank) * 3
    events = wire.Events(wire.TEXT[api])
    assert [text for at in range(0, len(stream), 7) for text in events.feed(stream[at : at + 7])] == ["Hi"] * 3


def test_the_socket_loop_takes_chunks_off():
    """HTTP's chunks are put together across reads, and the last one ends the stream."""
    payload = b"data: " + json.dumps(EVENTS[OPENAI_COMPLETIONS]).encode() + b"\n\n"
    body = (f"{len(payload):x}\r\n".encode() + payload + b"\r\n") * 2 + b"0\r\n\r\n"
    chunks = hand_written.Chunks(wire.TEXT[OPENAI_COMPLETIONS])
    assert [text for at in range(0, len(body), 11) for text in chunks.feed(body[at : at + 11])] == ["Hi", "Hi"]
    assert chunks.done


@pytest.mark.parametrize("api", APIS)
def test_every_request_has_one_tool(api):
    """The loops ask for what the libraries ask for."""
    head, _, body = hand_written.request_bytes(api, "events-7", stream=True).partition(b"\r\n\r\n")
    assert hand_written.content_length(head) == len(body)
    assert b"events-7" in head + body
    assert len(json.loads(body)["tools"]) == 1


def test_installed_size_counts_what_a_distribution_needs():
    """Pytest with what it requires is several distributions, each counted once."""
    script = Path(hand_written.__file__).parent / "installed.py"
    done = subprocess.run([sys.executable, str(script), "pytest"], capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["distributions"] >= 3
    assert 0.5 < answer["megabytes"] < 100
    assert answer["editable"] is False
