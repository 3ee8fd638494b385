"""Runs the clients one after another, round after round, and collects what they measured."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench_setup import pinned

CLIENTS = Path(__file__).resolve().parent / "clients"
MODES = ("sync", "async")


@dataclass(frozen=True)
class Contestant:
    """A client library and how to run it."""

    name: str
    script: str
    python: Path
    statement: str
    """What a fresh process executes for the import measure."""
    slow: bool = False
    """Whether a stream costs so much that fewer repeats give a steady figure."""


@dataclass(frozen=True)
class Plan:
    """How much to run."""

    rounds: int
    events: tuple[int, ...]
    requests: int
    starts: int
    """Fresh processes per round for the import measure."""
    quick: bool = False

    def streams(self, contestant: Contestant) -> list[str]:
        """Streams as `<deltas>x<repeats>`: short ones are repeated until they add up to a steady figure."""
        total = 5_000 if contestant.slow else 50_000
        most = 10_000 if contestant.slow and self.quick else max(self.events)
        return [f"{count}x{max(1, total // count)}" for count in self.events if count <= most]


@dataclass(frozen=True)
class Place:
    """Where the clients run and what they talk to."""

    port: int
    core: int | None
    """The core that the clients are pinned to; None where processes cannot be pinned."""


@dataclass
class Samples:
    """Every figure of a run: measure, then contestant, then one value per round."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def add(self, measure: str, name: str, value: float) -> None:
        """Keeps one figure."""
        self.values.setdefault(measure, {}).setdefault(name, []).append(value)


def run(contestants: list[Contestant], plan: Plan, place: Place, samples: Samples) -> None:
    """One round-robin after another, so that a slow minute of the machine falls on all alike."""
    for number in range(1, plan.rounds + 1):
        for contestant in contestants:
            for mode in MODES:
                print(f"round {number}/{plan.rounds}: {contestant.name}, {mode}", file=sys.stderr)
                _round(contestant, mode, plan, place, samples)
        _starts(contestants, plan, place, samples)


def _round(contestant: Contestant, mode: str, plan: Plan, place: Place, samples: Samples) -> None:
    requests = plan.requests // 10 if contestant.slow else plan.requests
    command = [str(contestant.python), str(CLIENTS / contestant.script), mode, "--port", str(place.port)]
    command += ["--requests", str(requests), "--streams", *plan.streams(contestant)]
    with pinned(place.core):
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=300)
    if done.returncode:
        raise SystemExit(f"{contestant.name}, {mode}: exit code {done.returncode}; its error is above")
    answer = json.loads(done.stdout)
    samples.versions[contestant.name] = answer["version"]
    for what, figures in answer["measured"].items():
        samples.add(f"{mode} {what} cpu", contestant.name, figures["cpu"])
        samples.add(f"{mode} {what} wall", contestant.name, figures["wall"])


def _starts(contestants: list[Contestant], plan: Plan, place: Place, samples: Samples) -> None:
    """Fresh processes; each library's figure is over a bare interpreter of the same environment, started beside it."""
    with pinned(place.core):
        for contestant in contestants:
            if not contestant.statement:
                continue
            _start(contestant.python, contestant.statement)
            over: list[tuple[float, float]] = []
            for _ in range(plan.starts):
                bare, loaded = _start(contestant.python, "pass"), _start(contestant.python, contestant.statement)
                over.append((loaded[0] - bare[0], loaded[1] - bare[1]))
            for index, unit in enumerate(("wall", "cpu")):
                values = sorted(pair[index] for pair in over)
                samples.add(f"import {unit}", contestant.name, values[len(values) // 2])


def _start(python: Path, statement: str) -> tuple[float, float]:
    """Wall and CPU milliseconds of a process from its start to its end, exit included."""
    before = time.perf_counter()
    process = os.posix_spawn(python, [str(python), "-c", statement], os.environ)
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - before
    if status:
        raise SystemExit(f"{python} -c {statement!r} failed; its error is above")
    return wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def modules_loaded(python: Path, statement: str, names: tuple[str, ...]) -> list[str]:
    """Which of the modules a fresh process has loaded after the statement."""
    code = f"{statement}; import sys; print(*[name for name in {names!r} if name in sys.modules])"
    bare = f"import sys; print(*[name for name in {names!r} if name in sys.modules])"
    outputs = [
        subprocess.run([str(python), "-c", text], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        for text in (code, bare)
    ]
    # What the environment itself loads at start, for an editable install say, is not the library's doing.
    return [name for name in outputs[0] if name not in outputs[1]]
