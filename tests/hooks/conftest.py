"""What the tests of hooks share: a client that tells a recorder, servers, and the ways to read an answer."""

import alchemy
import pytest
from dialects import DIALECTS
from hook_recorder import WAYS, Recorder, complete, complete_async
from servers import Server


@pytest.fixture(params=WAYS, ids=[way.__name__ for way in WAYS])
def way(request):
    """Each way to take an answer in turn: (function, whether it streams)."""
    return request.param, request.param not in {complete, complete_async}


@pytest.fixture(params=DIALECTS, ids=str)
def wire(request):
    """Each wire protocol in turn."""
    return request.param


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def client(recorder):
    """A client that tells the recorder."""
    with alchemy.Client(hooks=recorder, options={"api_key": "secret-key", "retries": 0}) as made:
        yield made


@pytest.fixture
def serve():
    """Starts scripted servers that stop with the test."""
    started = []

    def start(*scripts) -> Server:
        started.append(Server(*scripts))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def at():
    """A model that is served at an address: `at(server, **fields)`."""

    def model(server, **fields):
        return alchemy.Model(**{"id": "m", "base_url": server.url, **fields})

    return model
