"""What the soak has counted, as tables."""

import contextlib
import ctypes
import gc
import os
import resource
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

MB = 1 << 20


class Allocations(ctypes.Structure):
    """What the C library says of its allocations; `in_use` is what nobody has given back."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "free",
            "fast",
            "mapped",
            "mapped_bytes",
            "was",
            "fast_bytes",
            "in_use",
            "free_bytes",
            "top",
        )
    )


def allocated() -> int:
    """How many bytes are allocated outside of Python's own pools; gives back what is only kept for later. 0: not known."""
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL("libc.so.6")
        library.malloc_trim(0)
        library.mallinfo2.restype = Allocations
        told = library.mallinfo2()
        return told.in_use + told.mapped_bytes
    return 0


@dataclass(frozen=True)
class Sample:
    """What the process holds at one time."""

    resident: int
    allocated: int
    files: int
    threads: int
    objects: int

    @classmethod
    def take(cls) -> "Sample":
        gc.collect()
        return cls(
            allocated=allocated(),
            resident=int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize(),
            files=len(os.listdir("/proc/self/fd")),  # noqa: PTH208
            threads=len(os.listdir("/proc/self/task")),  # noqa: PTH208
            objects=len(gc.get_objects()),
        )

    def grown_to(self, later: "Sample") -> list[str]:
        """What there is more of at a later time than may be."""
        bounds = {"resident": 8 * MB, "allocated": MB, "files": 2, "threads": 0, "objects": 300}
        return [
            f"{name} grows from {getattr(self, name):,} to {getattr(later, name):,}"
            for name, bound in bounds.items()
            if getattr(later, name) - getattr(self, name) > bound
        ]

    def __str__(self) -> str:
        return (
            f"RSS {self.resident / MB:.1f} MB, allocated {self.allocated / MB:.2f} MB, {self.files} descriptors, "
            f"{self.threads} threads, {self.objects:,} Python objects"
        )


@dataclass
class Counts:
    """What has come of the calls, by fault and by form; used from many threads."""

    outcomes: Counter = field(default_factory=Counter)
    by_case: dict[str, Counter] = field(default_factory=dict)
    illegal: list[str] = field(default_factory=list)
    attempts: int = 0
    """How many requests were sent by the calls that say so: those that have an outcome."""
    longest: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, case: str, outcome: str, seconds: float, attempts: int) -> None:
        with self.lock:
            self.attempts += attempts
            self.outcomes[outcome] += 1
            self.by_case.setdefault(case, Counter())[outcome] += 1
            self.longest = max(self.longest, seconds)

    @property
    def total(self) -> int:
        return sum(self.outcomes.values())

    def outcomes_table(self) -> str:
        """How often each outcome was."""
        lines = ["| outcome | calls |", "| --- | ---: |"]
        return "\n".join(lines + [f"| {name} | {count:,} |" for name, count in self.outcomes.most_common()])

    def faults_table(self) -> str:
        """The faults, with their outcomes."""
        lines = ["| fault | calls | outcomes |", "| --- | ---: | --- |"]
        for case, counted in sorted(self.by_case.items()):
            told = ", ".join(f"{name} {count:,}" for name, count in counted.most_common())
            lines.append(f"| `{case}` | {sum(counted.values()):,} | {told} |")
        return "\n".join(lines)


def table(rows: dict[str, object]) -> str:
    """Figures, one a line."""
    return "\n".join(
        ["| figure | value |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows.items())]
    )
