//! The tools, the rule for their use, and the form in which their calls go back.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::input::text_of;
use crate::json::{Json, Object};
use crate::protocols::Request;
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::tools::SentTool;

#[derive(serde::Serialize)]
#[serde(untagged)]
pub(super) enum WireTool<'a> {
    Native(&'a Object),
    Own(OwnTool<'a>),
}

#[derive(serde::Serialize)]
pub(super) struct OwnTool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Cow<'a, Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Cow<'a, Json>>,
}

/// A tool as it is sent.
pub(super) fn wire<'a>(sent: &SentTool<'a>, request: &Request<'_>, notices: &mut Notices) -> WireTool<'a> {
    if let Some(native) = sent.native {
        return WireTool::Native(native);
    }
    let tool = sent.tool;
    let custom = sent.is_custom(request);
    let parameters = (!custom).then(|| sent.function_parameters(notices));
    // Unsaid, the server rewrites a schema into one that requires every property, where it can: optional arguments
    // are then filled with something. What the caller wrote is what counts.
    // <https://platform.openai.com/docs/guides/function-calling#strict-mode> (2026-11)
    let unsaid = (!custom && request.quirks.strict_tools).then_some(false);
    WireTool::Own(OwnTool {
        kind: if custom { "custom" } else { "function" },
        name: &tool.name,
        description: &tool.description,
        parameters,
        strict: sent.strict(request, notices).or(unsaid),
        format: format(&tool.format).filter(|_| custom),
    })
}

/// The format of free text; None if there is none. A grammar that is written as an object of its own, as the older
/// protocol has it, is brought into the flat form of this one.
fn format(format: &Json) -> Option<Cow<'_, Json>> {
    let mut keys: Object = format.read().unwrap_or_default();
    if keys.is_empty() {
        return None;
    }
    let Some(mut grammar) = keys.remove("grammar").and_then(|grammar| grammar.read::<Object>().ok()) else {
        return Some(Cow::Borrowed(format));
    };
    grammar.append(&mut keys);
    Some(Json::of(&grammar).map_or(Cow::Borrowed(format), Cow::Owned))
}

/// The rule that a tool must be called.
pub(super) fn choice(sent: &SentTool<'_>, request: &Request<'_>) -> Value {
    let name = &sent.tool.name;
    match sent.native {
        Some(native) => native_choice(native),
        None if sent.is_custom(request) => json!({"type": "custom", "name": name}),
        None => json!({"type": "function", "name": name}),
    }
}

/// A tool in the protocol's own form is chosen by its type, and by its name or that of its server.
fn native_choice(native: &Object) -> Value {
    let keys = ["type", "name", "server_label"];
    let chosen = native.iter().filter(|(key, _)| keys.contains(&key.as_str()));
    chosen.map(|(key, value)| (key.clone(), json!(value))).collect()
}

/// The types of the items that call a tool of the vendor's which the caller runs.
const CLIENT_CALLS: [&str; 5] = [
    "shell_call",
    "local_shell_call",
    "apply_patch_call",
    "computer_call",
    "tool_search_call",
];

/// The item that a call of such a tool came in, and its keys.
pub(super) fn client_item(signature: &str) -> Option<(Json, Object)> {
    let item = Json::parse(signature).ok()?;
    let keys: Object = item.read().ok()?;
    CLIENT_CALLS
        .contains(&text_of(&keys, "type").as_str())
        .then_some((item, keys))
}

/// The keys of the item that a call of a tool comes in, as far as the tool's own form tells.
pub(super) fn client_keys(native: &Object) -> Option<Object> {
    let kind = match text_of(native, "type").as_str() {
        "shell" => "shell_call",
        "local_shell" => "local_shell_call",
        "apply_patch" => "apply_patch_call",
        "computer" | "computer_use_preview" => "computer_call",
        "tool_search" => "tool_search_call",
        _ => return None,
    };
    Some(Object::from([("type".to_owned(), Json::of(&kind).ok()?)]))
}
