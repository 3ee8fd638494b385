"""Runs the processes of the measures one after another, round after round, and collects what they measured."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench_contestants import FLOOR
from bench_jobs import Job
from bench_samples import Samples
from bench_setup import Provider, awake, pinned

CLIENTS = Path(__file__).resolve().parent / "clients"
SECONDS = 120
"""After which a process is given up."""


@dataclass
class Run:
    """Where the clients run, what they talk to, and what was found."""

    provider: Provider
    core: int | None
    """The core that the clients are pinned to; None where processes cannot be pinned."""
    provider_core: int | None
    """The same for the provider."""
    pythons: Mapping[str, Path]
    """The interpreter of each contestant, by its name without what follows a comma; the floor is a program itself."""
    samples: Samples
    progress: "Progress"
    warm: set[str] = field(default_factory=set)
    """Whose programs have been started once."""
    broken: set[tuple[str, str]] = field(default_factory=set)
    """Contestants and groups that failed and are not tried again."""


def command(job: Job, run: Run) -> list[str]:
    """What runs a job."""
    if job.contestant.name == FLOOR:
        options = list(job.arguments)
        if "--burst" not in options:
            streams, deltas, pause = job.arguments[-1].split("x")
            options = ["--streams", streams, "--events", deltas, "--pause", pause]
        return [str(run.pythons[FLOOR]), str(run.provider.port), *options]
    python = run.pythons[job.contestant.name.partition(",")[0]]
    words = [str(python), str(CLIENTS / job.contestant.script), *job.arguments, *job.contestant.flags]
    if job.tls:
        return [*words, "--port", str(run.provider.tls_port), "--ca-file", str(run.provider.ca_file)]
    return [*words, "--port", str(run.provider.port)]


def last_word(errors: str, code: int) -> str:
    """What a process that failed said: its exception, or else its last line."""
    lines = [line for line in errors.splitlines() if line.strip()] or [f"exit code {code}"]
    exceptions = [line for line in lines if re.match(r"[\w.]+(?:Error|Exception|Exit)\b", line)]
    return (exceptions or lines)[-1][:200]


def of_floor(answer: Mapping[str, float], job: Job) -> dict[str, Any]:
    """What the floor says, in the clients' form."""
    cpu = answer["cpu_seconds"] * 1e6 / answer["events"]
    if "--burst" in job.arguments:
        return {f"events-{job.arguments[-1]}": {"cpu": cpu}}
    _, deltas, pause = (int(part) for part in job.arguments[-1].split("x"))
    return {"paced": {"wall": answer["wall_seconds"], "ideal": deltas * pause / 1000, "cpu": cpu}}


def run_job(job: Job, run: Run) -> None:
    """Runs one process and keeps its figures, and the provider's while it ran."""
    key = (job.contestant.name, job.group)
    if key in run.broken:
        return
    if job.awake and (run.core is None or run.provider_core is None):
        run.samples.note("nothing was measured on cores kept awake: processes cannot be pinned to a core each")
        return
    kept = (run.core, run.provider_core) if job.awake else ()
    before = run.provider.stats()["cpu_seconds"]
    run.provider.reset()
    try:
        with awake(core for core in kept if core is not None), pinned(run.core if job.pinned else None):
            done = subprocess.run(command(job, run), capture_output=True, text=True, check=False, timeout=SECONDS)
        problem = last_word(done.stderr, done.returncode) if done.returncode else ""
    except subprocess.TimeoutExpired:
        problem = f"not done after {SECONDS} seconds"
    except RuntimeError as error:
        problem = str(error)
    if problem:
        run.broken.add(key)
        run.samples.note(f"{job.contestant.name} left out of '{job.group}': {problem}")
        return
    answer = json.loads(done.stdout.splitlines()[-1])
    if job.contestant.name == FLOOR:
        measured = of_floor(answer, job)
    else:
        run.samples.versions[job.contestant.name.partition(",")[0]] = answer["version"]
        measured = answer["measured"]
    run.samples.add_all(job.group, job.contestant.name, measured)
    stats = run.provider.stats()
    own = {"late_ms": stats["late_ms"]}
    if stats["events"]:
        own["cpu"] = (stats["cpu_seconds"] - before) * 1e6 / stats["events"]
    if "paced" in measured:
        own["share"] = (stats["cpu_seconds"] - before) * 100 / measured["paced"]["wall"]
    run.samples.add_all(f"{job.group} provider", job.contestant.name, own)


class Progress:
    """Says on standard error what is being run."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def say(self, text: str) -> None:
        """One line with the time since the start."""
        minutes, seconds = divmod(int(self.seconds), 60)
        print(f"{minutes:2}:{seconds:02} {text}", file=sys.stderr, flush=True)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._begun


def run_group(name: str, jobs: list[Job], number: int, run: Run) -> None:
    """One round of a measure; who has had its rounds is passed over."""
    due = [job for job in jobs if number <= job.rounds]
    if due:
        names = ", ".join(dict.fromkeys(job.contestant.name for job in due))
        run.progress.say(f"round {number}, {name}: {names}")
    for job in due:
        run_job(job, run)
