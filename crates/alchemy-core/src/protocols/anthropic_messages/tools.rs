//! The tools and the rule for their use.
//!
//! Source: <https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use> (2026-11).

use std::borrow::Cow;

use serde_json::{Value, json};

use super::output::closed;
use super::request::{ToolForm, WireTool};
use crate::error::Result;
use crate::json::Json;
use crate::protocols::Request;
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::tools::{SentTool, Tools};
use crate::types::ToolChoiceMode;

/// The tools as they are sent.
pub(super) fn encode<'a>(request: &Request<'a>, tools: &Tools<'a>, notices: &mut Notices) -> Vec<WireTool<'a>> {
    let forms = tools.sent.iter().map(|tool| form(tool, request, notices));
    forms.map(|form| WireTool { form, mark: None }).collect()
}

fn form<'a>(sent: &SentTool<'a>, request: &Request<'a>, notices: &mut Notices) -> ToolForm<'a> {
    if let Some(native) = sent.native {
        return ToolForm::Native(native);
    }
    let mut input_schema = sent.function_parameters(notices);
    let strict = sent.strict(request, notices);
    if strict == Some(true)
        && let Some(schema) = closed(&input_schema)
    {
        let text = "the server forces closed objects alone; additionalProperties false is added where it lacks";
        notices.add("tool_converted", format_args!("{}.parameters", sent.path), text);
        input_schema = Cow::Owned(schema);
    }
    ToolForm::Function {
        name: &sent.tool.name,
        description: &sent.tool.description,
        input_schema,
        strict,
    }
}

/// The rule for the use of the tools; None if nothing is to be sent.
pub(super) fn choice(
    request: &Request<'_>,
    tools: &Tools<'_>,
    thinks: bool,
    notices: &mut Notices,
) -> Result<Option<Value>> {
    let choice = tools.choice(request, notices)?;
    let single = tools.parallel(request, notices) == Some(false);
    let mut rule = match choice.map(|choice| (choice.mode, choice.name.as_deref().unwrap_or_default())) {
        None if !single => return Ok(None),
        None | Some((ToolChoiceMode::Auto, _)) => json!({"type": "auto"}),
        Some((ToolChoiceMode::None, _)) => return Ok(Some(json!({"type": "none"}))),
        Some((ToolChoiceMode::Required | ToolChoiceMode::Tool, _)) if thinks => {
            let text = "the server cannot force a call of a model that thinks; the model decides";
            notices.option_mapped("tool_choice", text);
            json!({"type": "auto"})
        }
        Some((ToolChoiceMode::Required, _)) => json!({"type": "any"}),
        Some((ToolChoiceMode::Tool, name)) => json!({"type": "tool", "name": wire_name(tools, name)}),
    };
    if single && let Some(rule) = rule.as_object_mut() {
        rule.insert("disable_parallel_tool_use".to_owned(), Value::Bool(true));
    }
    Ok(Some(rule))
}

/// The name under which a tool is sent.
fn wire_name(tools: &Tools<'_>, name: &str) -> String {
    let native = tools.named(name).and_then(|sent| sent.native?.get("name"));
    let native = native.and_then(|json: &Json| json.read().ok());
    native.unwrap_or_else(|| name.to_owned())
}
