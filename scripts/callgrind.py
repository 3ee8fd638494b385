"""Builds the program of benches/instructions, runs it under valgrind's callgrind and reads what that says."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import counted_stream

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "target/instructions"
PROTOCOLS = ("openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai")
# A small stream over HTTP, in a program of its own, which takes longer to build.
END_TO_END = "end-to-end"
PROGRAM = "alchemy-instructions"
# The streams whose difference tells what an event costs a Python program: what else it does is the same for both.
FEW, MANY = 500, 5_500
# The same for requests that are not streamed.
ONCE, OFTEN = 50, 450
# What is counted: a function of the program, and all that it calls.
COUNTED = "alchemy_instructions*::counted"
# The profile that `make build` has compiled everything in; in the release profile nothing could be used again.
PROFILE = "fast"
ALLOCATORS = frozenset({"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"})


@dataclass(frozen=True)
class Call:
    """The calls of one function at one place of another."""

    caller: str
    file: str
    called: str
    # How often it was called at this place.
    times: int
    # How often it was called in all; in this way, where callgrind was told to tell ways apart.
    entered: int
    instructions: int


def run(*command: str | Path) -> str:
    """Runs a command to its end, showing what it says only where it fails, and returns its output."""
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        name = Path(words[0]).name
        sys.exit(f"make instructions: {name} failed with exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def need_valgrind() -> None:
    """Ends the program where valgrind is missing: with success only where there is none to be had."""
    if shutil.which("valgrind"):
        return
    if sys.platform != "linux":
        print("make instructions: valgrind runs on Linux; nothing is counted here")
        sys.exit(0)
    sys.exit(
        "make instructions: valgrind not found; install it: apt-get install valgrind, or your system's package of it"
    )


def build(what: str = "", *, lines: bool = False) -> Path:
    """Builds the program that counts `what`; with `lines`, so that callgrind can tell which source file does what."""
    program = f"{PROGRAM}-{END_TO_END}" if what == END_TO_END else PROGRAM
    folder = Path(os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target")))
    command = ["cargo", "build", "--quiet", "--locked", "--profile", PROFILE, "--bin", program]
    # Chosen together with the extension and its features, so that what was compiled for that is linked as it is.
    command += ["--package", PROGRAM, "--package", "alchemy-py", "--features", "pyo3/extension-module"]
    # callgrind finds what is counted, and who allocates, by the names of functions.
    command += ["--config", f'profile.{PROFILE}.package.{PROGRAM}.strip="none"']
    if lines:
        folder /= "lines"
        command += ["--target-dir", str(folder), "--config", f'profile.{PROFILE}.debug="line-tables-only"']
    run(*command)
    return folder / PROFILE / program


def count(program: Path, what: str, *options: str) -> tuple[Path, dict[str, Any]]:
    """Runs the program under callgrind; returns the profile, and what the program says of its stream."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    profile = FOLDER / f"{what}.out"
    command = [
        "valgrind",
        "--quiet",
        "--tool=callgrind",
        f"--toggle-collect={COUNTED}",
        f"--callgrind-out-file={profile}",
    ]
    said = run(*command, "--compress-strings=no", "--compress-pos=no", "--dump-instr=yes", *options, program, what)
    return profile, json.loads(said)


def count_python() -> dict[str, dict[str, int]]:
    """Counts what a process of Python executes for events that it streams from another, and for whole requests."""
    with counted_stream.serve() as port:
        streamed = [count_threads(port, "stream", events) for events in (FEW, MANY)]
        asked = [count_threads(port, "requests", requests) for requests in (ONCE, OFTEN)]
    return {
        "stream": {"instructions": streamed[1] - streamed[0], "events": MANY - FEW},
        "request": {"instructions": asked[1] - asked[0], "events": OFTEN - ONCE},
    }


def count_threads(port: int, what: str, size: int) -> int:
    """Counts the instructions of a program in Python, in all of its threads."""
    profile = FOLDER / f"python-{what}-{size}.out"
    for old in FOLDER.glob(f"{profile.name}-*"):
        old.unlink()
    command = ["valgrind", "--quiet", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={profile}"]
    run(*command, sys.executable, ROOT / "scripts/counted_stream.py", str(port), what, str(size))
    return sum(instructions(thread) for thread in FOLDER.glob(f"{profile.name}-*"))


def instructions(profile: Path) -> int:
    """Returns how many instructions a profile has counted."""
    found = re.search(r"^summary: (\d+)$", profile.read_text(encoding="utf-8"), re.MULTILINE)
    counted = int(found[1]) if found else 0
    if not counted:
        sys.exit(
            f"make instructions: callgrind counted nothing in {profile.name}; is there still a function {COUNTED}?"
        )
    return counted


def calls(profile: Path) -> list[Call]:
    """Returns the calls in a profile.

    What callgrind says of how often a function was called includes the times that are not counted. How often the
    instruction that calls was executed, and the first one of the function called, does not.
    """
    executed: Counter[tuple[str, str]] = Counter()
    inside: Counter[tuple[str, str, str, str, str]] = Counter()
    caller = file = called = first = ""
    for line in profile.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key == "fn":
            caller = value
        elif key == "ob":
            file = Path(value).name
        elif key == "cfn":
            called = value
        elif key == "calls":
            # The line after it has the place of the call and what was executed inside.
            first = value.split()[1]
        elif line.startswith("0x"):
            place, *_, counted = line.split()
            if first:
                inside[caller, file, place, called, first] += int(counted)
            else:
                executed[caller, place] += int(counted)
            first = ""
    return [
        Call(caller, file, called, executed[caller, place], executed[called, first], counted)
        for (caller, file, place, called, first), counted in inside.items()
    ]


def allocations(profile: Path) -> int:
    """Returns how often the program asks for memory."""
    return sum(call.times for call in calls(profile) if is_allocation(call))


def is_allocation(call: Call) -> bool:
    """Tells whether the program itself asks for memory; what the allocator calls in turn does not count."""
    return call.file.startswith(PROGRAM) and call.called.split("'")[0] in ALLOCATORS


def facts() -> dict[str, str]:
    """Returns what the counts depend on, and the program does not know."""
    said = run("rustc", "-vV")
    known = dict(line.split(": ", 1) for line in said.splitlines()[1:])
    flags = os.environ.get("RUSTFLAGS") or os.environ.get("CARGO_ENCODED_RUSTFLAGS", "")
    return {
        "compiler": f"{said.splitlines()[0]}, LLVM {known['LLVM version']}",
        "architecture": known["host"],
        "profile": f"{PROFILE}, RUSTFLAGS {flags}" if flags else PROFILE,
        "allocator": " ".join(part for part in platform.libc_ver() if part) or "of the system",
        "valgrind": run("valgrind", "--version").strip().removeprefix("valgrind-"),
    }
