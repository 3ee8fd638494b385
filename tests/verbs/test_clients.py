"""A client's own keys, addresses, defaults, proxy and certificates."""

import asyncio
import gzip
import os
import threading
import time

import alchemy
import pytest
from servers import FINISH, HELLO, TEXT, Close, Until, answer, completion, event_stream, head


def test_a_client_has_its_own_settings(serve):
    """Keys and addresses by provider, and default options, are the client's."""
    server = serve()
    with alchemy.Client(
        api_keys={"groq": "own-key"}, base_urls={"groq": server.url}, options=alchemy.Options(temperature=0.25)
    ) as client:
        client.complete("groq/llama-3.3-70b-versatile", "hello")
        client.complete("groq/llama-3.3-70b-versatile", "hello", temperature=1.5, api_key="call-key")
    first, second = server.requests
    assert (first.headers["authorization"], first.json["temperature"]) == ("Bearer own-key", 0.25)
    assert (second.headers["authorization"], second.json["temperature"]) == ("Bearer call-key", 1.5)


def test_a_client_may_be_asynchronous(serve, at):
    """`async with` and `complete_async` are the same client."""
    server = serve()

    async def main():
        async with alchemy.Client() as client:
            return await client.complete_async(at(server), "hello")

    assert asyncio.run(main()).text == "Hello there."


def test_a_closed_client_refuses(serve, at):
    """A closed client refuses new requests, and lets its open streams go on."""
    go_on = threading.Event()
    server = serve(event_stream(HELLO, Until(go_on), FINISH, "[DONE]"))
    client = alchemy.Client()
    stream = client.stream(at(server), "hello")
    next(iter(stream))
    client.close()
    with pytest.raises(alchemy.AlchemyError, match="closed"):
        client.complete(at(server), "hello")
    go_on.set()
    assert stream.result().text == "Hello"
    assert len(server.requests) == 1


def test_connections_are_kept(drive, serve, at):
    """Two requests one after the other use one connection."""
    server = serve()
    for _ in range(2):
        drive.complete(at(server), "hello")
    assert [request.connection for request in server.requests] == [0, 0]


def test_streams_keep_connections_too(serve, at):
    """A stream that was read to its end leaves its connection for the next request."""
    server = serve(event_stream(*TEXT))
    for _ in range(2):
        alchemy.stream(at(server), "hello").result()
        # The answer is whole a moment before its body has ended.
        time.sleep(0.1)
    assert [request.connection for request in server.requests] == [0, 0]


def test_a_connection_is_let_go_of_before_servers_close_it(serve, at):
    """After four seconds the next request goes over a new one: at five, many servers close it under the request."""
    server = serve()
    alchemy.complete(at(server), "hello")
    time.sleep(1)
    alchemy.complete(at(server), "hello")
    time.sleep(4.3)
    alchemy.complete(at(server), "hello")
    assert [request.connection for request in server.requests] == [0, 0, 1]


def test_gzip_is_undone(serve, at):
    """A compressed answer is read."""
    body = gzip.compress(b'{"choices":[{"message":{"content":"packed"},"finish_reason":"stop"}]}')
    server = serve(answer(body, headers=[("content-encoding", "gzip")]))
    assert alchemy.complete(at(server), "hello").text == "packed"


def test_a_proxy_of_the_client(serve, at):
    """`proxy=` carries the request, by its full address."""
    proxy = serve()
    with alchemy.Client(proxy=proxy.url) as client:
        assert client.complete(at("http://api.example"), "hello").text == "Hello there."
    assert proxy.requests[0].path == "http://api.example/v1/chat/completions"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment(serve, at, monkeypatch, no_proxies, name):
    """The proxy variables are honoured by a client made after they were set."""
    proxy = serve()
    monkeypatch.setenv(name, proxy.url)
    with alchemy.Client() as client:
        client.complete(at("http://api.example"), "hello")
    assert proxy.requests[0].path == "http://api.example/v1/chat/completions"


@pytest.mark.parametrize("proxy", ["nonsense://x", "", "http://"])
def test_a_proxy_that_is_none(serve, at, proxy):
    """A proxy of an unknown kind is refused; the request never goes around it."""
    server = serve()
    with alchemy.Client(proxy=proxy) as client, pytest.raises(alchemy.AlchemyError, match="proxy"):
        client.complete(at(server), "hello")
    assert not server.requests


