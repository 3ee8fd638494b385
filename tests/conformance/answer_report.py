"""The part of `docs/conformance.md` that is about recorded answers."""

from corpus import RECORDINGS, SAME_FORM
from replaying import BYTE_BY_BYTE_UP_TO
from running import FOLDERS, Outcome, outcome

INTRODUCTION = f"""\
## Recorded answers

Each recorded answer is decoded whole, byte by byte (bodies above {BYTE_BY_BYTE_UP_TO // 1000} kB in pieces of 7 bytes),
at random splits, and in the pieces in which the network delivered it where those were recorded. Every way has to give the
same events, in an order that keeps the rules. The result is compared with an independent reading of the same bytes: plain
JSON walking that shares no code with the decoders (`tests/conformance/*_reading.py`). It compares every block, tool
calls and their arguments, citations, signatures, stop reasons, each count of the usage, ids, and the kind, status, words
and partial message of an error. Bodies into which the source joined several answers are decoded as they are, and each
answer by itself.
"""


def figures() -> dict:
    """The results as JSON."""
    if not RECORDINGS.is_dir():
        return {}
    return {folder: as_json(outcome(folder)) for folder in FOLDERS}


def as_json(result: Outcome) -> dict:
    return {
        "recordings": result.recordings,
        "streamed": result.streamed,
        "passed": result.passed,
        "skipped": dict(sorted(result.skipped.items())),
        "failed": result.failed,
        "cuts": dict(result.cuts),
        "providers": dict(sorted(result.providers.items(), key=lambda each: (-each[1], each[0]))),
    }


def title(folder: str) -> str:
    """What the page calls the recordings of a folder."""
    return f"`{SAME_FORM[folder]}`, as {folder} serves it" if folder in SAME_FORM else f"`{folder}`"


def row(*cells) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def table(head: list[str], rows: list[list]) -> list[str]:
    return [row(*head), row(*(["---"] + ["---:"] * (len(head) - 1))), *(row(*cells) for cells in rows), ""]


def section(found: dict) -> list[str]:
    """The lines of the section, from the results."""
    heads = ["protocol", "recordings", "streamed", "not streamed", "passed", "skipped", "failed"]
    rows = []
    for folder, each in found.items():
        counts = (each["recordings"], each["streamed"], each["recordings"] - each["streamed"], each["passed"])
        rows.append([title(folder), *counts, sum(each["skipped"].values()), len(each["failed"])])
    rows.append(["all", *(sum(cells[column] for cells in rows) for column in range(1, len(heads)))])
    lines = [*INTRODUCTION.splitlines(), "", *table(heads, rows)]
    ways = list(dict.fromkeys(way for each in found.values() for way in each["cuts"]))
    lines += table(
        ["decoded", *ways],
        [[title(folder), *(each["cuts"].get(way, 0) for way in ways)] for folder, each in found.items()],
    )
    lines += ["Left out:", ""]
    for folder, each in found.items():
        lines += [f"- {title(folder)}, {number}: {reason}" for reason, number in each["skipped"].items()]
    lines += ["", "Who answered:", ""]
    for folder, each in found.items():
        lines.append(
            f"- {title(folder)}: " + ", ".join(f"{name} {number}" for name, number in each["providers"].items())
        )
    return [*lines, ""]


def failures(found: dict) -> list[str]:
    """Each recording that failed, with what is wrong."""
    return [
        f"{folder}: {case}: {problem}"
        for folder, each in found.items()
        for case, wrong in each["failed"].items()
        for problem in wrong
    ]
