"""The pytest fixture `alchemy_lab`. Nothing but it is here: pytest imports this module in every run."""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from alchemy.lab import Lab

__all__ = ["alchemy_lab"]


@pytest.fixture
def alchemy_lab() -> Iterator[Lab]:
    """Give a fresh `alchemy.lab.Lab`, which is closed after the test."""
    from alchemy.lab import Lab

    with Lab() as lab:
        yield lab
