"""Prints how the cost of an answer and of a conversation grows with their size, as Markdown tables.

`.venv/bin/python benches/growth.py [--quick]`, with alchemy built; Linux, for the peak memory of a process. The same
programs run in `tests/growth`, which holds the figures to bounds.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "growth")]

import growth_conversations as conversations  # noqa: E402
from dialects import DIALECTS, Dialect  # noqa: E402
from growth_streams import BATCH, call_script, read_arguments, read_events, text_script  # noqa: E402
from servers import Server  # noqa: E402

ROUNDS = 3
# About as many bytes of English make a token.
TOKEN_BYTES = 4.5


def table(title: str, head: list[str], rows: list[list[str]]) -> None:
    """Prints a table."""
    print(f"\n{title}\n")
    for row in (head, ["---"] * len(head), *rows):
        print(f"| {' | '.join(row)} |")
    sys.stdout.flush()


def model_at(server: Server, dialect: Dialect) -> conversations.alchemy.Model:
    """The model that a server serves."""
    return conversations.model_of(dialect.api, server.url)


def events(sizes: list[int]) -> None:
    """The CPU time for each event, by the number of events."""
    rows = []
    for dialect in DIALECTS:
        row = [dialect.api]
        for size in sizes:
            with Server(text_script(dialect, size)) as server:
                spent = min(read_events(model_at(server, dialect), size) for _ in range(ROUNDS))
            row.append(f"{spent / size * 1e6:.2f}")
        rows.append(row)
    head = ["us of CPU for each event, of", *(f"{size:,}" for size in sizes)]
    table(
        "Text, a few letters an event; the server is a thread of the same process, and its work is counted too.",
        head,
        rows,
    )


def arguments(sizes: list[int]) -> None:
    """The CPU time for each kilobyte of a call's arguments, asked for after every eight bytes."""
    rows = []
    for dialect in DIALECTS:
        row = [dialect.api]
        for size in sizes:
            with Server(call_script(dialect, size)) as server:
                spent = min(read_arguments(model_at(server, dialect), size)[0] for _ in range(ROUNDS))
            row.append(f"{spent / (size // 8 // BATCH * BATCH * 8 / 1000) * 1e6:.0f}")
        rows.append(row)
    head = ["us of CPU for each KB, of", *(f"{size // 1000:,} KB" for size in sizes)]
    table("Arguments of a tool call in pieces of 8 bytes, `stream.partial_arguments` after each.", head, rows)


def encoded(shape: str, api: str, size: int) -> tuple[float, float]:
    """Microseconds for each kilobyte of the body, and the peak memory over the body's size, in fresh processes."""
    command = [sys.executable, str(Path(conversations.__file__)), shape, api, str(size)]
    found = []
    for _ in range(ROUNDS):
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
        found.append(json.loads(done.stdout))
    body = found[0]["body"]
    return min(one["seconds"] for one in found) / body * 1e9, max(one["peak"] for one in found) / body


def requests(sizes: list[int]) -> None:
    """The CPU time and the memory that it takes to encode a conversation."""
    rows = []
    for shape in conversations.SHAPES:
        for dialect in DIALECTS:
            row = [shape, dialect.api]
            for size in sizes:
                spent, peak = encoded(shape, dialect.api, size)
                row.append(f"{spent:.1f} us/KB, {peak:.2f}x")
            rows.append(row)
    head = ["shape", "protocol", *(f"{size / TOKEN_BYTES:,.0f} tokens" for size in sizes)]
    title = (
        "From Python objects to the body: CPU time for each KB of it, and the most memory that was held, over its size."
    )
    table(title, head, rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the sizes between")
    quick = parser.parse_args().quick
    events([1_000, 1_000_000] if quick else [1_000, 10_000, 100_000, 1_000_000])
    arguments([50_000, 400_000] if quick else [50_000, 100_000, 200_000, 400_000])
    requests([450_000, 4_500_000] if quick else [450_000, 1_125_000, 2_250_000, 4_500_000])


if __name__ == "__main__":
    main()
