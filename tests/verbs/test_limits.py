"""A client's limits: how much is under way at once, and what answers say is left."""

import asyncio
import contextlib
import gc
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import alchemy
import pytest
from servers import (
    FINISH,
    HELLO,
    STREAM_END,
    STREAM_HEAD,
    THERE,
    Pause,
    Server,
    Stall,
    Until,
    answer,
    completion,
    event,
    head,
)

pytestmark = pytest.mark.alone

OTHER = {"id": "other"}


@dataclass(frozen=True)
class Mark:
    """Counts the request as under way from here on, or not any more."""

    under_way: bool


class Counting(Server):
    """A server that knows how many of its answers were under way at once, and when each request came."""

    def __init__(self, *scripts, **settings) -> None:
        self.lock = threading.Lock()
        self.now = self.most = 0
        self.times: list[float] = []
        super().__init__(*scripts, **settings)

    def _step(self, connection, step) -> bool:
        if not isinstance(step, Mark):
            goes_on = super()._step(connection, step)
            if not goes_on:
                self._count(-1)
            return goes_on
        self._count(1 if step.under_way else -1)
        return True

    def _count(self, change: int) -> None:
        with self.lock:
            self.now += change
            self.most = max(self.most, self.now)
            if change > 0:
                self.times.append(time.monotonic())


def streaming(*steps) -> list:
    """An answer that is under way from its first byte to before its last."""
    return [Mark(True), STREAM_HEAD, event(HELLO), *steps, event(THERE), event(FINISH), Mark(False), STREAM_END]


def whole(*headers, status: int = 200, pause: float = 0) -> list:
    """An answer that is not streamed."""
    body = completion() if status == 200 else {"error": {"message": "too many"}}
    return [Mark(True), Pause(pause), Mark(False), *answer(body, status, headers=headers)]


@pytest.fixture
def counting():
    """Starts counting servers that stop with the test."""
    started = []

    def start(*scripts) -> Counting:
        started.append(Counting(*scripts))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def limited(**limits) -> alchemy.Client:
    """A client that fails at once where it would send again."""
    return alchemy.Client(limits=alchemy.Limits(**limits), retries=0)


def soon(condition) -> bool:
    """Whether a condition comes true within a few seconds."""
    ends = time.monotonic() + 5
    while not condition() and time.monotonic() < ends:
        time.sleep(0.005)
    return condition()


def test_threads_and_loops_share_one_limit(counting, at):
    """However requests are made, no more than the limit are under way at the server, and each is answered."""
    server = counting(streaming(Pause(0.02)))
    with limited(concurrent_requests=4) as client:
        model = at(server)

        def read() -> str:
            with client.stream(model, "hello") as stream:
                return "".join(event.delta for event in stream if isinstance(event, alchemy.TextDelta))

        async def read_async() -> str:
            async with client.stream(model, "hello") as stream:
                return "".join([event.delta async for event in stream if isinstance(event, alchemy.TextDelta)])

        async def both() -> list[str]:
            read_all = [read_async() for _ in range(10)]
            complete_all = [client.complete_async(model, "hello") for _ in range(10)]
            return [*await asyncio.gather(*read_all), *[reply.text for reply in await asyncio.gather(*complete_all)]]

        with ThreadPoolExecutor(24) as pool:
            tasks = [pool.submit(read) for _ in range(10)]
            tasks += [pool.submit(lambda: client.complete(model, "hello").text) for _ in range(10)]
            loops = [pool.submit(asyncio.run, both()) for _ in range(2)]
            texts = [task.result(60) for task in tasks] + [text for loop in loops for text in loop.result(60)]
    assert texts == ["Hello there."] * 60
    assert server.most == 4
    assert len(server.requests) == 60


def test_without_a_limit_nothing_waits(counting, at):
    """The same requests without a limit are under way all at once: it is the limit that holds them back."""
    go_on = threading.Event()
    server = counting(streaming(Until(go_on)))
    with alchemy.Client() as client:
        streams = [client.stream(at(server), "hello") for _ in range(8)]
        for stream in streams:
            next(iter(stream))
        assert server.most == 8
        assert (client.running, client.waiting) == (None, None)
        go_on.set()
        for stream in streams:
            stream.result()


