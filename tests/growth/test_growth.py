"""Long answers and long conversations cost as much for each event and byte as short ones, and little memory."""

import json
import subprocess
import sys
from pathlib import Path

import growth_conversations
import pytest
from dialects import DIALECTS
from growth_streams import BATCH, call_script, read_arguments, read_events, text_script
from servers import answer, completion

pytestmark = pytest.mark.alone

APIS = [dialect.api for dialect in DIALECTS]
# A million tokens of English.
MILLION_TOKENS = 4_500_000
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the peak memory of a process")


def measured(*arguments: object) -> dict:
    """Encodes a conversation in a fresh process."""
    program = Path(growth_conversations.__file__)
    command = [sys.executable, str(program), *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=50)
    return json.loads(done.stdout)


@pytest.mark.parametrize(("dialect", "events"), [(DIALECTS[0], 1_000_000), *((one, 200_000) for one in DIALECTS[1:])])
def test_an_event_costs_the_same_after_a_million_others(dialect, events, serve, at):
    """The CPU time for each event does not grow with the number of events before it."""
    few = 10_000
    short = at(serve(text_script(dialect, few)), api=dialect.api)
    long = at(serve(text_script(dialect, events)), api=dialect.api)
    read_events(short, few)
    # Another program may take the machine, and its caches, for a while: the short ones come before and after the long
    # one. Work that grows does so each time.
    for _ in range(4):
        each = sorted(read_events(short, few) / few for _ in range(3))[1]
        long_each = read_events(long, events) / events
        each = max(each, sorted(read_events(short, few) / few for _ in range(3))[1])
        if long_each < 2 * each:
            return
    pytest.fail(f"an event of {events:,} costs more than twice as much as one of {few:,}")


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_arguments_asked_for_after_each_piece_cost_linear_work(dialect, serve, at):
    """Eight times the arguments, with `partial_arguments` after every eight bytes, take about eight times the work."""

    def best(size: int) -> float:
        model = at(serve(call_script(dialect, size)), api=dialect.api)
        runs = [read_arguments(model, size) for _ in range(3)]
        assert all(length >= size // 8 // BATCH * BATCH * 8 for _, length in runs)
        return min(seconds for seconds, _ in runs)

    assert best(400_000) < 16 * best(50_000)


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("shape", growth_conversations.SHAPES)
def test_a_conversation_is_encoded_in_linear_time(shape, api):
    """Ten times the conversation takes about ten times the time."""
    make = growth_conversations.SHAPES[shape]
    short = growth_conversations.seconds(api, make(MILLION_TOKENS // 10))
    assert growth_conversations.seconds(api, make(MILLION_TOKENS)) < 30 * short + 0.01


@linux
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("shape", growth_conversations.SHAPES)
def test_a_conversation_of_a_million_tokens_takes_at_most_twice_its_size(shape, api):
    """From Python objects to the body that is sent, the most memory held at once is twice the body.

    Beyond ASCII one half of it is the UTF-8 form that the interpreter makes of a string and keeps with it, once.
    """
    figures = measured(shape, api, MILLION_TOKENS)
    assert figures["body"] > 0.95 * MILLION_TOKENS
    most = 2.1 if shape == "beyond ASCII" else 2
    assert figures["peak"] < most * figures["body"], figures


@linux
def test_retries_hold_no_further_copy(serve):
    """A request that is sent three times holds one body."""
    server = serve(answer({}, 503), answer({}, 503), answer(completion()))
    figures = measured("turns", APIS[0], MILLION_TOKENS, server.url)
    assert [len(request.body) for request in server.requests] == 3 * [len(server.requests[0].body)]
    assert len(server.requests[0].body) > 0.95 * MILLION_TOKENS
    assert figures["peak"] < 2 * figures["body"], figures
