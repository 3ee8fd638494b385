"""Schemas for pydantic, written as the plain dictionaries they are: pydantic is not imported."""

from __future__ import annotations

from typing import Any

from . import _dicts
from ._dataclass import field_types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._data import Data


def core_schema(cls: type[Data], handler: Any) -> dict[str, Any]:
    """Return the schema by which pydantic reads and writes a data class in its JSON form.

    Args:
        cls: The data class.
        handler: Pydantic's handler, which makes the schemas of the fields' types.

    Returns:
        A pydantic core schema: dictionaries and objects are taken, `to_dict`'s form is written.
    """

    def read(value: Any) -> Any:
        return _dicts.read(cls, value)

    def write(data: Data) -> dict[str, Any]:
        return data.to_dict()

    return {
        "type": "function-plain",
        "function": {"type": "no-info", "function": read},
        "json_schema_input_schema": _json_form(cls, handler),
        "serialization": {"type": "function-plain", "function": write},
        "ref": f"{cls.__module__}.{cls.__qualname__}:{id(cls)}",
    }


def json_schema(core: dict[str, Any], handler: Any) -> dict[str, Any]:
    """Return the JSON Schema of a data class, the same for reading and writing."""
    schema: dict[str, Any] = handler(core["json_schema_input_schema"])
    return schema


def _json_form(cls: type[Data], handler: Any) -> dict[str, Any]:
    """Return the schema of the dictionary; it describes, and `_dicts` checks."""
    fields: dict[str, Any] = {}
    if cls.__field_tag__ is not None:
        key, word = cls.__field_tag__
        fields[key] = {"type": "typed-dict-field", "schema": {"type": "literal", "expected": [word]}, "required": True}
    for name, annotation in field_types(cls).items():
        in_json = str | None if annotation == bytes | None else annotation
        fields[name] = {
            "type": "typed-dict-field",
            "schema": handler.generate_schema(in_json),
            "required": name not in cls.__field_defaults__,
        }
    return {"type": "typed-dict", "cls_name": cls.__name__, "fields": fields, "extra_behavior": "forbid"}
