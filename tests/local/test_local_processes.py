"""The server of a local model: started once, alone, quiet, closed to strangers, and gone with its parent."""

import concurrent.futures
import http.client
import json
import os
import signal
import sys
import time
import urllib.parse
from pathlib import Path

import alchemy
import pytest
from alchemy.local import ensure, processes

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")

HELPERS = """
import http.client, json, os, sys, urllib.parse
from alchemy.local import ensure, processes

def ask(base_url, key):
    place = urllib.parse.urlsplit(base_url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=50)
    body = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 4}
    connection.request("POST", place.path + "/chat/completions", json.dumps(body), {"Authorization": "Bearer " + key})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status

def server():
    (entry,) = processes._by_file.values()
    return entry.process.pid
"""


def request(base_url, path, headers, *, method="GET", body=None):
    place = urllib.parse.urlsplit(base_url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=50)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def ends(pid, *, seconds=10):
    """Wait for a process that is not ours to end."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        # A container may have nobody who collects orphans: a zombie has ended too.
        if sys.platform == "linux":
            with Path(f"/proc/{pid}/stat").open() as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        time.sleep(0.02)
    return False


def test_many_threads_start_one_server(smollm2):
    """Sixteen threads that want the model at once get the same server."""
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(ensure, [smollm2] * 16))
    assert len(answers) == 1
    assert ensure(smollm2) in answers


def test_two_ways_to_one_file_share_its_server(smollm2):
    """A file named by its path and by its catalog name is loaded once."""
    path = processes.locate(smollm2).path
    assert ensure(f"local:{path}") == ensure(smollm2)


def test_strangers_are_kept_out(smollm2):
    """The server listens on loopback, wants its key, and lets no web page read its answers."""
    base_url, key = ensure(smollm2)
    assert base_url.startswith("http://127.0.0.1:")
    assert len(key) >= 32
    body = json.dumps({"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1})
    page = {"Origin": "http://example.org"}
    status, headers, _ = request(base_url, "/v1/chat/completions", page, method="POST", body=body)
    assert status == 401
    assert not headers.get("Access-Control-Allow-Origin")
    trusted = {**page, "Authorization": f"Bearer {key}"}
    status, headers, _ = request(base_url, "/v1/chat/completions", trusted, method="POST", body=body)
    assert status == 200
    assert not headers.get("Access-Control-Allow-Origin")
    assert not headers.get("Access-Control-Allow-Credentials")


def test_the_key_is_not_on_the_command_line(smollm2):
    """Other users of the machine can list processes and their arguments; the key is not among them."""
    if sys.platform != "linux":
        pytest.skip("arguments are read from /proc, which is Linux's")
    _, key = ensure(smollm2)
    pids = [entry.process.pid for entry in processes._by_file.values() if entry.process]
    assert pids
    for pid in pids:
        with Path(f"/proc/{pid}/cmdline").open() as arguments:
            assert key not in arguments.read()


def test_a_server_that_died_is_started_again(smollm2):
    """After a crash of llama.cpp the next request has a new server."""
    before = ensure(smollm2)
    for entry in processes._by_file.values():
        if entry.process is not None:
            entry.process.kill()
            entry.process.wait()
    after = ensure(smollm2)
    assert after != before
    status, _, _ = request(after[0], "/v1/models", {"Authorization": f"Bearer {after[1]}"})
    assert status == 200


def test_a_file_that_llama_cpp_refuses_is_an_error_with_its_reason(smollm2, tmp_path):
    """The error quotes llama.cpp in one line; the server's process has ended."""
    path = tmp_path / "cut.gguf"
    with processes.locate(smollm2).path.open("rb") as whole:
        path.write_bytes(whole.read(3_000_000))
    with pytest.raises(alchemy.LocalModelError, match=r"cannot serve .*cut\.gguf: .*corrupted or incomplete") as caught:
        ensure(f"local:{path}")
    assert "\n" not in str(caught.value)


def test_without_xllamacpp_the_error_names_the_extra(smollm2, monkeypatch):
    """What to install is in the message."""
    find_spec = processes.importlib.util.find_spec
    monkeypatch.setattr(
        processes.importlib.util, "find_spec", lambda name: None if name == "xllamacpp" else find_spec(name)
    )
    monkeypatch.setattr(processes, "_by_url", {})
    monkeypatch.setattr(processes, "_by_file", {})
    with pytest.raises(alchemy.LocalModelError, match=r'pip install "alchemy-llm\[local\]"'):
        ensure(smollm2)


