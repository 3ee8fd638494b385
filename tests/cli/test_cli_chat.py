"""`alchemy chat` in pipes and scripts: what goes to standard output, what to standard error, and the exit code."""

import json
import os
import signal
import subprocess
import sys
from typing import get_args

import pytest
from alchemy.cli import arguments
from alchemy.literals import Api


def test_the_answer_alone_is_on_standard_output(run):
    """Without a terminal there is neither spinner nor statistics nor colour."""
    done = run("hello", "hi")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Hello there\n", b"")


def test_a_server_is_asked_over_the_protocol_that_is_named(run):
    """`--api` picks the wire protocol; a word that names none is misuse, which is told with those that there are."""
    done = run("claude", "hi", "--api", "anthropic-messages")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Hello\n", b"")
    done = run("claude", "hi", "--api", "telegraph")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"telegraph" in done.stderr
    assert b"openai-responses" in done.stderr


def test_options_reach_the_request(run, server):
    """The system prompt and the options are sent; what is not given is not sent."""
    run("hello", "hi", "--system", "Be brief.", "--max-tokens", "9", "--temperature", "0.5")
    run("hello", "hi")
    asked, plain = server.requests
    assert [message["content"] for message in asked["messages"]] == ["Be brief.", "hi"]
    assert 9 in (asked.get("max_tokens"), asked.get("max_completion_tokens"))
    assert asked["temperature"] == 0.5
    assert not {"temperature", "max_tokens", "max_completion_tokens"} & plain.keys()
    assert asked["stream"] is True


@pytest.mark.parametrize(
    ("arguments", "piped", "expected"),
    [
        ([], "from a pipe\n", "from a pipe"),
        (["Translate:"], "from a pipe\n", "Translate:\n\nfrom a pipe"),
        (["only the argument"], "", "only the argument"),
        ([], "\ufeffwith a mark", "with a mark"),
    ],
)
def test_what_is_piped_in_is_the_prompt_or_follows_it(run, server, arguments, piped, expected):
    """Standard input is the prompt, or comes after the one that was given."""
    assert run("hello", *arguments, piped=piped).returncode == 0
    assert server.requests[0]["messages"][-1]["content"] == expected


def test_no_prompt_at_all_is_misuse(run, server):
    """An empty pipe and no argument: nothing is sent, code 2."""
    done = run("hello")
    assert done.returncode == 2
    assert done.stderr == b"alchemy: there is no prompt: standard input is empty\n"
    assert server.requests == []


def test_json_is_one_event_a_line(run):
    """Every line parses; the last is the whole message."""
    done = run("hello", "hi", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert events[0]["type"] == "start"
    assert "".join(event["delta"] for event in events if event["type"] == "text_delta") == "Hello there"
    assert events[-1]["type"] == "done"
    assert events[-1]["message"]["content"] == [{"type": "text", "text": "Hello there"}]
    assert events[-1]["message"]["usage"]["output"] == 2


def test_json_ends_with_the_failure(run):
    """A cut answer is the last line, with what had arrived; code 1 and one line of complaint."""
    done = run("cut", "hi", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert events[-1]["type"] == "error"
    assert events[-1]["kind"] == "ResponseError"
    assert events[-1]["message"]["content"][0]["text"] == "Half a sen"
    assert done.stderr.startswith(b"alchemy: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(("model", "said"), [("refuses", b"Incorrect API key"), ("cut", b"")])
def test_a_failure_is_one_line_on_standard_error(run, model, said):
    """Code 1; what had arrived stays on standard output, ended by a newline."""
    done = run(model, "hi")
    assert done.returncode == 1
    assert done.stdout == (b"Half a sen\n" if model == "cut" else b"")
    assert done.stderr.startswith(b"alchemy: ")
    assert said in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_an_unknown_model_is_one_line_on_standard_error(environment):
    """The error of the library, without a traceback."""
    command = [sys.executable, "-m", "alchemy", "chat", "--model", "nowhere/nothing", "hi"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=40, check=False
    )
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b"alchemy: ")
    assert b"nowhere" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_server_that_is_not_there_is_one_line_on_standard_error(environment):
    """A refused connection is told at once."""
    words = ["chat", "--base-url", "http://127.0.0.1:9", "--model", "m", "hi"]
    command = [sys.executable, "-m", "alchemy", *words]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=40, check=False
    )
    assert done.returncode == 1
    assert b"127.0.0.1" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_every_protocol_may_be_asked_for():
    """`--api` takes what the type `Api` has."""
    assert get_args(Api) == arguments._APIS


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["sing"],
        ["chat", "--max-tokens", "0", "hi"],
        ["chat", "--max-tokens", "many", "hi"],
        ["chat", "--temperature", "warm", "hi"],
        ["chat", "--api", "openai", "hi"],
        ["chat", "--base-url", "http://127.0.0.1:9", "hi"],
        ["chat", " "],
        ["local"],
    ],
)
def test_misuse_is_code_2(words, environment):
    """Wrong arguments give the usage on standard error."""
    command = [sys.executable, "-m", "alchemy", *words]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=40, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"usage: alchemy")
    assert done.stdout == b""


