"""What the lifecycle tests share: scripted servers, each wire protocol in turn, and what the process holds."""

import gc
import threading
import time
from pathlib import Path

import alchemy
import pytest
from dialects import DIALECTS
from servers import Server


def model_at(server_or_url, **fields) -> alchemy.Model:
    """A model that is served at an address."""
    url = getattr(server_or_url, "url", server_or_url)
    return alchemy.Model(**{"id": "m", "base_url": url, **fields})


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


@pytest.fixture(params=DIALECTS, ids=str)
def wire(request):
    """Each wire protocol in turn; a test that asks for it has the models of `at` speak it."""
    return request.param


@pytest.fixture
def at(request):
    """`model_at`, for tests."""
    if "wire" not in request.fixturenames:
        return model_at
    api = request.getfixturevalue("wire").api
    return lambda server, **fields: model_at(server, api=api, **fields)


def listed(what: str) -> int:
    """How many of these the system counts for this process; 0 where it does not say."""
    folder = Path("/proc/self") / what
    return len(list(folder.iterdir())) if folder.is_dir() else 0


class Holdings:
    """Descriptors, threads and streams that the process held at the beginning, to be compared with later."""

    def __init__(self) -> None:
        self.before = self.count()

    @staticmethod
    def count() -> dict[str, int]:
        gc.collect()
        objects = [type(each).__name__ for each in gc.get_objects()]
        return {
            "descriptors": listed("fd"),
            "threads": listed("task"),
            "Python threads": threading.active_count(),
            **{name: objects.count(name) for name in ("MessageStream", "AssistantMessage", "Task", "frame")},
            "loops": sum("Loop" in name for name in objects),
        }

    def grown(self, seconds: float = 5) -> dict[str, int]:
        """What there is more of, once it had time to go."""
        ends = time.monotonic() + seconds
        while True:
            now = self.count()
            more = {name: now[name] - before for name, before in self.before.items() if now[name] > before}
            if not more or time.monotonic() > ends:
                return more
            time.sleep(0.05)


@pytest.fixture
def holdings():
    """Makes a count of what the process holds: `holdings()`, then `.grown()`."""
    return Holdings
