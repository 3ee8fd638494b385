"""Makes the generated part of docs/reliability.md: the fault table, from outcomes and from what was measured of others."""

import json
from collections.abc import Callable
from pathlib import Path

from alchemy.lab.protocols import PROTOCOLS
from fault_cases import CASES, cases_of
from fault_outcomes import ALL_SAID, CALL, CLOSED, KEPT, PREFIX, SAID, WHOLE, Outcome
from fault_row import Row
from fault_rows import ROWS, SECTIONS
from fault_running import Case, observe_in_time

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reliability.md"
MEASURED = ROOT / "benches" / "faults" / "measured.json"
BEGIN = "<!-- begin: made by scripts/generate_reliability.py -->\n"
END = "<!-- end: made by scripts/generate_reliability.py -->\n"
PARTIAL = {
    SAID: "keeps what was said",
    PREFIX: "keeps what was said",
    ALL_SAID: "keeps all that was said",
    CALL: "keeps the call as `truncated`",
}
Source = Callable[[Case], Outcome]


def expected(case: Case) -> Outcome:
    """The outcome that the table states, which the tests hold against what is observed."""
    return case.row.expected(case.api, streamed=case.streamed).outcome


def observed(case: Case) -> Outcome:
    """The outcome of a run."""
    return observe_in_time(case)[0].outcome


def words(case: Case, outcome: Outcome) -> str:
    """An outcome in a few words."""
    said = [f"`{outcome.error}`" if outcome.error else "whole" if outcome.message == WHOLE else "let go"]
    if outcome.error.endswith("TimeoutError"):
        said[0] += f" after {case.row.expected(case.api, streamed=case.streamed).least} s"
    if outcome.error and outcome.status not in {None, 200} and str(outcome.status) not in case.row.title:
        said.append(f"status {outcome.status}")
    if outcome.error and outcome.message in PARTIAL:
        said.append(PARTIAL[outcome.message])
    if not outcome.error and outcome.stop == "length":
        said.append("stop reason `length`")
    if not outcome.error and "truncated" in outcome.states:
        said.append("the call as `truncated`")
    if outcome.retry_after is not None:
        said.append(f"`retry_after` {outcome.retry_after}")
    said += [f"notice `{code}`" for code in outcome.notices]
    if outcome.requests > case.row.asks:
        said.append(f"{outcome.requests} requests")
    if outcome.connection == (KEPT if outcome.error else CLOSED) and not case.row.action:
        said.append(f"connection {outcome.connection}")
    return ", ".join(said)


def cell(row: Row, source: Source, *, streamed: bool) -> str:
    """What alchemy makes of a row: once where all protocols and both ways to ask agree, and else by protocol."""
    found: dict[str, list[Case]] = {}
    for case in cases_of(row):
        if case.streamed == streamed:
            found.setdefault(words(case, source(case)), []).append(case)
    most = max(found, key=lambda said: len(found[said]), default="")
    parts = [most] if most else ["-"]
    for said, cases in found.items():
        if said != most:
            parts.append(f"{', '.join(places(cases))}: {said}")
    return "; ".join(parts)


def places(cases: list[Case]) -> list[str]:
    """The protocols of cases, with the way to ask where it is not both."""
    ways: dict[str, list[str]] = {}
    for case in cases:
        ways.setdefault(case.api, []).append(case.driver)
    return [f"`{api}`" + ("" if len(drivers) > 1 else f" in {drivers[0]} code") for api, drivers in ways.items()]


def peer_cell(row: Row, rows: dict[str, dict[str, str]]) -> str:
    """What another library made of a row; a dash where it was not measured."""
    mode = "streamed" if row.streamed is not None else "whole"
    ways = {way: rows.get(row.name, {}).get(f"{way} {mode}") for way in ("sync", "async")}
    if None in ways.values():
        return "-"
    if ways["sync"] == ways["async"]:
        return str(ways["sync"])
    return f"sync: {ways['sync']}; async: {ways['async']}"


def table(rows: tuple[Row, ...], peers: dict[str, dict], source: Source) -> list[str]:
    """The rows of one section in Markdown; libraries that none of them was measured for are left out."""
    peers = {name: peer for name, peer in peers.items() if any(row.name in peer["rows"] for row in rows)}
    head = ["what happens", "alchemy, streamed", "alchemy, not streamed", *peers]
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] * len(head)) + " |"]
    for row in rows:
        cells = [row.title, cell(row, source, streamed=True), cell(row, source, streamed=False)]
        cells += [peer_cell(row, peer["rows"]) for peer in peers.values()]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def reasons(rows: tuple[Row, ...]) -> list[str]:
    """Why rows differ by protocol, or are not there for all."""
    lines = []
    for row in rows:
        for differs in row.differs:
            apis = ", ".join(f"`{api}`" for api in differs.apis)
            lines.append(f"- {row.title}, over {apis}: {differs.why}.")
        if row.only:
            apis = ", ".join(f"`{api}`" for api in row.only)
            lines.append(f"- {row.title}, over {apis} alone: {row.only_why}.")
    return ["", "Why protocols differ:", "", *dict.fromkeys(lines)] if lines else []


def generated(source: Source) -> str:
    """The generated part of the page."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    peers = measured["peers"]
    versions = "; ".join(f"{name}: {', '.join(f'`{each}`' for each in peers[name]['versions'])}" for name in peers)
    lines = [
        "",
        f"{len(ROWS)} rows over {len(PROTOCOLS)} wire protocols, in sync and async code: {len(CASES)} cases, each a test.",
        f"The others were measured on {measured['date']} with Python {measured['python']}: {versions}.",
    ]
    for title, rows in SECTIONS:
        lines += ["", f"### {title}", "", *table(rows, peers, source), *reasons(rows)]
    return "\n".join(lines) + "\n\n"


def page(source: Source) -> str:
    """The whole page: its generated part made anew, the rest as it is."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + generated(source) + END + after
