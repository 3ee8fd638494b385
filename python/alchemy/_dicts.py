"""The JSON form of data: dictionaries to objects, objects to dictionaries, with the path of whatever is wrong."""

from __future__ import annotations

import types
import typing
from binascii import Error as Base64Error, a2b_base64, b2a_base64
from math import isfinite
from typing import Any, TypeVar, cast

from ._data import Data, DataType, is_dict, is_sequence
from ._dataclass import field_types
from ._display import suggestion
from .errors import InvalidRequestError

D = TypeVar("D", bound=Data)


class Shape:
    """What a field may hold, read from its type once: the kinds of value, and for containers their items' shape."""

    __slots__ = ("classes", "items", "kinds", "tag", "values", "words")

    def __init__(self, annotation: Any) -> None:
        """Sort the members of a type, which may be a union, by kind."""
        self.kinds: set[Any] = set()
        self.words: list[str] = []
        self.classes: list[type[Data]] = []
        self.items: Shape | None = None
        self.values: Shape | None = None
        self.tag: dict[str, type[Data]] = {}
        self._add(annotation)
        for cls in self.classes:
            if cls.__field_tag__ is not None:
                self.tag[cls.__field_tag__[1]] = cls

    def _add(self, annotation: Any) -> None:
        origin = typing.get_origin(annotation)
        arguments = typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            for member in arguments:
                self._add(member)
        elif origin is typing.Literal:
            self.words.extend(arguments)
        elif origin is tuple:
            self.items = shape_of(arguments[0])
        elif origin is dict:
            self.values = shape_of(arguments[1])
        elif isinstance(annotation, DataType):
            self.classes.append(cast("type[Data]", annotation))
        else:
            self.kinds.add(annotation)

    def expected(self) -> str:
        """Return what is taken, in words."""
        parts = [f"one of {', '.join(self.words)}"] if self.words else []
        names = {str: "str", bytes: "base64 text", int: "int", float: "number", bool: "bool"}
        parts += [name for kind, name in names.items() if kind in self.kinds]
        parts += [cls.__name__ for cls in self.classes]
        parts += ["a list"] if self.items else []
        parts += ["a dictionary"] if self.values else []
        parts += ["None"] if type(None) in self.kinds else []
        return " or ".join(parts)


_shapes: dict[Any, Shape] = {}
_class_shapes: dict[DataType, dict[str, Shape]] = {}


def shape_of(annotation: Any) -> Shape:
    """Return the shape of a type, made once."""
    shape = _shapes.get(annotation)
    if shape is None:
        shape = _shapes[annotation] = Shape(annotation)
    return shape


def _field_shapes(cls: DataType) -> dict[str, Shape]:
    shapes = _class_shapes.get(cls)
    if shapes is None:
        shapes = _class_shapes[cls] = {name: shape_of(kind) for name, kind in field_types(cls).items()}
    return shapes


# ---------------------------------------------------------------- reading


def read(annotation: Any, value: Any, path: str = "") -> Any:
    """Return the object that a value in JSON form stands for; `annotation` is a data class or a union of them.

    Raises:
        InvalidRequestError: Something is unknown, missing or of the wrong shape.
    """
    try:
        return _read(shape_of(annotation), value, path)
    except RecursionError:
        raise InvalidRequestError(f"{path or 'data'}: nested too deeply", path=path) from None


def read_field(cls: DataType, name: str, value: Any) -> Any:
    """Return the value of one field of a class, read from its JSON form."""
    return _read(_field_shapes(cls)[name], value, name)


def _read(shape: Shape, value: Any, path: str) -> Any:
    if Any in shape.kinds:
        return _copy_json(value, path)
    if isinstance(value, Data):
        if isinstance(value, tuple(shape.classes)):
            return value
    elif is_sequence(value):
        if shape.items is not None:
            items = shape.items
            return tuple(_read(items, item, f"{path}[{index}]") for index, item in enumerate(value))
    elif shape.classes and _is_mapping(value):
        return _read_object(_choose_class(shape, value, path), value, path)
    elif shape.values is not None and _is_mapping(value):
        values = shape.values
        return {_key(key, path): _read(values, value[key], f"{path}.{key}") for key in value}
    else:
        return _read_atom(shape, value, path)
    raise _unexpected(shape, value, path)


def _read_atom(shape: Shape, value: Any, path: str) -> Any:
    """Return a value that holds no others."""
    kinds = shape.kinds
    if isinstance(value, str):
        if str in kinds or value in shape.words:
            return value
        if bytes in kinds:
            return _read_base64(value, path)
        if shape.words:
            raise _wrong(path, f"expected {shape.expected()}, not {value!r}{suggestion(value, shape.words)}")
    elif isinstance(value, int) and not isinstance(value, bool):
        if int in kinds:
            return value
        if float in kinds:
            return _read_float(value, path)
    elif type(value) in kinds:
        if isinstance(value, float) and not isfinite(value):
            raise _wrong(path, f"{value} is not JSON")
        return value
    raise _unexpected(shape, value, path)


