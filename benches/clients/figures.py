"""Reckons with samples: percentiles, and what CPU and clock say of a piece of work."""

import gc
import math
import time
from collections.abc import Sequence

PERCENTILES = {"p50": 0.5, "p99": 0.99, "max": 1.0}


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest sample that at least `share` (0 to 1) of all are not above; the samples are in order, and some."""
    rank = math.ceil(share * len(ordered))
    return ordered[max(rank, 1) - 1]


def percentiles(samples: Sequence[float], scale: float = 1.0) -> dict[str, float]:
    """Median, 99th percentile and highest, each times `scale`; nothing where there are no samples."""
    ordered = sorted(samples)
    if not ordered:
        return {}
    return {name: percentile(ordered, share) * scale for name, share in PERCENTILES.items()}


class Clock:
    """CPU time of all threads of this process, and wall time, since it was made."""

    def __init__(self) -> None:
        gc.collect()
        self._wall = time.perf_counter_ns()
        self._cpu = time.process_time_ns()

    def per(self, count: int) -> dict[str, float]:
        """What each of `count` units of work took, in microseconds."""
        cpu = time.process_time_ns() - self._cpu
        wall = time.perf_counter_ns() - self._wall
        return {"cpu": cpu / count / 1000, "wall": wall / count / 1000}
