"""TLS is verified, always; who is trusted and who we are is said by files; errors say what to do."""

import contextlib
import inspect
import socket
import ssl
import threading
import warnings

import alchemy
import pytest
from dialects import DIALECTS
from servers import answer, event_stream

KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def _plain_environment(no_proxies, monkeypatch):
    """No certificates and proxies from the environment of the run."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


def refused(drive, at, server, match, *, client=None, seen=0, **fields):
    """A request that fails by TLS: the error says why and what to do, and the server reads no request."""
    ask = client.complete if client else drive.complete
    with pytest.raises(alchemy.ApiConnectionError, match=match) as caught:
        ask(at(server, **fields), "hello", api_key=KEY, retries=0)
    assert isinstance(caught.value, ConnectionError)
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    assert caught.value.status is None
    assert len(server.requests) == seen
    return caught.value


def test_a_certificate_that_nobody_vouches_for_is_refused(drive, serve, at, authority, wire):
    """The error says how to trust it: `ca_file=`."""
    server = serve(tls=authority.make("good").server())
    refused(drive, at, server, r"vouches for its certificate.*ca_file=")
    with pytest.raises(alchemy.ApiConnectionError, match="ca_file="):
        drive.events(alchemy.stream(at(server), "hello", api_key=KEY, retries=0))


@pytest.mark.parametrize("is_authority", [True, False], ids=["authority", "plain"])
def test_a_self_signed_certificate_is_refused(drive, serve, at, authority, is_authority):
    """So is one that is its own; given as `ca_file` it is trusted, unless it is marked as an authority."""
    made = authority.self_signed(f"own-{is_authority}", is_authority=is_authority)
    server = serve(tls=made.server())
    refused(drive, at, server, "certificate.*ca_file=")
    with alchemy.Client(ca_file=made.file) as client:
        if is_authority:
            refused(drive, at, server, "marked as that of an authority.*CA:FALSE", client=client)
        else:
            assert client.complete(at(server), "hello", api_key=KEY).text == "Hello there."


@pytest.mark.parametrize(
    ("name", "dates", "match"),
    [
        ("expired", {"start": "20200101000000Z", "end": "20200601000000Z"}, "has expired"),
        ("early", {"start": "20980101000000Z", "end": "20990101000000Z"}, "not valid yet.*clock"),
        ("elsewhere", {"names": "DNS:elsewhere.example,IP:127.0.0.2"}, r"is not for 127\.0\.0\.1; check base_url"),
    ],
)
def test_a_wrong_certificate_is_refused(drive, serve, at, *, authority, name, dates, match):
    """An authority that is trusted makes no expired certificate good, nor one for another host."""
    server = serve(tls=authority.make(name, **dates).server())
    with alchemy.Client(ca_file=authority.file) as client:
        refused(drive, at, server, match, client=client)


@pytest.mark.parametrize("old", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_nothing_older_than_tls_1_2_is_spoken(drive, serve, at, authority, old):
    """A server that speaks an older version alone is refused; 1.2 and 1.3 work."""
    context = authority.make("good").server()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = old
    context.set_ciphers("ALL:@SECLEVEL=0")
    server = serve(tls=context)
    with alchemy.Client(ca_file=authority.file) as client:
        refused(drive, at, server, r"TLS 1\.2", client=client)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("way", ["ca_file", "SSL_CERT_FILE"])
def test_an_authority_of_ones_own(serve, at, wire, *, authority, version, way, monkeypatch):
    """`ca_file` and `SSL_CERT_FILE` name whom to trust, for whole answers and streams, over TLS 1.2 and 1.3."""
    context = authority.make("good").server(minimum_version=version, maximum_version=version)
    server = serve(answer(wire.whole), event_stream(*wire.text), tls=context)
    if way == "SSL_CERT_FILE":
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with alchemy.Client(ca_file=authority.file if way == "ca_file" else None) as client:
        assert client.complete(at(server), "hello", api_key=KEY).text == "Hello there."
        assert client.stream(at(server), "hello", api_key=KEY).result().text == "Hello there."


def test_ca_file_replaces_the_rest(drive, serve, at, authority, monkeypatch):
    """`ca_file` is used in place of `SSL_CERT_FILE`, not beside it."""
    other = authority.self_signed("nobody", is_authority=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    server = serve(tls=authority.make("good").server())
    with alchemy.Client(ca_file=other.file) as client:
        refused(drive, at, server, "vouches for", client=client)


def test_verification_cannot_be_turned_off():
    """No argument of a client, no option and no variable speaks of it: there is none to misuse."""
    names = {*inspect.signature(alchemy.Client).parameters, *inspect.signature(alchemy.Options).parameters}
    assert {"ca_file", "client_certificate", "client_key"} <= names
    assert not [name for name in names if "verif" in name or "insecure" in name or "check" in name]


@contextlib.contextmanager
def speaking(words: bytes):
    """The port of a server that answers the first bytes of each of two connections by these words, and hangs up."""

    def speak():
        for _ in range(2):
            accepted, _ = listener.accept()
            with accepted:
                accepted.recv(65_536)
                accepted.sendall(words)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS.*http://"),
        (b"", "cannot connect"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "HandshakeFailure"),
        (b"\x15\x03\x03\x00\x02\x02\x46", r"TLS 1\.2"),
        (b"\x15\x03\x03\x00\x02\x02\x50", "InternalError"),
    ],
    ids=["plain", "nothing", "no common way", "old", "broken"],
)
def test_a_server_without_tls(drive, at, words, match):
    """A server that does not complete the handshake is a connection error that says how."""
    with speaking(words) as port:
        for ask in (drive.complete, alchemy.complete):
            with pytest.raises(alchemy.ApiConnectionError, match=match) as caught:
                ask(at(f"https://127.0.0.1:{port}"), "hello", api_key=KEY, retries=0)
            assert "\n" not in str(caught.value)


# -- client certificates --------------------------------------------------------------------------


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def strict_tls(authority, request):
    """A server's TLS that asks clients for a certificate of the authority."""
    context = authority.make("good").server(verify_mode=ssl.CERT_REQUIRED, minimum_version=request.param)
    context.maximum_version = request.param
    context.load_verify_locations(authority.file)
    return context