def test_the_wait_is_told(counting, at):
    """`Attempt.waited` has the time that a request was held back, and `duration` begins at the send."""
    server = counting(whole(pause=0.4))
    with limited(concurrent_requests=1) as client:
        model = at(server)
        with ThreadPoolExecutor(2) as pool:
            replies = list(pool.map(lambda _: client.complete(model, "hello"), range(2)))
        (first,), (second,) = sorted((reply.attempts for reply in replies), key=lambda attempts: attempts[0].waited)
    assert first.waited < 0.2
    assert second.waited >= 0.35
    assert 0.35 <= second.duration < second.waited + 0.4


def test_the_first_event_is_awaited_from_the_send_on(counting, at):
    """Time that a request was held back for does not count as the server's."""
    server = counting(whole(pause=0.4))
    with limited(concurrent_requests=1) as client:
        model = at(server)
        patient = alchemy.Timeout(first_event=0.7)
        with ThreadPoolExecutor(3) as pool:
            replies = list(pool.map(lambda _: client.complete(model, "hello", timeout=patient), range(3)))
    assert [reply.text for reply in replies] == ["Hello there."] * 3


def test_the_total_covers_the_wait(drive, counting, at):
    """A request that is held back for longer than its total time fails in time, and is not sent."""
    server = counting(streaming(Stall()))
    with limited(concurrent_requests=1) as client:
        running = client.stream(at(server), "hello")
        next(iter(running))
        held = client.stream(at(server), "hello", timeout=0.3)
        began = time.monotonic()
        with pytest.raises(alchemy.TotalTimeoutError, match="held back by the client's limits") as caught:
            drive.result(held)
        assert 0.3 <= time.monotonic() - began < 2
        assert caught.value.attempts == ()
        assert (client.running, client.waiting) == (1, 0)
        running.close()
    assert len(server.requests) == 1


@pytest.mark.parametrize("way", ["close", "drop"])
def test_a_held_stream_is_let_go_of_at_once(way, counting, at):
    """A stream that is closed or dropped while it waits ends at once; nothing is sent and its place is free."""
    go_on = threading.Event()
    server = counting(streaming(Until(go_on)))
    with limited(concurrent_requests=1) as client:
        running = client.stream(at(server), "hello")
        next(iter(running))
        held = [client.stream(at(server), "hello") for _ in range(3)]
        readers = [threading.Thread(target=lambda stream: stream.result(), args=(stream,)) for stream in held[1:]]
        for reader in readers:
            reader.start()
        if way == "close":
            blocked = threading.Thread(target=_swallow, args=(held[0],))
            blocked.start()
            assert soon(lambda: client.waiting == 3)
            held[0].close()
            blocked.join(2)
            assert not blocked.is_alive()
        else:
            asyncio.run(_begin_and_leave(held, client))
        assert soon(lambda: client.waiting == 2)
        assert (client.running, len(server.requests)) == (1, 1)
        go_on.set()
        for reader in readers:
            reader.join(5)
            assert not reader.is_alive()
        assert running.result().text == "Hello there."
        assert soon(lambda: (client.running, client.waiting) == (0, 0))
    assert (len(server.requests), server.most) == (3, 1)


def _swallow(stream) -> None:
    with contextlib.suppress(alchemy.AbortedError):
        stream.result()


async def _begin_and_leave(held, client) -> None:
    """Begins to read a stream, and drops it together with the task that reads."""
    task = asyncio.ensure_future(anext(aiter(held.pop(0))))
    assert await asyncio.to_thread(soon, lambda: client.waiting == 3)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    del task
    gc.collect()


def test_cancelled_tasks_give_up_their_places(counting, at):
    """Tasks that are cancelled while they wait hold nobody up, and their requests are never sent."""
    go_on = threading.Event()
    server = counting(streaming(Until(go_on)))

    async def main(client) -> list[str]:
        model = at(server)
        tasks = [asyncio.create_task(client.complete_async(model, "hello")) for _ in range(30)]
        assert await asyncio.to_thread(soon, lambda: client.waiting == 28)
        for number, task in enumerate(tasks):
            if number >= 2 and number % 5:
                task.cancel()
        go_on.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        return [reply.text for reply in done if isinstance(reply, alchemy.AssistantMessage)]

    with limited(concurrent_requests=2) as client:
        texts = asyncio.run(main(client))
        assert soon(lambda: (client.running, client.waiting) == (0, 0))
    assert len(texts) == 7
    assert (len(server.requests), server.most) == (7, 2)


