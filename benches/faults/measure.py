"""Measures what other libraries make of the faults of tests/faults, and writes benches/faults/measured.json.

Run it as `.venv/bin/python benches/faults/measure.py`; it takes about ten minutes. Each library has an environment of
its own under .venvs, made from the versions below. It is asked over OpenAI's chat completions, in sync and in async
code, streamed and whole, without retries; where a row sets a time limit, so does the library's own timeout. Each
request has ten seconds. docs/reliability.md is made from the results.
"""

import argparse
import datetime as dt
import json
import platform
import subprocess
import sys
import threading
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "faults"), str(ROOT / "tests"), str(ROOT / "tests" / "conformance")]

from fault_row import ANSWERS, Row  # noqa: E402 (the path is set above)
from fault_rows import ROWS  # noqa: E402
from fault_running import place_of  # noqa: E402
from peer_words import words_for  # noqa: E402

HERE = Path(__file__).resolve().parent
MEASURED = HERE / "measured.json"
API = "openai-completions"
LIMIT = 10.0
PEERS = {
    "openai": ["openai==3.54.0"],
    "litellm": ["litellm==1.106.2", "openai==2.54.0"],
    "pydantic-ai": ["pydantic-ai-slim[openai]==2.68.0", "openai==3.57.0"],
}


def python_for(peer: str) -> Path:
    """The interpreter of a peer's environment, which is made anew only when its versions have changed."""
    folder = ROOT / ".venvs" / f"faults-{peer}"
    wanted = "\n".join(PEERS[peer])
    stamp = folder / "installed.txt"
    python = folder / "bin" / "python"
    if not (stamp.exists() and stamp.read_text() == wanted and python.exists()):
        venv.create(folder, with_pip=True, clear=True)
        quiet = ["--quiet", "--disable-pip-version-check"]
        subprocess.run([str(python), "-m", "pip", "install", *quiet, *PEERS[peer]], check=True)
        stamp.write_text(wanted)
    return python


@dataclass
class Peer:
    """A library in a process of its own, which is replaced where it hangs."""

    name: str
    python: Path
    process: subprocess.Popen | None = None

    def ask(self, job: dict) -> dict | None:
        """What the library makes of a job; None where it does not come back in time."""
        if self.process is None:
            program = HERE / f"peer_{self.name.replace('-', '_')}.py"
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
            self.process = subprocess.Popen([str(self.python), str(program)], **pipes)
            # The import does not count.
            self.process.stdout.readline()
        process = self.process
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        killer = threading.Timer(LIMIT, process.kill)
        killer.start()
        line = process.stdout.readline()
        killer.cancel()
        if not line:
            process.wait()
            self.process = None
            return None
        return json.loads(line)

    def close(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()


def measured_rows() -> list[Row]:
    """The rows that ask a library only to read an answer; the others are about options and verbs of alchemy."""
    return [
        row for row in ROWS if row.apis([API]) and not (row.action or row.anywhere or row.tls == "known" or row.options)
    ]


def measure(peer: Peer, row: Row, *, asynchronous: bool, streamed: bool) -> str:
    """What one library makes of one row, in a few words."""
    with place_of(row) as (lab, url):
        for faults in (row.faults, *row.then):
            lab.add(ANSWERS[row.answer], faults=row.faults_of(API, faults, streamed=streamed), pace=row.pace or 0.0)
        said = peer.ask(
            {
                "url": url,
                "asynchronous": asynchronous,
                "streamed": streamed,
                "timeout": min(row.timeout.values(), default=None),
                "requests": row.asks,
                "between": row.between,
            }
        )
    return words_for(row, said, streamed=streamed, limit=LIMIT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), help="these alone")
    parser.add_argument("--rows", nargs="+", default=[], metavar="TEXT", help="rows whose name has one of these alone")
    arguments = parser.parse_args()
    results = json.loads(MEASURED.read_text()) if MEASURED.exists() else {"peers": {}}
    results["date"] = dt.datetime.now(dt.UTC).date().isoformat()
    results["python"] = platform.python_version()
    for name in arguments.peers:
        peer = Peer(name, python_for(name))
        kept = results["peers"].get(name, {}).get("rows", {})
        rows = dict(kept) if arguments.rows else {}
        for row in measured_rows():
            if arguments.rows and not any(text in row.name for text in arguments.rows):
                continue
            rows[row.name] = {
                f"{'async' if asynchronous else 'sync'} {'streamed' if streamed else 'whole'}": measure(
                    peer, row, asynchronous=asynchronous, streamed=streamed
                )
                for streamed in (True, False)
                if row.expected(API, streamed=streamed) is not None
                for asynchronous in (False, True)
            }
            print(f"{name}: {row.name}: {rows[row.name]}", flush=True)
        peer.close()
        results["peers"][name] = {"versions": PEERS[name], "rows": rows}
    MEASURED.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
