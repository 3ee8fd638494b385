"""The bounds that alchemy keeps, and whether a run's figures are within them."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench_contestants import OURS, RAW
from bench_samples import Samples

COMPLETIONS = "openai-completions"
EVENT = {"sync": 0.8, "async": 1.0}
"""Microseconds of CPU for an event of about 280 bytes in one fast stream."""
REQUEST = {"sync": 45.0, "async": 65.0}
"""Microseconds of CPU for a request that does not stream."""
SHARED = 10_000
"""The events of a stream from which on its request does not count."""
SINGLE = 0.05
"""Milliseconds that one paced stream may be later than the raw reader's, at the median."""
FIXED = {
    "concurrency 200 paced wall": 4.03,
    "concurrency 200 paced cpu": 12.0,
    "concurrency 200 paced late_ms p99": 1.0,
    "concurrency 1000 paced wall": 4.1,
    "concurrency 1000 paced cpu": 8.0,
    "concurrency 1000 paced late_ms p99": 2.0,
    "concurrency 1000 paced start_ms max": 100.0,
    "memory memory kilobytes": 64.0,
    "start import wall": 20.0,
    "start answer wall": 60.0,
    "size megabytes": 10.0,
    "size distributions": 1.0,
}
"""By measure, whatever else was measured. Seconds, microseconds, milliseconds, kilobytes or megabytes."""
GROWTH = 1.1
"""How many times the cost of an event of a stream of 10,000 one of 1,000,000 may have: flat but for noise."""
GROWTH_OF_CALLS = 1.25
"""The same for a delta of arguments of 400 KB against one of 40 KB."""


@dataclass(frozen=True)
class Bound:
    """A limit and what was measured."""

    measure: str
    limit: float
    value: float

    @property
    def kept(self) -> bool:
        """Whether the figure is at or below the limit."""
        return self.value <= self.limit

    def __str__(self) -> str:
        return f"{self.limit:.3g} {'kept' if self.kept else 'OVER'}"


def limit_of(measure: str, samples: Samples, ideal: float = 4.0) -> float | None:
    """The limit of a measure; None where it has none. `ideal` is the seconds that the wall-time bounds are for."""
    words = measure.split()
    if words[0] == "awake":
        return limit_of(" ".join(("burst" if words[1] in EVENT else "concurrency", *words[1:])), samples, ideal)
    found = FIXED.get(measure)
    if "provider" in words:
        # What the provider says of itself is kept beside the client's figures, under the same words.
        return None
    if words[0] == "concurrency" and words[-1] == "wall" and found is not None:
        # A run with shorter streams has the same seconds to spare.
        found += ideal - 4.0
    elif words[0] == "burst" and words[-1] == "cpu":
        found = _cost(words[1], words[2])
    elif words[0] == "protocols" and words[-1] == "cpu":
        found = _cost(words[2], words[3]) * _weight(words[1], words[3], samples)
    elif measure == "concurrency 1 paced late_ms p50":
        raw = samples.median(measure, RAW)
        found = None if raw is None else raw + SINGLE
    return found


def _cost(mode: str, what: str) -> float:
    """The limit of a request, or of an event of a stream of so many."""
    if what == "request":
        return REQUEST[mode]
    deltas = int(what.removeprefix("events-"))
    # A stream is a request as well, which its events share; many of them share it among themselves unseen.
    return EVENT[mode] + (REQUEST[mode] / deltas if deltas < SHARED else 0.0)


def _weight(api: str, what: str, samples: Samples) -> float:
    """How many times the bytes of a completions event one of another protocol has, where it has more."""
    own, usual = (samples.median(f"protocols {name} sync bytes", OURS) for name in (api, COMPLETIONS))
    if what == "request" or not own or not usual:
        return 1.0
    return max(1.0, own / usual)


def bound_of(measure: str, samples: Samples) -> Bound | None:
    """What alchemy's figure is held to; None where there is no limit or no figure."""
    value = samples.median(measure, OURS)
    ideal = samples.median(measure.removesuffix("wall") + "ideal", OURS)
    limit = limit_of(measure, samples, 4.0 if ideal is None else ideal)
    return None if value is None or limit is None else Bound(measure, limit, value)


def growth(samples: Samples) -> Iterator[Bound]:
    """How the cost of an event changes with the length of its stream."""
    pairs = [(f"burst {mode} events-10000 cpu", f"burst {mode} events-1000000 cpu", GROWTH) for mode in EVENT]
    pairs.append(("tools sync calls-40000-8 cpu", "tools sync calls-400000-8 cpu", GROWTH_OF_CALLS))
    for short, long, limit in pairs:
        base, value = samples.median(short, OURS), samples.median(long, OURS)
        if base and value is not None:
            yield Bound(f"{long}, over that of {short.split()[2]}", limit, value / base)


def all_bounds(samples: Samples) -> list[Bound]:
    """Every bound that the run says something of."""
    found = [bound for measure in samples.values if (bound := bound_of(measure, samples))]
    return [*found, *growth(samples)]