def _choose_class(shape: Shape, value: Any, path: str) -> type[Data]:
    """Return the class that a dictionary stands for, by its tag where there is a choice."""
    if len(shape.classes) == 1:
        return shape.classes[0]
    keys = list(dict.fromkeys(cls.__field_tag__[0] for cls in shape.classes if cls.__field_tag__))
    for key in keys:
        if key in value:
            word = value[key]
            if isinstance(word, str) and word in shape.tag:
                return shape.tag[word]
            hint = suggestion(word, shape.tag) if isinstance(word, str) else ""
            raise _wrong(_join(path, key), f"expected one of {', '.join(shape.tag)}, not {word!r}{hint}")
    raise _wrong(_join(path, keys[0]), f"missing; expected one of {', '.join(shape.tag)}")


def _read_object(cls: type[D], value: Any, path: str) -> D:
    shapes = _field_shapes(cls)
    tag = cls.__field_tag__
    fields: dict[str, Any] = {}
    for key, item in cls.__before_reading__(value).items():
        shape = shapes.get(key)
        if shape is not None:
            fields[key] = _read(shape, item, _join(path, key))
        elif tag is not None and key == tag[0]:
            if item != tag[1]:
                raise _wrong(_join(path, key), f"expected {tag[1]}, not {item!r}")
        else:
            known = [*shapes, tag[0]] if tag else list(shapes)
            raise _wrong(_join(path, str(key)), f"unknown key{suggestion(str(key), known)}")
    for name in shapes:
        if name not in fields and name not in cls.__field_defaults__:
            raise _wrong(_join(path, name), "missing")
    return cls(**fields)


def _read_base64(value: str, path: str) -> bytes:
    try:
        return a2b_base64(value, strict_mode=True)
    except (Base64Error, ValueError) as error:
        raise _wrong(path, f"not base64: {error}") from None


def _read_float(value: int, path: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise _wrong(path, "too large for a number with a fraction") from None


def _copy_json(value: Any, path: str) -> Any:
    """Return a JSON value's own copy, with lists as lists; refuse what JSON cannot say."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not isfinite(value):
            raise _wrong(path, f"{value} is not JSON")
        return value
    if is_dict(value):
        return {_key(key, path): _copy_json(item, f"{path}.{key}") for key, item in value.items()}
    if is_sequence(value):
        return [_copy_json(item, f"{path}[{index}]") for index, item in enumerate(value)]
    raise _wrong(path, f"{_name_of(value)} is not JSON")


def _key(key: Any, path: str) -> str:
    if not isinstance(key, str):
        raise _wrong(path, f"the key {key!r} is not a str")
    return key


# ---------------------------------------------------------------- writing


def write(data: Data) -> dict[str, Any]:
    """Return the JSON form of an object."""
    try:
        return _write_object(data, "")
    except RecursionError:
        raise InvalidRequestError(f"{type(data).__name__}: nested too deeply", path="") from None


def _write_object(data: Data, path: str) -> dict[str, Any]:
    cls = type(data)
    result: dict[str, Any] = {}
    if cls.__field_tag__ is not None:
        result[cls.__field_tag__[0]] = cls.__field_tag__[1]
    defaults = cls.__field_defaults__
    for name in cls.__field_types__:
        value = getattr(data, name)
        if name in defaults and type(value) is type(defaults[name]) and value == defaults[name]:
            continue
        result[name] = _write(value, _join(path, name))
    return result


def _write(value: Any, path: str) -> Any:
    if isinstance(value, Data):
        return _write_object(value, path)
    if isinstance(value, (bytes, bytearray)):
        return b2a_base64(value, newline=False).decode("ascii")
    if is_dict(value):
        return {_key(key, path): _write(item, f"{path}.{key}") for key, item in value.items()}
    if is_sequence(value):
        return [_write(item, f"{path}[{index}]") for index, item in enumerate(value)]
    return _copy_json(value, path)


# ---------------------------------------------------------------- words


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _wrong(path: str, problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"{path}: {problem}" if path else problem, path=path)


def _unexpected(shape: Shape, value: Any, path: str) -> InvalidRequestError:
    return _wrong(path, f"expected {shape.expected()}, not {_name_of(value)}")


def _is_mapping(value: Any) -> bool:
    return hasattr(value, "keys") and hasattr(value, "__getitem__")


def _name_of(value: Any) -> str:
    return "None" if value is None else type(value).__name__
