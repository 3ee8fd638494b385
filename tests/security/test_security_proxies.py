"""Proxies with credentials: they get them, servers do not, and nobody is shown them."""

import urllib.parse

import alchemy
import pytest
from middlemen import HttpProxy, SocksProxy
from servers import answer, event_stream

KEY = "sk-very-secret-0123456789"
USER = "the-user@example"
PASSWORD = "pass:w/rd?#% +long"
LOGIN = (USER, PASSWORD)
QUOTED = f"{urllib.parse.quote(USER, safe='')}:{urllib.parse.quote(PASSWORD, safe='')}"


@pytest.fixture(autouse=True)
def _plain_environment(no_proxies, monkeypatch):
    """No proxies and certificates from the environment of the run."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("REQUEST_METHOD", raising=False)


def no_login(*texts) -> bool:
    """Whether none of the texts shows the user's name or password."""
    secrets = (USER, PASSWORD, *QUOTED.split(":"))
    return not [text for text in map(str, texts) if any(secret in text for secret in secrets)]


KINDS = {
    "http to https": ("http", HttpProxy, True),
    "http to http": ("http", HttpProxy, False),
    "socks5 to https": ("socks5h", SocksProxy, True),
    "socks5 to http": ("socks5h", SocksProxy, False),
}


@pytest.fixture(params=KINDS)
def way(request, serve, authority, wire):
    """A proxy that wants a login, the server behind it, and the address of the server: proxy, scheme, server, url."""
    scheme, kind, encrypted = KINDS[request.param]
    tls = authority.make("good").server() if encrypted else None
    server = serve(answer(wire.whole), event_stream(*wire.text), tls=tls)
    with kind(server.port, LOGIN) as proxy:
        yield proxy, scheme, server, f"{'https' if encrypted else 'http'}://api.example"


def test_a_proxy_with_a_login(at, wire, authority, way):
    """The proxy gets user name and password, the server gets the key and not the login, for answers and streams."""
    proxy, scheme, server, url = way
    with alchemy.Client(proxy=f"{scheme}://{QUOTED}@127.0.0.1:{proxy.port}", ca_file=authority.file) as client:
        assert client.complete(at(url), "hello", api_key=KEY).text == "Hello there."
        assert client.stream(at(url), "hello", api_key=KEY).result().text == "Hello there."
        assert no_login(client)
    assert set(proxy.logins) == {f"{USER}:{PASSWORD}"}
    assert "api.example" in proxy.asked[0]
    for request in server.requests:
        assert "proxy-authorization" not in request.headers
        assert no_login(request.headers, request.path)
        assert KEY in str(request.headers)
    # What a proxy is asked for names the host; of an https address it sees nothing else.
    if url.startswith("https"):
        assert not [asked for asked in proxy.asked if wire.whole_url in asked]


