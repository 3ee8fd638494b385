"""A provider on the loopback interface to test your own code with: scripted answers, recorded tapes, and faults."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from alchemy.lab._faults import Fault
    from alchemy.lab._kinds import FAULTS
    from alchemy.lab._lab import Lab
    from alchemy.lab._seen import Connection, Request
    from alchemy.lab._tape import Tape

__all__ = ["FAULTS", "Connection", "Fault", "Lab", "Request", "Tape"]

_HOMES = {
    "FAULTS": "_kinds",
    "Connection": "_seen",
    "Fault": "_faults",
    "Lab": "_lab",
    "Request": "_seen",
    "Tape": "_tape",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is used: pytest imports this package in every run, for the fixture alone."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
