"""Gets ready what a run needs: the loopback provider, the peers' environment, and a core for each side."""

import os
import platform
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS_FILE = ROOT / "benches" / "peers.txt"
PEERS_VENV = ROOT / ".venvs" / "openai"


def python_of(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    return environment / "bin" / "python"


def loopback_binary() -> Path:
    """Builds the loopback provider where it is missing or out of date, and says where it is."""
    command = ["cargo", "build", "--locked", "--quiet", "--release", "--package", "alchemy-loopback"]
    subprocess.run(command, cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return ROOT / target / "release" / "alchemy-loopback"


def peers_python() -> tuple[Path | None, str]:
    """The interpreter with the peers of `peers.txt`, or None and why there is none.

    The environment is kept between runs and made anew only when the file has changed.
    """
    wanted = PEERS_FILE.read_text()
    stamp = PEERS_VENV / "installed.txt"
    python = python_of(PEERS_VENV)
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return python, ""
    venv.create(PEERS_VENV, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(PEERS_FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["pip said nothing"]
        return None, f"cannot be installed: {lines[-1]}"
    stamp.write_text(wanted)
    return python, ""


def alchemy_problem() -> str:
    """Why this interpreter cannot import alchemy; empty when it can."""
    command = [sys.executable, "-c", "import alchemy; alchemy.Client()"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.returncode:
        return ""
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


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


@contextmanager
def provider(binary: Path, core: int | None) -> Iterator[int]:
    """Runs the loopback provider and gives its port."""
    with pinned(core):
        process = subprocess.Popen([str(binary)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            word, _, port = process.stdout.readline().partition(" ")
            if word != "port":
                raise SystemExit(f"{binary} did not say its port; run it by hand to see why")
            yield int(port)
        finally:
            # The provider ends when its standard input does.
            process.stdin.close()


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    return {
        "processor": processor,
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
