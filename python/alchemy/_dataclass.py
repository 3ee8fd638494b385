"""What makes a data class look like a dataclass, built when the `dataclasses` or `inspect` module first asks."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from typing import Any

from ._data import is_dict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._data import DataType


def field_types(cls: DataType) -> dict[str, Any]:
    """Return the fields' types as objects, in the order of the fields."""
    hints = typing.get_type_hints(cls, localns=_names())
    return {name: hints[name] for name in cls.__field_types__}


def attributes(cls: DataType) -> dict[str, Any]:
    """Return the class attributes by which `dataclasses` and `inspect` know a class."""
    fields: list[tuple[str, Any, Any]] = []
    parameters: list[inspect.Parameter] = []
    for name, annotation in field_types(cls).items():
        default = cls.__field_defaults__.get(name, dataclasses.MISSING)
        parameters.append(
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if default is dataclasses.MISSING else default,
                annotation=annotation,
            )
        )
        if is_dict(default):
            fields.append((name, annotation, dataclasses.field(default_factory=default.copy)))
        elif default is dataclasses.MISSING:
            fields.append((name, annotation, dataclasses.field()))
        else:
            fields.append((name, annotation, dataclasses.field(default=default)))
    twin: Any = dataclasses.make_dataclass(cls.__name__, fields, kw_only=True, frozen=True)
    return {
        "__dataclass_fields__": twin.__dataclass_fields__,
        "__dataclass_params__": twin.__dataclass_params__,
        "__signature__": inspect.Signature(parameters),
    }


def _names() -> dict[str, Any]:
    """Return every name that an annotation in this package may use."""
    from . import content, events, literals, messages, models, requests, tools, usage

    names = dict(vars(typing))
    for module in (literals, content, messages, tools, usage, models, requests, events):
        names.update(vars(module))
    return names