def test_the_version_is_printed(environment):
    """`--version` names the program and its version."""
    import alchemy

    command = [sys.executable, "-m", "alchemy", "--version"]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=40, check=True)
    assert done.stdout.decode().strip() == f"alchemy {alchemy.__version__}"


def test_a_reader_that_goes_away_ends_the_program_quietly(server, environment):
    """As under `| head -1`: nothing on standard error, and the request is given up."""
    words = ["chat", "--base-url", server.url, "--model", "many", "hi"]
    with subprocess.Popen(
        [sys.executable, "-m", "alchemy", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"line 0\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 141


def test_an_output_without_unicode_gets_replacements(run):
    """What the encoding of standard output lacks is replaced, not fatal."""
    done = run("escapes", "h\xe9", variables={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0
    assert done.stdout.endswith(b"b ??\n")
    assert done.stderr == b""


def test_a_pipe_carries_control_characters_as_they_are(run):
    """Only terminals are protected: a file gets the model's own bytes."""
    assert (
        run("escapes", "hi", variables={"PYTHONUTF8": "1"}).stdout == "a\x1b]0;title\x07b \u2603\U0001f600\n".encode()
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SIGINT can be sent to one process on POSIX alone")
def test_ctrl_c_stops_the_answer_with_code_130(server, environment):
    """SIGINT in the middle of an answer: what came stays, the connection is closed, nothing is complained about."""
    words = ["chat", "--base-url", server.url, "--model", "endless", "hi"]
    with subprocess.Popen(
        [sys.executable, "-m", "alchemy", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(9) == b"Once upon"
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 130
        assert process.stdout.read() == b"\n"
        assert process.stderr.read() == b""
    for _ in range(100):
        if server.hung_up:
            break
        server.began.wait(0.05)
    assert server.hung_up == [True]


def test_starting_loads_no_more_than_is_needed(environment):
    """The help is there without the network, asyncio, or what the local model needs."""
    source = (
        "import sys, alchemy.cli.chat, alchemy.cli.arguments\n"
        "print([name for name in ('asyncio', 'subprocess', 'http', 'xllamacpp', 'rich') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, env=environment, timeout=40, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("model", ["openai/gpt-5", "openai/no-such-model"])
def test_advice_is_for_a_shell(model):
    """What is said of a missing key or model names nothing that only a Python program can do."""
    clean = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    command = [sys.executable, "-m", "alchemy", "chat", "--model", model, "hi"]
    done = subprocess.run(command, capture_output=True, env=clean, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 1
    assert b"openai" in done.stderr
    assert not any(word in done.stderr for word in (b"api_key=", b"get_model", b"Traceback"))
