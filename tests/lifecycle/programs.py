"""Python programs of their own, and children: how they are started and waited for."""

import os
import signal
import subprocess
import sys
import time

import alchemy

# In development mode asyncio names each step that took a tenth of a second, as any does on a busy machine.
PREAMBLE = (
    "import asyncio, atexit, gc, os, signal, sys, threading, time\n"
    "asyncio.log.logger.addFilter(lambda record: not record.msg.startswith('Executing '))\n"
    "import alchemy\n"
    "def at(url, **fields):\n"
    "    return alchemy.Model(id='m', base_url=url, **fields)\n"
    "model = at(sys.argv[1])\n"
)


def run_program(program: str, *arguments: str, preamble: str = PREAMBLE, flags=("-X", "dev", "-W", "error")):
    """Starts a Python program in development mode, with warnings as errors; its input stays open until it is awaited."""
    return subprocess.Popen(
        [sys.executable, *flags, "-c", preamble + program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process, seconds: float = 10) -> tuple[str, str, int]:
    """What a program that ends in time has written, and its exit status; one that does not is killed."""
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        errors += "\n(killed: it did not end in time)"
    return output, errors, process.returncode


def wait_for(child: int, seconds: float = 15) -> int:
    """The exit status of a forked child, which is killed if it takes too long."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def in_a_child(work) -> int:
    """Runs a function in a forked child and gives its exit status: 0 where it returns True."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if work() else 2
        finally:
            os._exit(code)
    return wait_for(child)


def ask(url: str, client=None) -> str:
    """Asks once, for a process that is started by this function's name."""
    return (client or alchemy).complete(alchemy.Model(id="m", base_url=url), "hello").text
