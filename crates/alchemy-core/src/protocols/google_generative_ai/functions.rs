//! The tools of a request and the rule for their use.
//!
//! Source: <https://ai.google.dev/api/caching#Tool>, <https://ai.google.dev/gemini-api/docs/function-calling> (2026-11).

use serde::Serialize;
use serde_json::{Value, json};

use super::schema;
use crate::error::Result;
use crate::json::{Json, Object};
use crate::protocols::Request;
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::tools::{SentTool, Tools};
use crate::types::{ToolChoice, ToolChoiceMode};

/// An entry of the list of tools.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum WireTool<'a> {
    #[serde(rename_all = "camelCase")]
    Functions {
        function_declarations: Vec<Declaration<'a>>,
    },
    Native(&'a Object),
}

/// A function that the model may call.
#[derive(Serialize)]
pub(super) struct Declaration<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Json>,
}

/// The list of tools: all functions in one entry, and each of the provider's own tools in one of its own.
pub(super) fn tools<'a>(tools: &Tools<'a>, notices: &mut Notices) -> Result<Vec<WireTool<'a>>> {
    let mut functions = Vec::new();
    let mut natives = Vec::new();
    for sent in &tools.sent {
        match sent.native {
            Some(native) => natives.push(WireTool::Native(native)),
            None => functions.push(declaration(sent, notices)?),
        }
    }
    let functions = Some(functions).filter(|functions| !functions.is_empty());
    let functions = functions.map(|function_declarations| WireTool::Functions { function_declarations });
    Ok(functions.into_iter().chain(natives).collect())
}

fn declaration<'a>(sent: &SentTool<'a>, notices: &mut Notices) -> Result<Declaration<'a>> {
    let parameters = if sent.tool.custom {
        Some(sent.custom_as_function(notices))
    } else if sent.tool.parameters.is_empty_object() {
        None
    } else {
        let path = format!("{}.parameters", sent.path);
        Some(schema::narrowed(&sent.tool.parameters, &path, notices)?)
    };
    Ok(Declaration {
        name: &sent.tool.name,
        description: &sent.tool.description,
        parameters,
    })
}

/// The `functionCallingConfig`; None if nothing is to be sent.
///
/// # Errors
/// If the rule names a tool that is not there.
pub(super) fn calling_config(request: &Request<'_>, tools: &Tools<'_>, notices: &mut Notices) -> Result<Option<Value>> {
    let choice = tools.choice(request, notices)?;
    if tools.parallel(request, notices).is_some() {
        notices.option_dropped("parallel_tool_calls", "the server has no such switch");
    }
    let strict = tools
        .sent
        .iter()
        .any(|sent| sent.native.is_none() && sent.strict(request, notices) == Some(true));
    let choice = choice.filter(|choice| is_for_functions(choice, tools, notices));
    Ok(match choice.map(|choice| choice.mode) {
        // A forced call obeys its schema anyway.
        None | Some(ToolChoiceMode::Auto) if strict => Some(json!({"mode": "VALIDATED"})),
        None => None,
        Some(ToolChoiceMode::Auto) => Some(json!({"mode": "AUTO"})),
        Some(ToolChoiceMode::None) => Some(json!({"mode": "NONE"})),
        Some(ToolChoiceMode::Required) => Some(json!({"mode": "ANY"})),
        Some(ToolChoiceMode::Tool) => {
            let name = choice.and_then(|choice| choice.name.as_deref());
            Some(json!({"mode": "ANY", "allowedFunctionNames": [name]}))
        }
    })
}

/// Whether a rule is one for functions, since the provider's own tools obey none.
fn is_for_functions(choice: &ToolChoice, tools: &Tools<'_>, notices: &mut Notices) -> bool {
    let is_function = |sent: &SentTool<'_>| sent.native.is_none();
    let fits = match choice.mode {
        ToolChoiceMode::Tool => tools
            .named(choice.name.as_deref().unwrap_or_default())
            .is_some_and(is_function),
        _ => tools.sent.iter().any(is_function),
    };
    if !fits && choice.mode != ToolChoiceMode::Auto {
        notices.option_dropped(
            "tool_choice",
            "the rule holds for functions alone, not for the provider's own tools",
        );
    }
    fits
}
