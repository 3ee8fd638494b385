"""What the behaviour tests share: the same steps, taken synchronously and by asyncio."""

import asyncio
import ssl
import subprocess

import alchemy
import pytest
from alchemy._client import default_client


class Sync:
    """Takes each step by blocking."""

    def open(self) -> None:
        """Nothing to prepare."""

    def shut(self) -> None:
        """Nothing to clear away."""

    def first(self, stream):
        return next(iter(stream))

    def events(self, stream) -> list:
        return list(stream)

    def result(self, stream):
        return stream.result()

    def close(self, stream) -> None:
        stream.close()

    def complete(self, *arguments, **options):
        return alchemy.complete(*arguments, **options)

    def first_within(self, stream):
        """Reads one event inside `with`, and leaves it."""
        with stream as entered:
            return next(iter(entered))

    def first_of_loop(self, stream):
        """Reads one event in a loop, and leaves the loop and the stream."""
        for event in stream:
            return event
        return None


class Async:
    """Takes each step by running a coroutine in an event loop of its own."""

    def open(self) -> None:
        self.loop = asyncio.new_event_loop()

    def shut(self) -> None:
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def run(self, coroutine):
        return self.loop.run_until_complete(asyncio.wait_for(coroutine, 30))

    def first(self, stream):
        return self.run(anext(aiter(stream)))

    def events(self, stream) -> list:
        async def collect():
            return [event async for event in stream]

        return self.run(collect())

    def result(self, stream):
        return self.run(stream.result_async())

    def close(self, stream) -> None:
        self.run(stream.aclose())

    def complete(self, *arguments, **options):
        return self.run(alchemy.complete_async(*arguments, **options))

    def first_within(self, stream):
        async def leave():
            async with stream as entered:
                return await anext(aiter(entered))

        return self.run(leave())

    def first_of_loop(self, stream):
        async def leave():
            async for event in stream:
                return event
            return None

        return self.run(leave())


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def drive(request):
    """The same steps, synchronously and by asyncio."""
    driver = request.param()
    driver.open()
    yield driver
    driver.shut()


@pytest.fixture
def no_retries(monkeypatch):
    """The verbs of the module send each request once, unless a test asks for more."""
    monkeypatch.setitem(default_client._options, "retries", 0)


@pytest.fixture
def no_proxies(monkeypatch):
    """An environment without proxy variables."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def stream_of(at):
    """Opens a stream to a server: `stream_of(server, **options)`."""

    def open_stream(server, prompt="hello", **options):
        return alchemy.stream(at(server), prompt, **{"api_key": "secret-key", **options})

    return open_stream


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate authority, and a certificate of it for 127.0.0.1 and localhost: (authority, file, key file)."""
    folder = tmp_path_factory.mktemp("certificate")
    authority, file, key = folder / "authority.pem", folder / "certificate.pem", folder / "key.pem"
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    make_authority = [*new, "-subj", "/CN=Tests", "-keyout", str(folder / "authority.key"), "-out", str(authority)]
    make_certificate = [*new, "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(file)]
    make_certificate += ["-CA", str(authority), "-CAkey", str(folder / "authority.key")]
    make_certificate += ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    make_certificate += ["-addext", "basicConstraints=critical,CA:FALSE"]
    try:
        subprocess.run(make_authority, check=True, capture_output=True)
        subprocess.run(make_certificate, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl program to make a certificate with")
    return authority, file, key


@pytest.fixture
def tls(certificate):
    """Server-side TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate[1:])
    return context
