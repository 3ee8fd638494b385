"""Finds out who can take part, and makes what they need."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench_contestants import ALL, FLOOR, OURS, RAW, YARDSTICK, Contestant
from bench_environments import build_provider, build_wheel, install, python_of
from bench_rounds import Progress
from bench_samples import Samples
from bench_setup import programs


@dataclass
class Field:
    """Who takes part, with what."""

    programs: Path
    """Where the provider and the floor are."""
    contestants: list[Contestant] = field(default_factory=list)
    pythons: dict[str, Path] = field(default_factory=dict)

    def add(self, one: Contestant, python: Path) -> None:
        """One more."""
        self.contestants.append(one)
        self.pythons[one.name] = python


def _alchemy_python(build: str | None, progress: Progress, samples: Samples) -> Path:
    """The interpreter that has alchemy: an environment with a wheel built here, or the one that runs this."""
    if build is None:
        return Path(sys.executable)
    progress.say(f"building alchemy's wheel with the profile {build}; this does not count")
    wheel = build_wheel(build)
    if problem := install("alchemy", wheel):
        samples.note(f"alchemy runs without what stands in peers/alchemy.txt: {problem}")
    return python_of("alchemy")


def _problem(python: Path, statement: str) -> str:
    done = subprocess.run([str(python), "-c", statement], capture_output=True, text=True, check=False)
    return (done.stderr.strip().splitlines() or ["no word"])[-1] if done.returncode else ""


@dataclass(frozen=True)
class Wanted:
    """What is asked of those who take part."""

    only: tuple[str, ...] = ()
    """These alone; empty: all."""
    build: str | None = None
    """The profile of the wheel to build; None: alchemy is that of the interpreter that runs this."""
    here: Path | None = None
    """Where the provider is built already: then nothing is built or installed, and who needs no library runs in this
    interpreter."""


def take_part(wanted: Wanted, progress: Progress, samples: Samples) -> Field:
    """Installs and builds; a line is noted for each who cannot take part."""
    found = Field(wanted.here or programs())
    if not wanted.here:
        progress.say("building the loopback provider where it is out of date; this does not count")
        build_provider()
    if not wanted.only or FLOOR in wanted.only:
        found.add(Contestant(FLOOR, "", "", modes=("async",)), found.programs / "alchemy-floor")
    for one in ALL:
        if not wanted.only or one.name in wanted.only:
            python = _python(one, wanted, progress, samples)
            if python:
                found.add(one, python)
    return found


def _python(one: Contestant, wanted: Wanted, progress: Progress, samples: Samples) -> Path | None:
    """The interpreter of one who can take part."""
    if one.name == OURS:
        python = _alchemy_python(wanted.build, progress, samples)
        if problem := _problem(python, "import alchemy; alchemy.Client()"):
            raise SystemExit(f"alchemy does not start in {python}: {problem}")
        if wanted.build is None:
            samples.note(f"alchemy is the one that {python} has, as it was built there")
        return python
    if wanted.here:
        return Path(sys.executable) if one.name in (RAW, YARDSTICK) else None
    python = python_of(one.environment)
    if not python.exists():
        progress.say(f"installing {one.environment}; this does not count")
    problem = install(one.environment)
    if problem and one.name in (RAW, YARDSTICK):
        samples.note(f"{one.name} runs without what stands in peers/{one.environment}.txt: {problem}")
        return Path(sys.executable)
    if problem:
        samples.note(f"{one.name} left out: it cannot be installed: {problem}")
        return None
    return python
