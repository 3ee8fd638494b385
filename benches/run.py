"""Measures alchemy beside its peers against a provider on the loopback interface; `benches/README.md` explains it.

`make bench` runs it with a wheel built for it; `.venv/bin/python benches/run.py` takes the alchemy of its interpreter.
"""

import argparse
import importlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import bench_publish
import bench_report
from bench_bounds import all_bounds
from bench_contestants import ALL, BOTH, FLOOR, OURS, YARDSTICK
from bench_environments import install, python_of
from bench_jobs import BY_GROUP, SDK_OF, WITH_FLOOR
from bench_plan import FULL, GROUPS, QUICK, TINY, Plan
from bench_report import LATEST
from bench_rounds import CLIENTS, Progress, Run, last_word, run_group
from bench_samples import Samples
from bench_setup import Provider, cores, machine, provider
from bench_starts import measure_all, measure_size
from bench_take_part import Field, Wanted, take_part

PLANS = {plan.name: plan for plan in (FULL, QUICK, TINY)}


def options(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="Measures alchemy beside its peers.")
    parser.add_argument("--quick", action="store_const", const="quick", dest="plan", help="in under two minutes")
    parser.add_argument("--tiny", action="store_const", const="tiny", dest="plan", help="a few seconds: does it run?")
    parser.add_argument("--rounds", type=int, help="at most so many rounds")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", choices=[FLOOR, *(one.name for one in ALL)])
    parser.add_argument("--measures", nargs="+", default=list(GROUPS), choices=GROUPS)
    parser.add_argument("--build", nargs="?", const="release", metavar="PROFILE", help="measure a wheel built now")
    parser.add_argument("--here", type=Path, metavar="FOLDER", help="build and install nothing: the provider is there")
    parser.add_argument("--results", type=Path, default=bench_report.RESULTS, metavar="FOLDER", help="what is written")
    parser.add_argument("--check", action="store_true", help="exit code 1 where alchemy is above a bound")
    parser.add_argument("--publish", action="store_true", help="write docs/performance.md and what stands beside it")
    parser.add_argument("--again", action="store_true", help="measure nothing: report the last run anew")
    parser.set_defaults(plan="full")
    return parser.parse_args(words)


def event_bytes(running: Provider, present: Field, samples: Samples) -> None:
    """How many bytes one event of each protocol has: the difference of two streams."""
    sys.path.append(str(CLIENTS))
    wire: Any = importlib.import_module("wire")
    for api in SDK_OF:
        sizes = []
        for count in (100, 1_100):
            model = f"events-{count}"
            path = wire.path(api, model, stream=True)
            sizes.append(len(running.answer(path, wire.headers(api), wire.body(api, model, stream=True))))
        for name in {YARDSTICK, SDK_OF[api], OURS} & set(present.pythons):
            for mode in BOTH:
                samples.add(f"protocols {api} {mode} bytes", name, (sizes[1] - sizes[0]) / 1_000)


def measure(plan: Plan, asked: argparse.Namespace, present: Field, samples: Samples, progress: Progress) -> None:
    """All rounds of all measures."""
    client_core, provider_core = cores()
    if client_core is None:
        samples.note("client and provider share cores: this system has one, or cannot pin processes")
    most = asked.rounds or max(plan.rounds.values())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) if "tls" in asked.measures else None
        running = stack.enter_context(provider(present.programs / "alchemy-loopback", provider_core, folder))
        everything = Run(running, client_core, provider_core, present.pythons, samples, progress)
        if "protocols" in asked.measures:
            event_bytes(running, present, samples)
        clients = [one for one in present.contestants if one.script]
        jobs = {
            name: list(BY_GROUP[name](plan, present.contestants if name in WITH_FLOOR else clients))
            for name in asked.measures
            if name in BY_GROUP
        }
        for number in range(1, most + 1):
            for name, group in jobs.items():
                run_group(name, group, number, everything)
            if "start" in asked.measures and number <= max(plan.long_rounds.values()):
                progress.say(f"round {number}, start")
                measure_all(clients, plan, number, everything)
        if "start" in asked.measures:
            for one in (one for one in clients if one.ready):
                measure_size(one, present.pythons[one.name], samples)


def plots(folder: Path, samples: Samples) -> None:
    """Draws the plots in an environment of their own."""
    if problem := install("plots"):
        samples.note(f"plots left out: matplotlib cannot be installed: {problem}")
        return
    command = [str(python_of("plots")), str(Path(__file__).parent / "bench_plots.py"), str(folder / LATEST)]
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        samples.note(f"plots left out: {last_word(done.stderr, done.returncode)}")


def run(asked: argparse.Namespace) -> tuple[Samples, dict[str, Any]]:
    """Gets ready and measures."""
    plan = PLANS[asked.plan]
    samples = Samples()
    getting_ready = Progress()
    present = take_part(Wanted(tuple(asked.only), asked.build, asked.here), getting_ready, samples)
    getting_ready.say("ready: building and installing are done")
    seconds_before = getting_ready.seconds
    progress = Progress()
    measure(plan, asked, present, samples, progress)
    facts = {
        "plan": plan.name,
        "seconds": progress.seconds,
        "seconds_before": seconds_before,
        "machine": machine(),
    }
    return samples, bench_report.document(samples, facts)


def main() -> int:
    """Measures, prints the tables and writes them to `benches/results/`."""
    asked = options()
    samples, found = bench_report.read(asked.results / LATEST) if asked.again else run(asked)
    bench_report.write(asked.results, samples, found)
    if asked.plan != "tiny":
        plots(asked.results, samples)
        # What was said of the plots belongs to it.
        bench_report.write(asked.results, samples, found)
    print(bench_report.text(samples, found))
    print(f"written to {asked.results}")
    if asked.publish:
        missing = bench_publish.publish(asked.results, samples, found)
        print(f"published in {bench_publish.PAGE}" + (f"; no place there for {', '.join(missing)}" if missing else ""))
    over = [bound for bound in all_bounds(samples) if not bound.kept]
    for bound in over:
        print(f"over its bound: {bound.measure}: {bound.value:.3g}, bound {bound.limit:.3g}", file=sys.stderr)
    failed = bench_report.failures(samples)
    for line in failed:
        print(line, file=sys.stderr)
    return 1 if asked.check and (over or failed) else 0


if __name__ == "__main__":
    sys.exit(main())
