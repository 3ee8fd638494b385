"""Builds the wheel and the sdist into dist/, checks what is in them and tries each in a clean environment.

On Linux the wheel is linked with zig against glibc 2.17, so that it loads on every manylinux2014 system. It is tried on
every CPython from 3.11 that this machine has. The sdist is built as a user's pip would build it, in the faster profile.
Nothing happens where the sources are older than the last success; `--force` builds all the same.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
DONE = DIST / ".done"
SOURCES = ("Cargo.toml", "Cargo.lock", "pyproject.toml", "THIRD-PARTY.md", "crates", "python", "scripts")
MEGABYTE = 1_000_000
LARGEST_INSTALL = 10 * MEGABYTE
PLATFORM = "manylinux_2_17"
# What the wheel may add to an environment beside the package: its program, and a plugin for pytest.
ENTRY_POINT = re.compile(r"\[console_scripts\]|alchemy=alchemy\.cli:main|\[pytest11\]|alchemy\w*=alchemy\.lab[\w.]*")


def changed() -> bool:
    """Tells whether a source is newer than the last wheel that passed."""
    if not DONE.exists():
        return True
    made = DONE.stat().st_mtime
    files = (file for name in SOURCES for file in (ROOT / name, *(ROOT / name).rglob("*")))
    return any(file.is_file() and file.suffix not in {".pyc", ".so"} and file.stat().st_mtime > made for file in files)


def run(*command: str | Path, **environment: str) -> str:
    """Runs a command to its end, showing its output only where it fails, and returns its output."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=tempfile.gettempdir() if environment.pop("elsewhere", "") else ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\nmake wheel: {Path(str(command[0])).name} failed with exit code {done.returncode}")
    return done.stdout


def interpreters() -> list[Path]:
    """Returns one interpreter for each minor version of CPython from 3.11 found here, the environment's own first."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += sorted((Path.home() / ".pyenv/versions").glob("*/bin"))
    candidates = [Path(sys.executable)] + [
        file for folder in folders for file in sorted(folder.glob("python3.[0-9][0-9]")) if os.access(file, os.X_OK)
    ]
    question = (
        "import sys, sysconfig, venv, ensurepip; "
        "assert sys.implementation.name == 'cpython' and sys.version_info >= (3, 11); "
        "assert not sysconfig.get_config_var('Py_GIL_DISABLED'); print(*sys.version_info[:2])"
    )
    found: dict[str, Path] = {}
    for candidate in candidates:
        answer = subprocess.run([candidate, "-c", question], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            found.setdefault(answer.stdout, candidate)
    return list(found.values())


def check_contents(wheel: Path) -> None:
    """Fails unless the wheel holds exactly one extension, in the stable ABI, its licences and its types.

    Nothing in it may run without being asked for, and one program alone may come with it.
    """
    names = zipfile.ZipFile(wheel).namelist()
    extensions = [name for name in names if name.endswith((".so", ".pyd", ".dylib"))]
    if extensions != ["alchemy/_native.abi3.so"]:
        sys.exit(f"make wheel: the wheel should hold one abi3 extension, and holds {extensions}")
    for needed in ("alchemy/py.typed", "alchemy/_native.pyi", "licenses/LICENSE", "licenses/THIRD-PARTY.md"):
        if not any(name.endswith(needed) for name in names):
            sys.exit(f"make wheel: the wheel holds no {needed}")
    unasked = [name for name in names if name.endswith(".pth") or ".data/" in name]
    if unasked:
        sys.exit(f"make wheel: the wheel holds what is run or put elsewhere without being asked for: {unasked}")
    for name in names:
        if name.endswith("entry_points.txt"):
            programs = zipfile.ZipFile(wheel).read(name).decode().replace(" ", "").split()
            unknown = [line for line in programs if not ENTRY_POINT.fullmatch(line)]
            if unknown:
                sys.exit(f"make wheel: the wheel has entry points of no known use: {unknown}")
    if "-cp311-abi3-" not in wheel.name:
        sys.exit(f"make wheel: {wheel.name} is not tagged cp311-abi3")


def check_links(wheel: Path) -> None:
    """Fails where the extension needs a newer glibc than it says, or a library that not every Linux has, as OpenSSL."""
    report = run(sys.executable, "-m", "auditwheel", "show", wheel)
    if f'platform tag:\n"{PLATFORM}_' not in report or "libssl" in report or "libcrypto" in report:
        sys.exit(f"{report}\nmake wheel: the wheel is not consistent with {PLATFORM}, or links OpenSSL")


def try_out(python: Path, artefact: Path, **environment: str) -> None:
    """Installs the artefact alone into a clean environment of `python` and runs the smoke test there."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="alchemy-wheel-") as folder:
        run(python, "-m", "venv", folder)
        inside = Path(folder) / "bin/python"
        run(inside, "-m", "pip", "install", "--disable-pip-version-check", artefact, **environment)
        packages = run(inside, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check").split()
        extra = [name for name in packages if name.split("==")[0] not in {"alchemy-llm", "pip", "setuptools"}]
        if extra:
            sys.exit(f"make wheel: installing {artefact.name} brought {', '.join(extra)}")
        said = run(inside, "-I", ROOT / "scripts/smoke_test.py", elsewhere="yes", PYTHONWARNINGS="error").strip()
        size = sum(
            file.stat().st_size
            for pattern in ("alchemy/**/*", "alchemy_llm-*/**/*")
            for file in Path(folder).glob(f"lib/python3*/site-packages/{pattern}")
            if file.is_file() and file.suffix != ".pyc"
        )
    if size > LARGEST_INSTALL:
        sys.exit(f"make wheel: {size / MEGABYTE:.1f} MB installed, {LARGEST_INSTALL / MEGABYTE:.0f} MB at most")
    print(
        f"{artefact.name}: {artefact.stat().st_size / MEGABYTE:.2f} MB, {size / MEGABYTE:.2f} MB installed; "
        f"{said}; {time.monotonic() - started:.0f} s",
        flush=True,
    )


def main() -> int:
    """Builds, checks and tries both artefacts; returns the exit code."""
    if not changed() and "--force" not in sys.argv[1:]:
        return 0
    shutil.rmtree(DIST, ignore_errors=True)
    maturin = Path(sys.executable).parent / "maturin"
    linux = sys.platform == "linux"
    command = [maturin, "build", "--release", "--locked", "--out", DIST]
    # maturin finds zig as the Python package ziglang of the first python3 on PATH.
    path = f"{maturin.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    run(*command, *(["--zig", "--compatibility", PLATFORM] if linux else []), PATH=path)
    run(maturin, "sdist", "--out", DIST)
    (wheel,) = DIST.glob("*.whl")
    (sdist,) = DIST.glob("*.tar.gz")
    check_contents(wheel)
    if linux:
        check_links(wheel)
    for python in interpreters():
        try_out(python, wheel)
    # The build shares the checkout's target folder, so that `make build` has compiled its dependencies already.
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    pins = str(ROOT / "requirements/dev.txt")
    try_out(
        Path(sys.executable), sdist, MATURIN_PEP517_ARGS="--profile fast", CARGO_TARGET_DIR=target, PIP_CONSTRAINT=pins
    )
    DONE.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
