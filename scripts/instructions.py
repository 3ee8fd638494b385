"""Counts the instructions that decoding takes, and holds them to what is recorded.

A made-up stream of each wire protocol is framed, decoded and assembled by a small program under valgrind's callgrind.
The counts stand in benches/instructions/recorded.json, with what they depend on; the reasons are in
docs/decisions/011-instruction-counts.md. `--check` fails where a count is more than 5 % off, `--record` writes the
counts down, `--profile NAME` shows where the instructions of a protocol or of `end-to-end` go; with `--lines`, whose
first build takes minutes, by source file as well.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import callgrind
from callgrind import END_TO_END, PROTOCOLS, ROOT

RECORD = ROOT / "benches/instructions/recorded.json"
MOST_OFF = 0.05
# What is counted, and with how many decimals it is shown.
MEASURES = {"instructions": 1, "allocations": 2}
AGAIN = "record again: make instructions-record"
TOP = 40
PYTHON = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
# Functions of the standard library that stand between who wants memory and who gets it.
CONTAINERS = re.compile(r"^<?(?:alloc|hashbrown|core|std|indexmap)::|^\d+$")


def measure() -> dict[str, Any]:
    """Counts everything; returns the counts with what they depend on, in the form of the record."""
    program = callgrind.build()
    here: dict[str, Any] = callgrind.facts()
    counts: dict[str, dict[str, float]] = {}
    for protocol in PROTOCOLS:
        profile, said = callgrind.count(program, protocol)
        here["architecture"] = " with ".join(filter(None, (here["architecture"].split()[0], said["features"])))
        counted = callgrind.instructions(profile)
        counts[protocol] = {
            "instructions": counted,
            "events": said["events"],
            "bytes": said["bytes"],
            "allocations": callgrind.allocations(profile),
        }
    # What no figure is held to stands by itself.
    reported = {f"{name}, {PYTHON}": count for name, count in callgrind.count_python().items()}
    return {**here, "reported": reported, "counts": counts}


# ---- judging ----------------------------------------------------------------------------------------------------


def judge(recorded: dict[str, Any], here: dict[str, Any]) -> tuple[list[str], bool]:
    """Compares counts with the record; returns what is to be said, and whether the record holds."""
    if recorded["architecture"] != here["architecture"]:
        place = f"the counts are of {recorded['architecture']}, and this is {here['architecture']}"
        return [f"{AGAIN}, where it matters here: {place}; nothing is compared"], True
    faults = [
        f"{AGAIN} ({name}: the counts are of {recorded[name]}, and this is {here[name]})"
        for name in ("compiler", "profile")
        if recorded[name] != here[name]
    ]
    if not faults:
        for protocol in sorted(recorded["counts"].keys() | here["counts"].keys()):
            faults += compare(protocol, recorded["counts"].get(protocol), here["counts"].get(protocol))
    notes = [
        f"{name}: recorded with {recorded[name]}, here is {here[name]}, which may change a count"
        for name in ("allocator", "valgrind")
        if recorded[name] != here[name]
    ]
    return faults + notes, not faults


def compare(protocol: str, recorded: dict[str, Any] | None, here: dict[str, Any] | None) -> list[str]:
    """Compares one protocol's count with the record; returns what is wrong with it, if anything is."""
    if recorded is None or here is None:
        return [f"{protocol}: {'not recorded' if here else 'recorded and not counted'}; {AGAIN}"]
    if recorded.keys() != here.keys() or any(recorded[name] != here[name] for name in ("events", "bytes")):
        return [f"{protocol}: the stream is not the one that was recorded; {AGAIN}"]
    return [line for measure in MEASURES for line in judge_figure(protocol, measure, recorded[measure], here[measure])]


def judge_figure(protocol: str, measure: str, before: int, now: int) -> list[str]:
    """Says what is wrong with one figure of a protocol, if anything is."""
    off = now / before - 1
    if abs(off) <= MOST_OFF:
        return []
    direction = "more" if off > 0 else "fewer"
    told = f"{protocol}: {now:,} {measure}, {abs(off):.1%} {direction} than the {before:,} recorded"
    if off < 0:
        return [f"{told}, and the difference could be wasted unseen; {AGAIN}"]
    look = f".venv/bin/python scripts/instructions.py --profile {protocol} shows where they are"
    return [f"{told} ({MOST_OFF:.0%} at most); {look}; if they must be, {AGAIN}, in the same commit"]


def table(recorded: dict[str, Any] | None, here: dict[str, Any]) -> list[str]:
    """Returns the counts as a table, beside the recorded ones."""
    rows = [f"{'for one event':28}" + "".join(f" {name:>12} {'recorded':>10} {'change':>7}" for name in MEASURES)]
    for part in ("counts", "reported"):
        for name, now in here[part].items():
            before = ((recorded or {}).get(part) or {}).get(name)
            cells = (cell(measure, before, now) for measure in MEASURES if measure in now)
            rows.append(f"{name:28}" + "".join(cells) + ("  held to nothing" if part == "reported" else ""))
    return rows


