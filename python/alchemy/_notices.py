"""Notices to the log. Imported with the first notice, since `logging` is slow to import."""

from __future__ import annotations

from logging import getLogger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .requests import Notice

_logger = getLogger("alchemy")


def log(name: str, notices: Iterable[Notice]) -> None:
    """Write one warning that tells what could not be honoured exactly."""
    texts = "; ".join(f"{notice.path}: {notice.text}" for notice in notices)
    _logger.warning("%s: %s", name, texts)
