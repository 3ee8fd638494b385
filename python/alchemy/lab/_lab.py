"""The lab itself: a provider on the loopback interface that says what it is told, and fails as it is told."""

from __future__ import annotations

import ssl
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from alchemy.errors import InvalidRequestError
from alchemy.lab._answers import Answer, check_answer
from alchemy.lab._faults import Fault, Faults, faults_of
from alchemy.lab._server import HOST, Entry, Server
from alchemy.lab.protocols import PROTOCOLS
from alchemy.models import Model

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from alchemy.lab._seen import Connection, Request

__all__ = ["Lab"]

_CERTIFICATES = Path(__file__).parent / "certificates"
Tls = bool | Literal["self-signed"] | ssl.SSLContext


class Lab:
    """A provider on the loopback interface, for tests: it says and fails as it is told, over every wire protocol.

    It serves all protocols on one port, told apart by path, from a thread of its own. Use it in a `with` block or call
    `close()`. Answers stand in line; once the line is empty, `default` is said. What a protocol, an answer or a fault
    makes impossible is answered with status 400, and raised at the end of the `with` block.

    Args:
        default: What is said when no answer stands in line. Default: "Hello there.".
        faults: What goes wrong with the default answer. Default: nothing.
        pace: Time between the events of the default answer when it is streamed. Default: 0. Unit: seconds.
        tls: Whether to speak TLS: True, by a certificate that `ca_file` vouches for; `"self-signed"`, by one that
            nobody vouches for; or a context of your own. Default: False.
        port: Where to listen on 127.0.0.1. Default: a free port.

    Raises:
        InvalidRequestError: The answer or a fault is none.
        OSError: The port is taken.

    Example:
        >>> import alchemy
        >>> from alchemy.lab import Lab
        >>> with Lab() as lab:
        ...     lab.add("Bonjour.")
        ...     print(alchemy.complete(lab.model("anthropic-messages"), "Say hello in French.").text)
        ...     lab.add("Never heard.", faults="reset@2")
        ...     try:
        ...         alchemy.complete(lab.model(), "And now?")
        ...     except alchemy.ApiConnectionError:
        ...         print("reset")
        Bonjour.
        reset
    """

    def __init__(
        self,
        default: Answer = "Hello there.",
        *,
        faults: Faults = (),
        pace: float = 0.0,
        tls: Tls = False,
        port: int = 0,
    ) -> None:
        check_answer(default)
        self._default, self._faults, self._pace = default, faults_of(faults), _checked_pace(pace)
        self._line: deque[Entry] = deque()
        self._lock = threading.Lock()
        self._tls = _tls_context(tls)
        self._server = Server(self._take, self._tls, port)

    @property
    def requests(self) -> list[Request]:
        """Every request that came whole, in order."""
        return self._server.requests

    @property
    def connections(self) -> list[Connection]:
        """Every connection that was made, in order."""
        return self._server.connections

    @property
    def failures(self) -> list[Exception]:
        """Why answers could not be given; the first is raised at the end of the `with` block."""
        return self._server.failures

    @property
    def pending(self) -> int:
        """How many answers stand in line that no request has asked for; one with `times=` counts once."""
        with self._lock:
            return len(self._line)

    @property
    def url(self) -> str:
        """Its address, without a path, as it goes into `Model.base_url` and other libraries' base URLs."""
        return f"{'https' if self._tls else 'http'}://{HOST}:{self._server.port}"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.port

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that signed the one of `tls=True`. Trust it in tests and nowhere else."""
        return _CERTIFICATES / "authority.pem"

    @property
    def default(self) -> Answer:
        """What is said when no answer stands in line. It may be set."""
        return self._default

    @default.setter
    def default(self, answer: Answer) -> None:
        check_answer(answer)
        self._default = answer

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What goes wrong with the default answer. It may be set, to what `faults=` takes."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults_of(faults)

    @property
    def pace(self) -> float:
        """Time between the events of the default answer when it is streamed. It may be set. Unit: seconds."""
        return self._pace

    @pace.setter
    def pace(self, seconds: float) -> None:
        self._pace = _checked_pace(seconds)

    @property
    def bytes_sent(self) -> int:
        """How many bytes were sent on all connections, headers included."""
        return sum([connection.bytes_sent for connection in list(self.connections)])

    def add(
        self,
        answer: Answer,
        /,
        *,
        faults: Faults = (),
        pace: float = 0.0,
        api: str | None = None,
        times: int = 1,
    ) -> None:
        """Put an answer in line.

        Args:
            answer: A text; an `AssistantMessage`, whose text, thinking, tool calls, stop reason and usage are said in
                the request's protocol, streamed or whole as the request asks; a `Tape`, which is replayed byte for
                byte; or a function that takes the `Request` and gives one of these. It runs in a thread.
            faults: What goes wrong: a `Fault`, its text, or several. Default: nothing.
            pace: Time between events when it is streamed; a tape has its own times. Default: 0. Unit: seconds.
            api: The wire protocol whose requests it is for. Default: any.
            times: How many requests it answers. Default: 1.

        Raises:
            InvalidRequestError: The answer, a fault, the pace, the protocol or the number is none.

        Example:
            >>> import alchemy
            >>> from alchemy.lab import Lab
            >>> with Lab() as lab:
            ...     lab.add(lambda request: request.json["messages"][-1]["content"].upper())
            ...     print(alchemy.complete(lab.model(), "hello").text)
            HELLO
        """
        check_answer(answer)
        if api is not None and api not in PROTOCOLS:
            raise InvalidRequestError(f"lab: no such protocol: {api!r}; one of {', '.join(PROTOCOLS)}", path="api")
        if times < 1:
            raise InvalidRequestError("lab: an answer answers at least 1 request", path="times")
        entry = Entry(answer, faults_of(faults), _checked_pace(pace), api, times)
        with self._lock:
            self._line.append(entry)

    def model(self, api: str = "openai-completions", **fields: Any) -> Model:
        """Give a model that points at the lab.

        Args:
            api: The wire protocol. Default: `openai-completions`.
            **fields: Further fields of `Model`, such as `id`, which is "lab" by default.

        Returns:
            The model.

        Raises:
            InvalidRequestError: The lab does not speak that protocol.
        """
        if api not in PROTOCOLS:
            raise InvalidRequestError(f"lab: no such protocol: {api!r}; one of {', '.join(PROTOCOLS)}", path="api")
        filled: dict[str, Any] = {"id": "lab", "base_url": self.url, **fields, "api": api}
        return Model(**filled)

    def wait_requests(self, count: int = 1, timeout: float = 5.0) -> bool:
        """Wait until that many requests have come.

        Args:
            count: How many, since the lab began. Default: 1.
            timeout: How long to wait at most. Default: 5. Unit: seconds.

        Returns:
            Whether they came in time.
        """
        with self._server.changed:
            return self._server.changed.wait_for(lambda: len(self.requests) >= count, timeout)

    def wait_closed(self, timeout: float = 5.0) -> bool:
        """Wait until every connection is closed, and at least one was made.

        Args:
            timeout: How long to wait at most. Default: 5. Unit: seconds.

        Returns:
            Whether they were closed in time.
        """

        def all_closed() -> bool:
            return bool(self.connections) and all(one.closed is not None for one in self.connections)

        with self._server.changed:
            return self._server.changed.wait_for(all_closed, timeout)

    def close(self) -> None:
        """Stop: close every connection, the port and the thread. Closing again does nothing."""
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is None and self.failures:
            raise self.failures[0]

    def __repr__(self) -> str:
        return f"Lab({self.url!r}, {len(self.requests)} requests{', closed' if self._server.closed else ''})"

    def _take(self, api: str) -> Entry:
        """Take the next answer for a protocol out of the line."""
        with self._lock:
            for place, entry in enumerate(self._line):
                if entry.api in {None, api}:
                    entry.times -= 1
                    if entry.times == 0:
                        del self._line[place]
                    return entry
            return Entry(self._default, self._faults, self._pace, None, 1)


def _checked_pace(seconds: float) -> float:
    if not 0 <= seconds < threading.TIMEOUT_MAX:
        raise InvalidRequestError(f"lab: the pace is a number of seconds from 0, got {seconds!r}", path="pace")
    return seconds


def _tls_context(tls: Tls) -> ssl.SSLContext | None:
    if isinstance(tls, ssl.SSLContext):
        return tls
    if tls is False:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    name = "self-signed" if tls == "self-signed" else "server"
    context.load_cert_chain(_CERTIFICATES / f"{name}.pem", _CERTIFICATES / f"{name}-key.pem")
    return context
