"""Tools that a model may call, and the rule for calling them."""

# ruff: noqa: RUF012 (a dictionary given as a default is copied for every object)

from __future__ import annotations

from ._data import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .literals import ToolChoiceMode


class Tool(Data):
    """A tool that the model may call."""

    name: str
    """The name; most providers take letters, digits, `_` and `-`, at most 64."""
    description: str = ""
    """What it does and when to use it, for the model."""
    parameters: dict[str, Any] = {}
    """A JSON Schema of an object; empty: the tool takes no arguments."""
    strict: bool | None = None
    """Whether the provider is to force arguments into the schema. None: nothing is sent; OpenAI's Responses, which
    would force them by itself and change the schema for that, is sent false."""
    custom: bool = False
    """Whether it takes free text instead of arguments by a schema. Where there are no such tools it is sent as a
    function with the one argument `input`, and a notice."""
    format: dict[str, Any] = {}
    """The grammar that the text of a custom tool obeys, in the provider's form; empty: any text."""
    native: dict[str, dict[str, Any]] = {}
    """By wire protocol, the tool in that protocol's own form, sent as it is: for tools that the provider runs. Over
    another protocol it is sent as a function if it has `description` or `parameters`, else left out with a notice."""


class ToolChoice(Data):
    """What the model may do with its tools. Wherever it is taken, a mode's name alone is taken too."""

    mode: ToolChoiceMode = "auto"
    """The rule."""
    name: str | None = None
    """The tool to call, where `mode` is `tool`."""
