"""Where two bodies differ, field by field, and what explains each difference."""

import re
from dataclasses import dataclass
from typing import Any


class Missing:
    """Stands for a field that is not there."""

    def __repr__(self) -> str:
        return "nothing"

    def __bool__(self) -> bool:
        return False


MISSING = Missing()


@dataclass(frozen=True)
class Difference:
    """One field that is not the same; `bodies` are the two bodies as a whole, the recorded one first."""

    path: str
    recorded: Any
    ours: Any
    case: dict
    bodies: tuple[dict, dict]

    @property
    def pattern(self) -> str:
        """The path without the numbers in it."""
        return re.sub(r"\[\d+\]", "[]", self.path)

    @property
    def place(self) -> tuple[Any, Any]:
        """What the field stands in, in the recorded body and in ours."""
        names = re.findall(r"[^.\[\]]+", self.path)[:-1]
        return tuple(inside(body, names) for body in self.bodies)

    def __str__(self) -> str:
        return f"{self.path}: recorded {self.recorded!r:.300}, ours {self.ours!r:.300}"


def inside(value, names: list[str]):
    for name in names:
        if isinstance(value, list):
            at = int(name)
            value = value[at] if at < len(value) else MISSING
        else:
            value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
    return value


def same_value(one, other) -> bool:
    """Numbers are the same if they are equal; true is no number."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def fields_that_differ(recorded, ours, path: str = ""):
    """The path and both values of each field that differs."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for key in [*recorded, *(key for key in ours if key not in recorded)]:
            inner = f"{path}.{key}" if path else key
            yield from fields_that_differ(recorded.get(key, MISSING), ours.get(key, MISSING), inner)
    elif isinstance(recorded, list) and isinstance(ours, list):
        for index in range(max(len(recorded), len(ours))):
            one, other = (side[index] if index < len(side) else MISSING for side in (recorded, ours))
            yield from fields_that_differ(one, other, f"{path}[{index}]")
    elif not same_value(recorded, ours):
        yield path, recorded, ours


def differences(recorded: dict, ours: dict, case: dict) -> list[Difference]:
    """Each field in which the bodies differ."""
    found = fields_that_differ(recorded, ours)
    return [Difference(path, one, other, case, (recorded, ours)) for path, one, other in found]