@pytest.mark.parametrize("together", [True, False], ids=["one file", "two files"])
def test_a_client_certificate(serve, at, wire, *, authority, strict_tls, together, tmp_path):
    """`client_certificate` and `client_key`, in one file or in two, say who asks."""
    made = authority.make("client", names="DNS:client.example")
    settings = {"client_certificate": made.file, "client_key": str(made.key)}
    if together:
        both = tmp_path / "both.pem"
        both.write_bytes(made.key.read_bytes() + made.file.read_bytes())
        settings = {"client_certificate": str(both)}
    server = serve(answer(wire.whole), event_stream(*wire.text), tls=strict_tls)
    with alchemy.Client(ca_file=authority.file, **settings) as client:
        assert client.complete(at(server), "hello", api_key=KEY).text == "Hello there."
        assert client.stream(at(server), "hello", api_key=KEY).result().text == "Hello there."
    assert len(server.requests) == 2


def test_a_client_without_a_certificate_is_told(drive, serve, at, authority, strict_tls):
    """A server that asks for a certificate which is not given is an error that names the setting."""
    server = serve(tls=strict_tls)
    with alchemy.Client(ca_file=authority.file) as client:
        refused(drive, at, server, "client_certificate=", client=client)


def test_a_client_certificate_of_a_stranger(drive, serve, at, authority, strict_tls):
    """So is one that the server does not trust."""
    stranger = authority.self_signed("stranger", is_authority=False)
    server = serve(tls=strict_tls)
    with alchemy.Client(ca_file=authority.file, client_certificate=stranger.file, client_key=stranger.key) as client:
        refused(drive, at, server, "client_certificate=", client=client)


def test_a_client_key_alone_is_refused(authority):
    """A key goes with a certificate; this is told at once."""
    with pytest.raises(alchemy.InvalidRequestError, match="client_certificate=") as caught:
        alchemy.Client(client_key=authority.make("client").key)
    assert caught.value.path == "client_key"


