"""What the programs beside this one share: a job of JSON on each line of standard input, its result on standard output.

A job says where to ask and how: `url`, `streamed`, `asynchronous`, `timeout` (seconds, or null), and `requests` (how
often to ask, one after the other, with `between` seconds in between; the last answer counts). A result says what the
library handed over before it returned or raised: `text`, `thinking`, `calls`, `finish`, `output_tokens`, and `error`,
the name of what it raised, or null.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field


@dataclass
class Call:
    """A tool call as the library gives it; the arguments are text."""

    id: str | None = None
    name: str | None = None
    arguments: str = ""


@dataclass
class Said:
    """What a library handed over of one answer."""

    text: str = ""
    thinking: str = ""
    calls: list[Call] = field(default_factory=list)
    finish: str | None = None
    output_tokens: int | None = None
    error: str | None = None

    def piece_of_call(self, index: int, id: str | None, name: str | None, arguments: str | None) -> None:
        """Puts a piece of a tool call to the others of its index, as the vendor's documentation does."""
        while len(self.calls) <= index:
            self.calls.append(Call())
        call = self.calls[index]
        call.id = id or call.id
        call.name = name or call.name
        call.arguments += arguments or ""


def pause(job, number: int) -> None:
    """Waits before each request but the first."""
    if number:
        time.sleep(job["between"])


async def pause_async(job, number: int) -> None:
    """Waits as `pause` does, and lets the event loop see what happens meanwhile."""
    if number:
        await asyncio.sleep(job["between"])


def main(blocking, asynchronous) -> None:
    """Serves jobs: `blocking(job, said)` and `await asynchronous(job, said)` fill in what is said."""
    # What a library prints must not stand among the results.
    results = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    results.write("ready\n")
    for line in sys.stdin:
        job = json.loads(line)
        said = Said()
        try:
            if job["asynchronous"]:
                asyncio.run(asynchronous(job, said))
            else:
                blocking(job, said)
        except Exception as error:  # noqa: BLE001 (whatever it raises is the result)
            said.error = type(error).__name__
        results.write(json.dumps(asdict(said)) + "\n")
