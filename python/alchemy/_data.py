"""The base of every data class: written like a dataclass, slotted, frozen, keyword-only and cheap to import.

The standard `dataclasses` module costs more to import than this whole package may, so the methods are
written here once instead of being generated for each class. `dataclasses.fields`, `replace`, `asdict`
and `is_dataclass` work all the same: what they look for is built when they first look.

The native module fills the slots of a new object without calling `__init__`. So there is one plain slot
for each field, every slot is always set, and nothing else is kept on an object. What few programs ask for, the `raw`
of a message, is left unread there: a descriptor in front of the slot makes the dictionary at the first look.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, ClassVar, Self, TypeGuard, TypeVar, dataclass_transform

    D = TypeVar("D", bound="Data")
else:

    def dataclass_transform(**_parameters: object) -> Callable[[type], type]:
        """Tell type checkers, and only them, that subclasses behave as dataclasses."""
        return lambda marked: marked


_set = object.__setattr__
_ATOMS = frozenset((str, int, float, bool, bytes, type(None)))


def _own_annotations(namespace: dict[str, Any]) -> dict[str, Any]:
    """Return the annotations in a class body, as text where they are text."""
    annotations: dict[str, Any] | None = namespace.get("__annotations__")
    if annotations is None and "__annotate_func__" in namespace:
        # CPython 3.14 without `from __future__ import annotations`: they are computed on request.
        from importlib import import_module

        library: Any = import_module("annotationlib")
        annotations = library.call_annotate_function(namespace["__annotate_func__"], library.Format.STRING)
    return annotations or {}


class _Lazy:
    """A class attribute that is computed on first use, for each class of its own."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: DataType) -> Any:
        from . import _dataclass

        for name, value in _dataclass.attributes(owner).items():
            type.__setattr__(owner, name, value)
        return type.__getattribute__(owner, self.name)


_LAZY = {name: _Lazy(name) for name in ("__dataclass_fields__", "__dataclass_params__", "__signature__")}


@dataclass_transform(kw_only_default=True, frozen_default=True)
class DataType(type):
    """The metaclass: turns annotations and defaults of a class body into slots and a table of fields."""

    __field_types__: dict[str, str]
    __field_defaults__: dict[str, Any]
    __field_tag__: tuple[str, str] | None

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> DataType:
        """Make a data class out of a class body."""
        types: dict[str, str] = {}
        defaults: dict[str, Any] = {}
        tag: tuple[str, str] | None = None
        for base in reversed(bases):
            if isinstance(base, DataType):
                types.update(base.__field_types__)
                defaults.update(base.__field_defaults__)
                tag = base.__field_tag__ or tag
        slots: list[str] = []
        for field, annotation in _own_annotations(namespace).items():
            text = annotation if isinstance(annotation, str) else str(annotation)
            if "ClassVar[" in text:
                if field in ("type", "role"):
                    tag = (field, namespace[field])
                continue
            if field in namespace:
                defaults[field] = namespace.pop(field)
            if field not in types:
                slots.append(field)
            types[field] = text
        namespace.update(_LAZY)
        namespace["__slots__"] = tuple(slots)
        namespace["__match_args__"] = tuple(types)
        namespace["__field_types__"] = types
        namespace["__field_defaults__"] = defaults
        namespace["__field_tag__"] = tag
        return super().__new__(cls, name, bases, namespace)