@pytest.mark.parametrize("login", ["wrong", "none"])
def test_a_proxy_that_lets_nobody_in(at, wire, authority, way, login):
    """A proxy that refuses is a connection error that names the proxy, says what to do, and shows no password."""
    proxy, scheme, server, url = way
    given = "" if login == "none" else f"{QUOTED}x@"
    with (
        alchemy.Client(proxy=f"{scheme}://{given}127.0.0.1:{proxy.port}", ca_file=authority.file) as client,
        pytest.raises(alchemy.ApiConnectionError, match=f"the proxy 127.0.0.1:{proxy.port} does not let") as caught,
    ):
        client.complete(at(url), "hello", api_key=KEY, retries=0)
    assert "user:password@host" in str(caught.value)
    assert no_login(str(caught.value), repr(caught.value), vars(caught.value))
    assert KEY not in str(vars(caught.value))
    assert not server.requests


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_credentials_of_the_environment(serve, at, authority, monkeypatch, name):
    """A login in a proxy variable is used, and shown nowhere."""
    server = serve(tls=authority.make("good").server())
    with HttpProxy(server.port, LOGIN) as proxy:
        monkeypatch.setenv(name, f"http://{QUOTED}@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        with alchemy.Client() as client:
            assert client.complete(at("https://api.example"), "hello", api_key=KEY).text == "Hello there."
        monkeypatch.setenv(name, f"http://{QUOTED}x@127.0.0.1:{proxy.port}")
        with (
            alchemy.Client() as client,
            pytest.raises(alchemy.ApiConnectionError, match="the proxy") as caught,
        ):
            client.complete(at("https://api.example"), "hello", api_key=KEY, retries=0)
        assert proxy.logins[0] == f"{USER}:{PASSWORD}"
    assert no_login(str(caught.value), vars(caught.value))
    with alchemy.Client() as client, pytest.raises(alchemy.ApiConnectionError, match=r"127\.0\.0\.1") as caught:
        client.complete(at("https://api.example"), "hello", api_key=KEY, retries=0)
    assert no_login(str(caught.value), vars(caught.value))


@pytest.mark.parametrize("proxy", ["nonsense://{}@x", "http://{}@", "http://{}@:80", "http://{}@x\r\nx", "ftp://{}@x"])
@pytest.mark.parametrize("way", ["client", "environment"])
def test_a_proxy_that_is_none_shows_no_password(serve, at, monkeypatch, proxy, way):
    """An address that is none is refused by the name of its setting, not by what is in it."""
    server = serve()
    address = proxy.format(QUOTED)
    if way == "environment":
        monkeypatch.setenv("HTTP_PROXY", address)
    with (
        alchemy.Client(proxy=address if way == "client" else None) as client,
        pytest.raises(alchemy.InvalidRequestError, match="proxy") as caught,
    ):
        client.complete(at(server if way == "client" else "http://api.example"), "hello", api_key=KEY)
    assert no_login(str(caught.value), vars(caught.value))
    assert not server.connections


LOOPBACKS = ["127.0.0.1", "localhost", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]


@pytest.mark.parametrize("host", LOOPBACKS)
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_no_environment_proxy_for_this_machine(serve, at, monkeypatch, host, name):
    """This machine's own addresses, however written, never go to a proxy of the environment."""
    proxy, server = serve(), serve()
    monkeypatch.setenv(name, proxy.url)
    # Nobody listens on the other addresses here; what counts is that the proxy is not asked, nor spoken of.
    told = ""
    with alchemy.Client() as client:
        try:
            client.complete(at(f"http://{host}:{server.port}"), "hello", api_key=KEY, retries=0)
        except alchemy.ApiConnectionError as error:
            told = str(error)
    assert "proxy" not in told
    assert not proxy.connections


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("hosts", ["api.invalid", ".invalid", "other.example, invalid", "*"])
def test_no_proxy_is_honoured(serve, at, monkeypatch, name, hosts):
    """Hosts in NO_PROXY, and those below them, are not reached by the proxy, and the error does not speak of it."""
    proxy = serve()
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    monkeypatch.setenv(name, hosts)
    with alchemy.Client() as client, pytest.raises(alchemy.ApiConnectionError) as caught:
        client.complete(at("http://api.invalid"), "hello", api_key=KEY, retries=0)
    assert "by the proxy" not in str(caught.value)
    assert not proxy.connections


def test_a_proxy_of_a_cgi_request_is_not_trusted(serve, at, monkeypatch):
    """Under CGI `HTTP_PROXY` may come from a header of whoever asks, and is not read."""
    proxy = serve()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("REQUEST_METHOD", "POST")
    with alchemy.Client() as client, pytest.raises(alchemy.ApiConnectionError):
        client.complete(at("http://api.invalid"), "hello", api_key=KEY, retries=0)
    assert not proxy.connections


def test_an_encrypted_proxy_is_verified(serve, at, authority):
    """A proxy reached by TLS shows a certificate that is trusted, for http addresses as well, or gets no login."""
    server = serve()
    with HttpProxy(server.port, LOGIN, tls=authority.make("good").server()) as proxy:
        address = f"https://{QUOTED}@127.0.0.1:{proxy.port}"
        with (
            alchemy.Client(proxy=address) as client,
            pytest.raises(alchemy.ApiConnectionError, match="ca_file=") as caught,
        ):
            client.complete(at("http://api.example"), "hello", api_key=KEY, retries=0)
        assert no_login(str(caught.value))
        assert not proxy.logins
        with alchemy.Client(proxy=address, ca_file=authority.file) as client:
            assert client.complete(at("http://api.example"), "hello", api_key=KEY).text == "Hello there."
        assert proxy.logins == [f"{USER}:{PASSWORD}"]


def test_a_login_of_the_proxy_is_no_header_of_the_request(serve, at):
    """`Proxy-Authorization` given as a header would reach the server: it is refused, with the way to do it."""
    with pytest.raises(alchemy.InvalidRequestError, match="proxy's address"):
        alchemy.complete(at(serve()), "hello", headers={"Proxy-Authorization": "Basic eDp5"})