def cell(measure: str, before: dict[str, Any] | None, now: dict[str, Any]) -> str:
    """Returns a figure for one event, the recorded one, and by how much it is off."""
    digits = MEASURES[measure]
    here = now[measure] / now["events"]
    if not before or measure not in before:
        return f" {here:12,.{digits}f} {'-':>10} {'-':>7}"
    there = before[measure] / before["events"]
    return f" {here:12,.{digits}f} {there:10,.{digits}f} {here / there - 1:+7.1%}"


def read(path: Path) -> dict[str, Any] | None:
    """Returns what is recorded; None if nothing is."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def record(path: Path, here: dict[str, Any]) -> None:
    """Shows what was recorded beside the counts, and writes them down."""
    recorded = read(path)
    for line in table(recorded, here):
        print(line)
    for name in ("compiler", "architecture", "profile", "allocator", "valgrind"):
        if recorded and recorded[name] != here[name]:
            print(f"{name}: {recorded[name]} -> {here[name]}")
    path.write_text(json.dumps(here, indent=2) + "\n", encoding="utf-8")


def check(path: Path, here: dict[str, Any]) -> int:
    """Prints the counts and what is wrong with them; returns the exit code."""
    recorded = read(path)
    for line in table(recorded, here):
        print(line, flush=True)
    if recorded is None:
        said, holds = [f"nothing is recorded in {path.name}; {AGAIN}"], False
    else:
        said, holds = judge(recorded, here)
    for line in said:
        print(f"make instructions: {line}", file=sys.stdout if holds else sys.stderr)
    return 0 if holds else 1


# ---- where they go ----------------------------------------------------------------------------------------------


def show_profile(what: str, *, lines: bool) -> None:
    """Prints the functions that most instructions go to, and who asks for memory and copies."""
    program = callgrind.build(what, lines=lines)
    profile, said = callgrind.count(program, what)
    events = said["events"]
    each = callgrind.instructions(profile) / events
    print(f"{what}: {events:,} events, {said['bytes']:,} bytes, {each:,.1f} instructions an event, as are all figures")
    for title, option in (("by themselves", "no"), ("with what they call", "yes")):
        print(f"\n{'instructions':>12}  {'share':>6}  functions, {title}")
        said = callgrind.run("callgrind_annotate", f"--inclusive={option}", "--auto=no", "--threshold=100", profile)
        found = re.findall(r"^ *([\d,]+) \( *([\d.]+)%\)  (.*)$", said, re.MULTILINE)
        names = [
            row
            for row in found
            if not re.search(r"PROGRAM TOTALS|libc-start|^0x|\bmain\b|lang_start|backtrace", row[2])
        ]
        for counted, share, name in names[:TOP]:
            print(f"{int(counted.replace(',', '')) / events:12,.1f}  {share:>5}%  {shorten(name)}")
    callers = [f"--separate-callers6={name}" for name in sorted(callgrind.ALLOCATORS)]
    separated, _ = callgrind.count(program, what, *callers)
    show_calls(separated, events)


def show_calls(profile: Path, events: int) -> None:
    """Prints who asks for memory and who copies, and what that costs."""
    allocating: dict[str, Counter[str]] = {"times": Counter(), "instructions": Counter()}
    copying: dict[str, Counter[str]] = {"times": Counter(), "instructions": Counter()}
    seen: set[str] = set()
    for call in callgrind.calls(profile):
        if callgrind.is_allocation(call):
            allocator, *callers = call.called.split("'")
            owner = next((name for name in callers if not CONTAINERS.search(name)), call.caller)
            tables, name = allocating, f"{allocator} for {owner}"
            # A way that begins at several places of one function is one way all the same.
            times = 0 if call.called in seen else call.entered
            seen.add(call.called)
        elif call.file.startswith(callgrind.PROGRAM) and re.search("mem(?:cpy|move)", call.called):
            tables, name, times = copying, call.caller, call.times
        else:
            continue
        tables["times"][name] += times
        tables["instructions"][name] += call.instructions
    for title, tables in (("allocations", allocating), ("copies", copying)):
        print(f"\n{'instructions':>12}  {title:>11}")
        for name, counted in tables["instructions"].most_common(TOP // 2):
            print(f"{counted / events:12,.1f}  {tables['times'][name] / events:11.3f}  {shorten(name)}")


def shorten(name: str) -> str:
    """Returns a function's name without the folders of its file and the object that holds it."""
    name = re.sub(r" \[[^\]]*\]$", "", name).removeprefix("???:")
    return re.sub(r"^\S*/(?=[^/\s]+/[^/\s]+:)", "", name)[:150]


def main() -> int:
    """Does what the options ask for and returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail where a count is more than 5 %% off (default)")
    parser.add_argument("--record", action="store_true", help="write the counts down")
    parser.add_argument("--profile", choices=(*PROTOCOLS, END_TO_END), help="show where the instructions go")
    parser.add_argument("--lines", action="store_true", help="with --profile: by source file as well")
    given = parser.parse_args()
    callgrind.need_valgrind()
    if given.profile:
        show_profile(given.profile, lines=given.lines)
    elif given.record:
        record(RECORD, measure())
    else:
        return check(RECORD, measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