class Data(metaclass=DataType):
    """Plain data: frozen, compared by content, with a form in JSON."""

    if TYPE_CHECKING:
        __field_types__: ClassVar[dict[str, str]]
        __field_defaults__: ClassVar[dict[str, Any]]
        __field_tag__: ClassVar[tuple[str, str] | None]
    else:

        def __init__(self, /, *positional: object, **values: Any) -> None:
            """Set every field, from the arguments or from its default."""
            cls = type(self)
            try:
                types = cls.__field_types__
                if positional:
                    names = ", ".join(types)
                    raise TypeError(f"{cls.__name__}() takes keyword arguments only: {names}")  # noqa: TRY301
                defaults = cls.__field_defaults__
                given = 0
                for name, annotation in types.items():
                    if name in values:
                        value = values[name]
                        given += 1
                        if type(value) not in _ATOMS or annotation.startswith("tuple["):
                            value = cls._accept(name, annotation, value)
                    elif name in defaults:
                        value = defaults[name]
                        if type(value) is dict:
                            value = value.copy()
                    else:
                        missing = [name for name in types if name not in defaults and name not in values]
                        _refuse_arguments(cls, "needs", missing)
                    _set(self, name, value)
                if given != len(values):
                    _refuse_arguments(cls, "does not take", [name for name in values if name not in types])
            except BaseException:
                # There may be a key among them, and programs that report errors collect the locals of each frame.
                values.clear()
                positional = value = ()
                raise

    @classmethod
    def _accept(cls, name: str, annotation: str, value: Any) -> Any:
        """Bring an argument into its field's form: sequences as tuples, dictionaries as the classes they stand for."""
        if "tuple[" in annotation:
            if value is None:
                return None
            if isinstance(value, (str, bytes, Data)) or is_dict(value) or not hasattr(value, "__iter__"):
                raise TypeError(f"{cls.__name__}.{name} takes a sequence, not {type(value).__name__}")
            value = tuple(value)
            if "tuple[dict[" in annotation or not any(is_dict(item) for item in value):
                return value
        elif not is_dict(value) or "dict[" in annotation or annotation == "Any":
            return value
        from . import _dicts

        return _dicts.read_field(cls, name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form: a new dictionary of plain JSON values.

        Keys are the field names, preceded by the class's tag (`type` or `role`) where it has one.
        Fields at their default are left out; bytes become base64 text, tuples become lists.

        Returns:
            A dictionary that `json.dumps` writes as it is and `from_dict` reads back.

        Raises:
            InvalidRequestError: A value is not JSON, such as NaN; the error names its path.

        Example:
            >>> import alchemy
            >>> alchemy.Text(text="hello").to_dict()
            {'type': 'text', 'text': 'hello'}
        """
        from . import _dicts

        return _dicts.write(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        """Read the JSON form.

        Args:
            data: A dictionary as `to_dict` gives it. The tag may be left out. Values that are already
                objects of the right class are taken as they are, and so are bytes in place of base64 text.

        Returns:
            An object of this class.

        Raises:
            InvalidRequestError: A key is unknown or missing, or a value has the wrong shape; the error
                names its path, such as `messages[3].content[0].text`.

        Example:
            >>> import alchemy
            >>> alchemy.Text.from_dict({"type": "text", "text": "hello"})
            Text(text='hello')
        """
        from . import _dicts

        result: Self = _dicts.read(cls, data)
        return result

    @classmethod
    def __before_reading__(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Bring a dictionary into the class's exact form; a class that takes other forms too overrides this."""
        return data

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed.

        Args:
            **changes: New values, by field name.

        Returns:
            A new object of the same class; this one stays as it is.

        Raises:
            TypeError: A name is not a field of this class.

        Example:
            >>> import alchemy
            >>> alchemy.Text(text="hello").replace(text="bye")
            Text(text='bye')
        """
        return _restore(type(self), {**field_values(self), **changes})

    if not TYPE_CHECKING:
        __replace__ = replace

        def __setattr__(self, name: str, value: object) -> None:
            """Refuse: data is frozen."""
            _refuse_change(self, "set", name)

        def __delattr__(self, name: str) -> None:
            """Refuse: data is frozen."""
            _refuse_change(self, "delete", name)

    def __eq__(self, other: object) -> bool:
        """Compare by class and content."""
        if self is other:
            return True
        if type(self) is not type(other):
            return NotImplemented
        return all(value == getattr(other, name) for name, value in field_values(self).items())

    def __hash__(self) -> int:
        """Hash the content, dictionaries and lists inside it included; so those must then stay as they are."""
        return hash((type(self), *(_hashable(value) for value in field_values(self).values())))

    def __repr__(self) -> str:
        """Show what differs from the defaults; keys are hidden and long data is shortened."""
        from . import _display

        return _display.show(self)

    def __reduce__(self) -> tuple[Callable[[type[Self], dict[str, Any]], Self], tuple[type[Self], dict[str, Any]]]:
        """Pickle by field name, so that a later version with more fields can read it."""
        return _restore, (type(self), field_values(self))

    def __copy__(self) -> Self:
        """Copy the object; what it holds is shared."""
        return _restore(type(self), field_values(self))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copy the object and everything in it."""
        from copy import deepcopy

        return _restore(type(self), deepcopy(field_values(self), memo))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: Any) -> dict[str, Any]:
        """Tell pydantic, which calls this, to read and write the JSON form."""
        from . import _pydantic

        return _pydantic.core_schema(cls, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: dict[str, Any], handler: Any) -> dict[str, Any]:
        """Tell pydantic, which calls this, what the JSON form looks like."""
        from . import _pydantic

        return {"description": cls.__doc__, **_pydantic.json_schema(core_schema, handler)}


def is_dict(value: object) -> TypeGuard[dict[Any, Any]]:
    """Tell whether a value is a dictionary."""
    return isinstance(value, dict)


def is_sequence(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Tell whether a value is a list or a tuple."""
    return isinstance(value, (list, tuple))


def field_values(data: Data) -> dict[str, Any]:
    """Return the values of an object's fields by name, in the order of the fields."""
    return {name: getattr(data, name) for name in type(data).__field_types__}


def _restore(cls: type[D], values: dict[str, Any]) -> D:
    return cls(**values)


def _hashable(value: object) -> object:
    if is_dict(value):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    if is_sequence(value):
        return tuple(_hashable(item) for item in value)
    return value


def _refuse_arguments(cls: DataType, problem: str, names: list[str]) -> None:
    from . import _display

    raise TypeError(_display.argument_problem(cls, problem, names))


def _refuse_change(data: Data, verb: str, name: str) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot {verb} {type(data).__name__}.{name}: data is frozen; use replace({name}=...)")
