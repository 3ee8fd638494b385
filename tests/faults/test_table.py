"""The table is complete: every protocol, every kind of fault, and an expectation for each."""

import dataclasses
import typing

import pytest
from alchemy import literals
from alchemy.lab import FAULTS, Fault
from alchemy.lab.protocols import PROTOCOLS
from fault_cases import CASES
from fault_outcomes import whole
from fault_row import ANSWERS, BEFORE_WORDS, SAID_WORDS, WORDS, Row
from fault_rows import ROWS
from fault_running import observe

# The faults under which libraries were seen to break, as rows of the table.
THIRTEEN = (
    "cut anywhere",
    "no end marker",
    "error inside",
    "reset in a block",
    "malformed event",
    "no last newline",
    "lone surrogates",
    "calls in turns",
    "empty ids",
    "no ids",
    "cut arguments",
    "thinking with text",
    "stall in a block",
)
APIS = typing.get_args(literals.Api)


def problems(row: Row) -> list[str]:
    """What a row lacks."""
    found = []
    if row.streamed is None and row.whole is None:
        found.append("no expectation")
    if (row.streamed is None or row.whole is None) and not row.absent:
        found.append("no reason why it is not asked both ways")
    if row.only and not row.only_why:
        found.append("no reason why not all protocols have it")
    found += [f"no reason why it differs over {differs.apis}" for differs in row.differs if not differs.why]
    found += [f"no such answer: {name}" for name in (row.answer, row.told) if name and name not in ANSWERS]
    return found


def test_every_protocol_is_in_the_lab_and_in_the_table():
    """A protocol that is added to alchemy joins both."""
    assert set(APIS) == set(PROTOCOLS)
    assert set(APIS) == set(BEFORE_WORDS)
    assert {case.api for case in CASES} == set(APIS)


def test_every_fault_of_the_lab_has_a_row():
    """A fault that the lab learns joins the table."""
    used = {Fault.parse(fault.format(first=1, said=3, call=3)).kind for row in ROWS for fault in row.faults}
    assert set(FAULTS) - used == set()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_whole(row):
    """A row has an expectation, and a reason wherever a case is missing or differs."""
    assert not problems(row)


def test_a_row_that_lacks_something_is_found():
    """The check of rows can fail."""
    assert problems(Row("none", "")) == ["no expectation", "no reason why it is not asked both ways"]
    assert problems(Row("one", "", streamed=whole())) == ["no reason why it is not asked both ways"]
    bad = Row("two", "", streamed=whole(), whole=whole(), only=("x",), answer="none")
    assert problems(bad) == ["no reason why not all protocols have it", "no such answer: none"]


def test_the_rows_have_names_of_their_own():
    """No row hides another."""
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert len({row.title for row in ROWS}) == len(ROWS)


def test_the_thirteen_are_there():
    """The faults that libraries were compared by are rows of the table."""
    assert set(THIRTEEN) <= {row.name for row in ROWS}


def test_the_words_before_a_fault_are_a_prefix():
    """What a partial message is compared with is neither nothing nor all."""
    assert WORDS.startswith(SAID_WORDS)
    assert WORDS != SAID_WORDS


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("clean end in a block", {"faults": ("close@{first}",)}, "message"),
        ("clean end in a block", {"faults": ("reset@{said}",)}, "error"),
        ("as it should be", {"faults": ("close@end",)}, "connection"),
        ("as it should be", {"answer": "length"}, "stop"),
        ("status 429, seconds", {"faults": ("status=429", "retry-after=4")}, "retry_after"),
    ],
)
def test_another_outcome_is_seen(name, changes, field):
    """A case that ends otherwise than its row says is told apart, in the field that differs."""
    case = next(case for case in CASES if case.row.name == name and case.streamed)
    changed = dataclasses.replace(case, row=dataclasses.replace(case.row, **changes))
    expected = case.row.expected(case.api, streamed=True)
    assert getattr(observe(changed).outcome, field) != getattr(expected.outcome, field)
