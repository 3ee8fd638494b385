"""Values that no caller should pass and some caller will: each entry point meets them in every place."""

import array
import collections.abc
import contextlib
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import pathlib
import types
import typing

import alchemy
from alchemy import literals
from hypothesis import strategies as st


class MischiefError(Exception):
    """What the odd objects raise: whoever touches them may see it, and nothing else of their making."""


def raise_mischief(*_arguments, **_options):
    raise MischiefError


# What a call may raise whatever it is given.
ALLOWED = (alchemy.AlchemyError, TypeError, ValueError, MischiefError)


def attempt(call, *arguments, **options):
    """The result of a call, or None where it refused; a panic, a RecursionError and the like go through."""
    with contextlib.suppress(*ALLOWED):
        return call(*arguments, **options)
    return None


def raising(name: str, base=object, **more):
    """A class whose method of this name raises."""
    return type(f"Raising{name.strip('_').title()}", (base,), {name: raise_mischief, **more})


class LyingMapping(collections.abc.Mapping):
    """A mapping that names keys which it does not have, and is longer than it says."""

    def __getitem__(self, key):
        if key == "content":
            return "a"
        raise MischiefError

    def __iter__(self):
        return iter(("content", "missing", 5))

    def __len__(self):
        return 1


# A mapping whose items are no pairs.
OddItems = type("OddItems", (LyingMapping,), {"items": lambda _self: [("role", "user"), 5, ("a", "b", "c")]})


class Changing(list):
    """A list that loses and gains items while it is read."""

    def __iter__(self):
        for item in self[:]:
            self.append(item) if len(self) < 40 else self.clear()
            yield item


class Meddler(collections.abc.Mapping):
    """A mapping that changes the dictionary that it lies in, as soon as it is read."""

    def __init__(self, owner: dict) -> None:
        self.owner = owner

    def __getitem__(self, key):
        self.meddle()
        return "a"

    def __iter__(self):
        self.meddle()
        return iter(("role",))

    def __len__(self):
        self.meddle()
        return 1

    def meddle(self) -> None:
        self.owner[f"key {len(self.owner)}"] = self
        self.owner.pop(next(iter(self.owner)), None)


class Word(enum.StrEnum):
    USER = "user"


class Number(enum.IntEnum):
    ONE = 1


@dataclasses.dataclass
class Plain:
    role: str = "user"
    content: str = "a"


def deep(levels: int, *, lists: bool):
    value = "a"
    for _ in range(levels):
        value = [value] if lists else {"a": value}
    return value


def cyclic_list():
    value: list = ["a"]
    value.append(value)
    return value


def cyclic_dict():
    value: dict = {"role": "user"}
    value["content"] = [value]
    return value


def meddled():
    value: dict = {"role": "user", "content": "a"}
    value["metadata"] = Meddler(value)
    value["last"] = "a"
    return value


