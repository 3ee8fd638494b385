"""What the lifecycle tests share: what the process holds."""

import gc
import threading
import time
from pathlib import Path

import pytest


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
