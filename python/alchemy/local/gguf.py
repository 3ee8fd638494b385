"""Reads the head of a GGUF file: enough to know that it is one, and what context the model was trained for.

The layout is that of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (read 2026-11-24), versions 2 and 3,
little-endian: magic, version, tensor count, then typed key-value pairs.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from alchemy.errors import LocalModelError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Head", "read_head"]

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_STRING = 8
_ARRAY = 9
#: The `struct` format of each scalar type by its number in the file.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
#: No name, key or string that matters here is longer; a longer one means a damaged file.
_LONGEST_STRING = 1 << 20


class Head(NamedTuple):
    """What the head of a file says; None where it does not."""

    name: str | None
    context_length: int | None


def read_head(path: Path) -> Head:
    """Read a file's head.

    Raises:
        LocalModelError: The file is missing, unreadable or not a GGUF file.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise LocalModelError(f"local: {path} is not a GGUF file")
            return _read_pairs(file)
    except OSError as error:
        raise LocalModelError(f"local: cannot read {path}: {error.strerror or error}") from error
    except (struct.error, ValueError, OverflowError) as error:
        raise LocalModelError(f"local: {path} is a damaged GGUF file, or one of a version not known here") from error


def _read_pairs(file: BinaryIO) -> Head:
    (version,) = _unpack(file, "I")
    if version not in _VERSIONS:
        raise ValueError(version)
    _, count = _unpack(file, "QQ")
    name: str | None = None
    for _ in range(count):
        key = _read_string(file)
        (kind,) = _unpack(file, "I")
        if key == "general.name" and kind == _STRING:
            name = _read_string(file)
        elif key.endswith(".context_length") and kind in _SCALARS:
            (length,) = _unpack(file, _SCALARS[kind])
            return Head(name, int(length))
        elif key.startswith("tokenizer."):
            # The vocabulary comes after the model's own figures and is long: what has not come by now is not there.
            break
        else:
            _skip(file, kind)
    return Head(name, None)


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    packed = struct.Struct("<" + layout)
    return packed.unpack(file.read(packed.size))


def _read_string(file: BinaryIO) -> str:
    (length,) = _unpack(file, "Q")
    if length > _LONGEST_STRING:
        raise ValueError(length)
    return file.read(length).decode("utf-8", "replace")


def _skip(file: BinaryIO, kind: int) -> None:
    if kind == _STRING:
        file.seek(_unpack(file, "Q")[0], 1)
    elif kind == _ARRAY:
        item, count = struct.unpack("<IQ", file.read(12))
        if item in _SCALARS:
            file.seek(struct.calcsize("<" + _SCALARS[item]) * count, 1)
        else:
            for _ in range(count):
                _skip(file, item)
    elif kind in _SCALARS:
        file.seek(struct.calcsize("<" + _SCALARS[kind]), 1)
    else:
        raise ValueError(kind)