def test_closing_a_running_stream_lets_the_next_one_go(drive, counting, at):
    """A stream that is closed before its end gives its place back."""
    server = counting(streaming(Stall()), streaming())
    with limited(concurrent_requests=1) as client:
        running = client.stream(at(server), "hello")
        drive.first(running)
        drive.close(running)
        assert drive.result(client.stream(at(server), "hello")).text == "Hello there."


def test_a_failed_request_lets_the_next_one_go(drive, counting, at):
    """A request that is refused gives its place back, and so does one that cannot be sent."""
    server = counting(whole(status=400), whole())
    with limited(concurrent_requests=1) as client:
        with pytest.raises(alchemy.BadRequestError):
            drive.result(client.stream(at(server), "hello"))
        with pytest.raises(alchemy.ApiConnectionError):
            drive.result(client.stream(at("http://127.0.0.1:9"), "hello"))
        assert drive.result(client.stream(at(server), "hello")).text == "Hello there."


def test_requests_are_spread_over_the_minute(counting, at):
    """Of 600 requests by the minute ten go at once, and the others each a tenth of a second later."""
    server = counting(whole())
    with limited(requests_per_minute=600) as client:
        model = at(server)
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: client.complete(model, "hello"), range(16)))
    times = sorted(server.times)
    assert times[15] - times[0] >= 0.55
    assert len(times) == 16


@pytest.mark.parametrize(("prompt", "most"), [("hello", 600), ("a word " * 350, 1)], ids=["answer", "prompt"])
def test_tokens_are_estimated_and_corrected(prompt, most, counting, at):
    """A request waits for the tokens that those before it may use; what an answer did not use is free at its end."""
    body = {**completion(), "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}}
    server = counting([Mark(True), Pause(0.5), Mark(False), *answer(body)])
    with limited(tokens_per_minute=1000) as client:
        model = at(server)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: client.complete(model, prompt, max_tokens=most), range(2)))
    assert server.most == 1
    assert len(server.times) == 2
    assert 0.4 < server.times[1] - server.times[0] < 10


@pytest.mark.parametrize(
    "headers",
    [
        [
            ("x-ratelimit-limit-requests", 50),
            ("x-ratelimit-remaining-requests", 0),
            ("x-ratelimit-reset-requests", "300ms"),
        ],
        [("x-ratelimit-limit-tokens", 9000), ("x-ratelimit-remaining-tokens", 2), ("x-ratelimit-reset-tokens", "0.3")],
    ],
    ids=["requests", "tokens"],
)
def test_what_answers_say_is_left_holds_the_next_back(headers, drive, counting, at):
    """After an answer with nothing left the model's next request goes once there is more; other models go on."""
    server = counting(whole(*headers), whole())
    with limited() as client:
        began = time.monotonic()
        drive.result(client.stream(at(server), "hello"))
        assert client.complete(at(server, **OTHER), "hello").attempts[0].waited < 0.2
        reply = client.complete(at(server), "hello")
    assert reply.attempts[0].waited > 0.05
    assert server.times[2] - began >= 0.29


def test_nothing_is_learned_where_that_is_not_wanted(counting, at):
    """With `learn=False` an answer with nothing left holds nobody back."""
    nothing_left = [("x-ratelimit-limit-requests", 50), ("x-ratelimit-remaining-requests", 0)]
    server = counting(whole(*nothing_left, ("x-ratelimit-reset-requests", "30s")))
    with limited(learn=False) as client:
        client.complete(at(server), "hello")
        assert client.complete(at(server), "hello").attempts[0].waited == 0


def test_a_refusal_holds_the_others_back(counting, at):
    """A 429 that says how long holds back the model's next requests for so long, and no other model's."""
    server = counting(whole(("retry-after-ms", "400"), status=429), whole())
    with limited() as client:
        with pytest.raises(alchemy.RateLimitError):
            client.complete(at(server), "hello")
        refused = time.monotonic()
        client.complete(at(server, **OTHER), "hello")
        assert time.monotonic() - refused < 0.35
        client.complete(at(server), "hello")
    assert server.times[2] - server.times[0] >= 0.39


