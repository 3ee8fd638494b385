"""What is written to the terminal, and how: text, dimmed text, complaints, the spinner."""

from __future__ import annotations

import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, TextIO

__all__ = ["Spinner", "complain", "dim", "is_terminal", "prepare", "printable"]

#: C0 and C1 controls except tab and newline: a model must not be able to drive the terminal.
_CONTROLS = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}


def prepare() -> None:
    """Make every character printable on every stream, replaced where its encoding lacks it."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person looks at a stream, or types into it."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def printable(text: str) -> str:
    """Take out what a terminal would obey rather than show."""
    return text.translate(_CONTROLS)


def dim(stream: TextIO) -> tuple[str, str]:
    """Give the codes that begin and end dimmed text; empty where the stream takes none."""
    if not is_terminal(stream) or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return "", ""
    # An older Windows console prints the codes; its newer terminals say who they are.
    if sys.platform == "win32" and not (os.environ.get("WT_SESSION") or os.environ.get("TERM")):
        return "", ""
    return "\x1b[2m", "\x1b[0m"


def complain(text: str) -> None:
    """Write one line to standard error, as far as there is one."""
    if sys.stderr is not None:
        line = printable(" ".join(text.split())) if is_terminal(sys.stderr) else " ".join(text.split())
        print(f"alchemy: {line}", file=sys.stderr, flush=True)


class Spinner:
    """Turns on standard error while something is awaited, if that is a terminal."""

    _INTERVAL = 0.1
    _FRAMES = "|/-\\"

    def __init__(self, label: str) -> None:
        self._label = printable(label)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb":
            self._thread = threading.Thread(target=self._turn, args=(sys.stderr,), daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Wipe the line. Stopping again does nothing, and finishes what Ctrl-C broke off."""
        if self._thread is not None:
            self._stopped.set()
            self._thread.join()
            self._thread = None

    def _turn(self, stream: TextIO) -> None:
        position = 0
        try:
            while True:
                stream.write(f"\r{self._FRAMES[position % len(self._FRAMES)]} {self._label}")
                stream.flush()
                if self._stopped.wait(self._INTERVAL):
                    break
                position += 1
            stream.write("\r" + " " * (len(self._label) + 2) + "\r")
            stream.flush()
        except (OSError, ValueError):
            return  # the terminal went away; the answer's own writes will tell
