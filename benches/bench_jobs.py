"""Says which processes a measure runs, in the order of one round."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bench_contestants import BY_NAME, FLOOR, OURS, RAW, YARDSTICK, Contestant
from bench_plan import Plan

SDK_OF = {
    "openai-completions": "openai",
    "openai-responses": "openai",
    "anthropic-messages": "anthropic",
    "google-generative-ai": "google-genai",
}
"""Each wire protocol with its vendor's own library."""
ONE_PROTOCOL = ("google-genai", "anthropic")
"""Libraries whose protocol is not OpenAI's."""
NATIVE = {"anthropic": "anthropic-messages", "google-genai": "google-generative-ai"}
WITH_FLOOR = ("burst", "concurrency", "free", "awake")
"""The measures in which the floor takes part."""
NO_CALLS = ("google-genai", RAW)
"""Who has no streamed arguments to read: the protocol sends them whole, or the reader looks at nothing."""
TLS_NAMES = (OURS, "httpx", "aiohttp", "pyreqwest")
FREE_NAMES = (OURS, f"{OURS}, uvloop", RAW, f"{RAW}, uvloop", YARDSTICK, "aiohttp", FLOOR)
STEADY_NAMES = (OURS, f"{OURS}, uvloop", RAW, f"{RAW}, uvloop", FLOOR)
"""Who is run in every round of the long measures; the others in one or two."""
AWAKE_NAMES = (OURS, RAW, YARDSTICK, "pyreqwest")
"""Whose requests are measured on cores that are kept awake as well."""
FEWER_ROUNDS = ("500", "2000")
"""Numbers of streams that stand between or beyond those that have bounds."""
EVENTS_OF_A_PROTOCOL = {"fast": "5000x10", "middle": "5000x2", "slow": "5000x1", "slowest": "5000x1"}


@dataclass(frozen=True)
class Job:
    """One process of one contestant."""

    group: str
    """What its figures are kept under."""
    contestant: Contestant
    arguments: tuple[str, ...]
    rounds: int
    pinned: bool = True
    tls: bool = False
    awake: bool = False
    """Whether the cores are kept awake meanwhile."""


Jobs = Callable[[Plan, list[Contestant]], Iterator[Job]]


def _api(one: Contestant) -> tuple[str, ...]:
    return ("--api", NATIVE[one.name]) if one.name in NATIVE else ()


def burst(plan: Plan, contestants: list[Contestant]) -> Iterator[Job]:
    """Fast streams one after another, and requests; alchemy's longest stream is a process of its own."""
    for one in with_read_ahead(contestants):
        if one.name == FLOOR:
            count = plan.pieces.events[one.speed][-1].split("x")[0]
            yield Job("burst sync", one, ("--burst", count), plan.rounds[one.speed])
            continue
        arguments = (*_api(one), "--streams", *plan.pieces.events[one.speed])
        if "--read-ahead" not in one.flags:
            arguments += ("--requests", str(plan.pieces.requests[one.speed]))
        if one.speed in ("slow", "slowest"):
            # Their import takes seconds, and a process for each side would cost more than the figures.
            yield Job("burst", one, ("both", *arguments), plan.rounds[one.speed])
            continue
        for mode in one.modes:
            yield Job(f"burst {mode}", one, (mode, *arguments), plan.rounds[one.speed])
    for one in contestants:
        if one.name == OURS and plan.longest:
            for mode in one.modes:
                yield Job(f"burst {mode}", one, (mode, "--streams", plan.longest), plan.rounds[one.speed])


