"""The soak: faults at random over every protocol, in threads and loops, then a long stream and many requests.

`python tests/soak/soak.py --seconds 600` prints tables of figures, and fails where an outcome is not true, a call does
not end in time, or the process grows.
"""

import argparse
import asyncio
import contextlib
import faulthandler
import json
import logging
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import alchemy
from flooding import Flood
from soak_calls import LIMITS, Call, IllegalError
from soak_clocks import Clocks
from soak_faults import CASES
from soak_page import machine, publish
from soak_report import Counts, Sample, table

HERE = Path(__file__).parent
ROUNDS = 4
THREADS = 8
TASKS = 12
# How long a call may take over its total limit before it is taken for hung.
HUNG = 20.0
FULL_SECONDS = 600


class Soak:
    """One run."""

    def __init__(self, seconds: float, seed: int) -> None:
        self.seconds, self.seed = seconds, seed
        self.counts = Counts()
        self.clocks = Clocks()
        self.running: dict[int, Call] = {}
        self.ends = 0.0
        self.clients: list[alchemy.Client] = []
        self.problems: list[str] = []

    # -- the calls ----------------------------------------------------------------------------

    def note(self, call: Call) -> None:
        """Judges a call that has ended."""
        self.running.pop(id(call), None)
        self.clocks.note(call)
        try:
            outcome = call.judged()
        except IllegalError as error:
            outcome = "ILLEGAL"
            with self.counts.lock:
                self.counts.illegal.append(str(error))
        attempts = len(getattr(call.outcome, "attempts", ()))
        self.counts.add(CASES[call.case].name, outcome, call.seconds, attempts)
        if call.seconds > LIMITS.total + 1:
            self.problems.append(f"{call}: took {call.seconds:.1f} s")

    def begin(self, chance: random.Random) -> Call:
        call = Call.at_random(chance)
        call.begin()
        self.running[id(call)] = call
        return call

    def work(self, seed: str) -> None:
        """Calls until the round ends, in this thread."""
        chance = random.Random(seed)
        while time.monotonic() < self.ends:
            call = self.begin(chance)
            try:
                call.run(chance.choice(self.clients), self.urls)
            except Exception as error:  # noqa: BLE001 - whatever comes is judged
                call.end(error)
            call.end()
            self.note(call)

    async def work_async(self, seed: str) -> None:
        """Calls until the round ends, in this task."""
        chance = random.Random(seed)
        while time.monotonic() < self.ends:
            call = self.begin(chance)
            try:
                await call.run_async(chance.choice(self.clients), self.urls)
            except Exception as error:  # noqa: BLE001 - whatever comes is judged
                call.end(error)
            call.end()
            self.note(call)

    def loop(self, seed: str, run) -> None:
        async def main() -> None:
            work = (self.work_async(f"{seed} {task}") for task in range(TASKS))
            await asyncio.gather(self.clocks.tick_async(self.ends), *work)
            assert asyncio.all_tasks() == {asyncio.current_task()}, "a task is left"

        run(main())

    # -- the rounds ---------------------------------------------------------------------------

    def round(self, number: int, seconds: float) -> Sample:
        """Has everybody call for a while; gives what the process holds when all is over."""
        self.ends = time.monotonic() + seconds
        self.clients = [alchemy.Client(), alchemy.Client(timeout=60)]
        seed = f"{self.seed} {number}"
        runs = [asyncio.run, asyncio.run]
        with contextlib.suppress(ImportError):
            import uvloop

            runs[1] = uvloop.run
        threads = [threading.Thread(target=self.work, args=(f"{seed} {each}",), daemon=True) for each in range(THREADS)]
        threads += [
            threading.Thread(target=self.loop, args=(f"{seed} loop {each}", run), daemon=True)
            for each, run in enumerate(runs)
        ]
        threads.append(threading.Thread(target=self.clocks.tick, args=(self.ends,), daemon=True))
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.2)
            self.look_for_hung()
        for client in self.clients:
            client.close()
        self.clients = []
        ends = time.monotonic() + 6
        while time.monotonic() < ends and Sample.take().files > self.base.files + 4:
            time.sleep(0.1)
        return Sample.take()

    def warm(self) -> None:
        """Has threads wait for whole answers all at once: of the runtimes that carry them some are kept from then on."""
        slow = self.urls[[case.name for case in CASES].index("slow-head=0.2")]
        together = threading.Barrier(THREADS)

        def ask(client: alchemy.Client, number: int) -> None:
            together.wait()
            client.complete(alchemy.Model(id="lab", base_url=slow), f"Please give me number {number}.", max_tokens=999)

        with alchemy.Client() as client:
            threads = [threading.Thread(target=ask, args=(client, number)) for number in range(THREADS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def look_for_hung(self) -> None:
        now = time.monotonic()
        hung = [call for call in list(self.running.values()) if now - call.began > LIMITS.total + HUNG]
        if hung:
            print(f"hung: {hung[0]}", file=sys.stderr, flush=True)
            faulthandler.dump_traceback(all_threads=True)
            os._exit(3)

    def faults(self) -> dict[str, object]:
        """The first part: faults at random."""
        lab = subprocess.Popen(
            [sys.executable, str(HERE / "soak_lab.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            self.urls = json.loads(lab.stdout.readline())
            self.warm()
            self.base = Sample.take()
            samples = [self.round(number, self.seconds / ROUNDS) for number in range(ROUNDS)]
        finally:
            lab.communicate("")
        first, last = samples[0], samples[-1]
        if lab.returncode:
            self.problems.append("the lab failed")
        if self.counts.illegal:
            self.problems += self.counts.illegal[:20]
        self.problems += first.grown_to(last)
        # Six of the shared runtime and of connections, and three of each of four runtimes that threads carry requests by.
        if last.files > self.base.files + 6 + 4 * 3 or last.threads > self.base.threads + 1:
            self.problems.append(f"something is left: {self.base}; after it: {last}")
        return {
            "calls": f"{self.counts.total:,}",
            "requests sent for those that were not ended early": f"{self.counts.attempts:,}",
            "longest call": f"{self.counts.longest:.2f} s (total limit {LIMITS.total} s)",
            **self.clocks.rows(),
            "before": self.base,
            **{f"after part {number + 1} of {ROUNDS}": sample for number, sample in enumerate(samples)},
        }

    def flat(self, events: int, requests: int) -> dict[str, object]:
        """The second part: one long stream, and many requests one after the other."""
        figures: dict[str, object] = {}
        with Flood() as flood, alchemy.Client() as client:

            def model(name: str) -> alchemy.Model:
                return alchemy.Model(id=name, base_url=flood.url)

            def read(count: int) -> int:
                return sum(1 for _ in client.stream(model(f"burst-{count}"), "hello"))

            def ask(count: int) -> None:
                for _ in range(count):
                    client.complete(model("m"), "hello")

            for name, work, count in (("events in one stream", read, events), ("requests one by one", ask, requests)):
                work(count // 10)
                before = Sample.take()
                began = time.monotonic()
                work(count)
                seconds = time.monotonic() - began
                after = Sample.take()
                figures[f"before {count:,} {name}"] = before
                figures[f"after {count:,} {name}"] = f"{after} ({seconds:.1f} s)"
                self.problems += [f"{name}: {grown}" for grown in before.grown_to(after)]
        return figures


# The C library keeps more and more of what was freed once large pieces were: with these fixed, what the process has in
# memory is what it holds.
KEEPING = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}


def main() -> int:
    """Runs and reports."""
    if not KEEPING.keys() <= os.environ.keys():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **KEEPING})
    parser = argparse.ArgumentParser(description="Faults at random, then a long stream and many requests.")
    parser.add_argument("--seconds", type=float, default=FULL_SECONDS, help="how long the faults go on (default 600)")
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time")
    parser.add_argument(
        "--publish", action="store_true", help="write the tables into docs/reliability.md, if nothing failed"
    )
    given = parser.parse_args()
    share = min(1.0, given.seconds / FULL_SECONDS)
    seed = random.randrange(10**6) if given.seed is None else given.seed
    soak = Soak(given.seconds, seed)
    # Notices of kinds that are not known are what one of the faults is for.
    logging.getLogger("alchemy").setLevel(logging.ERROR)
    faulthandler.enable()
    faulthandler.dump_traceback_later(given.seconds * 3 + 600, exit=True)
    began, busy = time.monotonic(), os.getloadavg()[0]
    rows = soak.faults()
    # At least a hundredth, so that a short run sees something too.
    rows |= soak.flat(int(1_000_000 * max(share, 0.05)), int(100_000 * max(share, 0.02)))
    title = f"The run of {time.strftime('%Y-%m-%d')}, {time.monotonic() - began:.0f} s, seed {seed} ({machine(busy)}):"
    tables = (table(rows), soak.counts.outcomes_table(), soak.counts.faults_table())
    print(title, *tables, sep="\n\n")
    if given.publish and not soak.problems:
        publish(title, *tables)
    for problem in soak.problems:
        print(f"\nFAILED: {problem}", flush=True)
    return 1 if soak.problems else 0


if __name__ == "__main__":
    sys.exit(main())
