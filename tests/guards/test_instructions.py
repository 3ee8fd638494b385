"""The guard on instruction counts holds, fails, and says what to do; and CI runs it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = str(ROOT / "scripts")
sys.path.insert(0, SCRIPTS)
import callgrind  # noqa: E402  the scripts are no package
import instructions  # noqa: E402

sys.path.remove(SCRIPTS)

COUNT = {"instructions": 1_000_000, "events": 1_000, "bytes": 300_000, "allocations": 2_500}
RECORDED = {
    "compiler": "rustc 1.95.0 (59807616e 2026-04-14), LLVM 22.1.2",
    "architecture": "x86_64-unknown-linux-gnu with avx2",
    "profile": "fast",
    "allocator": "glibc 2.36",
    "valgrind": "3.19.0",
    "reported": {"stream, Python 3.11": {"instructions": 7_000_000, "events": 1_000}},
    "counts": dict.fromkeys(callgrind.PROTOCOLS, COUNT),
}


def counted(*, times=1.0, protocol="anthropic-messages", measure="instructions", **changes):
    """What a machine counts: the record, with a figure of one protocol multiplied."""
    here = json.loads(json.dumps(RECORDED)) | changes
    here["counts"][protocol][measure] = round(COUNT[measure] * times)
    return here


@pytest.fixture
def record(tmp_path):
    """The file of a record."""
    path = tmp_path / "recorded.json"
    path.write_text(json.dumps(RECORDED))
    return path


@pytest.fixture
def command(record, monkeypatch):
    """Runs the script on counts that are given, with that record."""
    monkeypatch.setattr(instructions, "RECORD", record)
    monkeypatch.setattr(callgrind, "need_valgrind", lambda: None)

    def run(option, here):
        monkeypatch.setattr(instructions, "measure", lambda: here)
        monkeypatch.setattr(sys, "argv", ["instructions.py", option])
        return instructions.main()

    return run


@pytest.mark.parametrize("times", [1.0, 1.049, 0.951])
def test_counts_within_the_bound_pass(command, capsys, times):
    """A count may be off by up to 5 % either way, and nothing is said of it but the table."""
    assert command("--check", counted(times=times)) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert f"{times - 1:+.1%}" in said.out
    assert "make instructions:" not in said.out


def test_six_percent_more_fails(command, capsys):
    """A count 6 % above the record ends with exit code 1 and one line: what, by how much, and both ways on."""
    assert command("--check", counted(times=1.06)) == 1
    said = capsys.readouterr()
    assert said.err == (
        "make instructions: anthropic-messages: 1,060,000 instructions, 6.0% more than the 1,000,000 recorded "
        "(5% at most); .venv/bin/python scripts/instructions.py --profile anthropic-messages shows where they are; "
        "if they must be, record again: make instructions-record, in the same commit\n"
    )
    assert "+6.0%" in said.out


def test_a_record_that_is_changed_with_the_code_passes(command, record, capsys):
    """--record shows the old count beside the new one, and then the check holds."""
    slower = counted(times=1.06)
    assert command("--record", slower) == 0
    said = capsys.readouterr().out
    assert "1,060.0" in said
    assert "1,000.0" in said
    assert json.loads(record.read_text()) == slower
    assert command("--check", slower) == 0
    # And the count that was right before is now too far below.
    assert command("--check", counted()) == 1


def test_six_percent_fewer_fails(command, capsys):
    """A gain has to be recorded as well, or it could be lost again unseen."""
    assert command("--check", counted(times=0.94)) == 1
    said = capsys.readouterr().err
    assert "6.0% fewer than the 1,000,000 recorded" in said
    assert "record again: make instructions-record" in said


def test_each_protocol_is_held(command, capsys):
    """No protocol's growth hides behind another's."""
    for protocol in callgrind.PROTOCOLS:
        assert command("--check", counted(times=1.06, protocol=protocol)) == 1
        assert capsys.readouterr().err.startswith(f"make instructions: {protocol}: ")


@pytest.mark.parametrize(("times", "direction"), [(1.06, "more"), (0.94, "fewer")])
def test_allocations_are_held_as_well(command, capsys, times, direction):
    """A needless copy of an event is few of its instructions, and one allocation more."""
    assert command("--check", counted(times=times, measure="allocations")) == 1
    assert f"allocations, 6.0% {direction} than the 2,500 recorded" in capsys.readouterr().err


def test_another_compiler_fails(command, capsys):
    """A compiler that the counts are not of turns the guard off, so it fails until they are taken again."""
    newer = "rustc 1.96.0 (abcdef012 2026-06-01), LLVM 22.1.3"
    assert command("--check", counted(compiler=newer)) == 1
    assert capsys.readouterr().err == (
        "make instructions: record again: make instructions-record "
        f"(compiler: the counts are of {RECORDED['compiler']}, and this is {newer})\n"
    )


def test_other_flags_fail(command, capsys):
    """Counts of a program that was built differently are not compared."""
    assert command("--check", counted(profile="fast, RUSTFLAGS -C target-cpu=native")) == 1
    assert "profile: the counts are of fast, and this is fast, RUSTFLAGS" in capsys.readouterr().err


def test_another_architecture_is_told_and_passes(command, capsys):
    """Nobody can record for a machine that CI does not have: nothing is compared there, which is said."""
    here = counted(architecture="aarch64-unknown-linux-gnu", times=3.0)
    assert command("--check", here) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "make instructions: record again: make instructions-record, where it matters here" in said.out
    assert "the counts are of x86_64-unknown-linux-gnu with avx2, and this is aarch64-unknown-linux-gnu" in said.out


@pytest.mark.parametrize("name", ["allocator", "valgrind"])
def test_another_allocator_is_told(command, capsys, name):
    """What changes a count by little is told beside it: the bound holds all the same."""
    assert command("--check", counted(**{name: "other"})) == 0
    assert f"{name}: recorded with {RECORDED[name]}, here is other" in capsys.readouterr().out
    assert command("--check", counted(**{name: "other"}, times=1.06)) == 1


def test_another_stream_fails(command, record, capsys):
    """Counts of a stream that was changed are not those of the record, however near."""
    here = counted()
    here["counts"]["openai-responses"]["events"] += 1
    assert command("--check", here) == 1
    assert "openai-responses: the stream is not the one that was recorded" in capsys.readouterr().err
    recorded = json.loads(record.read_text())
    del recorded["counts"]["openai-responses"]["allocations"]
    record.write_text(json.dumps(recorded))
    assert command("--check", counted()) == 1
    assert "openai-responses: the stream is not the one that was recorded" in capsys.readouterr().err


def test_what_is_recorded_and_counted_is_the_same(command, record, capsys):
    """A protocol that is new, or gone, has to be recorded; and so has everything where nothing is."""
    here = counted()
    here["counts"]["new-protocol"] = COUNT
    del here["counts"]["openai-responses"]
    assert command("--check", here) == 1
    said = capsys.readouterr().err
    assert "new-protocol: not recorded; record again" in said
    assert "openai-responses: recorded and not counted; record again" in said
    record.unlink()
    assert command("--check", counted()) == 1
    assert "nothing is recorded in recorded.json; record again" in capsys.readouterr().err
    assert command("--record", counted()) == 0


def test_what_is_reported_is_not_held(command, capsys):
    """The count of a whole stream in Python is printed and may be what it likes."""
    here = counted()
    here["reported"] = {"stream, Python 3.11": {"instructions": 21_000_000, "events": 1_000}}
    assert command("--check", here) == 0
    assert "+200.0%" in capsys.readouterr().out


def test_the_record_is_whole():
    """The repository's record has every wire protocol, and everything that a count depends on."""
    recorded = json.loads((ROOT / "benches/instructions/recorded.json").read_text())
    protocols = {folder.name for folder in (ROOT / "fixtures").iterdir() if folder.is_dir()}
    assert set(recorded["counts"]) == protocols == set(callgrind.PROTOCOLS)
    assert recorded.keys() == RECORDED.keys()
    for protocol, count in recorded["counts"].items():
        assert count.keys() == COUNT.keys(), protocol
        # A stream of some thousand events, each of which allocates at least the string that it brings.
        assert count["instructions"] > count["allocations"] > count["events"] > 3_000, protocol