def test_a_frozen_program_is_not_started_a_second_time(smollm2, monkeypatch):
    """Where the executable is the program itself, nothing is started and the error says why."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(processes, "_by_url", {})
    monkeypatch.setattr(processes, "_by_file", {})
    with pytest.raises(alchemy.LocalModelError, match="no Python interpreter of its own"):
        ensure(smollm2)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors are chosen with a call of Linux")
def test_half_of_the_processors_compute(run_program):
    """A process that may use one processor computes with one thread; never with none."""
    done = run_program("""
import os
from alchemy.local import processes
usable = os.sched_getaffinity(0)
print(processes._threads() == max(1, len(usable) // 2))
os.sched_setaffinity(0, {min(usable)})
print(processes._threads())
""")
    assert done.stdout.split() == ["True", "1"]


@pytest.mark.alone
def test_the_event_loop_runs_while_a_model_loads(smollm2, run_program):
    """Loading takes a good part of a second; meanwhile other tasks run."""
    done = run_program(f"""{HELPERS}
import asyncio

async def main():
    loading = asyncio.create_task(asyncio.to_thread(ensure, {smollm2!r}))
    turns = 0
    while not loading.done():
        await asyncio.sleep(0.005)
        turns += 1
    await loading
    print(turns)

asyncio.run(main())
""")
    assert int(done.stdout) >= 10
    assert done.stderr == ""


def test_the_end_of_the_program_is_quiet_and_takes_the_server_along(smollm2, run_program):
    """Nothing is printed at exit, and no server is left."""
    if not hasattr(os, "kill"):
        pytest.skip("processes are looked for with signals")
    done = run_program(f"{HELPERS}\nprint(ask(*ensure({smollm2!r})), server())")
    status, pid = map(int, done.stdout.split())
    assert status == 200
    assert done.stderr == ""
    assert ends(int(pid))


@posix
def test_a_killed_program_takes_its_server_along(smollm2, run_program):
    """Even SIGKILL, which runs no exit handler, leaves no server behind."""
    program = f"{HELPERS}\nensure({smollm2!r})\nprint(server(), flush=True)\nos.kill(os.getpid(), 9)"
    done = run_program(program, expect=-signal.SIGKILL)
    assert ends(int(done.stdout))


@posix
def test_a_forked_child_starts_its_own_server(smollm2, run_program):
    """The child's server is another one, ends with the child, and leaves the parent's alone."""
    done = run_program(f"""{HELPERS}
first = ensure({smollm2!r})
assert ask(*first) == 200
pid = os.fork()
if pid == 0:
    own = ensure({smollm2!r})
    assert own != first
    assert ask(*own) == 200
    print(server(), flush=True)
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
assert ensure({smollm2!r}) == first
assert ask(*first) == 200
""")
    assert done.stderr == ""
    assert ends(int(done.stdout))


@posix
def test_a_forked_child_that_lives_on_does_not_keep_the_parents_server(smollm2, run_program):
    """The parent's server ends with the parent, though a child is still there."""
    done = run_program(
        f"""{HELPERS}
import time
ensure({smollm2!r})
pid = os.fork()
if pid == 0:
    for stream in (0, 1, 2):
        os.close(stream)
    time.sleep(8)
    os._exit(0)
print(server(), flush=True)
os.kill(os.getpid(), 9)
""",
        expect=-signal.SIGKILL,
    )
    assert ends(int(done.stdout), seconds=4)


@posix
def test_ctrl_c_while_a_model_loads_ends_the_load(smollm2, run_program):
    """SIGINT during the start is seen at once and leaves no half-started server."""
    done = run_program(f"""{HELPERS}
import signal, subprocess, threading
started = []
spawn = processes._spawn

def spawn_and_interrupt(errors):
    process = spawn(errors)
    started.append(process)
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    return process

processes._spawn = spawn_and_interrupt
try:
    ensure({smollm2!r})
except KeyboardInterrupt:
    print("interrupted", started[0].returncode)
""")
    assert done.stdout.split() == ["interrupted", str(-signal.SIGKILL)]
    assert done.stderr == ""
