"""Redirects are not followed: no key goes where nobody sent it."""

import alchemy
import pytest
from dialects import DIALECTS
from servers import answer

KEY = "sk-very-secret-0123456789"


PLACES = ("same host", "other host", "path", "relative", "no scheme", "with a login", "none")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", PLACES)
def test_no_redirect_is_followed(drive, serve, at, *, status, place):
    """Each kind of redirect is an error that names the host alone, and nobody else sees a request."""
    redirect(drive, serve, at, DIALECTS[0], status=status, place=place)


@pytest.mark.parametrize("status", [302, 307])
def test_no_redirect_is_followed_over_any_protocol(drive, serve, at, *, wire, status):
    """So it is whatever protocol is spoken."""
    redirect(drive, serve, at, wire, status=status, place="other host")


def redirect(drive, serve, at, wire, *, status, place):
    other = serve()
    server = serve()
    secret = "secret-of-the-redirect"
    location, named = {
        "same host": (f"{server.url}/else?token={secret}", "127.0.0.1"),
        "other host": (f"http://localhost:{other.port}/v1?token={secret}#{secret}", "localhost"),
        "path": (f"/else?token={secret}", "another path of the same server"),
        "relative": (f"else/{secret}", "another path of the same server"),
        "no scheme": (f"//localhost:{other.port}/{secret}", "localhost"),
        "with a login": (f"http://{secret}:{secret}@localhost:{other.port}/", "localhost"),
        "none": (None, "another address"),
    }[place]
    server.scripts = [answer(b"Moved.", status, "text/plain", [("location", location)] if location else [])]
    for attempt in (drive.complete, lambda *given, **options: drive.result(alchemy.stream(*given, **options))):
        with pytest.raises(alchemy.ResponseError, match=f"redirect to {named} not followed") as caught:
            attempt(at(server), "hello", api_key=KEY)
        assert caught.value.status == status
        shown = [str(caught.value), repr(caught.value), repr(vars(caught.value))]
        assert not [text for text in shown if secret in text or KEY in text or str(other.port) in text]
    assert [request.path for request in server.requests] == [wire.whole_url, wire.url]
    assert not other.connections


def test_a_redirect_to_a_file_or_a_script_is_not_followed(drive, serve, at):
    """Nor is one to what is no web address."""
    for location in ("file:///etc/passwd", "javascript:alert(1)", "http://[::1", "\tftp://127.0.0.1"):
        with pytest.raises(alchemy.ResponseError, match=r"redirect to .* not followed"):
            drive.complete(at(serve(answer(b"", 302, headers=[("location", location)]))), "hello", api_key=KEY)
