# pyright: reportArgumentType=false, reportCallIssue=false, reportOperatorIssue=false, reportUnusedExpression=false
# pyright: reportAttributeAccessIssue=false, reportGeneralTypeIssues=false
"""Data objects behave as frozen, keyword-only dataclasses."""

import copy
import dataclasses
import inspect
import pickle
import pprint

import alchemy
import pytest
from alchemy._data import Data
from alchemy._native import Later
from hypothesis import HealthCheck, given, settings, strategies as st
from samples import CLASSES, instances, sample, smallest


@pytest.mark.parametrize("name", CLASSES)
def test_equal_hash_and_copies(name):
    """An object equals its copies, its pickle and its replacement, and hashes as they do."""
    one = sample(name)
    twins = [
        copy.copy(one),
        copy.deepcopy(one),
        pickle.loads(pickle.dumps(one)),
        one.replace(),
        dataclasses.replace(one),
        one.__replace__(),
    ]
    for twin in twins:
        assert twin is not one
        assert twin == one
        assert hash(twin) == hash(one)
        assert type(twin) is type(one)
    assert one != object()


@pytest.mark.parametrize("name", CLASSES)
def test_every_field_counts_in_comparison(name):
    """Changing any one field makes an object unequal."""
    one = sample(name)
    for field in CLASSES[name]["fields"]:
        changed = () if field["type"].startswith("list[") or field["name"] == "tools" else "changed"
        other = one.replace(**{field["name"]: changed})
        assert other != one, field["name"]


READ_LATER = {("AssistantMessage", "raw", Later)}


@pytest.mark.parametrize("name", CLASSES)
def test_all_slots_are_plain_and_set(name):
    """Every field has a slot of its own name, all are set, and an object has no room for anything else."""
    for one in (sample(name), smallest(name)):
        for field in CLASSES[name]["fields"]:
            slot = type(one).__dict__[field["name"]]
            # What the native module leaves unread until it is asked for has a descriptor in front of its slot.
            assert inspect.ismemberdescriptor(slot) or (name, field["name"], type(slot)) in READ_LATER
            getattr(one, field["name"])
        assert not hasattr(one, "__dict__")
        assert not hasattr(one, "__weakref__")


@pytest.mark.parametrize("name", CLASSES)
def test_made_without_init(name):
    """An object whose slots were filled without calling `__init__`, as the native module does, is as good as any."""
    one = sample(name)
    made = object.__new__(type(one))
    for field in CLASSES[name]["fields"]:
        object.__setattr__(made, field["name"], getattr(one, field["name"]))
    assert made == one
    assert repr(made) == repr(one)
    assert made.to_dict() == one.to_dict()
    assert pickle.loads(pickle.dumps(made)) == one


@pytest.mark.parametrize("name", CLASSES)
def test_frozen(name):
    """Fields, tags and new attributes can neither be set nor deleted."""
    one = sample(name)
    for field in (CLASSES[name]["fields"][0]["name"], "type", "new"):
        with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot set {name}.{field}"):
            setattr(one, field, None)
        with pytest.raises(AttributeError, match=f"cannot delete {name}.{field}"):
            delattr(one, field)


@pytest.mark.parametrize("name", CLASSES)
def test_repr_rebuilds_the_object(name):
    """The repr of a small object without a key is an expression that makes it again."""
    one = sample(name)
    if name != "Options":
        assert eval(repr(one), {cls: getattr(alchemy, cls) for cls in CLASSES}) == one
    shown = repr(smallest(name))
    assert shown.count("=") >= sum("default" not in field for field in CLASSES[name]["fields"])


def test_wrong_arguments_are_named():
    """Unknown, missing and positional arguments are refused by name, with the nearest known one."""
    with pytest.raises(TypeError, match=r"^Text\(\) does not take txet; did you mean text\?$"):
        alchemy.Text(text="", txet="")
    with pytest.raises(TypeError, match=r"^ToolCall\(\) needs id, name$"):
        alchemy.ToolCall()
    with pytest.raises(TypeError, match=r"^Text\(\) takes keyword arguments only: text, signature, citations$"):
        alchemy.Text("hello")
    with pytest.raises(TypeError, match="does not take colour"):
        alchemy.Text(text="").replace(colour="red")


