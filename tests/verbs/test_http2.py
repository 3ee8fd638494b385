"""HTTP/2, where a server offers it and the client was asked to use it."""

import asyncio
import json
import socket
import threading

import alchemy
import pytest
from servers import completion

h2_connection = pytest.importorskip("h2.connection", reason="the package h2 is not installed")
h2_events = pytest.importorskip("h2.events")


class Http2Server:
    """Answers every request of one connection after the other; speaks nothing but HTTP/2."""

    def __init__(self, tls):
        tls.set_alpn_protocols(["h2"])
        self.tls = tls
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.paths = []
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with self.tls.wrap_socket(raw, server_side=True) as link:
                self._serve(link)

    def _serve(self, link):
        connection = h2_connection.H2Connection(h2_connection.H2Configuration(client_side=False))
        connection.initiate_connection()
        link.sendall(connection.data_to_send())
        while received := link.recv(65_536):
            for event in connection.receive_data(received):
                if isinstance(event, h2_events.RequestReceived):
                    headers = {str(name, "ascii"): str(value, "ascii") for name, value in event.headers}
                    self.paths.append(headers[":path"])
                elif isinstance(event, h2_events.StreamEnded):
                    connection.send_headers(event.stream_id, [(":status", "200"), ("content-type", "application/json")])
                    connection.send_data(event.stream_id, json.dumps(completion()).encode(), end_stream=True)
            link.sendall(connection.data_to_send())


def test_requests_share_one_connection(tls, certificate):
    """With `http2=True` twenty requests at once go over one connection, as streams of it."""
    server = Http2Server(tls)
    model = alchemy.Model(id="m", base_url=f"https://127.0.0.1:{server.port}")

    async def ask(client):
        return await asyncio.gather(*(client.complete_async(model, "hello") for _ in range(20)))

    with alchemy.Client(http2=True, ca_file=str(certificate[0])) as client:
        # The first request makes the connection that the others find.
        client.complete(model, "hello")
        replies = asyncio.run(ask(client))
    server.listener.close()
    assert {reply.text for reply in replies} == {"Hello there."}
    assert (server.connections, len(server.paths)) == (1, 21)
