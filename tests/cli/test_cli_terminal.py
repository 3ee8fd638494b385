"""`alchemy chat` on a terminal: the spinner, the statistics, dimmed thinking, Ctrl-C, and conversations."""

import re

import pytest

DIM, PLAIN = "\x1b[2m", "\x1b[0m"


def test_a_spinner_turns_until_the_first_token(terminal):
    """It names the model, is wiped before the answer, and the statistics come after."""
    one = terminal("waits", "hi")
    assert one.finish() == 0
    before, _, after = one.shown.partition("Hello there")
    assert len(re.findall(r"\r[|/\\-] waits", before)) >= 3
    assert before.endswith("\r" + " " * len("| waits") + "\r")
    assert re.search(r"2 tokens in \d+\.\d s", after)
    assert "waits" not in after


def test_a_dumb_terminal_gets_neither_spinner_nor_codes(terminal):
    """TERM=dumb: plain lines alone."""
    one = terminal("waits", "hi", variables={"TERM": "dumb"})
    assert one.finish() == 0
    assert re.fullmatch(r"Hello there\r\n2 tokens in \d+\.\d s\r\n", one.shown)


def test_thinking_is_dimmed(terminal):
    """The reasoning is shown apart from the answer."""
    one = terminal("thinks", "hi")
    assert one.finish() == 0
    assert f"{DIM}Let me see.{PLAIN}\r\n\r\nYes\r\n" in one.shown


def test_no_color_is_honoured(terminal):
    """NO_COLOR: thinking is marked by a word instead."""
    one = terminal("thinks", "hi", variables={"NO_COLOR": "1"})
    assert one.finish() == 0
    assert "thinking: Let me see.\r\n\r\nYes\r\n" in one.shown
    assert "\x1b" not in one.shown


def test_thinking_is_not_piped(run):
    """A pipe gets the answer alone."""
    assert run("thinks", "hi").stdout == b"Yes\n"


def test_a_model_cannot_drive_the_terminal(terminal):
    """Control characters of the answer are left out."""
    one = terminal("escapes", "hi", variables={"NO_COLOR": "1", "PYTHONUTF8": "1"})
    assert one.finish() == 0
    assert "a]0;titleb \u2603" in one.shown
    assert "\x1b" not in one.shown


def test_ctrl_c_at_the_keyboard_stops_the_answer(terminal, server):
    """The key itself: the answer ends, the exit code is 130, and there is no traceback."""
    one = terminal("endless", "hi")
    one.read_until("Once upon")
    one.press("\x03")
    assert one.finish() == 130
    assert "Traceback" not in one.shown
    assert one.shown.endswith("\r\n")


def test_a_failure_is_told_after_the_spinner_is_wiped(terminal):
    """The complaint stands at the start of a line of its own."""
    one = terminal("refuses", "hi")
    assert one.finish() == 1
    assert re.search(r"\r {9}\ralchemy: [^\r\n]*Incorrect API key[^\r\n]*\r\n$", one.shown)


def test_a_conversation_remembers(terminal, server):
    """Without a prompt each line is one turn, sent with those before it; Ctrl-D leaves."""
    one = terminal("echo")
    one.read_until("> ")
    one.press("first\n")
    one.read_until("1: first")
    one.read_until("> ")
    one.press("second\n")
    one.read_until("3: second")
    one.read_until("> ")
    one.press("\x04")
    assert one.finish() == 0
    roles = [message["role"] for message in server.requests[1]["messages"]]
    assert roles == ["user", "assistant", "user"]


def test_a_conversation_survives_ctrl_c(terminal, server):
    """Ctrl-C stops the answer and gives a new prompt; there, it leaves with code 130."""
    one = terminal("endless")
    one.read_until("> ")
    one.press("tell me\n")
    one.read_until("Once upon")
    one.press("\x03")
    one.read_until("> ")
    assert one.interrupt() == 130
    assert "Traceback" not in one.shown


def test_a_conversation_survives_a_failure(terminal, server):
    """A failed turn is told and forgotten; the next one is sent without it."""
    one = terminal("refuses")
    for _ in range(2):
        one.read_until("> ")
        one.press("hello\n")
        one.read_until("Incorrect API key")
    one.read_until("> ")
    one.press("\x04")
    assert one.finish() == 0
    assert [len(request["messages"]) for request in server.requests] == [1, 1]


def test_history_is_at_hand(terminal):
    """The arrow key brings the last prompt back, where there is line editing."""
    pytest.importorskip("readline", reason="this Python has no line editing")
    one = terminal("echo")
    one.read_until("> ")
    one.press("again\n")
    one.read_until("1: again")
    one.read_until("> ")
    one.press("\x1b[A\n")
    one.read_until("3: again")
    one.read_until("> ")
    one.press("\x04")
    assert one.finish() == 0
