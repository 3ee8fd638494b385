//! The schemas of functions, put into the words that the server takes.

use super::*;

/// The parameters that a schema becomes, and what a notice says is lost.
fn narrowed(schema: &Value) -> (Value, Option<String>) {
    let options = json!({"tools": [{"name": "f", "parameters": schema}]});
    let encoded = encoded("google/gemini-2.5-flash", &hello(), &options);
    let lost = encoded.notices.first().map(|notice| {
        assert_eq!(
            (notice.code.as_str(), notice.path.as_str()),
            ("schema_narrowed", "options.tools[0].parameters")
        );
        notice.text.rsplit_once("not sent: ").unwrap().1.to_owned()
    });
    assert!(encoded.notices.len() < 2, "one notice a tool");
    (
        body(&encoded)["tools"][0]["functionDeclarations"][0]["parameters"].clone(),
        lost,
    )
}

/// The schema of one property, which says all there is to say.
fn property(schema: &Value, expected: &Value) {
    let (whole, lost) = narrowed(&json!({"type": "object", "properties": {"a": schema}}));
    assert_eq!(&whole["properties"]["a"], expected, "{schema}");
    assert_eq!(lost, None, "{schema}");
}

/// The schema of one property, of which something is lost.
fn property_without(schema: &Value, expected: &Value, missing: &str) {
    let (whole, lost) = narrowed(&json!({"type": "object", "properties": {"a": schema}}));
    assert_eq!(&whole["properties"]["a"], expected, "{schema}");
    assert_eq!(lost.as_deref(), Some(missing), "{schema}");
}

#[test]
fn what_the_server_knows_goes_as_it_is() {
    for schema in [
        json!({"type": "string", "title": "A", "description": "a", "enum": ["x", "y"], "default": "x", "example": "y"}),
        json!({"type": "string", "minLength": 1, "maxLength": 2, "pattern": "a+", "format": "date-time"}),
        json!({"type": "integer", "minimum": 1, "maximum": 2, "format": "int64", "nullable": true}),
        json!({"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 2}),
        json!({"type": "object", "properties": {"b": {"type": "boolean"}}, "required": ["b"], "minProperties": 1}),
        json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
    ] {
        property(&schema, &schema);
    }
}

#[test]
fn annotations_that_bind_nobody_go_without_a_word() {
    let schema = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "x", "type": "object",
        "properties": {"a": {"type": "string", "examples": ["b"], "deprecated": true, "x-order": 1}},
        "additionalProperties": false, "$comment": "c", "$defs": {"unused": {"type": "string"}}});
    assert_eq!(
        narrowed(&schema),
        (json!({"type": "object", "properties": {"a": {"type": "string"}}}), None)
    );
}

#[test]
fn null_becomes_nullable() {
    let nullable = json!({"type": "string", "nullable": true});
    for schema in [
        json!({"type": ["string", "null"]}),
        json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
        json!({"oneOf": [{"type": "null"}, {"type": "string"}]}),
    ] {
        property(&schema, &nullable);
    }
    property(
        &json!({"enum": ["x", null], "description": "d"}),
        &json!({"type": "string", "enum": ["x"], "description": "d", "nullable": true}),
    );
    property(&json!({"type": "null"}), &json!({"type": "null"}));
}

#[test]
fn lists_of_types_and_one_of_become_any_of() {
    property(
        &json!({"type": ["string", "integer"], "minLength": 1, "minimum": 2, "description": "d"}),
        &json!({"anyOf": [{"type": "string", "minLength": 1, "description": "d"}, {"type": "integer", "minimum": 2, "description": "d"}]}),
    );
    property(
        &json!({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "null"}]}),
        &json!({"anyOf": [{"type": "string", "nullable": true}, {"type": "array", "items": {"type": "string"}, "nullable": true}]}),
    );
    // What stands beside the alternatives holds for each of them.
    property(
        &json!({"type": "object", "properties": {"k": {"type": "string"}}, "anyOf": [{"required": ["k"]}, {"properties": {"l": {"type": "integer"}}}]}),
        &json!({"anyOf": [{"type": "object", "properties": {"k": {"type": "string"}}, "required": ["k"]},
                          {"type": "object", "properties": {"k": {"type": "string"}, "l": {"type": "integer"}}}]}),
    );
}

#[test]
fn constants_become_enums() {
    property(&json!({"const": "x"}), &json!({"type": "string", "enum": ["x"]}));
    property(
        &json!({"oneOf": [{"const": "x"}, {"const": "y"}]}),
        &json!({"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "string", "enum": ["y"]}]}),
    );
    property_without(
        &json!({"const": 3}),
        &json!({"type": "integer"}),
        "properties.a.enum [3]",
    );
    property_without(
        &json!({"type": "number", "enum": [1, 2.5]}),
        &json!({"type": "number"}),
        "properties.a.enum [1,2.5]",
    );
}

#[test]
fn references_are_put_in_place() {
    let schema = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/A~1b", "description": "here"}, "c": {"$ref": "#/definitions/C"}},
        "$defs": {"A/b": {"type": "object", "properties": {"c": {"$ref": "#/definitions/C"}}, "description": "there"}},
        "definitions": {"C": {"type": "string"}}});
    assert_eq!(
        narrowed(&schema),
        (
            json!({"type": "object", "properties": {
                "a": {"type": "object", "properties": {"c": {"type": "string"}}, "description": "here"}, "c": {"type": "string"}}}),
            None
        )
    );
}

