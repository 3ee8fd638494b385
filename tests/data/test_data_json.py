# pyright: reportArgumentType=false
"""The JSON form: round trips, and errors that name the path."""

import json
import math

import alchemy
import pytest
from alchemy import content_from_dict, event_from_dict, message_from_dict
from hypothesis import HealthCheck, given, settings, strategies as st
from samples import CLASSES, UNIONS, instances, sample, smallest

READERS = {"ContentBlock": content_from_dict, "Message": message_from_dict, "Event": event_from_dict}


@pytest.mark.parametrize("name", CLASSES)
def test_round_trip(name):
    """An object goes to JSON text and back unchanged, with every field set and with the required ones alone."""
    cls = getattr(alchemy, name)
    for one in (sample(name), smallest(name)):
        assert cls.from_dict(json.loads(json.dumps(one.to_dict()))) == one


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_round_trip_of_anything(data):
    """Any object that the table allows goes to JSON text and back unchanged."""
    one = data.draw(instances(data.draw(st.sampled_from(list(CLASSES)))))
    back = type(one).from_dict(json.loads(json.dumps(one.to_dict(), allow_nan=False)))
    assert back == one
    assert repr(back) == repr(one)


@pytest.mark.parametrize("name", CLASSES)
def test_form(name):
    """The form has the tag first, the fields in order, and leaves out fields at their default."""
    row = CLASSES[name]
    tag = [row["tag"][0]] if "tag" in row else []
    assert list(sample(name).to_dict()) == [*tag, *[field["name"] for field in row["fields"]]]
    required = [field["name"] for field in row["fields"] if "default" not in field]
    assert list(smallest(name).to_dict()) == [*tag, *required]


@pytest.mark.parametrize(("union", "name"), [(union, name) for union in READERS for name in UNIONS[union]])
def test_unions_are_told_apart_by_tag(union, name):
    """A reader of a union makes the class that the tag names."""
    assert READERS[union](sample(name).to_dict()) == sample(name)


@pytest.mark.parametrize("name", CLASSES)
def test_unknown_key_is_refused(name):
    """A key that is no field is refused with its path and the nearest known key."""
    first = CLASSES[name]["fields"][0]["name"]
    wrong = first + "s"
    with pytest.raises(alchemy.InvalidRequestError) as caught:
        getattr(alchemy, name).from_dict({**sample(name).to_dict(), wrong: 1})
    assert caught.value.path == wrong
    assert str(caught.value).startswith(f"{wrong}: unknown key; did you mean ")


@pytest.mark.parametrize("name", [name for name in CLASSES if smallest(name).to_dict()])
def test_missing_key_is_refused(name):
    """A required key that is missing is refused with its path."""
    required = [field["name"] for field in CLASSES[name]["fields"] if "default" not in field]
    for key in required:
        form = smallest(name).to_dict()
        del form[key]
        with pytest.raises(alchemy.InvalidRequestError, match=rf"^{key}: missing$"):
            getattr(alchemy, name).from_dict(form)


