"""`alchemy lab`: serves as it is told, says what it saw, and stops."""

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from alchemy.lab import FAULTS, Tape

LAB = [sys.executable, "-m", "alchemy", "lab"]


def run(*words):
    return subprocess.run([*LAB, *words], capture_output=True, text=True, timeout=50, check=False)


def serve(*words):
    """The program while it serves, and its address."""
    program = subprocess.Popen([*LAB, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = [program.stdout.readline()]
    while said[-1].strip():
        said.append(program.stdout.readline())
    return program, re.search(r"serving on (\S+);", said[0])[1], said


def ask(address, **body):
    request = urllib.request.Request(
        f"{address}/v1/chat/completions", json.dumps({"model": "m", "messages": [], **body}).encode()
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def test_list():
    """Every fault with its meaning, one a line."""
    done = run("--list")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) == len(FAULTS)
    assert all(
        line.startswith(kind.example) and kind.meaning in line
        for line, kind in zip(lines, FAULTS.values(), strict=True)
    )


def test_serve_until_ctrl_c():
    """It says how to be reached, answers with the text, prints a line for each request, and ends without a traceback."""
    program, address, said = serve("--text", "From the lab.", "--fault", "split=1", "--fault", "header=x-region:north")
    try:
        assert any(f"base_url={address}/v1" in line for line in said)
        assert b"From the lab." in ask(address)
        assert "POST /v1/chat/completions  openai-completions  m  not streamed" in program.stdout.readline()
        ask(address, stream=True)
        assert "streamed" in program.stdout.readline()
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=20)
    finally:
        program.kill()
        program.communicate()
    assert (program.returncode, err) == (0, "")
    assert "stopped after 2 requests" in out


def test_a_fault_is_served():
    """Each request gets it."""
    program, address, _ = serve("--fault", "status=529", "--seconds", "30")
    try:
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError) as caught:
                ask(address)
            assert caught.value.code == 529
            caught.value.close()
    finally:
        program.kill()
        program.communicate()


def test_a_tape_is_served_for_some_seconds(tmp_path):
    """And the program ends by itself."""
    Tape.of_bytes(b'{"taped": true}', headers={"content-type": "application/json"}).save(tmp_path / "a.tape")
    program, address, _ = serve("--tape", str(tmp_path / "a.tape"), "--seconds", "1.5")
    try:
        assert ask(address) == b'{"taped": true}'
        _, err = program.communicate(timeout=20)
    finally:
        program.kill()
        program.communicate()
    assert (program.returncode, err) == (0, "")


def test_tls_names_the_authority():
    """The file to trust is printed."""
    program, address, said = serve("--tls", "--seconds", "0")
    program.communicate(timeout=20)
    assert address.startswith("https://")
    path = next(line for line in said if line.startswith("trust")).partition(": ")[2].strip()
    assert Path(path).is_file()


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("--fault", "stal"), 1, "there is no such kind; the nearest is stall"),
        (("--tape", "/nowhere/a.tape"), 1, "/nowhere/a.tape"),
        (("--tape", "x", "--text", "y"), 2, "two answers"),
        (("--port", "70000"), 2, "--port is a number from 0 to 65535"),
        (("--pace", "-1"), 1, "the pace is a number of seconds"),
    ],
)
def test_wrong_words(words, code, complaint):
    """One line, without a traceback."""
    done = run(*words)
    assert done.returncode == code
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
