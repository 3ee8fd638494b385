"""Counts the instructions that decoding takes, and holds them to what is recorded.

Each wire protocol has a made-up stream (benches/instructions), which a small program frames, decodes and assembles
under valgrind's callgrind. The counts stand in benches/instructions/recorded.json, with what they depend on.
`--check` fails where a count is more than 5 % off, `--record` writes the counts, `--profile PROTOCOL` shows where the
instructions go; without an option they are printed. docs/decisions/011-instruction-counts.md has the reasons.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "benches/instructions/recorded.json"
PROTOCOLS = ("openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai")
PROGRAM = "alchemy-instructions"
# What is counted: this function of the program and all that it calls.
COUNTED = "alchemy_instructions::replay::counted"
# The one that `make build` has compiled everything for; in the release profile nothing could be used again.
PROFILE = "fast"
MOST_OFF = 0.05
AGAIN = "record again: make instructions-record"
ALLOCATORS = frozenset({"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"})
TOP = 40

Counts = dict[str, dict[str, int]]


def fail(problem: str) -> None:
    """Ends the program with one line of what is wrong and what to do."""
    sys.exit(f"make instructions: {problem}")


def run(*command: str | Path, **environment: str) -> str:
    """Runs a command to its end, showing what it says only where it fails, and returns its output."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        fail(f"{Path(str(command[0])).name} failed with exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


# ---- counting ---------------------------------------------------------------------------------------------------


def build(*, lines: bool) -> Path:
    """Builds the program and returns it; with `lines`, so that it can be told which source line does what."""
    folder = Path(os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target")))
    command = ["cargo", "build", "--quiet", "--locked", "--profile", PROFILE, "--bin", PROGRAM]
    # Together with the extension's features, what was compiled for the extension is linked as it is.
    command += ["--package", PROGRAM, "--package", "alchemy-py", "--features", "pyo3/extension-module"]
    if lines:
        folder /= "lines"
        command += ["--target-dir", str(folder), "--config", f'profile.{PROFILE}.debug="line-tables-only"']
    run(*command)
    return folder / PROFILE / PROGRAM


def count(program: Path, protocol: str) -> tuple[Path, dict[str, Any]]:
    """Runs the program under callgrind; returns the profile, and what the program says of itself."""
    profile = ROOT / "target/instructions" / f"{protocol}.out"
    profile.parent.mkdir(parents=True, exist_ok=True)
    options = ["--tool=callgrind", "--compress-strings=no", "--compress-pos=no", f"--toggle-collect={COUNTED}"]
    said = run("valgrind", "--quiet", *options, f"--callgrind-out-file={profile}", program, protocol)
    return profile, json.loads(said)


def calls(profile: Path) -> Iterator[tuple[str, str, str, int]]:
    """Yields the calls in a profile: the caller, its file, the function called, and how many times."""
    caller = file = called = ""
    with profile.open(encoding="utf-8") as text:
        for line in text:
            key, _, value = line.rstrip("\n").partition("=")
            if key == "fn":
                caller = value
            elif key == "ob":
                file = Path(value).name
            elif key == "cfn":
                called = value
            elif key == "calls":
                yield caller, file, called, int(value.split()[0])


def measure(program: Path) -> tuple[Counts, str]:
    """Counts every protocol; returns the counts, and the processor that the program found."""
    counts: Counts = {}
    processor = ""
    for protocol in PROTOCOLS:
        profile, said = count(program, protocol)
        processor = said.pop("architecture")
        total = re.search(r"^summary: (\d+)$", profile.read_text(encoding="utf-8"), re.MULTILINE)
        instructions = int(total[1]) if total else 0
        if instructions < said["events"]:
            fail(f"{protocol}: callgrind counted {instructions} instructions; does {COUNTED} still exist?")
        allocations = sum(times for _, file, called, times in calls(profile) if is_allocation(file, called))
        counts[protocol] = {"instructions": instructions, "allocations": allocations, **said}
    return counts, processor


def is_allocation(file: str, called: str) -> bool:
    """Tells whether the program itself asks for memory by a call from `file`; what the allocator calls does not count."""
    return file == PROGRAM and called in ALLOCATORS


# ---- where they go ----------------------------------------------------------------------------------------------


def show_profile(protocol: str, *, lines: bool) -> None:
    """Prints the functions of a protocol that most instructions go to, and who allocates and copies."""
    profile, said = count(build(lines=lines), protocol)
    events = said["events"]
    print(
        f"{protocol}: {events:,} events, {said['bytes']:,} bytes, {said['pieces']:,} pieces; figures are for one event"
    )
    for title, option in (("by themselves", "no"), ("with what they call", "yes")):
        print(f"\n{'instructions':>12}  {'share':>6}  functions, {title}")
        annotated = run("callgrind_annotate", f"--inclusive={option}", "--auto=no", "--threshold=100", profile)
        found = re.findall(r"^ *([\d,]+) \( *([\d.]+)%\)  (.*)$", annotated, re.MULTILINE)
        for instructions, share, name in [row for row in found if "PROGRAM TOTALS" not in row[2]][:TOP]:
            each = int(instructions.replace(",", "")) / events
            print(f"{each:12,.1f}  {share:>5}%  {shorten(name)}")
    allocating: Counter[str] = Counter()
    copying: Counter[str] = Counter()
    for caller, file, called, times in calls(profile):
        if is_allocation(file, called):
            allocating[f"{called} by {caller}"] += times
        elif file == PROGRAM and ("memcpy" in called or "memmove" in called):
            copying[caller] += times
    for title, table in (("allocations", allocating), ("copies", copying)):
        print(f"\n{title:>12}  by")
        for name, times in table.most_common(TOP // 2):
            print(f"{times / events:12,.3f}  {shorten(name)}")


def shorten(name: str) -> str:
    """Returns a function's name without the folders of its file and the object that holds it."""
    name = re.sub(r" \[[^\]]*\]$", "", name).removeprefix("???:")
    return re.sub(r"^\S*/(?=[^/\s]+/[^/\s]+:)", "", name)[:150]


def main() -> int:
    """Does what the options ask for and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", metavar="PROTOCOL", choices=PROTOCOLS)
    parser.add_argument("--lines", action="store_true")
    given = parser.parse_args()
    if given.profile:
        show_profile(given.profile, lines=given.lines)
        return 0
    counts, processor = measure(build(lines=False))
    print(processor, counts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
