"""The two sides of a run: a core for each, and the loopback provider with what it says of itself."""

import json
import os
import platform
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_environments import ROOT


def programs() -> Path:
    """The folder in which cargo puts programs of the release profile."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return ROOT / target / "release"


def cores() -> tuple[int | None, int | None]:
    """A core for the client and one for the provider, or None where processes cannot be pinned."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else (None, None)


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keeps this process, and those it starts meanwhile, on one core."""
    if core is None or sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


AWAKE = """
import os
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
parent = os.getppid()
print(flush=True)
while os.getppid() == parent:
    for _ in range(100_000):
        pass
"""
"""A program that takes what a core has left over, until its parent is gone."""


@contextmanager
def awake(cores: Iterable[int]) -> Iterator[list[int]]:
    """Keeps cores from going to sleep, by a process of the lowest class on each that gives way to any other at once.

    Yields the ids of the processes.
    """
    with ExitStack() as stack:
        ids = []
        for core in cores:
            with pinned(core):
                process = subprocess.Popen([sys.executable, "-c", AWAKE], stdout=subprocess.PIPE)
            stack.enter_context(process)
            stack.callback(process.kill)
            assert process.stdout is not None
            if not process.stdout.readline():
                raise RuntimeError("no process can be run here that keeps a core awake and gives way to all others")
            ids.append(process.pid)
        yield ids


@dataclass(frozen=True)
class Provider:
    """The running provider."""

    port: int
    tls_port: int | None = None
    ca_file: str | None = None

    @property
    def origin(self) -> str:
        """Its address without TLS."""
        return f"http://127.0.0.1:{self.port}"

    def stats(self) -> dict[str, Any]:
        """What it says of itself since the last reset."""
        return json.loads(self._read(urllib.request.Request(f"{self.origin}/stats")))

    def reset(self) -> None:
        """Starts its figures anew."""
        self._read(urllib.request.Request(f"{self.origin}/stats/reset", method="POST"))

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> bytes:
        """The bytes of an answer, HTTP's chunks taken off."""
        url = self.origin + path
        return self._read(urllib.request.Request(url, body, headers, method="POST"))

    @staticmethod
    def _read(request: urllib.request.Request) -> bytes:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            return response.read()


@contextmanager
def provider(program: Path, core: int | None, tls_folder: Path | None) -> Iterator[Provider]:
    """Runs the loopback provider; with a folder for its authority it speaks TLS as well."""
    command = [str(program), *(("--tls", str(tls_folder)) if tls_folder else ())]
    with pinned(core):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            ports: dict[str, int] = {}
            for word in ("port", "tls") if tls_folder else ("port",):
                said, _, port = process.stdout.readline().partition(" ")
                if said != word:
                    raise SystemExit(f"{program} did not say its {word}; run it by hand to see why")
                ports[word] = int(port)
            yield Provider(ports["port"], ports.get("tls"), str(tls_folder / "ca.pem") if tls_folder else None)
        finally:
            # The provider ends when its standard input does.
            process.stdin.close()


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
        processor = names[0] if names else processor
    return {
        "processor": processor,
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