def user(block):
    return {"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": [block]}]}


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (user({"type": "text", "txet": "a"}), "messages[1].content[0].txet: unknown key; did you mean text?"),
        (user({"type": "text", "text": 3}), "messages[1].content[0].text: expected str, not int"),
        (user({"type": "text", "text": None}), "messages[1].content[0].text: expected str, not None"),
        (user({"type": "text"}), "messages[1].content[0].text: missing"),
        (user({"text": "a"}), "messages[1].content[0].type: missing; expected one of text, image, audio, document, opaque"),
        (user({"type": "txt"}), "messages[1].content[0].type: expected one of text, image, audio, document, opaque, not 'txt'; did you mean text?"),
        (user({"type": "thinking", "thinking": ""}), "messages[1].content[0].type: expected one of text, image, audio, document, opaque, not 'thinking'"),
        (user({"type": []}), "messages[1].content[0].type: expected one of text, image, audio, document, opaque, not []"),
        (user("a"), "messages[1].content[0]: expected Text or Image or Audio or Document or Opaque, not str"),
        (user({"type": "image", "data": "***"}), "messages[1].content[0].data: not base64"),
        (user({"type": "opaque", "api": "a", "kind": "k", "data": [math.nan]}), "messages[1].content[0].data[0]: nan is not JSON"),
        (user({"type": "opaque", "api": "a", "kind": "k", "data": {"x": object()}}), "messages[1].content[0].data.x: object is not JSON"),
        ({"messages": {}}, "messages: expected a list, not dict"),
        ({"messages": None}, "messages: expected a list, not None"),
        ({"messages": [{"role": "system", "content": ""}]}, "messages[0].role: expected one of user, assistant, tool_result, not 'system'"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content: expected str or a list, not int"),
        ({"tools": [{"name": "x", "parameters": []}]}, "tools[0].parameters: expected a dictionary, not list"),
        ({"tools": [{"name": "x", "parameters": {1: 2}}]}, "tools[0].parameters: the key 1 is not a str"),
        ({"tools": [{"name": "x", "strict": 1}]}, "tools[0].strict: expected bool or None, not int"),
        ({3: 4}, "3: unknown key"),
    ],
)  # fmt: skip
def test_wrong_shapes_name_their_path(form, message):
    """A context of the wrong shape is refused in one line that begins with the path."""
    with pytest.raises(alchemy.InvalidRequestError) as caught:
        alchemy.Context.from_dict(form)
    assert str(caught.value).startswith(message)
    assert str(caught.value).startswith(f"{caught.value.path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [None, 3, "text", [1]])
def test_no_dictionary_at_all(wrong):
    """What is no dictionary is refused by every reader."""
    with pytest.raises(alchemy.InvalidRequestError, match=r"^expected Text, not "):
        alchemy.Text.from_dict(wrong)
    with pytest.raises(alchemy.InvalidRequestError, match=r"^expected UserMessage or "):
        message_from_dict(wrong)


def test_wrong_tag_is_refused():
    """A class refuses the form of another; a form without a tag is taken where the class is known."""
    with pytest.raises(alchemy.InvalidRequestError, match=r"^type: expected text, not 'thinking'$"):
        alchemy.Text.from_dict({"type": "thinking", "text": "a"})
    assert alchemy.Text.from_dict({"text": "a"}) == alchemy.Text(text="a")


def test_literals_are_checked():
    """A word that is not in the list is refused with the nearest one."""
    with pytest.raises(alchemy.InvalidRequestError) as caught:
        alchemy.AssistantMessage.from_dict({"role": "assistant", "content": [], "stop_reason": "stopp"})
    assert caught.value.path == "stop_reason"
    assert str(caught.value).endswith("not 'stopp'; did you mean stop?")


def test_assistant_content_may_be_text():
    """A dictionary may give an assistant's content as a str, wherever the message stands."""
    form = {"role": "assistant", "content": "hi"}
    expected = alchemy.AssistantMessage(content=[alchemy.Text(text="hi")])
    assert alchemy.AssistantMessage.from_dict(form) == expected
    assert message_from_dict(form) == expected
    assert alchemy.Context(messages=[form]).messages == (expected,)
    assert form == {"role": "assistant", "content": "hi"}


def test_numbers_are_kept():
    """Integers of any size stay integers and floats stay floats; truth values are no numbers."""
    arguments = {"big": 2**100, "small": -(2**64), "float": 1.0, "exact": 1}
    call = alchemy.ToolCall(id="1", name="n", arguments=arguments)
    back = alchemy.ToolCall.from_dict(json.loads(json.dumps(call.to_dict())))
    assert repr(back.arguments) == repr(arguments)
    assert repr(alchemy.Timeout.from_dict({"total": 5})) == "Timeout(total=5.0)"
    for wrong in ({"total": True}, {"total": "5"}, {"total": math.inf}, {"total": 10**400}):
        with pytest.raises(alchemy.InvalidRequestError, match=r"^total: "):
            alchemy.Timeout.from_dict(wrong)
    with pytest.raises(alchemy.InvalidRequestError, match=r"^max_tokens: expected int or None, not float$"):
        alchemy.Options.from_dict({"max_tokens": 5.0})


def test_writing_refuses_what_json_cannot_say():
    """Writing NaN, an infinity, an object or a key that is no str is refused with the path."""
    for wrong, path in [
        ({"a": [math.nan]}, "messages[0].content[0].arguments.a[0]"),
        ({"a": -math.inf}, "messages[0].content[0].arguments.a"),
        ({"a": {1, 2}}, "messages[0].content[0].arguments.a"),
        ({1: 2}, "messages[0].content[0].arguments"),
    ]:
        call = alchemy.ToolCall(id="1", name="n", arguments=wrong)
        context = alchemy.Context(messages=[alchemy.AssistantMessage(content=[call])])
        with pytest.raises(alchemy.InvalidRequestError) as caught:
            context.to_dict()
        assert caught.value.path == path


def test_nesting_without_end_is_refused():
    """JSON that holds itself, or is nested deeper than Python can follow, is refused in both directions."""
    endless = {}
    endless["again"] = endless
    with pytest.raises(alchemy.InvalidRequestError, match="nested too deeply"):
        alchemy.Tool(name="t", parameters=endless).to_dict()
    with pytest.raises(alchemy.InvalidRequestError, match="nested too deeply"):
        alchemy.Tool.from_dict({"name": "t", "parameters": endless})


def test_bytes_are_base64():
    """Bytes are base64 text in the JSON form; reading takes bytes as well."""
    image = alchemy.Image(data=b"\x00\x01")
    assert image.to_dict() == {"type": "image", "data": "AAE="}
    assert alchemy.Image.from_dict({"type": "image", "data": b"\x00\x01"}) == image


def test_forms_share_nothing_with_the_object():
    """Changing a form changes neither the object it came from nor the one read from it."""
    tool = alchemy.Tool(name="t", parameters={"deep": [1]})
    form = tool.to_dict()
    back = alchemy.Tool.from_dict(form)
    form["parameters"]["deep"].append(2)
    assert tool.parameters == back.parameters == {"deep": [1]}


def test_objects_inside_dictionaries():
    """A dictionary may hold objects of the right class in place of their form; others are refused."""
    block = alchemy.Text(text="a")
    assert alchemy.UserMessage.from_dict({"content": [block]}).content == (block,)
    with pytest.raises(alchemy.InvalidRequestError, match=r"^content\[0\]: expected .* not Thinking$"):
        alchemy.UserMessage.from_dict({"content": [alchemy.Thinking(thinking="")]})


def test_default_of_another_type_is_written():
    """Only a value that is its default in type as well is left out, so nothing changes on the way back."""
    assert alchemy.Timeout(connect=10).to_dict() == {"connect": 10}
    assert alchemy.Timeout(connect=10.0).to_dict() == {}
    assert alchemy.Timeout(total=None).to_dict() == {"total": None}