PROFILE = """events: Ir
ob=/target/fast/alchemy-instructions
fl=???
fn=decode
0x10 0 7
0x14 0 3
cob=/lib/libc.so.6
cfn=malloc'decode'event
calls=900 0x90 0
0x14 0 60
0x18 0 7

ob=/lib/libc.so.6
fn=realloc
0x80 0 2
cfn=malloc
calls=2 0x90 0
0x80 0 40

fn=malloc'decode'event
0x90 0 3
0x94 0 57

summary: 179
"""


def test_calls_are_counted_where_instructions_are(tmp_path):
    """Counts of calls that callgrind gives take in what is not counted; how often the calling instruction ran does not."""
    profile = tmp_path / "profile"
    profile.write_text(PROFILE)
    first, second = callgrind.calls(profile)
    assert first == callgrind.Call("decode", "alchemy-instructions", "malloc'decode'event", 3, 3, 60)
    assert (second.caller, second.file, second.times) == ("realloc", "libc.so.6", 2)
    assert callgrind.allocations(profile) == 3
    assert callgrind.instructions(profile) == 179


def test_nothing_counted_is_an_error(tmp_path):
    """A function that was renamed must not look like one that costs nothing."""
    profile = tmp_path / "profile"
    profile.write_text("events: Ir\nsummary: 0\n")
    with pytest.raises(SystemExit, match="counted nothing in profile; is there still a function"):
        callgrind.instructions(profile)


