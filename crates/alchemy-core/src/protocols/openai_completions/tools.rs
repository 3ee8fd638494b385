//! The tools, the rule for their use, and the form in which their calls go back.
//!
//! A tool of free text is of the type `custom`, where the server has such tools; elsewhere it is a function of one
//! argument, and its calls go back as calls of that function.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::request::{Call, Custom, Function, ToolCustom, ToolFunction, WireTool};
use crate::json::{Json, Object};
use crate::protocols::Request;
use crate::protocols::encoding::conversation::SentCall;
use crate::protocols::encoding::notices::{Notices, Place};
use crate::protocols::encoding::tools::{SentTool, Tools};

/// A tool as it is sent.
pub(super) fn wire<'a>(sent: &SentTool<'a>, request: &Request<'_>, notices: &mut Notices) -> WireTool<'a> {
    let tool = sent.tool;
    let (name, description) = (tool.name.as_str(), tool.description.as_str());
    if let Some(native) = sent.native {
        return WireTool::Native(native);
    }
    if sent.is_custom(request) {
        return WireTool::Custom {
            kind: "custom",
            custom: ToolCustom {
                name,
                description,
                format: format(&tool.format),
            },
        };
    }
    let parameters = sent.function_parameters(notices);
    WireTool::Function {
        kind: "function",
        function: ToolFunction {
            name,
            description,
            parameters,
            strict: sent.strict(request, notices),
        },
    }
}

/// The format of free text; None if there is none. OpenAI writes a grammar flat in its newer protocol and as an object
/// of its own in this one, so the flat form is brought into the other.
/// <https://platform.openai.com/docs/api-reference/chat/create> (2026-11)
fn format(format: &Json) -> Option<Cow<'_, Json>> {
    let keys: Object = format.read().unwrap_or_default();
    if keys.is_empty() {
        return None;
    }
    let flat = keys.get("type").is_some_and(|kind| kind.text() == "\"grammar\"") && !keys.contains_key("grammar");
    if !flat {
        return Some(Cow::Borrowed(format));
    }
    let grammar: Object = keys.into_iter().filter(|(key, _)| key != "type").collect();
    let nested = Json::of(&json!({"type": "grammar", "grammar": grammar}));
    Some(nested.map_or(Cow::Borrowed(format), Cow::Owned))
}

/// The rule that a tool must be called.
pub(super) fn choice(sent: &SentTool<'_>, request: &Request<'_>) -> Value {
    let name = &sent.tool.name;
    match sent.native {
        Some(native) => native_choice(native),
        None if sent.is_custom(request) => json!({"type": "custom", "custom": {"name": name}}),
        None => json!({"type": "function", "function": {"name": name}}),
    }
}

/// A tool in the protocol's own form is chosen by its type, and by the name in the object that holds its name.
fn native_choice(native: &Object) -> Value {
    let named = |(key, value): (&String, &Json)| {
        let name = value.read::<Object>().ok()?.remove("name")?;
        Some((key.clone(), json!({ "name": name })))
    };
    let kind = native.get("type").map(|kind| ("type".to_owned(), json!(kind)));
    kind.into_iter().chain(native.iter().filter_map(named)).collect()
}

/// A call of an earlier answer, in the form in which its tool is sent.
pub(super) fn call<'a>(
    sent: SentCall<'a>,
    own: bool,
    place: Place,
    tools: &Tools<'a>,
    request: &Request<'_>,
    notices: &mut Notices,
) -> Call<'a> {
    let call = sent.call;
    let name = call.name.as_str();
    let signature = call.signature.as_deref().filter(|_| own);
    let mut wire = Call {
        id: Cow::Borrowed(&call.id),
        kind: "function",
        function: None,
        custom: None,
        extra_content: signature
            .and_then(|text| Json::parse(text).ok())
            .filter(Json::is_object),
    };
    if tools.goes_as_custom(call, own, request) {
        let input = if sent.whole { call.raw_arguments.as_str() } else { "" };
        wire.kind = "custom";
        wire.custom = Some(Custom { name, input });
        return wire;
    }
    let arguments = match call.custom && sent.whole {
        true => {
            notices.block_converted(place, "a call with free text is sent as one with the argument `input`");
            Cow::Owned(json!({"input": call.raw_arguments}).to_string())
        }
        false => Cow::Borrowed(sent.arguments()),
    };
    wire.function = Some(Function { name, arguments });
    wire
}
