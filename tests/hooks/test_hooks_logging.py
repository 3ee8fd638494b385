"""What the logger `alchemy` says of requests: a line a step where it is wanted, and never what was said."""

import logging
import subprocess
import sys

import alchemy
import alchemy.hooks
import pytest
from servers import Server, answer, chunk, completion, event_stream

PROMPT = "a very private question"


@pytest.fixture
def failing(serve):
    """A server that refuses once and then answers."""
    refusal = answer({"error": {"message": f"slow down: {PROMPT}"}}, 429, headers=[("x-request-id", "req_1")])
    return serve(refusal, answer(completion(), headers=[("x-request-id", "req_2")]))


def lines(caplog, level=logging.DEBUG):
    return [record.getMessage() for record in caplog.records if record.name == "alchemy" and record.levelno >= level]


def ask(at, server, **options):
    """Asks through a client that watches nothing itself."""
    with alchemy.Client(options={"api_key": "secret-key"}) as client:
        return client.complete(at(server), PROMPT, headers={"x-team": "secret-team"}, **options)


def test_each_step_is_a_line(serve, at, caplog):
    """With the level DEBUG each step of a request is told in one line, with times, tokens and the request id."""
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    server = serve(answer({**completion(), "usage": usage}, headers=[("x-request-id", "req_1")]))
    with caplog.at_level(logging.DEBUG, "alchemy"):
        ask(at, server)
    said = lines(caplog)
    number = said[0].split()[1]
    expected = [
        f"request built, openai-completions, not streamed, to 127.0.0.1:{server.port}",
        "attempt 1 sent after",
        "headers after",
        "first event after",
        "done after",
    ]
    assert len(said) == len(expected)
    for line, text in zip(said, expected, strict=True):
        assert line.startswith(f"custom/m {number} {text}")
    assert said[2].endswith("s: status 200, request id req_1")
    assert said[4].endswith("s: stop, 9 + 5 tokens, request id req_1")


def test_an_error_is_a_line(serve, at, caplog):
    """Its class, its status and its request id are told, and not its text, which may repeat the prompt."""
    server = serve(answer({"error": {"message": f"no: {PROMPT}"}}, 400, headers=[("x-request-id", "req_1")]))
    with caplog.at_level(logging.DEBUG, "alchemy"), pytest.raises(alchemy.BadRequestError, match=PROMPT):
        ask(at, server)
    assert lines(caplog)[-1].endswith("s: BadRequestError, status 400, request id req_1")
    assert PROMPT not in caplog.text


def test_nothing_that_is_said_or_secret_is_logged(serve, at, caplog):
    """Neither a key, nor the value of a header, nor a word of the conversation is in any line."""
    server = serve(event_stream(chunk({"content": "a private answer"}), chunk({}, "stop"), "[DONE]"))
    with caplog.at_level(logging.DEBUG), alchemy.Client(options={"api_key": "secret-key"}) as client:
        client.stream(at(server), PROMPT, headers={"x-team": "secret-team"}).result()
    assert len(lines(caplog)) == 5
    assert "secret" not in caplog.text
    assert "private" not in caplog.text


@pytest.mark.parametrize("level", [logging.WARNING, logging.INFO])
def test_an_answer_says_nothing_at_higher_levels(serve, at, caplog, level):
    """A request that works leaves no line at INFO."""
    with caplog.at_level(level, "alchemy"):
        ask(at, serve(answer(completion())))
    assert lines(caplog) == []


def test_a_logger_of_ones_own(serve, at, caplog):
    """`LoggingHooks` writes where it is told to, and given to `alchemy` it does not say everything twice."""
    server = serve(answer(completion()))
    for hooks, name in (
        (alchemy.hooks.LoggingHooks(logging.getLogger("requests")), "requests"),
        (alchemy.hooks.LoggingHooks(), "alchemy"),
    ):
        with caplog.at_level(logging.DEBUG, name), alchemy.Client(hooks=hooks) as client:
            client.complete(at(server), "hello")
        assert [record.name for record in caplog.records] == [name] * 5
        caplog.clear()


def test_a_level_that_is_turned_on_later_counts(serve, at, caplog):
    """Whether the lines are wanted is looked at with each request."""
    server = serve(answer(completion()))
    ask(at, server)
    assert lines(caplog) == []
    with caplog.at_level(logging.DEBUG, "alchemy"):
        ask(at, server)
    assert len(lines(caplog)) == 5
    ask(at, server)
    assert len(lines(caplog)) == 5


PROGRAM = """
import sys, alchemy
model = alchemy.Model(id="m", base_url=sys.argv[1])
alchemy.complete(model, "hello")
import logging
logging.basicConfig(stream=sys.stdout, level=logging.DEBUG, format="%(name)s %(levelname)s %(message)s")
alchemy.complete(model, "hello")
"""


def test_a_program_that_logs_is_told():
    """`logging.basicConfig` at DEBUG is all that it takes."""
    with Server() as server:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, server.url], capture_output=True, text=True, timeout=30, check=False
        )
    assert done.stderr == ""
    said = done.stdout.splitlines()
    assert len(said) == 5
    assert all(line.startswith("alchemy DEBUG custom/m #1: ") for line in said)


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
def test_a_filter_that_raises_does_not_end_the_request(failing, at, capsys, monkeypatch, level):
    """The answer arrives, and what the filter raised is on stderr, as `logging` has it with what a handler raises."""

    class Broken(logging.Filter):
        """Fails at what the hooks say, and at what is said of that."""

        def filter(self, record):
            raise ZeroDivisionError("broken filter")

    logger = logging.getLogger("alchemy")
    monkeypatch.setattr(logger, "filters", [Broken()])
    monkeypatch.setattr(logger, "level", level)
    logger.manager._clear_cache()
    try:
        assert ask(at, failing, retries=alchemy.Retries(backoff=0)).text == "Hello there."
        assert alchemy.Client().stream(at(failing), "hello").result().text == "Hello there."
    finally:
        monkeypatch.undo()
        logger.manager._clear_cache()
    assert "ZeroDivisionError: broken filter" in capsys.readouterr().err
    assert len(failing.requests) == 3