def without_valgrind(tmp_path, *programs):
    """A PATH with these programs of the system, and no valgrind."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in programs:
        (folder / program).symlink_to(shutil.which(program))
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="valgrind runs on Linux")
def test_a_missing_valgrind_is_named(tmp_path):
    """Without valgrind the script ends at once, and says how to install it."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/instructions.py", "--check"],
        env={**os.environ, "PATH": str(without_valgrind(tmp_path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("make instructions: valgrind not found; install it: apt-get install valgrind")
    assert done.stderr.count("\n") == 1


def test_a_system_without_valgrind_passes(monkeypatch, capsys):
    """Where there is no valgrind to be had, nothing is counted, which is said."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SystemExit) as ended:
        callgrind.need_valgrind()
    assert ended.value.code == 0
    assert capsys.readouterr().out == "make instructions: valgrind runs on Linux; nothing is counted here\n"


INSTALLS = "printf '#!/bin/sh\\n' >{folder}/valgrind && chmod +x {folder}/valgrind"


@pytest.mark.parametrize(
    ("apt_get", "asked", "told"),
    [
        (INSTALLS, 1, False),
        ('[ "$1" = update ] && touch {folder}/lists; [ -e {folder}/lists ] || exit 100; ' + INSTALLS, 3, False),
        ("exit 100", 2, True),
    ],
    ids=["known", "after an update", "not to be had"],
)
def test_ci_installs_valgrind(tmp_path, apt_get, asked, told):
    """A machine of CI without valgrind gets it by apt-get, with fresh lists where it needs them, or it is said."""
    folder = without_valgrind(tmp_path, "bash", "sh", "dirname", "chmod", "touch")
    log = tmp_path / "asked"
    for name, body in {
        "id": "echo 0",
        "apt-get": f'echo "$@" >>{log}\n' + apt_get.format(folder=folder),
        "make": f"echo make >>{log}",
    }.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    done = subprocess.run(
        ["bash", ROOT / ".ci/run"], env={"PATH": str(folder)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *commands, last = log.read_text().splitlines()
    assert last == "make"
    assert len(commands) == asked
    assert all("valgrind" in command or command.startswith("update") for command in commands)
    assert ("valgrind cannot be installed here" in done.stderr) is told


def test_ci_counts():
    """`make check`, which CI runs, counts; and the guard is shown by `make help`."""
    text = (ROOT / "Makefile").read_text()
    check = text.partition("\ncheck:")[2].partition("\n\n")[0]
    assert "instructions" in check.split()
    assert "scripts/instructions.py --check" in text
    assert "make check" in (ROOT / ".ci/run").read_text()
