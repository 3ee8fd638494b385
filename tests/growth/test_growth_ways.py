"""A conversation means the same whichever way it is read: its long texts set aside, or all of it by its JSON form."""

import base64
from types import MappingProxyType

import alchemy
import pytest
from alchemy._native import encode
from dialects import DIALECTS

LONG = 'A sentence that is too long to be copied, with "quotes", a tab\t and letters: äöü 日本.\n' * 3
PNG = b"\x89PNG\r\n" + bytes(range(256))
PDF = b"%PDF-1.7" + bytes(range(256))
MODEL = {"provider": "custom", "model": "m"}

MESSAGES = [
    {"role": "user", "content": LONG},
    {"role": "user", "content": "short", "timestamp_ms": 5},
    {"role": "user", "content": [{"type": "text", "text": LONG}, {"text": "half a pair: \ud83d", "type": "text"}]},
    {"role": "user", "content": LONG + "\ud83d\ude00 as two halves"},
    {"role": "user", "content": [{"type": "image", "data": base64.b64encode(PNG).decode(), "detail": "low"}]},
    {"role": "user", "content": [{"type": "image", "url": "https://host/a.png", "data": None}]},
    {"role": "user", "content": [{"type": "document", "data": PDF, "name": "a.pdf"}]},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": LONG, "signature": LONG},
            {"type": "text", "text": LONG, "citations": [{"text": LONG}]},
            {"type": "tool_call", "id": "c1", "name": "f", "raw_arguments": '{"text": "' + "x" * 99 + '"}'},
            {"type": "tool_call", "id": "c2", "name": "f", "arguments": {"text": LONG}, "raw_arguments": ""},
        ],
        "stop_reason": "tool_use",
        "usage": {"input": 3},
        **MODEL,
    },
    {"role": "tool_result", "tool_call_id": "c1", "content": LONG, "details": {"content": LONG}},
    {"role": "tool_result", "tool_call_id": "c2", "content": [{"type": "text", "text": LONG}], "is_error": True},
    {"role": "assistant", "content": LONG},
    {"role": "user", "content": [{"type": "opaque", "api": "none", "kind": "k", "data": {"text": LONG}, "text": LONG}]},
]


class Custom(str):
    """A string of a class of its own."""

    __slots__ = ()


def proxied(value):
    """The same data with mappings that are no dictionaries, of which nothing is set aside but what a message says."""
    if isinstance(value, dict):
        return MappingProxyType({key: proxied(each) for key, each in value.items()})
    return tuple(proxied(each) for each in value) if isinstance(value, list) else value


def customised(value):
    """The same data with strings of another class."""
    if isinstance(value, dict):
        return {key: customised(each) for key, each in value.items()}
    if isinstance(value, list):
        return [customised(each) for each in value]
    return Custom(value) if isinstance(value, str) else value


def classes(message):
    """The same message as data classes."""
    return alchemy.message_from_dict({key: value for key, value in message.items() if value is not None})


def sent(messages, api):
    """The body and the notices."""
    model = alchemy.Model(id="m", api=api, base_url="http://127.0.0.1:9", input=("text", "image", "document"))
    return encode(model, {"messages": messages, "system_prompt": LONG}, {}, True)[3:]


@pytest.mark.parametrize("api", [dialect.api for dialect in DIALECTS])
@pytest.mark.parametrize("form", [proxied, customised])
def test_every_way_of_reading_gives_the_same_body(form, api):
    """Mappings, dictionaries and strings of any class make the same request."""
    expected = sent(MESSAGES, api)
    assert LONG[:40].encode() in expected[0].replace(b'\\"', b'"')
    assert sent([form(message) for message in MESSAGES], api) == expected


@pytest.mark.parametrize("api", [dialect.api for dialect in DIALECTS])
def test_data_classes_make_the_same_request(api):
    """So do data classes, which say of a message all that the dictionary does."""
    plain = [message for message in MESSAGES if message["content"] != MESSAGES[6]["content"]]
    assert sent([classes(message) for message in plain], api) == sent(plain, api)


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ([{"type": "text", "text": LONG}, {"type": "text", "text": 5}], "messages[1].content[1].text"),
        ([{"type": "image", "data": LONG}], "messages[1].content[0].data"),
        ([{"type": "tool_call", "id": "c", "name": "f", "raw_arguments": LONG}], "messages[1].content[0]"),
        ([{"type": "text", "text": LONG, "": LONG}], "messages[1].content[0]"),
        ({"text": LONG}, "messages[1].content"),
    ],
)
def test_what_is_wrong_beside_long_texts_has_its_path(content, path):
    """An error says where it is, however long what stands beside it."""
    with pytest.raises(alchemy.InvalidRequestError) as caught:
        sent([MESSAGES[0], {"role": "user", "content": content}], DIALECTS[0].api)
    assert caught.value.path == path
    assert len(str(caught.value)) < 500
