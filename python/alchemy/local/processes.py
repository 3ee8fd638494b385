"""Starts and ends the server process of each local model, once per model file and process.

A process of its own, rather than a thread: `xllamacpp` holds the interpreter lock while it loads a model, which would
stop every thread and event loop for seconds; llama.cpp's threads leave a forked child hanging at its exit; and a
crash in native code would take the program with it.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO

from alchemy.errors import LocalModelError
from alchemy.local.files import ModelFile, locate

__all__ = ["ensure"]

#: Requests that a model answers at a time; more wait their turn.
_SLOTS = 4
#: Whether a conversation that goes on is computed from where it left off. It can change the last digits of a number,
#: and so, rarely, a word.
_CACHE_PROMPT = True
#: Seconds until a start counts as failed; a large model on a slow disk takes a minute.
_START_TIMEOUT = 600.0
#: Characters of llama.cpp's own words that an error quotes.
_LONGEST_REASON = 200


class _Entry:
    """The server of one model file: at most one at a time, started under the entry's lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.address = ("", "")

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, model: ModelFile) -> None:
        self.stop()
        process, self.address = _start(model)
        # Last: other threads look at it without the lock, and then take the address.
        self.process = process

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            _close(process)
            process.wait()

    def abandon(self) -> None:
        """Forget the process without ending it: in a forked child it is the parent's."""
        process, self.process = self.process, None
        if process is not None:
            # The child's copy of the pipe would keep the server alive after the parent's end.
            _close(process)
            # Without a return code the object would warn, when it is collected, that its process still runs.
            process.returncode = 0


_guard = threading.Lock()
_by_file: dict[tuple[Path, int], _Entry] = {}
_by_url: dict[str, _Entry] = {}


def ensure(base_url: str) -> tuple[str, str]:
    """Start the server of a local model, unless it is running; see `alchemy.local.ensure`."""
    entry = _by_url.get(base_url)
    if entry is not None and entry.running():
        return entry.address
    model = locate(base_url)
    with _guard:
        entry = _by_file.setdefault((model.path.resolve(), model.context), _Entry())
        _by_url[base_url] = entry
    with entry.lock:
        if not entry.running():
            entry.start(model)
        return entry.address


def _start(model: ModelFile) -> tuple[subprocess.Popen[bytes], tuple[str, str]]:
    library = importlib.util.find_spec("xllamacpp")
    if library is None or not library.submodule_search_locations:
        message = 'local: xllamacpp is not installed; run `pip install "alchemy-llm[local]"`'
        raise LocalModelError(message)
    # A frozen program's executable is the program itself, which would start once more.
    if not sys.executable or getattr(sys, "frozen", False):
        message = "local: this program has no Python interpreter of its own to run the model's server with"
        raise LocalModelError(message)
    key = secrets.token_urlsafe(32)
    order: dict[str, object] = {
        # The one directory that the process needs: the user's own modules are no business of it.
        "library": str(Path(library.submodule_search_locations[0]).parent),
        "path": str(model.path),
        "alias": model.alias,
        "context": model.context,
        "slots": _SLOTS,
        "cache_prompt": _CACHE_PROMPT,
        "threads": _threads(),
        "key": key,
    }
    with tempfile.TemporaryFile() as errors:
        process = _spawn(errors)
        try:
            answer = _converse(process, order)
        except BaseException:
            process.kill()
            _close(process)
            process.wait()
            raise
        if "address" in answer:
            return process, (f"{answer['address']}/v1", key)
        process.kill()
        _close(process)
        process.wait()
        raise LocalModelError(f"local: cannot serve {model.path}: {_reason(errors, answer)}")


def _spawn(errors: IO[bytes]) -> subprocess.Popen[bytes]:
    program = str(Path(__file__).with_name("child.py"))
    windows = sys.platform == "win32"
    try:
        # A group of its own, because Ctrl-C reaches every process of the terminal's group.
        return subprocess.Popen(  # noqa: S603 - this interpreter and a file of this package
            [sys.executable, "-I", "-S", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=not windows,
            creationflags=0x0800_0200 if windows else 0,  # CREATE_NO_WINDOW and CREATE_NEW_PROCESS_GROUP
        )
    except OSError as error:
        raise LocalModelError(f"local: cannot run {sys.executable}: {error.strerror or error}") from error


def _converse(process: subprocess.Popen[bytes], order: dict[str, object]) -> dict[str, str]:
    """Tell the process what to serve and read its answer; empty where it ended without one."""
    if process.stdin is None or process.stdout is None:
        return {}
    watch = threading.Timer(_START_TIMEOUT, process.kill)
    watch.daemon = True
    watch.start()
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
        line = process.stdout.readline()
    finally:
        watch.cancel()
    process.stdout.close()
    try:
        return dict(json.loads(line))
    except ValueError:
        return {}


def _threads() -> int:
    """Choose how many threads compute: half of the processors that this process may use.

    On most machines that is the number of cores. With all of them the answer is quicker on an idle machine, and on a
    busy one many times slower: the threads wait for each other, spinning, after every layer.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, usable // 2)


def _reason(errors: IO[bytes], answer: dict[str, str]) -> str:
    """Pick the first error that llama.cpp logged; the later ones only say that it gave up."""
    errors.seek(0)
    for line in errors.read(65536).decode("utf-8", "replace").splitlines():
        # A log line is `0.00.003.673 E where: what`.
        _, mark, text = line.partition(" E ")
        if mark and text:
            return " ".join(text.split())[:_LONGEST_REASON]
    return answer.get("error") or "its server ended without a word"


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _stop_all() -> None:
    for entry in list(_by_file.values()):
        entry.stop()


def _after_fork_in_child() -> None:
    global _guard  # noqa: PLW0603 - another thread may have held it at the fork
    _guard = threading.Lock()
    for entry in _by_file.values():
        entry.abandon()
    _by_file.clear()
    _by_url.clear()


atexit.register(_stop_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
