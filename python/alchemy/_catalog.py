"""Models and providers by name."""

from __future__ import annotations

from ._native import get_model as _get_model, get_models as _get_models, get_providers as _get_providers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike

    from .models import Model


def get_model(name: str, /, *, allow_unknown: bool = False) -> Model:
    """Look a model up in the catalog.

    Args:
        name: `provider/model-id`; a model id may hold slashes itself.
        allow_unknown: Whether a model id that the catalog does not have is taken as it is, with the
            provider's address and protocol and without prices. Default: False.

    Returns:
        The model.

    Raises:
        ModelNotFoundError: There is no such model or provider; the error names the nearest.

    Example:
        >>> import alchemy
        >>> alchemy.get_model("local/smollm2-135m").provider
        'local'
    """
    return _get_model(name, allow_unknown=allow_unknown)


def get_models(provider: str | None = None, /) -> tuple[Model, ...]:
    """List the catalog.

    Args:
        provider: A provider's id. Default: every provider.

    Returns:
        The models, by provider and then in the catalog's order.

    Raises:
        ModelNotFoundError: There is no such provider; the error names the nearest.

    Example:
        >>> import alchemy
        >>> [model.id for model in alchemy.get_models("local")]
        ['smollm2-135m']
    """
    return _get_models(provider)


def get_providers() -> tuple[str, ...]:
    """List the ids of the providers that have an address, a key or quirks of their own.

    Some serve what their owner put there (`ollama`, `vllm`, `azure`): the catalog lists no models of
    theirs, and `get_model` takes any name.

    Returns:
        The ids, in alphabetical order.

    Example:
        >>> import alchemy
        >>> "openai" in alchemy.get_providers()
        True
    """
    return tuple(sorted(_get_providers()))


def local_model(path: str | PathLike[str], /, *, context_window: int | None = None) -> Model:
    """Describe a model in a GGUF file on this machine; see `alchemy.local.local_model`."""
    from . import local

    return local.local_model(path, context_window=context_window)
