"""The page says what the table says, and the measured columns what was measured."""

import dataclasses
import importlib
from pathlib import Path

import fault_page
import pytest
from fault_outcomes import Outcome
from fault_rows import ROWS

ROW = next(row for row in ROWS if row.name == "clean end in a block")
ALL = {"text": "One two three four five six.", "thinking": "", "calls": [], "finish": "stop", "output_tokens": 7}


def test_a_cell_says_an_outcome_once_where_all_agree():
    """Protocols and ways to ask are named only where they differ."""
    assert fault_page.cell(ROW, fault_page.expected, streamed=True) == "`ResponseError`, keeps what was said"


@pytest.mark.parametrize(
    ("api", "driver", "said"),
    [
        ("anthropic-messages", None, "`anthropic-messages`: whole"),
        ("google-generative-ai", "async", "`google-generative-ai` in async code: whole"),
    ],
)
def test_a_cell_names_who_differs(api, driver, said):
    """An outcome of one protocol, or of one way to ask, stands behind that of the others with its name."""

    def source(case):
        differs = case.api == api and driver in {None, case.driver}
        return Outcome() if differs else fault_page.expected(case)

    text = fault_page.cell(ROW, source, streamed=True)
    assert text == f"`ResponseError`, keeps what was said; {said}"


def test_a_library_that_was_not_measured_has_a_dash():
    """Nothing is guessed."""
    assert fault_page.peer_cell(ROW, {}) == "-"
    assert fault_page.peer_cell(ROW, {ROW.name: {"sync streamed": "whole", "async streamed": "whole"}}) == "whole"
    ways = {"sync streamed": "whole", "async streamed": "text cut"}
    assert fault_page.peer_cell(ROW, {ROW.name: ways}) == "sync: whole; async: text cut"


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("as it should be", {}, "whole"),
        ("as it should be", {"output_tokens": None}, "no usage"),
        ("as it should be", {"text": "One two ", "finish": None}, "no error, no finish reason, text cut"),
        ("as it should be", {"text": "Two"}, "text altered"),
        ("as it should be", {"finish": "length"}, "says `length`"),
        ("clean end in a block", {"text": "One two "}, "says `stop`, text cut"),
        ("clean end in a block", {"error": "APIError"}, "raises `APIError`"),
        (
            "clean end in a call",
            {"text": "", "calls": [{"id": "1", "name": "look", "arguments": '{"pa'}]},
            "arguments cut",
        ),
        ("calls in turns", {"text": "", "finish": "tool_calls"}, "0 tool calls of 2"),
    ],
)
def test_what_a_library_made_of_an_answer_is_told_apart(monkeypatch, name, changes, words):
    """Each way to be wrong has its words; nothing wrong is whole."""
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[2] / "benches" / "faults")
    peer_words = importlib.import_module("peer_words")
    row = next(row for row in ROWS if row.name == name)
    said = peer_words.words_for(row, {**ALL, "error": None, **changes}, streamed=True, limit=10)
    assert words in said
    assert peer_words.words_for(row, None, streamed=True, limit=10) == "not back within 10 s"


def test_the_page_is_made_of_the_table(monkeypatch, tmp_path):
    """What stands between the marks is made anew, and nothing else is touched."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{fault_page.BEGIN}what stood here\n{fault_page.END}after\n")
    monkeypatch.setattr(fault_page, "PAGE", page)
    text = fault_page.page(fault_page.expected)
    assert text.startswith(f"before\n{fault_page.BEGIN}")
    assert text.endswith(f"{fault_page.END}after\n")
    assert "what stood here" not in text
    assert all(row.title in text for row in ROWS)
    other = fault_page.page(lambda case: dataclasses.replace(fault_page.expected(case), error="ServerError"))
    assert other != text
