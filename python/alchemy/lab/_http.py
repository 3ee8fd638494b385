"""HTTP/1.1 requests out of bytes, and heads of answers into bytes. Pure work, without sockets."""

from __future__ import annotations

import http
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alchemy.lab._seen import Headers

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BadRequestError", "RawRequest", "Reader", "head"]

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]*\r?\n")
_LONGEST_HEAD = 256 * 1024
_LONGEST_BODY = 512 * 1024 * 1024


class BadRequestError(Exception):
    """What came is no request; nothing after it can be read."""


@dataclass(frozen=True, slots=True)
class RawRequest:
    """One request as it stands on the wire."""

    method: str
    target: str
    headers: Headers
    body: bytes
    keeps_open: bool
    """Whether the client wants to send more on the connection."""


class Reader:
    """Takes the bytes of a connection and gives its requests."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._head: tuple[str, str, Headers, bool] | None = None
        self._chunks = bytearray()
        self.wants_word = False
        """Whether the client waits for `100 Continue` before it sends the body."""

    def feed(self, data: bytes) -> RawRequest | None:
        """Take bytes; gives a request once it is whole. Call it with nothing for the next one.

        Raises:
            BadRequestError: The bytes are no request.
        """
        self._received += data
        if self._head is None and not self._read_head():
            return None
        assert self._head is not None  # noqa: S101 - for the type checker
        method, target, headers, keeps_open = self._head
        body = self._read_chunks() if "transfer-encoding" in headers else self._read_length(headers)
        if body is None:
            return None
        self._head = None
        self.wants_word = False
        return RawRequest(method, target, headers, body, keeps_open)

    def _read_head(self) -> bool:
        while self._received.startswith(b"\r\n"):
            del self._received[:2]
        end = _END_OF_HEAD.search(self._received)
        if end is None:
            if len(self._received) > _LONGEST_HEAD:
                raise BadRequestError("the headers are too long")
            return False
        lines = bytes(self._received[: end.start()]).decode("latin-1").splitlines()
        del self._received[: end.end()]
        words = lines[0].split(" ") if lines else []
        if len(words) != 3 or not words[2].startswith("HTTP/1."):  # noqa: PLR2004 - method, target, version
            raise BadRequestError("the first line is no request of HTTP/1")
        headers = Headers()
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise BadRequestError("a header is no name and value")
            key = name.lower()
            headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
        wanted = headers.get("connection", "").lower()
        keeps_open = "close" not in wanted and (words[2] != "HTTP/1.0" or "keep-alive" in wanted)
        self._head = (words[0], words[1], headers, keeps_open)
        self.wants_word = headers.get("expect", "").lower() == "100-continue"
        return True

    def _read_length(self, headers: Headers) -> bytes | None:
        said = headers.get("content-length", "0")
        if not said.isdecimal() or int(said) > _LONGEST_BODY:
            raise BadRequestError("the content-length is no length that the lab takes")
        return self._take(int(said))

    def _take(self, length: int) -> bytes | None:
        if len(self._received) < length:
            return None
        taken = bytes(self._received[:length])
        del self._received[:length]
        return taken

    def _read_chunks(self) -> bytes | None:
        while True:
            size = _SIZE.match(self._received)
            if size is None:
                if self._received[:1].strip(b"0123456789abcdefABCDEF") or len(self._received) > _LONGEST_HEAD:
                    raise BadRequestError("a chunk of the body has no length")
                return None
            length = int(size[1], 16)
            whole = size.end() + length + 2
            if len(self._received) < whole:
                return None
            self._chunks += self._received[size.end() : whole - 2]
            del self._received[:whole]
            if len(self._chunks) > _LONGEST_BODY:
                raise BadRequestError("the body is too long")
            if length == 0:
                body = bytes(self._chunks)
                self._chunks.clear()
                return body


def head(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    """Encode the status line and headers of an answer."""
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = "Overloaded" if status == 529 else "Unnamed"  # noqa: PLR2004 - the status that no standard names
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
