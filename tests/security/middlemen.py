"""Small proxies on the loopback interface: HTTP and SOCKS5, with and without a password."""

import base64
import contextlib
import re
import select
import socket
import struct
import threading
from typing import Self

HOST = "127.0.0.1"
OWN = re.compile(rb"(?i)(proxy-[a-z]+): ([^\r]*)\r\n")
"""Headers that are for the proxy alone."""


class Middleman:
    """Takes connections, notes what it was asked for, and carries bytes to one server whatever the name asked for."""

    def __init__(self, port: int, login: tuple[str, str] | None = None, tls=None) -> None:
        self.target = port
        self.login = login
        self.tls = tls
        self.asked: list[str] = []
        """What clients asked for, in the words of the protocol."""
        self.logins: list[str] = []
        """The logins that clients gave."""
        self._stopped = threading.Event()
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(accepted,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, accepted: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError), contextlib.ExitStack() as stack:
            client = stack.enter_context(accepted)
            client.settimeout(5)
            if self.tls:
                client = stack.enter_context(self.tls.wrap_socket(client, server_side=True))
            self.meet(client)

    def meet(self, client: socket.socket) -> None:
        raise NotImplementedError

    def carry(self, client: socket.socket, first: bytes = b"") -> None:
        """Connects to the server and carries bytes both ways until one side ends."""
        with socket.create_connection((HOST, self.target), 5) as server:
            server.sendall(first)
            other = {client: server, server: client}
            while not self._stopped.is_set():
                pending = isinstance(client, socket.socket) and getattr(client, "pending", lambda: 0)()
                ready = [client] if pending else select.select(list(other), [], [], 0.05)[0]
                for side in ready:
                    received = side.recv(65_536)
                    if not received:
                        return
                    other[side].sendall(self.passed(received) if side is client else received)

    def passed(self, received: bytes) -> bytes:
        """What goes on to the server of what a client sent."""
        return received


def exactly(client: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        piece = client.recv(count - len(received))
        if not piece:
            raise EOFError
        received += piece
    return received


class HttpProxy(Middleman):
    """CONNECT for https, and whole addresses for http."""

    def meet(self, client) -> None:
        raw = b""
        while b"\r\n\r\n" not in raw:
            piece = client.recv(65_536)
            if not piece:
                return
            raw += piece
        first = raw.partition(b"\r\n")[0].decode("latin-1")
        self.asked.append(first)
        kept = self.passed(raw)
        if self.login and self.logins[-1:] != [":".join(self.login)]:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n")
            client.sendall(b'Proxy-Authenticate: Basic realm="tests"\r\ncontent-length: 0\r\n\r\n')
            return
        if first.startswith("CONNECT "):
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self.carry(client)
            return
        self.carry(client, kept)

    def passed(self, received: bytes) -> bytes:
        """The hop's own headers end here, in each request of a connection; there are none within TLS."""
        for name, value in OWN.findall(received):
            if name.lower() == b"proxy-authorization":
                self.logins.append(base64.b64decode(value.removeprefix(b"Basic ")).decode())
        return OWN.sub(b"", received)


class SocksProxy(Middleman):
    """SOCKS5: RFC 1928, and RFC 1929 where there is a login."""

    def meet(self, client) -> None:
        version, count = exactly(client, 2)
        methods = exactly(client, count)
        method = 2 if self.login else 0
        if version != 5 or method not in methods:
            client.sendall(b"\x05\xff")
            return
        client.sendall(bytes([5, method]))
        if self.login:
            _, length = exactly(client, 2)
            user = exactly(client, length)
            password = exactly(client, *exactly(client, 1))
            self.logins.append(f"{user.decode()}:{password.decode()}")
            right = self.logins[-1] == ":".join(self.login)
            client.sendall(b"\x01\x00" if right else b"\x01\x01")
            if not right:
                return
        _, _, _, kind = exactly(client, 4)
        if kind == 3:
            host = exactly(client, *exactly(client, 1)).decode()
        else:
            host = socket.inet_ntop(
                *((socket.AF_INET, exactly(client, 4)) if kind == 1 else (socket.AF_INET6, exactly(client, 16)))
            )
        (port,) = struct.unpack(">H", exactly(client, 2))
        self.asked.append(f"{host}:{port}")
        client.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        self.carry(client)
