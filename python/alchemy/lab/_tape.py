"""Tapes: recorded answers, byte for byte, with the time at which each piece came."""

from __future__ import annotations

import base64
import json
import math
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from alchemy.errors import InvalidRequestError

if TYPE_CHECKING:
    import os
    from typing import Self

__all__ = ["Tape"]

_SECRET = re.compile(
    r"authori[sz]ation|authenticat|cookie|key|token(?!s)|secret|password|credential|signature", re.IGNORECASE
)
#: How a body was framed on its way is none of its bytes.
_FRAMING = {"connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_STATUSES = range(200, 600)
_FORMAT = 1
_LONGEST_RANDOM = 64


@dataclass(frozen=True, slots=True)
class Tape:
    r"""A recorded answer: status, headers, and the pieces of the body with their times.

    A tape never holds anything of the request. Headers of the answer that may hold a secret (`set-cookie`, and names
    with `key`, `token`, `secret`, `authorization` and the like in them) and those that say how the body was framed
    are left out when it is made.

    Args:
        chunks: The pieces: seconds since the headers, and bytes.
        status: The HTTP status.
        headers: The headers of the answer; names are kept in lower case.
        speed: How much faster than recorded it is replayed; `math.inf`: at once.

    Raises:
        InvalidRequestError: A time is negative or before the one in front of it, or a status or header is none.

    Example:
        >>> from alchemy.lab import Tape
        >>> tape = Tape([(0.0, b"data: 1\n\n"), (0.5, b"data: 2\n\n")], headers={"set-cookie": "session=1"})
        >>> tape.body, tape.headers, tape.seconds
        (b'data: 1\n\ndata: 2\n\n', {}, 0.5)
    """

    chunks: tuple[tuple[float, bytes], ...]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    speed: float = 1.0

    def __init__(
        self,
        chunks: Iterable[tuple[float, bytes]],
        *,
        status: int = 200,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        speed: float = 1.0,
    ) -> None:
        kept = {name.lower(): value for name, value in dict(headers).items() if _is_kept(name)}
        pieces = tuple((float(seconds), bytes(data)) for seconds, data in chunks)
        before = 0.0
        for place, (seconds, _) in enumerate(pieces):
            if not before <= seconds < math.inf:
                raise _wrong(f"chunks[{place}]", f"the time {seconds} is not after the one before it, {before}")
            before = seconds
        for name, value in kept.items():
            if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
                raise _wrong(f"headers[{name!r}]", "not a header of one line")
        if status not in _STATUSES:
            raise _wrong("status", f"{status} is no HTTP status from 200 to 599")
        if not speed > 0:
            raise _wrong("speed", f"{speed} is not above 0; math.inf replays at once")
        object.__setattr__(self, "chunks", pieces)
        object.__setattr__(self, "status", status)
        object.__setattr__(self, "headers", kept)
        object.__setattr__(self, "speed", speed)

    @classmethod
    def of_bytes(
        cls,
        data: bytes,
        *,
        sizes: int | Iterable[int] | None = None,
        seconds: float = 0.0,
        seed: int | None = None,
        status: int = 200,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (("content-type", "text/event-stream"),),
    ) -> Self:
        """Make a tape of a body that was kept without times.

        Args:
            data: The body.
            sizes: How many bytes each piece has: one size for all, or sizes that are taken in turn. Default: one
                piece, or 1 to 64 bytes each by `seed`.
            seconds: Time from piece to piece. Default: none.
            seed: Makes sizes at random, the same ones for the same seed.
            status: The HTTP status. Default: 200.
            headers: The headers. Default: those of an event stream.

        Returns:
            The tape.

        Raises:
            InvalidRequestError: A size is below 1.

        Example:
            >>> from alchemy.lab import Tape
            >>> [piece for _, piece in Tape.of_bytes(b"abcdef", sizes=[1, 3]).chunks]
            [b'a', b'bcd', b'e', b'f']
        """
        pieces: list[bytes] = []
        chosen = random.Random(seed)  # noqa: S311 - sizes are no secret
        given = [sizes] if isinstance(sizes, int) else list(sizes or ())
        if any(size < 1 for size in given):
            raise _wrong("sizes", "a piece has at least 1 byte")
        start = 0
        while start < len(data):
            left = len(data) if seed is None else chosen.randint(1, _LONGEST_RANDOM)
            size = given[len(pieces) % len(given)] if given else left
            pieces.append(data[start : start + size])
            start += size
        timed = [(number * seconds, piece) for number, piece in enumerate(pieces)]
        return cls(timed, status=status, headers=headers)

    @property
    def body(self) -> bytes:
        """All bytes of the body."""
        return b"".join([data for _, data in self.chunks])

    @property
    def seconds(self) -> float:
        """How long it takes to replay, from the headers to the last piece. Unit: seconds."""
        return (self.chunks[-1][0] if self.chunks else 0.0) / self.speed

    def at_speed(self, speed: float) -> Tape:
        """Give the same tape, replayed faster or slower.

        Args:
            speed: 2.0: in half the time; `math.inf`: at once.

        Returns:
            Another tape; this one stays as it is.

        Raises:
            InvalidRequestError: The speed is not above 0.
        """
        return Tape(self.chunks, status=self.status, headers=self.headers, speed=speed)

    def to_dict(self) -> dict[str, Any]:
        """Give the tape in its JSON form; its speed is none of the recording.

        Returns:
            A dictionary: `tape` (the version of the form, 1), `status`, `headers` and `chunks`, each of which has `at`
            and either `text`, where it is UTF-8, or `base64`.
        """
        return {
            "tape": _FORMAT,
            "status": self.status,
            "headers": dict(self.headers),
            "chunks": [{"at": seconds, **_readable(data)} for seconds, data in self.chunks],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        """Read a tape from its JSON form.

        Args:
            data: A dictionary as `to_dict` gives it.

        Returns:
            The tape.

        Raises:
            InvalidRequestError: It is not of that form.
        """
        if data.get("tape") != _FORMAT:
            raise _wrong("tape", f"expected the version of the form, {_FORMAT}, got {data.get('tape')!r}")
        headers: Any = data.get("headers", {})
        chunks: Any = data.get("chunks")
        try:
            pieces = [(float(chunk["at"]), _bytes(chunk)) for chunk in chunks]
            named = {str(name): str(value) for name, value in headers.items()}
            return cls(pieces, status=int(data.get("status", 200)), headers=named)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, InvalidRequestError):
                raise
            raise _wrong("tape", f"not a tape ({type(error).__name__}: {error})") from None

    def save(self, path: str | os.PathLike[str], /) -> None:
        """Write the tape to a file, as JSON.

        Args:
            path: The file; one that is there is replaced.

        Raises:
            OSError: It cannot be written.
        """
        Path(path).write_text(json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str], /) -> Self:
        r"""Read a tape from a file.

        Args:
            path: A file that `save` wrote.

        Returns:
            The tape.

        Raises:
            OSError: It cannot be read.
            InvalidRequestError: It holds no tape.

        Example:
            >>> import tempfile
            >>> from pathlib import Path
            >>> from alchemy.lab import Tape
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     Tape.of_bytes(b"data: 1\n\n").save(Path(folder, "one.tape"))
            ...     Tape.load(Path(folder, "one.tape")).body
            b'data: 1\n\n'
        """
        try:
            data: Any = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise InvalidRequestError(f"{path}: no tape: {error}", path="tape") from None
        if not isinstance(data, Mapping):
            raise InvalidRequestError(f"{path}: no tape: expected a JSON object", path="tape")
        return cls.from_dict(cast("Mapping[str, Any]", data))


def _is_kept(name: str) -> bool:
    return name.lower() not in _FRAMING and _SECRET.search(name) is None


def _readable(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _bytes(chunk: Mapping[str, str]) -> bytes:
    return chunk["text"].encode() if "text" in chunk else base64.b64decode(chunk["base64"], validate=True)


def _wrong(path: str, why: str) -> InvalidRequestError:
    return InvalidRequestError(f"tape: {path}: {why}", path=path)