def protocols(plan: Plan, contestants: list[Contestant]) -> Iterator[Job]:
    """Streams and requests over each wire protocol."""
    present = {one.name: one for one in contestants}
    for api, sdk in SDK_OF.items():
        for name in (YARDSTICK, *((sdk,) if plan.vendors else ()), OURS):
            if one := present.get(name):
                count = EVENTS_OF_A_PROTOCOL[one.speed] if plan.longest else plan.pieces.events[one.speed][0]
                for mode in one.modes:
                    arguments = (mode, "--api", api, "--streams", count)
                    arguments += ("--requests", str(plan.pieces.requests[one.speed] // 2))
                    yield Job(f"protocols {api} {mode}", one, arguments, min(3, plan.rounds[one.speed]))


def tools(plan: Plan, contestants: list[Contestant]) -> Iterator[Job]:
    """Streamed tool calls."""
    for one in contestants:
        calls = plan.pieces.calls[one.speed]
        if calls and one.name not in NO_CALLS:
            for mode in one.modes if one.name == OURS else one.modes[:1]:
                yield Job(f"tools {mode}", one, (mode, *_api(one), "--calls", *calls), min(3, plan.rounds[one.speed]))


def with_read_ahead(contestants: list[Contestant]) -> list[Contestant]:
    """The contestants, and pyreqwest once more as it is by default, which no stream of tokens could use."""
    found = []
    for one in contestants:
        found.append(one)
        if one.name == "pyreqwest":
            found.append(one.variant("pyreqwest, read-ahead", "--read-ahead"))
    return found


def with_uvloop(contestants: list[Contestant]) -> list[Contestant]:
    """The contestants, and those that are run in uvloop as well."""
    found = []
    for one in contestants:
        found.append(one)
        if one.name in (OURS, RAW):
            found.append(one.variant(f"{one.name}, uvloop", "--uvloop", modes=("async",)))
    return found


def _long_rounds(plan: Plan, one: Contestant) -> int:
    rounds = plan.long_rounds[one.speed]
    return rounds if one.name in STEADY_NAMES else min(2, rounds)


def _few_rounds(plan: Plan, one: Contestant) -> int:
    return max(1, _long_rounds(plan, one) - 1)


def _paced(kind: str, plan: Plan, one: Contestant, pieces: Iterable[str], *, pinned: bool) -> Iterator[Job]:
    for piece in pieces:
        streams = piece.split("x")[0]
        arguments = ("async", *_api(one), "--paced", piece)
        rounds = max(1, _long_rounds(plan, one) - (streams in FEWER_ROUNDS))
        yield Job(f"{kind} {streams}", one, arguments, rounds if pinned else _few_rounds(plan, one), pinned=pinned)


def concurrency(plan: Plan, contestants: list[Contestant]) -> Iterator[Job]:
    """Many paced streams in one event loop, all threads of the process on one core."""
    jobs = [
        job
        for one in with_uvloop(contestants)
        if "async" in one.modes
        for job in _paced("concurrency", plan, one, plan.pieces.paced[one.speed], pinned=True)
    ]
    # Side by side by the number of streams, so that a slow minute falls on all alike.
    yield from sorted(jobs, key=lambda job: int(job.group.split()[1]))


def threads(plan: Plan, contestants: list[Contestant]) -> Iterator[Job]:
    """Many paced streams in a thread each; on one core, and alchemy and the raw reader on all."""
    for one in contestants:
        piece = plan.pieces.threads[one.speed]
        if piece and "sync" in one.modes:
            arguments = ("sync", *_api(one), "--paced", piece)
            yield Job("threads one", one, arguments, _few_rounds(plan, one))
            if one.name in FREE_NAMES and plan.pieces.free:
                yield Job("threads all", one, arguments, _few_rounds(plan, one), pinned=False)


def free(plan: Plan, contestants: list[Contestant]) -> Iterator[Job]:
    """The event loop's many streams with all cores free."""
    for one in with_uvloop(contestants):
        if one.name in FREE_NAMES and "async" in one.modes:
            yield from _paced("free", plan, one, plan.pieces.free, pinned=False)


def awake(plan: Plan, contestants: list[Contestant]) -> Iterator[Job]:
    """Requests, and many streams in one event loop, on cores that do not go to sleep between two of them."""
    for one in with_uvloop(contestants):
        rounds = _long_rounds(plan, one)
        for mode in one.modes if one.name in AWAKE_NAMES else ():
            arguments = (mode, "--requests", str(plan.pieces.requests[one.speed]))
            yield Job(f"awake {mode}", one, arguments, rounds, awake=True)
        for piece in plan.pieces.free if one.name in STEADY_NAMES else ():
            arguments = ("async", "--paced", piece)
            yield Job(f"awake {piece.split('x')[0]}", one, arguments, rounds, awake=True)


def memory(plan: Plan, contestants: list[Contestant]) -> Iterator[Job]:
    """What an open stream takes."""
    for one in contestants:
        piece = plan.pieces.memory[one.speed]
        if piece and "async" in one.modes:
            yield Job("memory", one, ("async", *_api(one), "--memory", piece), _few_rounds(plan, one))


def tls(plan: Plan, contestants: list[Contestant]) -> Iterator[Job]:
    """Fast streams, requests and paced streams over TLS, with HTTP/1.1 and with HTTP/2."""
    for one in contestants:
        if one.name not in TLS_NAMES:
            continue
        variants = [one.variant(f"{one.name}, TLS")]
        if one.name != "aiohttp":
            variants.append(one.variant(f"{one.name}, TLS, HTTP/2", "--http2"))
        rounds = min(plan.long_rounds[one.speed], plan.rounds[one.speed])
        asked = ("--streams", *plan.pieces.events[one.speed][:2])
        asked += ("--requests", str(plan.pieces.requests[one.speed] // 2))
        for variant in variants:
            for mode in variant.modes:
                yield Job(f"tls {mode}", variant, (mode, *asked), rounds, tls=True)
            paced = plan.pieces.free if one.speed == "fast" else plan.pieces.free[:1]
            if "--http2" in variant.flags:
                # Beyond the streams that one connection takes the others wait; httpx does not come to an end.
                paced = paced[:1] if one.speed == "fast" else ()
            for piece in paced:
                yield Job(
                    f"tls {piece.split('x')[0]}",
                    variant,
                    ("async", "--paced", piece),
                    _few_rounds(plan, variant),
                    tls=True,
                )


BY_GROUP: dict[str, Jobs] = {
    "burst": burst,
    "protocols": protocols,
    "tools": tools,
    "concurrency": concurrency,
    "threads": threads,
    "free": free,
    "awake": awake,
    "memory": memory,
    "tls": tls,
}
"""The measures that are processes of a client; `start` is measured from outside."""
ALCHEMY = BY_NAME[OURS]
