"""Every case of the table: each row over each protocol that the lab speaks, in sync and async code, streamed and whole."""

from alchemy.lab.protocols import PROTOCOLS
from fault_asking import DRIVERS
from fault_row import Row
from fault_rows import ROWS
from fault_running import Case


def cases_of(row: Row) -> list[Case]:
    """The cases of a row."""
    return [
        Case(row, api, driver, streamed)
        for api in row.apis(PROTOCOLS)
        for driver in DRIVERS
        for streamed in (True, False)
        if row.expected(api, streamed=streamed) is not None and (streamed or driver in row.whole_in)
    ]


CASES = [case for row in ROWS for case in cases_of(row)]
