"""The command line: `alchemy`, also `python -m alchemy`. Works without any extra."""

from __future__ import annotations

import contextlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

#: Exit codes: failed; wrongly called; stopped by Ctrl-C; nobody reads the output any more.
FAILED, MISUSED, INTERRUPTED, UNREAD = 1, 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The words after the program's name. Default: those of the process.

    Returns:
        The exit code: 0, 1 when something failed, 130 after Ctrl-C, 141 when the reader of the output went away.

    Raises:
        SystemExit: The arguments are wrong (code 2), or were `--help` or `--version` (code 0).
    """
    try:
        from alchemy.cli.terminal import prepare

        prepare()
        code = _run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return UNREAD
    return code


def _run(arguments: Sequence[str] | None) -> int:
    from alchemy.cli.arguments import parse
    from alchemy.cli.terminal import complain
    from alchemy.errors import AlchemyError

    namespace = parse(arguments)
    try:
        if namespace.command == "local":
            from alchemy.cli.local import pull

            return pull()
        if namespace.command == "lab":
            from alchemy.cli.lab import lab

            return lab(namespace)
        from alchemy.cli.chat import chat

        return chat(namespace)
    except AlchemyError as error:
        complain(_for_a_shell(str(error)))
    except BrokenPipeError:
        raise
    except OSError as error:
        complain(f"{error.strerror or error}: {error.filename}" if error.filename else str(error.strerror or error))
    return FAILED


def _for_a_shell(message: str) -> str:
    """Leave out the advice that only a Python program can follow."""
    return message.partition("; to use it all the same: get_model(")[0].replace(" or pass api_key=", "")


def _discard_output() -> None:
    """Let the interpreter's last flush succeed, so that it does not complain about the missing reader."""
    with contextlib.suppress(OSError, ValueError):
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, sys.stdout.fileno())
        os.close(sink)
