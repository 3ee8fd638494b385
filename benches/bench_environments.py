"""Makes the environment of each library under `.venvs`, from the pinned versions in `peers`."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "benches" / "peers"
WHEELS = ROOT / "target" / "bench-wheels"


def python_of(name: str) -> Path:
    """The interpreter of an environment."""
    return ROOT / ".venvs" / name / "bin" / "python"


def _last_line(text: str) -> str:
    return ([line for line in text.strip().splitlines() if "error" in line.lower()] or ["pip said nothing"])[-1]


def install(name: str, wheel: Path | None = None) -> str:
    """Installs a list of `peers`, and a wheel, into an environment; says why it cannot, or nothing.

    What is installed already is kept and made anew only when the list or the wheel has changed. A wheel is installed
    even where the list cannot be.
    """
    requirements = PEERS / f"{name}.txt"
    wanted = requirements.read_text(encoding="utf-8")
    if wheel:
        wanted += f"{wheel.name} {hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    python = python_of(name)
    stamp = python.parent.parent / "installed.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted and python.exists():
        return ""
    venv.create(python.parent.parent, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if wheel:
        subprocess.run([*command, "--no-index", str(wheel)], check=True)
    done = subprocess.run([*command, "--requirement", str(requirements)], capture_output=True, text=True, check=False)
    if done.returncode:
        return _last_line(done.stderr)
    stamp.write_text(wanted, encoding="utf-8")
    return ""


def build_wheel(profile: str) -> Path:
    """Builds alchemy's wheel with a profile of Cargo.toml and says where it is."""
    for old in WHEELS.glob("*.whl"):
        old.unlink()
    maturin = Path(sys.executable).parent / "maturin"
    command = [str(maturin), "build", "--locked", "--quiet", "--profile", profile]
    command += ["--interpreter", sys.executable, "--out", str(WHEELS)]
    subprocess.run(command, cwd=ROOT, check=True)
    return next(WHEELS.glob("*.whl"))


def build_provider() -> None:
    """Builds the loopback provider and the floor, where they are missing or out of date."""
    command = ["cargo", "build", "--locked", "--quiet", "--release", "--package", "alchemy-loopback"]
    subprocess.run(command, cwd=ROOT, check=True)
