"""The part of `docs/conformance.md` that is about recorded requests."""

from allowed import ALLOWED
from corpus import RECORDINGS, SAME_FORM
from request_corpus import FOLDERS
from request_replay import Replays, replays
from request_report import Outcome, counts, outcome

INTRODUCTION = """\
## Recorded requests

Each recorded request is read into messages, tools and options (`tests/requests/*_request.py`), encoded again, and the two
bodies are compared field by field. Every difference has to be explained by an entry of one list
(`tests/requests/allowed.py`), which says where it may stand, with which values, and why ours is as good; an entry that
explains nothing has to go. Options that alchemy has no name for go through `extra_body`. Where a recording holds the next
request too, the answer is decoded and put into it as it is: signatures, ids and arguments have to be those that the
recording's client sent back.
"""


def figures() -> dict:
    """The results as JSON."""
    if not RECORDINGS.is_dir():
        return {}
    return {folder: as_json(folder, outcome(folder), replays(folder)) for folder in FOLDERS}


def as_json(folder: str, result: Outcome, back: Replays) -> dict:
    numbers = counts({folder: result})[folder]
    return numbers | {
        "failures": result.failed,
        "sent_back": {
            "answers": back.sent_back,
            "signed": dict(sorted(back.signatures.items())),
            "skipped": dict(sorted(back.skipped.items())),
            "reasons": dict(sorted(back.reasons.items())),
            "failures": back.failed,
        },
    }


def row(*cells) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def table(head: list[str], rows: list[list], *, texts: int = 1) -> list[str]:
    """A table whose first columns are text and whose others are numbers."""
    rule = ["---"] * texts + ["---:"] * (len(head) - texts)
    return [row(*head), row(*rule), *(row(*cells) for cells in rows), ""]


def section(found: dict) -> list[str]:
    """The lines of the section, from the results."""
    names = ["requests", "equal", "explained", "skipped", "failed"]
    rows = [[f"`{api}`", *(each[name] for name in names), each["sent_back"]["answers"]] for api, each in found.items()]
    rows.append(["all", *(sum(cells[column] for cells in rows) for column in range(1, len(names) + 2))])
    lines = [*INTRODUCTION.splitlines(), "", *table(["protocol", *names, "answers sent back"], rows)]
    why = {(api, entry.name): entry.reason for entry in ALLOWED for api in entry.apis}
    explained = [
        [f"`{api}`", name, why[SAME_FORM.get(api, api), name], number]
        for api, each in found.items()
        for name, number in each["reasons"].items()
    ]
    lines += ["What explains the differences:", ""]
    lines += table(["protocol", "difference", "why", "requests"], explained, texts=3)
    lines += ["What went through `extra_body`, with the number of requests:", ""]
    for api, each in found.items():
        keys = ", ".join(f"`{key}` {number}" for key, number in each["extra_body"].items())
        lines += [f"- `{api}`: {keys}"] if keys else []
    lines += ["", "Left out:", ""]
    for api, each in found.items():
        lines += [f"- `{api}`, {number}: {reason}" for reason, number in each["skip_reasons"].items()]
        lines += [f"- `{api}`, {number} sent back: {reason}" for reason, number in each["sent_back"]["skipped"].items()]
    return [*lines, ""]


def failures(found: dict) -> list[str]:
    """Each request that failed, with what is wrong."""
    return [
        f"{api}: {case}: {problem}"
        for api, each in found.items()
        for part in (each, each["sent_back"])
        for case, wrong in part["failures"].items()
        for problem in wrong
    ]
