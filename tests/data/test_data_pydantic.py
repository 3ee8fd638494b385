"""Data in pydantic: adapters, models, errors and JSON schemas."""

import json

import alchemy
import pytest
from samples import CLASSES, UNIONS, sample

pydantic = pytest.importorskip("pydantic")


@pytest.mark.parametrize("name", [*CLASSES, *UNIONS])
def test_type_adapter_round_trips(name):
    """A `TypeAdapter` of a class or union takes objects, dictionaries and JSON text, and dumps the JSON form."""
    adapter = pydantic.TypeAdapter(getattr(alchemy, name))
    for member in UNIONS.get(name, [name]):
        one = sample(member)
        assert adapter.validate_python(one) is one
        assert adapter.validate_python(one.to_dict()) == one
        assert adapter.validate_json(json.dumps(one.to_dict())) == one
        assert adapter.dump_python(one) == one.to_dict()
        assert json.loads(adapter.dump_json(one)) == one.to_dict()


def test_as_a_model_field():
    """Data is a field of a pydantic model as any other type is."""

    class Row(pydantic.BaseModel):
        context: alchemy.Context
        last: alchemy.Message | None = None

    row = Row.model_validate({"context": {"messages": [{"role": "user", "content": "hi"}]}})
    assert row.context.messages == (alchemy.UserMessage(content="hi"),)
    assert Row.model_validate_json(row.model_dump_json()) == row


def test_errors_name_the_path():
    """A wrong shape is a validation error that has the path inside the data."""
    with pytest.raises(pydantic.ValidationError, match=r"messages\[0\]\.content: missing"):
        pydantic.TypeAdapter(alchemy.Context).validate_python({"messages": [{"role": "user"}]})


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize("name", CLASSES)
def test_json_schema(name, mode):
    """The JSON schema has the tag and the fields of the table, and requires those without a default."""
    schema = pydantic.TypeAdapter(getattr(alchemy, name)).json_schema(mode=mode)
    if "$ref" in schema:
        schema = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    row = CLASSES[name]
    tag = [row["tag"][0]] if "tag" in row else []
    assert list(schema["properties"]) == [*tag, *[field["name"] for field in row["fields"]]]
    assert schema.get("required", []) == [*tag, *[f["name"] for f in row["fields"] if "default" not in f]]
