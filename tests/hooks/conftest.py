"""What the tests of hooks share: a client that tells a recorder, and the ways to read an answer."""

import alchemy
import pytest
from hook_recorder import WAYS, Recorder, complete, complete_async


@pytest.fixture(params=WAYS, ids=[way.__name__ for way in WAYS])
def way(request):
    """Each way to take an answer in turn: (function, whether it streams)."""
    return request.param, request.param not in {complete, complete_async}


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def client(recorder):
    """A client that tells the recorder."""
    with alchemy.Client(hooks=recorder, options={"api_key": "secret-key", "retries": 0}) as made:
        yield made
