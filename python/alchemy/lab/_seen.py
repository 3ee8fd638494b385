"""What a lab saw: requests and connections."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Connection", "Headers", "Request"]

_SECRET = re.compile(r"authori[sz]ation|cookie|key|token(?!s)|secret|password|credential", re.IGNORECASE)
_SECRET_IN_QUERY = re.compile(r"([?&][^=&]*(?:key|token|secret|signature)[^=&]*=)[^&]*", re.IGNORECASE)


class Headers(dict[str, str]):
    """Headers by their names in lower case; what may be a key is not shown, but there."""

    def __repr__(self) -> str:
        return repr({name: "[redacted]" if _SECRET.search(name) else value for name, value in self.items()})


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived."""

    method: str
    """For example `POST`."""
    path: str
    """The path with its query, as it came."""
    headers: Headers
    """The headers, by names in lower case; where one came twice, the values are joined by a comma."""
    body: bytes
    """The body."""
    api: str | None
    """The wire protocol that the path belongs to; None where it belongs to none."""
    model: str
    """The model id that it asks for; empty where it asks for none."""
    streamed: bool
    """Whether it asks for a stream."""
    time: float
    """When it had arrived, by `time.monotonic()`. Unit: seconds."""
    connection: int
    """The number of the connection that it came on, from 0; `Lab.connections` has it at that place."""

    @property
    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: It is none.
        """
        return json.loads(self.body)

    def __repr__(self) -> str:
        path = _SECRET_IN_QUERY.sub(r"\1[redacted]", self.path)
        return (
            f"Request({self.method} {path}, api={self.api!r}, model={self.model!r}, streamed={self.streamed}, "
            f"headers={self.headers!r}, body={len(self.body)} bytes, connection={self.connection})"
        )


@dataclass(slots=True, eq=False)
class Connection:
    """One connection that a client made."""

    number: int
    """Its number, from 0."""
    opened: float
    """When it was made, by `time.monotonic()`. Unit: seconds."""
    closed: float | None = None
    """When it was closed, by whoever did it first; None while it is open. Unit: seconds."""
    closed_by: str | None = None
    """Who closed it: `client` or `server`; None while it is open."""
    requests: int = 0
    """How many requests came on it."""
    bytes_sent: int = 0
    """How many bytes were given to it, headers included; at most one write of them is not yet with the system."""
    _closed: threading.Event = field(default_factory=threading.Event, repr=False)

    def wait_closed(self, timeout: float = 5.0) -> bool:
        """Wait until the connection is closed.

        Args:
            timeout: How long to wait at most. Default: 5. Unit: seconds.

        Returns:
            Whether it was closed in time.
        """
        return self._closed.wait(timeout)

    def note_closed(self, now: float, by: str) -> bool:
        """Note who closed it and when, once; the lab calls this."""
        if self.closed is not None:
            return False
        self.closed_by = by
        self.closed = now
        self._closed.set()
        return True
