"""The fault table: every row, in the order of the page."""

from fault_row import Row
from fault_rows_broken import CUT, REFUSED
from fault_rows_connection import CONNECTION, LEFT, TIME
from fault_rows_retries import RETRIES
from fault_rows_said import SAID

SECTIONS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    ("Said in another way", SAID),
    ("Cut or broken", CUT),
    ("Refused", REFUSED),
    ("The connection breaks", CONNECTION),
    ("Time", TIME),
    ("Retries", RETRIES),
    ("The caller leaves", LEFT),
)
ROWS: tuple[Row, ...] = tuple(row for _, rows in SECTIONS for row in rows)
