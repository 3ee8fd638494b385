"""`alchemy local`: models on this machine."""

from __future__ import annotations

from alchemy.cli.terminal import Spinner
from alchemy.local import pull as fetch

__all__ = ["pull"]


def pull() -> int:
    """Fetch the default model unless it is there; gives the exit code."""
    with Spinner("fetching smollm2-135m (93 MB)"):
        path, fetched = fetch()
    print(f"{'fetched' if fetched else 'already there:'} {path}")
    return 0
