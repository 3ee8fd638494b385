"""Models: their names, limits and prices, and where they are served."""

# ruff: noqa: RUF012 (a dictionary given as a default is copied for every object)

from __future__ import annotations

from ._data import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .literals import Modality
    from .typed_dicts import ModelCostDict


class ModelCost(Data):
    """A model's prices."""

    input: float | None = None
    """Input at full price. Unit: USD per million tokens."""
    output: float | None = None
    """Output. Unit: USD per million tokens."""
    cache_read: float | None = None
    """Input read from the cache. Unit: USD per million tokens."""
    cache_write: float | None = None
    """Input written to the cache. Unit: USD per million tokens."""
    cache_write_1h: float | None = None
    """Input written to the cache for an hour; None: as `cache_write`. Unit: USD per million tokens."""


class Model(Data):
    """A model and where it is served."""

    id: str
    """The provider's id of the model, sent as it is."""
    provider: str = "custom"
    """The provider's id; it picks the key and the defaults below."""
    api: str = "openai-completions"
    """The wire protocol, one of `Api`. A model made by hand speaks the default unless told otherwise, whoever its
    provider is; `get_model(..., allow_unknown=True)` gives the provider's own."""
    base_url: str | None = None
    """Where the server is, with or without version (`/v1`) or full path; None: the provider's own address."""
    name: str | None = None
    """A name for people."""
    reasoning: bool = False
    """Whether it can think before it answers."""
    input: tuple[Modality, ...] = ("text",)
    """What it takes."""
    context_window: int | None = None
    """Input and output together; None: not known. Unit: tokens."""
    max_tokens: int | None = None
    """The most it can answer; None: not known. Unit: tokens."""
    cost: ModelCost | None = None
    """Prices; None: not known."""
    headers: dict[str, str] = {}
    """Headers sent with each request; never a key."""
    quirks: dict[str, Any] = {}
    """Deviations of the server from its protocol, over the provider's own."""

    if TYPE_CHECKING:  # sequences may be given as lists, and objects as dictionaries

        def __init__(
            self,
            *,
            id: str,
            provider: str = "custom",
            api: str = "openai-completions",
            base_url: str | None = None,
            name: str | None = None,
            reasoning: bool = False,
            input: Iterable[Modality] = ("text",),
            context_window: int | None = None,
            max_tokens: int | None = None,
            cost: ModelCost | ModelCostDict | None = None,
            headers: dict[str, str] = ...,
            quirks: dict[str, Any] = ...,
        ) -> None: ...
