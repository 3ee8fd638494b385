"""Measures alchemy beside its peers against a provider on the loopback interface; `benches/README.md` explains it.

Run it with the interpreter that has alchemy, built with the release profile: `.venv/bin/python benches/run.py`.
"""

import argparse
import sys
from pathlib import Path

import bench_report
from bench_rounds import Contestant, Place, Plan, Samples, modules_loaded, run
from bench_setup import alchemy_problem, cores, loopback_binary, machine, peers_python, provider

FULL = Plan(rounds=5, events=(1_000, 10_000, 100_000), requests=2_000, starts=11)
QUICK = Plan(rounds=3, events=(1_000, 10_000, 100_000), requests=1_000, starts=5, quick=True)
OURS = "import alchemy; alchemy.Client()"
HEAVY_MODULES = ("asyncio", "dataclasses", "inspect", "logging", "pydantic", "typing")


def contestants(only: list[str]) -> tuple[list[Contestant], list[str]]:
    """Who takes part, and a line for each who cannot."""
    notes = []
    ours = Path(sys.executable)
    peers, why = peers_python()
    # The floor and the yardstick need nothing but Python, and orjson where it could be installed.
    plain = peers or ours
    found = [
        Contestant("raw bytes", "raw_bytes.py", plain, ""),
        Contestant(bench_report.YARDSTICK, "hand_written.py", plain, ""),
    ]
    if problem := alchemy_problem():
        notes.append(f"alchemy left out: {problem}")
    else:
        found.append(Contestant(bench_report.OURS, "alchemy_llm.py", ours, OURS))
    if peers:
        statement = "import openai; openai.OpenAI(api_key='k')"
        found.append(Contestant("openai", "openai_sdk.py", peers, statement, slow=True))
    else:
        notes.append(f"openai left out: {why}")
    return [one for one in found if not only or one.name in only], notes


def main() -> int:
    """Measures, prints the table and writes it to `benches/results/`."""
    parser = argparse.ArgumentParser(description="Measures alchemy beside its peers.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, under two minutes")
    parser.add_argument("--rounds", type=int, help="round-robins; default 5, quick 3")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="leave out all others")
    parser.add_argument("--check", action="store_true", help="exit code 1 where alchemy is above a bound")
    arguments = parser.parse_args()
    base = QUICK if arguments.quick else FULL
    plan = Plan(arguments.rounds or base.rounds, base.events, base.requests, base.starts, base.quick)

    binary = loopback_binary()
    taking_part, notes = contestants(arguments.only)
    client_core, provider_core = cores()
    if client_core is None:
        notes.append("client and provider share cores: this system has one, or cannot pin processes")
    samples = Samples()
    with provider(binary, provider_core) as port:
        run(taking_part, plan, Place(port, client_core), samples)

    for one in taking_part:
        if one.name == bench_report.OURS:
            loaded = ", ".join(modules_loaded(one.python, OURS, HEAVY_MODULES)) or "none"
            notes.append(f"heavy modules that alchemy loads at import: {loaded}")
    notes += bench_report.growth(samples, plan.events)
    notes.append("versions: " + "; ".join(f"{name}: {version}" for name, version in samples.versions.items()))
    table = bench_report.cells(samples, [one.name for one in taking_part], plan.events)
    print(bench_report.plain(table))
    print(f"\nmedian (lowest-highest) of {plan.rounds} rounds, and how many times the hand-written loop's figure")
    for note in notes:
        print(note)
    folder = bench_report.write(table, samples, notes, machine())
    print(f"written to {folder / 'latest.md'} and latest.json")
    over = bench_report.over_bound(samples, plan.events)
    for line in over:
        print(f"over its bound: {line}", file=sys.stderr)
    return 1 if arguments.check and over else 0


if __name__ == "__main__":
    sys.exit(main())