# Each makes a new value, since some change while they are read.
MAKERS = [
    lambda: None,
    lambda: True,
    lambda: 0,
    lambda: -1,
    lambda: 2**31,
    lambda: 2**63,
    lambda: 2**64 + 1,
    lambda: -(10**400),
    lambda: 10**5000,
    lambda: 0.1,
    lambda: 1e308,
    lambda: float("nan"),
    lambda: float("-inf"),
    lambda: complex(1, 1),
    lambda: decimal.Decimal("NaN"),
    lambda: fractions.Fraction(1, 3),
    lambda: "",
    lambda: "\0",
    lambda: "\ud83d",
    lambda: "a\ude00\ud83d\ude00\ud83d",
    lambda: "\r\nx-evil: 1",
    lambda: "word " * 4000,
    lambda: "\u2028\x1b[31m",
    lambda: b"",
    lambda: b"\xff\x00",
    lambda: bytearray(b"ab"),
    lambda: memoryview(b"ab"),
    lambda: memoryview(array.array("d", [1.0])),
    lambda: array.array("u", "ab") if "u" in array.typecodes else array.array("b"),
    list,
    dict,
    tuple,
    set,
    lambda: frozenset({"a"}),
    lambda: range(3),
    lambda: (item for item in ("a", {"role": "user", "content": "b"})),
    lambda: map(raise_mischief, [1]),
    lambda: zip((1,), (2,), strict=True),
    lambda: iter(()),
    lambda: deep(10_000, lists=True),
    lambda: deep(10_000, lists=False),
    lambda: deep(120, lists=True),
    lambda: deep(121, lists=False),
    cyclic_list,
    cyclic_dict,
    meddled,
    lambda: Changing(["a", {"role": "user", "content": "b"}]),
    lambda: Meddler({"a": 1}),
    LyingMapping,
    OddItems,
    lambda: types.MappingProxyType({"role": "user", "content": "a"}),
    lambda: collections.OrderedDict(role="user", content="a"),
    lambda: collections.UserDict(role="user", content="a"),
    lambda: collections.UserList(["a"]),
    lambda: collections.UserString("a"),
    lambda: collections.ChainMap({"a": 1}),
    lambda: {1: 2},
    lambda: {None: None, ("a",): 1},
    lambda: {"\ud83d": "\ud83d", "": ""},
    object,
    lambda: object,
    lambda: alchemy,
    lambda: alchemy.Text,
    lambda: len,
    lambda: Word.USER,
    lambda: Number.ONE,
    Plain,
    lambda: dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    lambda: pathlib.Path("/nowhere/at all"),
    lambda: ValueError("x"),
    lambda: types.SimpleNamespace(keys=lambda: ["a"], items=lambda: [("a", 1)]),
    lambda: alchemy.Text(text="a"),
    lambda: alchemy.UserMessage(content="a"),
    lambda: alchemy.Context(messages=(alchemy.UserMessage(content="a"),)),
    lambda: alchemy.Model(id="m"),
    lambda: alchemy.Options(seed=1),
    lambda: alchemy.Tool(
        name="f", parameters={"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/a"}}}
    ),
    raising("__eq__", __hash__=object.__hash__),
    raising("__len__"),
    raising("__iter__"),
    raising("__str__"),
    raising("__repr__"),
    raising("__bool__"),
    raising("__hash__"),
    raising("__getattribute__"),
    raising("__fspath__"),
    raising("__index__"),
    raising("__float__"),
    lambda: raising("__repr__", int)(5),
    lambda: raising("__repr__", int)(2**70),
    lambda: raising("__index__", int)(2**70),
    lambda: raising("__float__", float)(0.5),
    lambda: raising("__str__", str, encode=raise_mischief)("\ud83d"),
    lambda: raising("__eq__", str, __hash__=str.__hash__)("user"),
    lambda: raising("__hash__", str)("user"),
    lambda: raising("__iter__", list)(["a"]),
    lambda: raising("__len__", list)(["a"]),
    lambda: raising("__iter__", tuple)(["a"]),
    lambda: raising("keys", dict)(role="user", content="a"),
    lambda: raising("items", dict)(role="user", content="a"),
    lambda: raising("__getitem__", dict)(role="user", content="a"),
    raising("__getitem__", LyingMapping),
    raising("keys", LyingMapping),
    raising("items", LyingMapping),
    raising("__class__", __class__=property(raise_mischief)),
]


class Odd:
    """Stands for an odd value, since hypothesis may not touch one; `built` makes it, anew for each input."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"MAKERS[{self.number}]()"


def built(value):
    """The value with each `Odd` in it made."""
    if isinstance(value, Odd):
        return MAKERS[value.number]()
    if isinstance(value, list):
        return [built(item) for item in value]
    if isinstance(value, dict):
        return {key: built(item) for key, item in value.items()}
    return value


ODD = st.integers(0, len(MAKERS) - 1).map(Odd)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)

# Values as the data classes know them, so that what lies deeper is reached as well.
TEXT = st.text(st.characters(), max_size=12) | st.sampled_from(("user", "a", "image/png", "call_1", "auto", "\ud83d"))


def entries(names, known=None):
    """Dictionaries with some of these keys: values of the right kind, odd ones and JSON."""
    known = known or {}
    values = {name: known.get(name, TEXT) | ODD | JSON for name in names}
    return st.fixed_dictionaries({}, optional=values)


BLOCK_TYPES = st.sampled_from(("text", "thinking", "image", "audio", "document", "tool_call", "opaque", "?"))
BLOCK_KEYS = ("type", "text", "thinking", "signature", "data", "url", "file_id", "mime_type", "id", "name", "arguments")
BLOCKS = entries((*BLOCK_KEYS, "raw_arguments", "state", "custom", "api", "kind", "citations"), {"type": BLOCK_TYPES})
MESSAGE_KEYS = ("role", "content", "tool_call_id", "tool_name", "is_error", "details", "timestamp_ms", "usage", "raw")
MESSAGES = entries(
    MESSAGE_KEYS,
    {
        "role": st.sampled_from(("user", "assistant", "tool_result")),
        "content": TEXT | st.lists(BLOCKS | st.sampled_from(({"type": "text", "text": "a"},)), max_size=3),
    },
)
SOUND = st.sampled_from(({"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}))
TOOLS = entries(("name", "description", "parameters", "strict", "custom", "format", "native"), {"parameters": JSON})
APIS = typing.get_args(literals.Api)
CONTEXTS = (
    entries(
        ("system_prompt", "messages", "tools"),
        {"messages": st.lists(MESSAGES | SOUND, max_size=3), "tools": st.lists(TOOLS, max_size=2)},
    )
    | st.lists(MESSAGES | SOUND, min_size=1, max_size=3)
    | st.just("a")
)
MODEL_KEYS = ("id", "provider", "api", "name", "reasoning", "input", "context_window", "max_tokens", "cost", "headers")
MODELS = entries((*MODEL_KEYS, "quirks"), {"id": st.just("m"), "api": st.sampled_from(APIS)})
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
