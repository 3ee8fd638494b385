"""How data prints, and how a wrong argument is put into words. Keys are never shown."""

from __future__ import annotations

from ._data import is_dict, is_sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._data import Data, DataType

_HIDDEN = "<hidden>"
_LONGEST_TEXT = 1000
_LONGEST_DATA = 80
_DATA_FIELDS = frozenset(("signature", "url", "data"))
_SECRET_WORDS = ("auth", "key", "token", "secret", "cookie", "password")


def show(data: Data) -> str:
    """Return `Class(field=value, ...)` with the fields that differ from their default."""
    try:
        return _show_fields(data)
    except RecursionError:
        # A value that holds itself, or is nested without measure: whoever prints it is after something else.
        return f"{type(data).__qualname__}(...)"


def _show_fields(data: Data) -> str:
    cls = type(data)
    shown: list[str] = []
    for name in cls.__field_types__:
        if not hasattr(data, name):
            # An argument was wrong: whoever prints the locals of the frame sees a half-made object.
            continue
        value = getattr(data, name)
        if name in cls.__field_defaults__ and value == cls.__field_defaults__[name]:
            continue
        shown.append(f"{name}={_show_field(name, value)}")
    return f"{cls.__qualname__}({', '.join(shown)})"


def _show_field(name: str, value: object) -> str:
    if name == "api_key":
        return _HIDDEN
    if name == "headers" and is_dict(value):
        return _show_headers(value)
    if name == "base_url" and isinstance(value, str):
        return repr(_without_secrets(value))
    return _show(value, _LONGEST_DATA if name in _DATA_FIELDS else _LONGEST_TEXT)


def _show(value: object, longest: int) -> str:
    if isinstance(value, str):
        return repr(value) if len(value) <= longest else f"{value[:longest]!r}...<{len(value)} characters>"
    if isinstance(value, (bytes, bytearray)):
        return repr(value) if len(value) <= _LONGEST_DATA else f"<{len(value)} bytes>"
    if is_sequence(value):
        items = [_show(item, longest) for item in value]
        if isinstance(value, list):
            return f"[{', '.join(items)}]"
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if is_dict(value):
        return f"{{{', '.join(f'{key!r}: {_show(item, longest)}' for key, item in value.items())}}}"
    return repr(value)


def _show_headers(headers: dict[str, str | None]) -> str:
    shown: list[str] = []
    for name, value in headers.items():
        secret = value is not None and any(word in str(name).lower() for word in _SECRET_WORDS)
        shown.append(f"{name!r}: {_HIDDEN if secret else repr(value)}")
    return f"{{{', '.join(shown)}}}"


def _without_secrets(url: str) -> str:
    """Hide a user's name and password, and what sounds secret in a query. No request takes such an address."""
    address, mark, query = url.partition("?")
    head, slashes, rest = address.partition("//")
    authority = rest.partition("/")[0]
    port = authority.rpartition(":")[2]
    # A slash in a password makes the rest of it look like a path.
    if slashes and "@" in rest and ("@" in authority or not (port.isdigit() or port == authority)):
        address = f"{head}//{_HIDDEN}@{rest.rpartition('@')[2]}"
    parts = [part.partition("=") for part in query.split("&")] if mark else []
    shown = [
        f"{name}={_HIDDEN}"
        if value and any(word in name.lower() for word in ("%", "sig", *_SECRET_WORDS))
        else f"{name}{equals}{value}"
        for name, equals, value in parts
    ]
    return f"{address}{mark}{'&'.join(shown)}"


def argument_problem(cls: DataType, problem: str, names: list[str]) -> str:
    """Return one line on arguments that a class needs or does not take."""
    line = f"{cls.__name__}() {problem} {', '.join(names)}"
    if problem == "needs":
        return line
    return line + suggestion(names[0], cls.__field_types__)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return a hint at the known word that is nearest to an unknown one, or nothing."""
    from difflib import get_close_matches

    nearest = get_close_matches(word, list(known), n=1)
    return f"; did you mean {nearest[0]}?" if nearest else ""