def broken_files(authority, folder):
    """Files that cannot be used: what they are given as, and what the error says."""
    client, other = authority.make("client"), authority.make("other")
    encrypted, empty, text = folder / "encrypted.pem", folder / "empty.pem", folder / "text.pem"
    authority.run("pkey", "-in", client.key, "-aes128", "-passout", "pass:secret-words", "-out", encrypted)
    empty.write_text("")
    text.write_text("secret-words in no form at all\n")
    cut = folder / "cut.pem"
    cut.write_text(client.key.read_text()[:60] + "\n-----END PRIVATE KEY-----\n")
    torn = folder / "torn.pem"
    torn.write_text("-----BEGIN PRIVATE KEY-----\nsecret-words!\n-----END PRIVATE KEY-----\n")
    missing, directory = folder / "missing.pem", folder
    certificate = {"client_certificate": client.file}
    return {
        "missing": ({"client_certificate": missing}, "client_certificate", "No such file"),
        "directory": ({"client_certificate": directory}, "client_certificate", "directory"),
        "empty": ({"client_certificate": empty}, "client_certificate", "no certificate"),
        "text": ({"client_certificate": text}, "client_certificate", "no certificate"),
        "key for certificate": ({"client_certificate": client.key}, "client_certificate", "no certificate"),
        "no key": (certificate, "client_certificate", "no private key"),
        "missing key": ({**certificate, "client_key": missing}, "client_key", "No such file"),
        "empty key": ({**certificate, "client_key": empty}, "client_key", "no private key"),
        "encrypted key": ({**certificate, "client_key": encrypted}, "client_key", "without a passphrase"),
        "cut key": ({**certificate, "client_key": cut}, "client_key", "of no kind|malformed"),
        "torn key": ({**certificate, "client_key": torn}, "client_key", "malformed"),
        "another's key": ({**certificate, "client_key": other.key}, "client_key", "not that of the certificate"),
        "missing ca": ({"ca_file": missing}, "ca_file", "No such file"),
        "empty ca": ({"ca_file": empty}, "ca_file", "no certificate"),
        "key for ca": ({"ca_file": client.key}, "ca_file", "no certificate"),
    }


@pytest.mark.parametrize(
    "case",
    [
        *("missing", "directory", "empty", "text", "key for certificate", "no key", "missing key", "empty key"),
        *("encrypted key", "cut key", "torn key", "another's key", "missing ca", "empty ca", "key for ca"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(serve, at, authority, tmp_path, case):
    """The error has the setting, the file and the reason in one line, and nothing of what is in the file."""
    settings, path, match = broken_files(authority, tmp_path)[case]
    server = serve(tls=authority.make("good").server())
    with (
        alchemy.Client(**{"ca_file": authority.file, **settings}) as client,
        pytest.raises(alchemy.InvalidRequestError, match=match) as caught,
    ):
        client.complete(at(server), "hello", api_key=KEY)
    text = str(caught.value)
    assert caught.value.path == path
    assert str(settings[path]) in text
    assert "\n" not in text
    inside = [
        line for file in settings.values() if file.is_file() for line in file.read_text().split() if len(line) > 20
    ]
    assert not [line for line in inside if line in text]
    assert "secret-words" not in text
    assert not server.connections


def test_files_are_read_when_they_are_needed(serve, at, tmp_path):
    """A client that asks plain addresses alone reads no certificate."""
    with alchemy.Client(ca_file=tmp_path / "missing.pem", client_certificate=tmp_path / "missing.pem") as client:
        assert client.complete(at(serve()), "hello").text == "Hello there."


def test_http2_shows_the_certificate_too(serve, at, authority, strict_tls):
    """With `http2=True` the handshake is the same."""
    made = authority.make("client", names="DNS:client.example")
    wire = DIALECTS[0]
    server = serve(answer(wire.whole), tls=strict_tls)
    with alchemy.Client(
        ca_file=authority.file, client_certificate=made.file, client_key=made.key, http2=True
    ) as client:
        assert client.complete(at(server), "hello", api_key=KEY).text == "Hello there."
