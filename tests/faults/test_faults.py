"""Under every fault, over every wire protocol, in sync and async code: the outcome is the one that the table states."""

import re

import pytest
from fault_cases import CASES
from fault_running import observe_in_time


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_ends_as_stated(case):
    """Message, events, error and partial message, time and connection are what the row says."""
    expected = case.row.expected(case.api, streamed=case.streamed)
    observed, late = observe_in_time(case)
    assert observed.outcome == expected.outcome, observed.line
    assert not observed.wrong
    assert re.search(expected.says, observed.line)
    assert not late