def test_a_request_that_is_sent_again_takes_its_turn_anew(counting, at):
    """A retry takes a place like any request: with one place in all, what waits goes first, and nothing hangs."""
    server = counting(whole(status=500), whole())
    client = alchemy.Client(limits={"concurrent_requests": 1}, retries=alchemy.Retries(count=2, backoff=0.05))
    with client, ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: client.complete(at(server), "hello"), range(8)))
    assert sorted(len(reply.attempts) for reply in replies) == [1] * 7 + [2]
    assert (server.most, len(server.requests)) == (1, 9)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_its_own_limiter(counting, at):
    """What is under way in the parent counts for nothing in the child, and the parent's count stays."""
    go_on = threading.Event()
    server = counting(streaming(Until(go_on)), streaming())
    with limited(concurrent_requests=1) as client:
        running = client.stream(at(server), "hello")
        next(iter(running))
        child = os.fork()
        if child == 0:
            code = 1
            with contextlib.suppress(BaseException):
                code = 0 if client.complete(at(server), "hello").text == "Hello there." else 2
            os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert (client.running, client.waiting) == (1, 0)
        go_on.set()
        assert running.result().text == "Hello there."


def test_wrong_limits_are_refused_where_they_are_given():
    """A limit of a wrong name or value raises at the line that makes the client."""
    for limits, path in [
        ({"requests": 5}, "limits.requests"),
        ({"concurrent_requests": 0}, "limits.concurrent_requests"),
        (alchemy.Limits(tokens_per_minute=-1), "limits.tokens_per_minute"),
        ({"requests_per_minute": 1.5}, "limits.requests_per_minute"),
        (5, "limits"),
    ]:
        with pytest.raises(alchemy.InvalidRequestError) as caught:
            alchemy.Client(limits=limits)
        assert caught.value.path == path


def test_closing_a_client_keeps_its_count(counting, at):
    """Closing a client lets its open streams go on, under the same limits."""
    go_on = threading.Event()
    server = counting(streaming(Until(go_on)))
    client = limited(concurrent_requests=1)
    running, held = (client.stream(at(server), "hello") for _ in range(2))
    next(iter(running))
    reader = threading.Thread(target=held.result)
    reader.start()
    assert soon(lambda: client.waiting == 1)
    client.close()
    assert (client.running, client.waiting) == (1, 1)
    go_on.set()
    reader.join(5)
    assert held.result().text == running.result().text == "Hello there."
    assert server.most == 1


def test_what_was_never_sent_takes_no_tokens(drive):
    """An attempt that met no server leaves its tokens to the next, so that the real error comes, and comes at once."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    limits = alchemy.Limits(tokens_per_minute=1500)
    with alchemy.Client(limits=limits, retries=alchemy.Retries(count=1, backoff=0.01), timeout=5) as client:
        stream = client.stream(alchemy.Model(id="m", base_url=f"http://127.0.0.1:{port}"), "hello", max_tokens=1000)
        with pytest.raises(alchemy.ApiConnectionError) as caught:
            drive.result(stream)
    assert len(caught.value.attempts) == 2


def test_an_answer_that_was_late_has_taken_its_tokens(serve):
    """What a provider may have written and billed counts, though nobody got it."""
    server = serve([head(headers=[("content-length", 99)]), Stall()], answer(completion()))
    model = alchemy.Model(id="m", base_url=server.url)
    with alchemy.Client(limits=alchemy.Limits(tokens_per_minute=1000)) as client:
        with pytest.raises(alchemy.FirstEventTimeoutError):
            client.complete(model, "hello", max_tokens=900, timeout=alchemy.Timeout(first_event=0.2))
        with pytest.raises(alchemy.TotalTimeoutError):
            client.complete(model, "hello", max_tokens=900, timeout=0.5)
    assert len(server.requests) == 1


def test_a_place_is_free_once_the_answer_is_whole(serve, drive):
    """Who has seen the end of an answer finds its place free, though the server does not end the body."""
    server = serve([STREAM_HEAD, event(HELLO), event(FINISH), event("[DONE]"), Stall()])
    model = alchemy.Model(id="m", base_url=server.url)
    with alchemy.Client(limits=alchemy.Limits(concurrent_requests=1)) as client:
        for _ in range(3):
            assert drive.result(client.stream(model, "hello")).text == "Hello"
            assert client.running == 0
