//! Tools and the rule for their use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::is_default;
use super::literals::ToolChoiceMode;
use crate::json::{Json, Object, object};

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The name; most providers take letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// What it does and when to use it, for the model.
    #[serde(default, skip_serializing_if = "is_default")]
    pub description: String,
    /// A JSON Schema of an object; empty: the tool takes no arguments.
    #[serde(
        default = "Json::object",
        deserialize_with = "object",
        skip_serializing_if = "Json::is_empty_object"
    )]
    pub parameters: Json,
    /// Whether the provider is to force arguments into the schema; None: the provider's default.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strict: Option<bool>,
    /// Whether it takes free text instead of arguments by a schema, where the provider has such tools.
    #[serde(default, skip_serializing_if = "is_default")]
    pub custom: bool,
    /// The grammar that the text of a custom tool obeys, in the provider's form; empty: any text.
    #[serde(
        default = "Json::object",
        deserialize_with = "object",
        skip_serializing_if = "Json::is_empty_object"
    )]
    pub format: Json,
    /// By wire protocol, the tool in that protocol's own form, sent in place of all else: for tools that
    /// the provider runs itself.
    #[serde(default, skip_serializing_if = "is_default")]
    pub native: BTreeMap<String, Object>,
}

/// What the model may do with its tools.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ToolChoice {
    /// The rule.
    #[serde(skip_serializing_if = "is_default")]
    pub mode: ToolChoiceMode,
    /// The tool to call, where `mode` is `tool`.
    #[serde(skip_serializing_if = "is_default")]
    pub name: Option<String>,
}
