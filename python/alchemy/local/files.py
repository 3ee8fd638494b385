"""Where model files are: found by catalog name, or named by their path."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alchemy.errors import LocalModelError
from alchemy.local import SCHEME
from alchemy.local.catalog import CatalogModel, find
from alchemy.local.gguf import read_head

if TYPE_CHECKING:
    from os import PathLike

    from alchemy.models import Model

__all__ = ["DEFAULT_CONTEXT", "ModelFile", "cache_directory", "describe", "installed_file", "locate"]

#: The tokens that one conversation may take unless the user says otherwise. Four conversations of this length take
#: about 0.4 GB for the catalog's model and 2 GB for one of eight billion parameters.
DEFAULT_CONTEXT = 4096

_CONTEXT_SUFFIX = re.compile(r"(?P<path>.+)\?context=(?P<context>[1-9][0-9]{0,8})", re.DOTALL)


class ModelFile(NamedTuple):
    """A file to load, and how."""

    #: What the server calls the model.
    alias: str
    path: Path
    #: The tokens that one conversation may take.
    context: int


def locate(base_url: str) -> ModelFile:
    """Find the file that a local model's base URL stands for.

    Raises:
        LocalModelError: There is no such file.
    """
    place = base_url.removeprefix(SCHEME)
    if not Path(place).is_absolute():
        entry = find(place)
        path = installed_file(entry)
        if path is None:
            message = f"local: {entry.name} is not on this machine; run `alchemy local pull` to fetch it"
            raise LocalModelError(message)
        return ModelFile(entry.name, path, DEFAULT_CONTEXT)
    context = None
    if suffix := _CONTEXT_SUFFIX.fullmatch(place):
        place, context = suffix["path"], int(suffix["context"])
    path = Path(place)
    trained = read_head(path).context_length
    return ModelFile(path.stem, path, context or min(trained or DEFAULT_CONTEXT, DEFAULT_CONTEXT))


def installed_file(entry: CatalogModel) -> Path | None:
    """Find a catalog model's file in its installed package or in the user's cache; None where it is in neither."""
    places = [cache_directory() / entry.file]
    # The package itself imports a library that is not needed here, so it is found and not imported.
    spec = importlib.util.find_spec(entry.package)
    if spec is not None:
        places[:0] = [Path(place) / entry.file for place in spec.submodule_search_locations or ()]
    # A file of another size is the remains of an interrupted copy or another edition: not the pinned model.
    return next((place for place in places if _size(place) == entry.size), None)


def cache_directory() -> Path:
    """Name the directory of fetched models, which need not exist."""
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    if Path(chosen).is_absolute():
        base = Path(chosen)
    elif sys.platform == "darwin":
        base = _home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData" / "Local")
    else:
        base = _home() / ".cache"
    return base / "alchemy" / "models"


def describe(path: str | PathLike[str], context_window: int | None) -> Model:
    """Make the `Model` of a file; see `alchemy.local_model`."""
    from alchemy.models import Model

    try:
        file = Path(path).expanduser().absolute()
        found = file.is_file()
    except (OSError, RuntimeError):
        # A name that is too long for a file, or begins with the home of somebody who has none.
        raise LocalModelError(f"local: no file can have the name {str(path)[:200]!r}") from None
    if not found:
        raise LocalModelError(f"local: there is no file {file}")
    head = read_head(file)
    base_url = f"{SCHEME}{file}"
    if context_window is None:
        window = min(head.context_length or DEFAULT_CONTEXT, DEFAULT_CONTEXT)
    elif context_window < 1:
        raise LocalModelError(f"local: context_window is {context_window}; it must be at least 1")
    else:
        window = context_window
        base_url = f"{base_url}?context={window}"
    return Model(
        id=file.stem,
        provider="local",
        api="openai-completions",
        base_url=base_url,
        name=head.name or file.stem,
        context_window=window,
        max_tokens=window,
    )


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise LocalModelError("local: this user has no home directory; set XDG_CACHE_HOME") from error


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
