"""Measures one client library inside its own process and prints one line of JSON.

Each script beside this one wraps a library in a blocking and an asynchronous class and calls `main`. What is counted
is `time.process_time`: user and system time of all threads of the process, so a library that works on threads of its
own is charged for them.
"""

import argparse
import asyncio
import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any, Protocol

import burst
import paced
from asked import OPENAI_COMPLETIONS, Target


class SyncClient(burst.SyncBurst, paced.SyncPaced, Protocol):
    """A library's blocking side."""


class AsyncClient(burst.AsyncBurst, paced.AsyncPaced, Protocol):
    """A library's asynchronous side."""


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="Measures one client library and prints one line of JSON.")
    parser.add_argument("mode", choices=["sync", "async", "both"], help="both: one after the other")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api", default=OPENAI_COMPLETIONS, help="wire protocol")
    parser.add_argument("--ca-file", help="speak TLS, and trust this authority")
    parser.add_argument("--http2", action="store_true")
    parser.add_argument("--read-ahead", action="store_true", help="let the library gather bytes, where it can")
    parser.add_argument("--uvloop", action="store_true", help="run in uvloop")
    parser.add_argument("--streams", type=burst.Streams.parse, nargs="*", default=[], metavar="DELTASxREPEATS")
    parser.add_argument("--calls", type=burst.Calls.parse, nargs="*", default=[], metavar="BYTESxSTEPxREPEATS")
    parser.add_argument("--requests", type=int, default=0)
    parser.add_argument("--paced", type=paced.Pace.parse, metavar="STREAMSxDELTASxMILLISECONDS")
    parser.add_argument("--memory", type=paced.Pace.parse, metavar="STREAMSxDELTASxMILLISECONDS")
    return parser.parse_args()


def measure_sync(client: SyncClient, asked: argparse.Namespace) -> dict[str, object]:
    """All that is asked of the blocking side; many streams have a thread each."""
    found = burst.measure_sync(client, asked.streams, asked.calls, asked.requests)
    if asked.paced:
        found["paced"] = paced.measure_threads(client, asked.paced)
    return found


async def measure_async(client: AsyncClient, asked: argparse.Namespace) -> dict[str, object]:
    """All that is asked of the asynchronous side."""
    found = await burst.measure_async(client, asked.streams, asked.calls, asked.requests)
    if asked.paced:
        found["paced"] = await paced.measure_async(client, asked.paced)
    if asked.memory:
        found["memory"] = await paced.measure_memory(client, asked.memory)
    return found


def no_blocking_side(target: Target) -> SyncClient:
    """Stands for the side that a library does not have."""
    raise SystemExit(f"this library has no blocking side to ask {target.origin}")


def no_asynchronous_side(target: Target) -> AsyncClient:
    """Stands for the side that a library does not have."""
    raise SystemExit(f"this library has no asynchronous side to ask {target.origin}")


def main(
    version: str, sync_client: Callable[[Target], SyncClient], async_client: Callable[[Target], AsyncClient]
) -> None:
    """Runs what the command line asks for. The asynchronous factory is called inside the running loop."""
    asked = arguments()
    target = Target(asked.port, asked.api, asked.ca_file, asked.http2, asked.read_ahead)
    found: dict[str, object] = {}
    if asked.mode != "async":
        found["sync"] = measure_sync(sync_client(target), asked)
    if asked.mode != "sync":

        async def measured() -> dict[str, object]:
            return await measure_async(async_client(target), asked)

        # Imported by name: type checkers look into an environment that has none.
        uvloop: Any = importlib.import_module("uvloop") if asked.uvloop else None
        with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
            found["async"] = runner.run(measured())
    print(json.dumps({"version": version, "measured": found if asked.mode == "both" else found[asked.mode]}))
    # What a library leaves running at exit is not part of the measure and must not hold up the round.
    sys.stdout.flush()
    os._exit(0)