#[test]
fn references_that_lead_back_are_cut() {
    let schema = json!({"type": "object", "properties": {"tree": {"$ref": "#/$defs/node"}},
        "$defs": {"node": {"type": "object", "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/node"}}}}});
    let (sent, lost) = narrowed(&schema);
    assert_eq!(
        sent["properties"]["tree"],
        json!({"type": "object", "properties": {"name": {"type": "string"}, "next": {"type": "object", "properties": {}}}})
    );
    assert_eq!(
        lost.as_deref(),
        Some("properties.tree.properties.next.$ref (it leads back into itself)")
    );
    let (sent, lost) = narrowed(&json!({"type": "object", "properties": {"self": {"$ref": "#"}}}));
    assert_eq!(
        sent["properties"]["self"]["properties"]["self"],
        json!({"type": "object", "properties": {}})
    );
    assert!(lost.is_some());
}

#[test]
fn the_same_reference_twice_is_no_circle() {
    let schema = json!({"type": "object", "properties": {"a": {"allOf": [{"$ref": "#/$defs/b"}, {"$ref": "#/$defs/c"}]}},
        "$defs": {"b": {"allOf": [{"$ref": "#/$defs/base"}]}, "c": {"allOf": [{"$ref": "#/$defs/base"}]},
                  "base": {"type": "object", "properties": {"k": {"type": "string"}}}}});
    let (sent, lost) = narrowed(&schema);
    assert_eq!(
        sent["properties"]["a"],
        json!({"type": "object", "properties": {"k": {"type": "string"}}})
    );
    assert_eq!(lost, None);
}

#[test]
fn references_that_lead_away_are_refused_and_never_fetched() {
    for (reference, path) in [
        (
            "https://example.com/schema.json",
            "options.tools[0].parameters.properties.a.$ref",
        ),
        ("other.json#/a", "options.tools[0].parameters.properties.a.$ref"),
        ("#/$defs/missing", "options.tools[0].parameters.properties.a.$ref"),
    ] {
        let options = json!({"tools": [{"name": "f", "parameters": {"type": "object", "properties": {"a": {"$ref": reference}}}}]});
        refused("google/gemini-2.5-flash", &hello(), &options, path);
    }
}

#[test]
fn schemas_that_grow_without_measure_are_refused() {
    let mut defs = serde_json::Map::new();
    defs.insert("d0".to_owned(), json!({"type": "string"}));
    for level in 1..30 {
        let below = json!({"$ref": format!("#/$defs/d{}", level - 1)});
        defs.insert(
            format!("d{level}"),
            json!({"type": "object", "properties": {"a": below, "b": below}}),
        );
    }
    let options = json!({"tools": [{"name": "f", "parameters": {"$ref": "#/$defs/d29", "$defs": defs}}]});
    refused(
        "google/gemini-2.5-flash",
        &hello(),
        &options,
        "options.tools[0].parameters",
    );
}

#[test]
fn what_holds_at_once_is_one_schema() {
    property(
        &json!({"allOf": [{"type": "object", "properties": {"k": {"type": "integer", "minimum": 1}}, "required": ["k"]},
                          {"type": "object", "properties": {"k": {"maximum": 5}, "l": {"type": "string"}}, "required": ["l"]}]}),
        &json!({"type": "object", "properties": {"k": {"type": "integer", "minimum": 1, "maximum": 5}, "l": {"type": "string"}}, "required": ["k", "l"]}),
    );
    property_without(
        &json!({"allOf": [{"type": "string"}, {"type": "integer"}]}),
        &json!({"type": "string"}),
        "properties.a.allOf[1].type",
    );
}

#[test]
fn what_the_server_has_no_word_for_is_named_with_its_place() {
    let (sent, lost) = narrowed(&json!({"type": "object", "properties": {
        "n": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5},
        "t": {"type": 6, "properties": {}}, "u": {"type": "date", "minLength": 1},
        "i": {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10},
        "s": {"type": "string", "format": "email"},
        "l": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}},
        "required": ["n", "gone"], "additionalProperties": {"type": "string"}}));
    assert_eq!(
        sent,
        json!({"type": "object", "properties": {"n": {"type": "number"},
            "t": {"type": "object", "properties": {}}, "u": {"type": "string", "minLength": 1},
            "i": {"type": "integer", "minimum": 1, "maximum": 9},
            "s": {"type": "string"}, "l": {"type": "array", "items": {"type": "string"}}}, "required": ["n"]})
    );
    assert_eq!(
        lost.as_deref(),
        Some(
            "properties.n.exclusiveMinimum 0, properties.n.multipleOf, properties.t.type 6, properties.u.type \"date\", properties.s.format \"email\", \
             properties.l.uniqueItems, required \"gone\", additionalProperties"
        )
    );
}

#[test]
fn a_value_of_any_kind_is_one_of_each() {
    let any = json!([{"type": "string"}, {"type": "number"}, {"type": "boolean"}, {"type": "object"},
                     {"type": "array", "items": {"type": "string"}}]);
    for schema in [json!({}), json!(true)] {
        property_without(&schema, &json!({"anyOf": any}), "properties.a.no type (any value)");
    }
    let (sent, lost) =
        narrowed(&json!({"type": "object", "properties": {"l": {"type": "array"}, "p": {"properties": {}}}}));
    assert_eq!(sent["properties"]["p"], json!({"type": "object", "properties": {}}));
    assert!(sent["properties"]["l"]["items"]["anyOf"].is_array());
    assert_eq!(lost.as_deref(), Some("properties.l.items (any value)"));
}

#[test]
fn tuples_are_lists_of_any_of_their_items() {
    property_without(
        &json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]}),
        &json!({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}),
        "properties.a.prefixItems (which item is which)",
    );
}
