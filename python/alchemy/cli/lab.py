"""`alchemy lab`: a provider on this machine that fails as it is told."""

from __future__ import annotations

import time

from alchemy.cli.terminal import printable
from alchemy.lab import FAULTS, Lab, Tape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from alchemy.cli.arguments import Arguments

__all__ = ["lab"]

_LOOK = 0.1
_WIDTH = 26


def lab(arguments: Arguments) -> int:
    """Serve until Ctrl-C, or for the time that was given; gives the exit code."""
    if arguments.list:
        for kind in FAULTS.values():
            print(f"{kind.example:<{_WIDTH}}{kind.meaning}")
        return 0
    answer = Tape.load(arguments.tape) if arguments.tape is not None else arguments.text
    default = "Hello there." if answer is None else answer
    with Lab(default, faults=arguments.fault, pace=arguments.pace, tls=arguments.tls, port=arguments.port) as served:
        print(f"serving on {served.url}; Ctrl-C stops it")
        print(f'alchemy: Model(id="lab", api="openai-completions", base_url="{served.url}"), or any other api')
        print(f"OpenAI and compatible: base_url={served.url}/v1   Anthropic and Google: base_url={served.url}")
        if arguments.tls:
            print(f"trust, in tests alone: {served.ca_file}")
        print(flush=True)
        try:
            _watch(served, arguments.seconds)
        except KeyboardInterrupt:
            print(f"stopped after {_counted(len(served.requests))}")
        served.failures.clear()
    return 0


def _watch(served: Lab, seconds: float | None) -> None:
    """Print a line for each request."""
    began = time.monotonic()
    shown = failed = 0
    while seconds is None or time.monotonic() < began + seconds:
        served.wait_requests(shown + 1, _LOOK)
        for request in served.requests[shown:]:
            shown += 1
            path = request.path.partition("?")[0]
            how = "streamed" if request.streamed else "not streamed"
            known = f"{request.api}  {request.model}  {how}" if request.api else "no such path"
            print(printable(f"{request.time - began:8.3f} s  {request.method} {path}  {known}"), flush=True)
        for failure in served.failures[failed:]:
            failed += 1
            print(printable(f"           no answer could be given: {failure}"), flush=True)


def _counted(count: int) -> str:
    return "1 request" if count == 1 else f"{count} requests"
