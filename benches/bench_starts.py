"""Measures from outside what a fresh process costs: import, first answer, and installed size.

Each process is started once before it counts, so that bytecode caches are written as installed packages have them.
"""

import json
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench_contestants import Contestant
from bench_environments import PEERS
from bench_plan import Plan
from bench_rounds import CLIENTS, Run, last_word
from bench_samples import Samples
from bench_setup import pinned

INSTALLED = CLIENTS / "installed.py"


@dataclass(frozen=True)
class Started:
    """Milliseconds of a process."""

    first: float
    """From the start until it printed something; to the end where it printed nothing."""
    wall: float
    """From the start to the end, exit included."""
    cpu: float
    """User and system time."""


def start(python: Path, code: str) -> Started:
    """Runs a fresh interpreter to its end."""
    read_end, write_end = os.pipe()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as errors:
        actions = [(os.POSIX_SPAWN_DUP2, write_end, 1), (os.POSIX_SPAWN_DUP2, errors.fileno(), 2)]
        before = time.perf_counter()
        process = os.posix_spawn(python, [str(python), "-c", code], environment, file_actions=actions)
        os.close(write_end)
        return _wait(process, read_end, before, errors)


def _wait(process: int, read_end: int, before: float, errors: IO[bytes]) -> Started:
    with os.fdopen(read_end, "rb", buffering=0) as output:
        output.read(1)
        first = time.perf_counter()
        while output.read(65_536):
            pass
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - before
    if status:
        errors.seek(0)
        raise RuntimeError(last_word(errors.read().decode(errors="replace"), os.waitstatus_to_exitcode(status)))
    return Started((first - before) * 1000, wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000)


def code(one: Contestant, origin: str) -> tuple[str, str]:
    """What makes the client ready, and that with its first answer."""
    ready = one.ready.format(origin=origin)
    return ready, f"{ready}\n{one.answer.format(origin=origin)}"


def measure(one: Contestant, times: int, run: Run) -> None:
    """One round: fresh processes in turn, each a figure; an import is told over the median of the bare ones."""
    ready, answer = code(one, run.provider.origin)
    python = run.pythons[one.name]
    with pinned(run.core):
        # Where each is started once, the measures before have had its files read.
        if times > 1 and one.name not in run.warm:
            start(python, answer)
            run.warm.add(one.name)
        bare, made, cold = [], [], []
        for _ in range(times):
            bare.append(start(python, "pass"))
            made.append(start(python, ready))
            cold.append(start(python, answer))
    alone = {what: statistics.median(getattr(found, what) for found in bare) for what in ("wall", "cpu")}
    for found in made:
        run.samples.add("start import wall", one.name, found.wall - alone["wall"])
        run.samples.add("start import cpu", one.name, found.cpu - alone["cpu"])
    for found in bare:
        run.samples.add("start bare wall", one.name, found.wall)
    for found in cold:
        run.samples.add("start answer wall", one.name, found.first)
        run.samples.add("start answer cpu", one.name, found.cpu)


def measure_all(contestants: list[Contestant], plan: Plan, number: int, run: Run) -> None:
    """One round of all who can be measured and have not had their rounds."""
    for one in contestants:
        if not one.ready or (one.name, "start") in run.broken or number > plan.long_rounds[one.speed]:
            continue
        try:
            measure(one, plan.starts[one.speed], run)
        except RuntimeError as problem:
            run.broken.add((one.name, "start"))
            run.samples.note(f"{one.name} left out of 'start': {problem}")


def measure_size(one: Contestant, python: Path, samples: Samples) -> None:
    """What its distribution takes with all that it needs."""
    requirement = "alchemy-llm" if one.environment == "alchemy" else _product(one.environment)
    command = [str(python), str(INSTALLED), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        problem = (done.stderr.strip().splitlines() or ["no word"])[-1]
        samples.note(f"{one.name}: its size was not measured: {problem}")
        return
    answer = json.loads(done.stdout)
    if answer["editable"]:
        samples.note(f"{one.name}: its size was not measured: it is installed in place, not from a wheel")
        return
    samples.add("size megabytes", one.name, answer["megabytes"])
    samples.add("size distributions", one.name, answer["distributions"])


def _product(environment: str) -> str:
    """The first requirement of a list is the library itself; what follows is what the loop uses beside it."""
    return (PEERS / f"{environment}.txt").read_text(encoding="utf-8").split()[0]