def test_sequences_become_tuples():
    """Lists and other iterables given for a sequence field become tuples; a str, a number or a single object is refused."""
    one = alchemy.UserMessage(content=[alchemy.Text(text="a")])
    assert one.content == (alchemy.Text(text="a"),)
    assert alchemy.Options(stop=iter(["END"])).stop == ("END",)
    assert alchemy.Options(tools=[]).tools == ()
    for wrong in ("END", b"END", {"a": 1}, alchemy.Text(text="END"), 5):
        with pytest.raises(TypeError, match=r"Options\.stop takes a sequence, not"):
            alchemy.Options(stop=wrong)


def test_dictionaries_become_objects():
    """Where an object is expected a dictionary of its JSON form is taken; free-form dictionaries stay."""
    context = alchemy.Context(
        messages=[{"role": "user", "content": [{"type": "text", "text": "hi"}]}, alchemy.UserMessage(content="there")],
        tools=[{"name": "look", "parameters": {"type": "object"}}],
    )
    assert context.messages[0] == alchemy.UserMessage(content=(alchemy.Text(text="hi"),))
    assert context.tools == (alchemy.Tool(name="look", parameters={"type": "object"}),)
    assert alchemy.Model(id="m", cost={"input": 1.0}).cost == alchemy.ModelCost(input=1.0)
    assert alchemy.Options(response_format={"type": "object"}).response_format == {"type": "object"}
    assert alchemy.Text(text="", citations=[{"type": "page"}]).citations == ({"type": "page"},)
    with pytest.raises(alchemy.InvalidRequestError, match=r"^messages\[0\]\.content: missing$"):
        alchemy.Context(messages=[{"role": "user"}])


def test_mutable_defaults_are_not_shared():
    """Each object has its own empty dictionary."""
    first, second = alchemy.Tool(name="a"), alchemy.Tool(name="b")
    first.parameters["type"] = "object"
    assert second.parameters == {}
    assert alchemy.Tool(name="c").parameters == {}


def test_deepcopy_copies_and_copy_shares():
    """A deep copy has its own dictionaries, a shallow one shares them."""
    one = alchemy.Tool(name="a", parameters={"deep": []})
    assert copy.copy(one).parameters is one.parameters
    assert copy.deepcopy(one).parameters["deep"] is not one.parameters["deep"]


def test_old_pickles_gain_new_fields():
    """A pickle made when a class had fewer fields is read with the defaults of the new ones."""
    restore, (cls, values) = alchemy.Text(text="a").__reduce__()
    del values["citations"]
    assert restore(cls, values) == alchemy.Text(text="a")


def test_match_statement():
    """Classes match by keyword and by position."""
    match alchemy.TextDelta(content_index=2, delta="x"):
        case alchemy.TextDelta(content_index=2, delta=text):
            assert text == "x"
        case _:
            pytest.fail("no match")
    match alchemy.Text(text="x"):
        case alchemy.Text(text):
            assert text == "x"
        case _:
            pytest.fail("no match")


def test_dataclasses_functions():
    """`is_dataclass`, `fields`, `asdict`, `astuple`, `pprint` and `inspect.signature` take data as dataclasses."""
    message = alchemy.AssistantMessage(content=[alchemy.Text(text="hi")])
    assert dataclasses.is_dataclass(message)
    assert dataclasses.is_dataclass(alchemy.AssistantMessage)
    assert [field.name for field in dataclasses.fields(message)][:2] == ["content", "api"]
    assert dataclasses.asdict(message)["content"][0] == {"text": "hi", "signature": None, "citations": ()}
    assert dataclasses.astuple(alchemy.ToolChoice(mode="tool", name="x")) == ("tool", "x")
    assert "AssistantMessage(" in pprint.pformat(message)
    assert str(inspect.signature(alchemy.ToolChoice).parameters["name"]) == "name: str | None = None"
    own = {field.name: field for field in dataclasses.fields(alchemy.Tool)}
    assert own["parameters"].default_factory() == {}
    assert own["name"].default is dataclasses.MISSING


def test_subclass_inherits_fields():
    """A user's subclass, with or without the future import, has the inherited fields and its own."""

    class Scored(alchemy.Text):
        score: float = 0.5

    one = Scored(text="a")
    assert (one.text, one.score, one.type) == ("a", 0.5, "text")
    assert [field.name for field in dataclasses.fields(Scored)] == ["text", "signature", "citations", "score"]
    assert Scored.__slots__ == ("score",)
    namespace = {"Data": Data}
    exec(
        compile("class Own(Data):\n    a: int\n    b: str | None = None\n", "own", "exec", dont_inherit=True), namespace
    )
    assert repr(namespace["Own"](a=1)) == "Own(a=1)"
    assert "Own" not in repr(dataclasses.fields(namespace["Own"])[1].type)


