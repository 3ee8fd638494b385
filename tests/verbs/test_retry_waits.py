"""The waits before retries: how long, by whose wish, how they end, and what they may cost a provider."""

import _thread
import asyncio
import datetime as dt
import email.utils
import itertools
import subprocess
import sys
import threading
import time

import alchemy
import pytest
from alchemy._native import NativeClient
from servers import Pause, Server, answer, completion

KEY = "secret-key"
WHOLE = answer(completion())
FAST = alchemy.Retries(backoff=0.01)


def failing(status=429, **headers):
    """A script that fails, with these headers."""
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    body = {"error": {"message": "Nope.", "type": "some_error", "code": None}}
    return answer(body, status, headers=pairs)


def rfc3339(seconds):
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


WISHES = {
    "milliseconds": lambda: {"retry_after_ms": "300"},
    "seconds": lambda: {"retry_after": "0.3"},
    "a date": lambda: {
        "date": email.utils.formatdate(1_700_000_000, usegmt=True),
        "retry_after": email.utils.formatdate(1_700_000_001, usegmt=True),
    },
    "OpenAI's tokens": lambda: {"x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_tokens": "300ms"},
    "Groq's requests": lambda: {"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "0m0.3s"},
    "Anthropic's tokens": lambda: {
        "anthropic_ratelimit_tokens_remaining": "0",
        "anthropic_ratelimit_tokens_reset": rfc3339(2),
    },
}


@pytest.mark.parametrize("wish", WISHES)
def test_the_providers_wish_is_waited_for(drive, serve, at, wish):
    """In each form in which it may be told; where it is longer than the wait would be."""
    server = serve(failing(**WISHES[wish]()), WHOLE)
    message = drive.complete(at(server), "hello", api_key=KEY, retries=alchemy.Retries(backoff=0))
    _, second = message.attempts
    assert 0.29 < second.waited < 10


def test_googles_wish_is_in_the_body(drive, serve, at):
    """`RetryInfo` among the details of the error."""
    error = {"code": 429, "message": "Slow down.", "details": [{"retryDelay": "0.3s"}]}
    server = serve(answer({"error": error}, 429), WHOLE)
    message = drive.complete(at(server), "hello", api_key=KEY, retries=alchemy.Retries(backoff=0))
    assert 0.29 < message.attempts[1].waited < 10


def test_without_a_wish_the_wait_is_random_and_bounded(serve, at):
    """Full jitter: waits are drawn from zero up to a bound that doubles."""
    waits = []
    for _ in range(6):
        message = alchemy.complete(
            at(serve(failing(503), failing(503), WHOLE)), "hello", api_key=KEY, retries=alchemy.Retries(backoff=0.05)
        )
        waits.append([attempt.waited for attempt in message.attempts])
    assert all(first == 0 for first, _, _ in waits)
    assert len({second for _, second, _ in waits}) > 1
    assert min(second for _, second, _ in waits) < 0.05


@pytest.mark.parametrize("status", [429, 503, 500])
def test_a_wish_beyond_the_cap_is_told_and_not_waited_for(drive, serve, at, status):
    """The error says how long the provider asks to wait, in words and as an attribute."""
    server = serve(failing(status, retry_after="120"))
    began = time.monotonic()
    with pytest.raises(alchemy.ApiError, match=r"asks to wait 120 s, longer than retries\.max_wait \(60 s\)") as caught:
        drive.complete(at(server), "hello", api_key=KEY)
    assert time.monotonic() - began < 5
    assert len(server.requests) == 1
    assert caught.value.retry_after == 120


def test_the_cap_is_an_option(drive, serve, at):
    """`max_wait` moves it."""
    server = serve(failing(retry_after="2"))
    with pytest.raises(alchemy.RateLimitError, match="asks to wait 2 s"):
        drive.complete(at(server), "hello", api_key=KEY, retries=alchemy.Retries(max_wait=1))
    assert len(server.requests) == 1


def test_a_wait_that_would_pass_the_total_is_not_begun(drive, serve, at):
    """The error is the failure, at once, and not a timeout later."""
    server = serve(failing(retry_after="30"))
    began = time.monotonic()
    with pytest.raises(alchemy.RateLimitError, match=r"asks to wait 30 s, longer than timeout\.total leaves"):
        drive.complete(at(server), "hello", api_key=KEY, timeout=10)
    assert time.monotonic() - began < 5
    assert len(server.requests) == 1


def test_the_total_runs_over_all_attempts(drive, serve, at):
    """Attempts and waits together end by the total."""
    server = serve([Pause(0.3), *failing(503)])
    began = time.monotonic()
    with pytest.raises((alchemy.TotalTimeoutError, alchemy.OverloadedError)) as caught:
        drive.complete(at(server), "hello", api_key=KEY, timeout=1, retries=alchemy.Retries(count=99, backoff=0))
    assert time.monotonic() - began < 3
    assert 2 <= len(caught.value.attempts) <= 4


def test_the_first_event_is_waited_for_anew(drive, serve, at):
    """Each attempt has the whole time to its first event."""
    server = serve([Pause(0.6), *failing(503)], [Pause(0.6), *WHOLE])
    limits = alchemy.Timeout(first_event=1.0)
    message = drive.complete(at(server), "hello", api_key=KEY, timeout=limits, retries=FAST)
    assert len(message.attempts) == 2


def test_closing_ends_a_wait_at_once(serve, stream_of):
    """A stream that is closed while it waits is aborted, and nothing more is sent."""
    server = serve(failing(retry_after="30"))
    stream = stream_of(server)
    stream._start()
    assert server.wait_requests()
    time.sleep(0.2)
    threading.Timer(0.1, stream.close).start()
    began = time.monotonic()
    with pytest.raises(alchemy.AbortedError) as caught:
        stream.result()
    assert time.monotonic() - began < 3
    assert [attempt.error for attempt in caught.value.attempts] == ["RateLimitError"]
    assert len(server.requests) == 1


def test_cancelling_ends_a_wait_at_once(serve, at):
    """So is a call whose task is cancelled."""
    server = serve(failing(retry_after="30"))

    async def cancel():
        call = asyncio.ensure_future(alchemy.complete_async(at(server), "hello", api_key=KEY))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        return time.monotonic() - began

    assert asyncio.run(cancel()) < 3
    assert len(server.requests) == 1


def test_ctrl_c_ends_a_wait_at_once(serve, at):
    """An interrupt is seen while a call waits."""
    server = serve(failing(retry_after="30"))
    threading.Timer(0.4, _thread.interrupt_main).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        alchemy.complete(at(server), "hello", api_key=KEY)
    assert time.monotonic() - began < 5
    assert len(server.requests) == 1


def test_an_outage_is_not_multiplied(serve, at):
    """Once the reserve is spent each request is sent once, and its error says why; other hosts are not concerned."""
    server, other = serve(failing(503)), serve(failing(503))
    with alchemy.Client(retries=alchemy.Retries(count=1, backoff=0, budget=0)) as client:
        for _ in range(14):
            with pytest.raises(alchemy.OverloadedError):
                client.complete(at(server), "hello")
        with pytest.raises(alchemy.OverloadedError, match=r"budget .* is spent \(retries\.budget\)") as caught:
            client.complete(at(server), "hello")
        assert len(server.requests) == 15 + 10
        assert len(caught.value.attempts) == 1
        with pytest.raises(alchemy.OverloadedError):
            client.complete(at(other), "hello")
    assert len(other.requests) == 2


def test_a_budget_grows_with_the_requests(serve, at):
    """With a share of a half every second request may be sent again in the long run."""
    server = serve(failing(503))
    with alchemy.Client(retries=alchemy.Retries(count=1, backoff=0, budget=0.5)) as client:
        for _ in range(40):
            with pytest.raises(alchemy.OverloadedError):
                client.complete(at(server), "hello")
    assert len(server.requests) == 40 + 10 + 20


def test_a_budget_is_shared_by_threads_and_may_be_left_out(serve, at):
    """All threads of a client spend from one account; None is no limit."""
    server = serve(failing(503))
    for budget, expected in ((0, 30 + 10), (None, 30 + 30)):
        server.requests.clear()
        with alchemy.Client(retries=alchemy.Retries(count=1, backoff=0, budget=budget)) as client:

            def fail(client=client):
                for _ in range(5):
                    with pytest.raises(alchemy.OverloadedError):
                        client.complete(at(server), "hello")

            threads = [threading.Thread(target=fail) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(server.requests) == expected


def test_a_wish_costs_no_budget(serve, at):
    """A rate limit that says when to come back is not overrun by that."""
    server = serve(failing(429, retry_after="0.001"))
    with alchemy.Client(retries=alchemy.Retries(count=1, backoff=0, budget=0)) as client:
        for _ in range(15):
            with pytest.raises(alchemy.RateLimitError):
                client.complete(at(server), "hello")
    assert len(server.requests) == 30


FORKED = """
import os, sys
import alchemy

model = alchemy.Model(id="m", base_url=sys.argv[1])
client = alchemy.Client(retries=alchemy.Retries(count=1, backoff=0, budget=0))

def count():
    sent = 0
    for _ in range(12):
        try:
            client.complete(model, "hello")
        except alchemy.OverloadedError as error:
            sent += len(error.attempts)
    return sent

assert count() == 22
child = os.fork()
if child == 0:
    os._exit(0 if count() == 22 else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


@pytest.mark.skipif(not hasattr(sys, "getswitchinterval") or sys.platform == "win32", reason="no fork")
def test_a_forked_child_has_a_budget_of_its_own(serve):
    """What the parent spent is not the child's debt."""
    server = serve(failing(503))
    run = subprocess.run([sys.executable, "-c", FORKED, server.url], capture_output=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr.decode()


def test_a_retry_is_observed(serve, at):
    """Where requests are watched, the failure is told with the wait, before the next attempt."""
    client = NativeClient(**alchemy.Client()._settings)
    context = {"messages": ({"role": "user", "content": "hello"},)}
    native = client.prepare(at(serve(failing(503), WHOLE)), context, {"retries": FAST}, False, True)
    native.start()
    seen = []
    ends = time.monotonic() + 10
    while time.monotonic() < ends and not (seen and seen[-1][0] == "end"):
        seen += native.observations()
        time.sleep(0.005)
    kinds = [kind for kind, _, _ in seen]
    assert kinds == ["attempt", "head", "retry", "attempt", "head", "first_event", "end"]
    failed, wait = seen[2][2]
    assert (failed.status, failed.error) == (503, "OverloadedError")
    assert 0 <= wait <= 0.01
    assert [seen[0][2], seen[3][2]] == [1, 2]


def test_one_client_retries_many_requests_at_once():
    """Sixteen requests that all fail first end well, each by itself."""

    async def many(url):
        model = alchemy.Model(id="m", base_url=url)
        async with alchemy.Client(retries=alchemy.Retries(backoff=0.05, budget=None)) as client:
            return await asyncio.gather(*[client.complete_async(model, "hello") for _ in range(16)])

    with Server(*itertools.chain([failing(503)] * 16, [WHOLE])) as server:
        messages = asyncio.run(many(server.url))
        assert len(server.requests) == 32
    assert {message.text for message in messages} == {"Hello there."}
