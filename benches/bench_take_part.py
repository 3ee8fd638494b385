"""Finds out who can take part, and makes what they need."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench_contestants import ALL, FLOOR, OURS, Contestant
from bench_environments import build_provider, build_wheel, install, python_of
from bench_rounds import Progress
from bench_samples import Samples
from bench_setup import binary


@dataclass
class Field:
    """Who takes part, with what."""

    contestants: list[Contestant] = field(default_factory=list)
    pythons: dict[str, Path] = field(default_factory=dict)

    def add(self, one: Contestant, python: Path) -> None:
        """One more."""
        self.contestants.append(one)
        self.pythons[one.name] = python


def _alchemy_python(build: str | None, progress: Progress) -> Path:
    """The interpreter that has alchemy: an environment with a wheel built here, or the one that runs this."""
    if build is None:
        return Path(sys.executable)
    progress.say(f"building alchemy's wheel with the profile {build}; this does not count")
    wheel = build_wheel(build)
    if problem := install("alchemy", wheel):
        raise SystemExit(f"alchemy cannot be installed into .venvs/alchemy: {problem}")
    return python_of("alchemy")


def _problem(python: Path, statement: str) -> str:
    done = subprocess.run([str(python), "-c", statement], capture_output=True, text=True, check=False)
    return (done.stderr.strip().splitlines() or ["no word"])[-1] if done.returncode else ""


def take_part(only: list[str], build: str | None, progress: Progress, samples: Samples) -> Field:
    """Installs and builds; a line is noted for each who cannot take part."""
    progress.say("building the loopback provider where it is out of date; this does not count")
    build_provider()
    found = Field()
    if (not only or FLOOR in only) and binary("alchemy-floor").exists():
        found.add(Contestant(FLOOR, "", "", modes=("async",)), Path())
    for one in ALL:
        if only and one.name not in only:
            continue
        if one.name == OURS:
            python = _alchemy_python(build, progress)
            if problem := _problem(python, "import alchemy; alchemy.Client()"):
                raise SystemExit(f"alchemy does not start in {python}: {problem}")
            if build is None:
                samples.note(f"alchemy is the one that {python} has, as it was built there")
            found.add(one, python)
            continue
        if not python_of(one.environment).exists():
            progress.say(f"installing {one.environment}; this does not count")
        if problem := install(one.environment):
            samples.note(f"{one.name} left out: it cannot be installed: {problem}")
            continue
        found.add(one, python_of(one.environment))
    return found