def test_a_proxy_that_is_not_there(at):
    """The error names the proxy that was not reached, without its password."""
    with (
        alchemy.Client(proxy="http://user:secret@127.0.0.1:9") as client,
        pytest.raises(alchemy.ApiConnectionError, match=r"by the proxy 127\.0\.0\.1:9") as caught,
    ):
        client.complete(at("http://api.example"), "hello")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_for_loopback(serve, at, monkeypatch, no_proxies, host):
    """Loopback addresses are reached without the proxy of the environment."""
    proxy, server = serve(), serve()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    with alchemy.Client() as client:
        client.complete(at(f"http://{host}:{server.port}"), "hello")
    assert (len(proxy.requests), len(server.requests)) == (0, 1)


def test_no_proxy_is_honoured(serve, at, monkeypatch, no_proxies):
    """Hosts in NO_PROXY are reached directly: here, not at all."""
    proxy = serve()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "api.invalid")
    with alchemy.Client() as client, pytest.raises(alchemy.ApiConnectionError):
        client.complete(at("http://api.invalid"), "hello")
    assert not proxy.requests


def test_a_certificate_that_is_not_trusted(drive, serve, at, tls):
    """A server whose authority is not known is refused with a connection error."""
    with pytest.raises(alchemy.ApiConnectionError, match="certificate"):
        drive.complete(at(serve(tls=tls)), "hello", api_key="k")


def test_ca_file(serve, at, tls, certificate):
    """`ca_file=` adds a certificate to trust."""
    server = serve(tls=tls)
    with alchemy.Client(ca_file=str(certificate[0])) as client:
        assert client.complete(at(server), "hello").text == "Hello there."


def test_ssl_cert_file(serve, at, tls, certificate, monkeypatch):
    """`SSL_CERT_FILE` adds certificates to trust."""
    server = serve(tls=tls)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with alchemy.Client() as client:
        assert client.complete(at(server), "hello").text == "Hello there."


def test_a_ca_file_that_is_not_there(tmp_path, serve, at, tls):
    """A certificate file that cannot be read is an error that names it."""
    missing = str(tmp_path / "missing.pem")
    with pytest.raises((alchemy.AlchemyError, OSError), match=r"missing\.pem"):
        alchemy.Client(ca_file=missing).complete(at(serve(tls=tls)), "hello")


def test_http2_over_tls(at, serve, tls, certificate):
    """A client with `http2=True` still reaches a server that speaks HTTP/1.1 alone."""
    with alchemy.Client(http2=True, ca_file=str(certificate[0])) as client:
        assert client.complete(at(serve(tls=tls)), "hello").text == "Hello there."


def test_many_threads_share_a_client(serve, at):
    """Sixteen threads use one client at once."""
    server = serve()
    model = at(server)
    texts = []
    with alchemy.Client() as client:
        threads = [threading.Thread(target=lambda: texts.append(client.complete(model, "a").text)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert texts == ["Hello there."] * 16


def test_a_body_that_ends_with_the_connection(serve, at):
    """A JSON answer without a length ends with its connection."""
    body = b'{"choices":[{"message":{"content":"old"},"finish_reason":"stop"}]}'
    assert alchemy.complete(at(serve([head() + body, Close()])), "hello").text == "old"


def test_a_stale_connection_is_no_failure(serve, at):
    """A kept connection that the server closed in the meantime is not used again."""
    server = serve([*answer(completion()), Close()])
    for _ in range(3):
        assert alchemy.complete(at(server), "hello").text == "Hello there."
        # A request that crosses the close on its way is another matter: it may have been served.
        time.sleep(0.1)
    assert len(server.requests) == 3


def test_the_environment_is_not_touched():
    """A client reads the environment and changes nothing in it."""
    before = dict(os.environ)
    alchemy.Client().close()
    assert dict(os.environ) == before


@pytest.mark.parametrize("name", ["__init__", "stream", "complete", "complete_async"])
def test_the_types_of_dictionaries(name):
    """What stands for an object at run time is in the types as well."""
    types = getattr(alchemy.Client, name).__annotations__
    assert set(types["timeout"].split(" | ")) == {"Timeout", "TimeoutDict", "float", "None"}
    assert set(types["retries"].split(" | ")) == {"Retries", "RetriesDict", "int", "None"}


def test_dictionaries_in_place_of_objects(serve):
    """Times and retries may be given as dictionaries, to a client and to a call."""
    server = serve(answer({"error": {"message": "down"}}, 500))
    with alchemy.Client(retries={"count": 1, "backoff": 0}, timeout={"connect": 5.0}) as client:
        model = alchemy.Model(id="m", base_url=server.url)
        for retries, sent in ((None, 2), ({"count": 2, "backoff": 0}, 3)):
            with pytest.raises(alchemy.ServerError) as caught:
                client.complete(model, "hello", retries=retries, timeout={"connect": 5.0})
            assert len(caught.value.attempts) == sent
