"""How much is run of each measure."""

from dataclasses import dataclass
from typing import Literal

from bench_contestants import Speed

GROUPS = ("burst", "protocols", "tools", "concurrency", "threads", "free", "awake", "memory", "start", "tls")
Group = Literal["burst", "protocols", "tools", "concurrency", "threads", "free", "awake", "memory", "start", "tls"]


@dataclass(frozen=True)
class Pieces:
    """What one process of a contestant is given, by how much the contestant costs."""

    events: dict[Speed, tuple[str, ...]]
    """Fast streams, as `<deltas>x<repeats>`."""
    requests: dict[Speed, int]
    calls: dict[Speed, tuple[str, ...]]
    """Tool calls, as `<bytes>x<bytes of a delta>x<repeats>`."""
    paced: dict[Speed, tuple[str, ...]]
    """Paced streams in one event loop on one core, as `<streams>x<deltas>x<milliseconds>`."""
    threads: dict[Speed, str]
    """The same in threads."""
    free: tuple[str, ...]
    """The same in one event loop on all cores, and on cores that are kept awake, for the fast ones."""
    memory: dict[Speed, str]
    """Idle paced streams."""


@dataclass(frozen=True)
class Plan:
    """A whole run."""

    name: str
    rounds: dict[Speed, int]
    """Round-robins of the measures that take little time."""
    long_rounds: dict[Speed, int]
    """Round-robins of those that take the seconds their streams take."""
    pieces: Pieces
    vendors: bool
    """Whether the vendors' own libraries are run over each protocol, not only over the first."""
    longest: str
    """The longest stream, alchemy's alone, as `<deltas>x<repeats>`; empty: none."""
    starts: dict[Speed, int]
    """Fresh processes in a round."""


FULL = Plan(
    name="full",
    rounds={"fast": 5, "middle": 5, "slow": 3, "slowest": 2},
    long_rounds={"fast": 3, "middle": 1, "slow": 1, "slowest": 1},
    pieces=Pieces(
        events={
            "fast": ("1000x50", "10000x10", "100000x1"),
            "middle": ("1000x10", "10000x2", "100000x1"),
            "slow": ("1000x5", "10000x1"),
            "slowest": ("1000x2", "5000x1"),
        },
        requests={"fast": 2_000, "middle": 300, "slow": 100, "slowest": 50},
        calls={
            "fast": ("4000x8x50", "40000x8x5", "400000x8x1"),
            "middle": ("4000x8x5", "40000x8x1"),
            "slow": ("4000x8x2", "40000x8x1"),
            "slowest": ("4000x8x2",),
        },
        paced={
            "fast": ("1x200x20", "200x200x20", "500x200x20", "1000x200x20", "2000x200x20"),
            "middle": ("1x200x20", "200x100x20", "1000x20x20"),
            "slow": ("1x200x20", "200x100x20", "1000x20x20"),
            "slowest": ("1x200x20", "200x50x20", "1000x10x20"),
        },
        threads={"fast": "64x200x20", "middle": "64x200x20", "slow": "64x200x20", "slowest": "64x100x20"},
        free=("200x200x20", "1000x200x20"),
        memory={"fast": "1000x2x4000", "middle": "1000x2x6000", "slow": "200x2x4000", "slowest": "200x2x8000"},
    ),
    vendors=True,
    longest="1000000x1",
    starts={"fast": 5, "middle": 3, "slow": 3, "slowest": 1},
)

QUICK = Plan(
    name="quick",
    rounds={"fast": 2, "middle": 1, "slow": 1, "slowest": 1},
    long_rounds={"fast": 1, "middle": 1, "slow": 1, "slowest": 1},
    pieces=Pieces(
        events={
            "fast": ("1000x20", "10000x3"),
            "middle": ("1000x3", "10000x1"),
            "slow": ("1000x2",),
            "slowest": ("1000x1",),
        },
        requests={"fast": 500, "middle": 100, "slow": 30, "slowest": 20},
        calls={"fast": ("4000x8x10", "40000x8x1", "400000x8x1"), "middle": (), "slow": (), "slowest": ()},
        paced={
            "fast": ("1x15x20", "200x40x20", "1000x50x20"),
            "middle": ("200x10x20",),
            "slow": ("200x10x20",),
            "slowest": (),
        },
        threads={"fast": "64x50x20", "middle": "", "slow": "", "slowest": ""},
        free=(),
        memory={"fast": "500x2x1000", "middle": "", "slow": "", "slowest": ""},
    ),
    vendors=False,
    longest="1000000x1",
    starts={"fast": 3, "middle": 1, "slow": 1, "slowest": 1},
)

TINY = Plan(
    name="tiny",
    rounds={"fast": 1, "middle": 1, "slow": 1, "slowest": 1},
    long_rounds={"fast": 1, "middle": 1, "slow": 1, "slowest": 1},
    pieces=Pieces(
        events=dict.fromkeys(("fast", "middle", "slow", "slowest"), ("1000x1",)),
        requests=dict.fromkeys(("fast", "middle", "slow", "slowest"), 5),
        calls=dict.fromkeys(("fast", "middle", "slow", "slowest"), ("800x8x1",)),
        paced=dict.fromkeys(("fast", "middle", "slow", "slowest"), ("5x10x10",)),
        threads=dict.fromkeys(("fast", "middle", "slow", "slowest"), "4x10x10"),
        free=("5x10x10",),
        memory=dict.fromkeys(("fast", "middle", "slow", "slowest"), "5x2x1000"),
    ),
    vendors=True,
    longest="",
    starts=dict.fromkeys(("fast", "middle", "slow", "slowest"), 1),
)
