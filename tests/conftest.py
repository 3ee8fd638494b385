"""What all folders of tests share: helpers, scripted servers, each wire protocol in turn, and Ctrl-C that works."""

import functools
import signal
import sys
from pathlib import Path

import alchemy
import pytest
from dialects import DIALECTS
from servers import Server

# A shell that starts the run in the background has it ignore Ctrl-C, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

sys.path.insert(0, str(Path(__file__).parent / "conformance"))


@pytest.fixture
def serve():
    """Starts scripted servers that stop with the test."""
    started = []

    def start(*scripts, **settings) -> Server:
        started.append(Server(*scripts, **settings))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def model_at(server_or_url, **fields) -> alchemy.Model:
    """A model that is served at an address."""
    url = getattr(server_or_url, "url", server_or_url)
    return alchemy.Model(**{"id": "m", "base_url": url, **fields})


@pytest.fixture(params=DIALECTS, ids=str)
def wire(request):
    """Each wire protocol in turn; a test that asks for it has the models of `at` and `stream_of` speak it."""
    return request.param


@pytest.fixture
def at(request):
    """`model_at`, for tests."""
    if "wire" not in request.fixturenames:
        return model_at
    return functools.partial(model_at, api=request.getfixturevalue("wire").api)