def test_repr_hides_keys():
    """No key, secret header or password in an address is printed."""
    options = alchemy.Options(
        api_key="sk-secret",
        base_url="https://me:sk-secret@host/v1",
        headers={"Authorization": "Bearer sk-secret", "x-api-key": "sk-secret", "Accept": "text", "Cookie": None},
    )
    assert "sk-secret" not in repr(options)
    assert repr(options) == (
        "Options(api_key=<hidden>, base_url='https://<hidden>@host/v1', headers={'Authorization': <hidden>, "
        "'x-api-key': <hidden>, 'Accept': 'text', 'Cookie': None})"
    )
    model = alchemy.Model(id="m", base_url="https://me:sk-secret@host/v1", headers={"X-Token": "sk-secret"})
    assert "sk-secret" not in repr(model)


def test_repr_shortens_long_data():
    """Long bytes, signatures and addresses are shortened, and so is very long text."""
    assert repr(alchemy.Image(data=b"x" * 5000)) == "Image(data=<5000 bytes>)"
    assert len(repr(alchemy.Text(text="a" * 5000))) < 1100
    assert "...<5000 characters>" in repr(alchemy.Text(text="a", signature="s" * 5000))
    assert len(repr(alchemy.ToolCall(id="1", name="n", arguments={"a": ["b" * 5000]}))) < 1200


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_equal_data_hash_equal(data):
    """Two equal objects hash equal, whatever dictionaries and lists they hold."""
    one = data.draw(instances(data.draw(st.sampled_from(list(CLASSES)))))
    twin = copy.deepcopy(one)
    assert one == twin
    assert hash(one) == hash(twin)


def test_hash_ignores_key_order():
    """The order of a dictionary's keys changes neither equality nor hash."""
    first = alchemy.Tool(name="t", parameters={"a": 1, "b": [2]})
    second = alchemy.Tool(name="t", parameters={"b": [2], "a": 1})
    assert first == second
    assert hash(first) == hash(second)


def test_message_conveniences():
    """A message's text, thinking and tool calls are gathered from its blocks in order."""
    call = alchemy.ToolCall(id="1", name="look", arguments={})
    message = alchemy.AssistantMessage(
        content=[
            alchemy.Thinking(thinking="hm "),
            alchemy.Text(text="one "),
            call,
            alchemy.Thinking(thinking="so"),
            alchemy.Text(text="two"),
        ]
    )
    assert message.text == "one two"
    assert message.thinking == "hm so"
    assert message.tool_calls == (call,)
    assert alchemy.AssistantMessage(content=[]).text == ""


def test_with_messages():
    """A context with more messages takes messages, dictionaries and text, and leaves the first as it was."""
    context = alchemy.Context(system_prompt="Be brief.", tools=[alchemy.Tool(name="t")])
    reply = alchemy.AssistantMessage(content=[alchemy.Text(text="yes")])
    longer = context.with_messages("hi", reply, {"role": "tool_result", "tool_call_id": "1", "content": "ok"})
    assert longer.messages == (
        alchemy.UserMessage(content="hi"),
        reply,
        alchemy.ToolResultMessage(tool_call_id="1", content="ok"),
    )
    assert (longer.system_prompt, longer.tools) == (context.system_prompt, context.tools)
    assert context.messages == ()


def test_usage_adds():
    """Usages add field by field: unknown and known gives the known, unknown twice stays unknown; costs add too."""
    first = alchemy.Usage(input=3, output=1, cost=alchemy.Cost(total=0.5))
    second = alchemy.Usage(input=4, reasoning=2, cost=alchemy.Cost(total=0.25, input=1.0))
    total = alchemy.Usage(input=7, output=1, reasoning=2, cost=alchemy.Cost(total=0.75, input=1.0))
    assert first + second == total
    assert sum([first, second]) == total
    assert sum([first.cost, second.cost]) == total.cost
    assert alchemy.Usage() + alchemy.Usage() == alchemy.Usage()
    assert (first + alchemy.Usage()).cost == first.cost
    for wrong in (3, alchemy.Cost(), None):
        with pytest.raises(TypeError):
            first + wrong
    with pytest.raises(TypeError):
        3 + first
