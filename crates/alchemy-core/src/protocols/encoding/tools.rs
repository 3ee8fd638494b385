//! The tools of a request and the rule for their use, checked.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::body::Fields;
use super::notices::Notices;
use crate::error::{Error, Result};
use crate::json::{Json, Object};
use crate::protocols::Request;
use crate::types::{Tool, ToolCall, ToolChoice, ToolChoiceMode};

/// The tools that are sent.
pub(crate) struct Tools<'a> {
    /// In the caller's order.
    pub(crate) sent: Vec<SentTool<'a>>,
    /// The names of those that the protocol cannot be told of.
    dropped: Vec<&'a str>,
}

/// A tool that is sent.
pub(crate) struct SentTool<'a> {
    /// The tool.
    pub(crate) tool: &'a Tool,
    /// Where it stands, such as `tools[2]`.
    pub(crate) path: String,
    /// The tool in the protocol's own form, where the caller gave that.
    pub(crate) native: Option<&'a Object>,
}

impl<'a> Tools<'a> {
    /// The tools of a request: the options' over the context's.
    ///
    /// # Errors
    /// If a tool has no name, or that of another one.
    pub(crate) fn of(request: &Request<'a>, notices: &mut Notices) -> Result<Self> {
        let (tools, path) = match &request.options.tools {
            Some(tools) => (tools, "options.tools"),
            None => (&request.context.tools, "tools"),
        };
        let mut names = BTreeSet::new();
        let mut sent = Vec::with_capacity(tools.len());
        let mut dropped = Vec::new();
        for (index, tool) in tools.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if tool.name.is_empty() || !names.insert(tool.name.as_str()) {
                let reason = if tool.name.is_empty() {
                    "a tool needs a name"
                } else {
                    "another tool has this name"
                };
                return Err(Error::invalid(format!("{path}.name"), reason));
            }
            let native = tool.native.get(&request.model.api);
            if native.is_none() && !tool.native.is_empty() && is_native_alone(tool) {
                let known: Vec<&str> = tool.native.keys().map(String::as_str).collect();
                let text = format!(
                    "{:?} is a tool of {}; it is not sent to {}",
                    tool.name,
                    known.join(" and "),
                    request.model.api
                );
                notices.add("tool_dropped", path, text);
                dropped.push(tool.name.as_str());
                continue;
            }
            if native.is_none() {
                contradictions(tool, &path, notices);
            }
            sent.push(SentTool { tool, path, native });
        }
        Ok(Tools { sent, dropped })
    }

    /// The rule for the use of the tools; None if nothing is to be sent.
    ///
    /// # Errors
    /// If it names a tool that is not there.
    pub(crate) fn choice(&self, request: &Request<'a>, notices: &mut Notices) -> Result<Option<&'a ToolChoice>> {
        let Some(choice) = &request.options.tool_choice else {
            return Ok(None);
        };
        if self.sent.is_empty() {
            // A rule for tools without tools is refused by servers; that none may be called is honoured all the same.
            if choice.mode != ToolChoiceMode::None {
                notices.option_dropped("tool_choice", "there are no tools to choose from");
            }
            return Ok(None);
        }
        let name = choice.name.as_deref().unwrap_or_default();
        if choice.mode == ToolChoiceMode::Tool && self.dropped.contains(&name) {
            notices.option_dropped("tool_choice", format!("the tool {name:?} is not sent"));
            return Ok(None);
        }
        if choice.mode == ToolChoiceMode::Tool && self.named(name).is_none() {
            let known: Vec<&str> = self.sent.iter().map(|sent| sent.tool.name.as_str()).collect();
            let reason = format!("no tool is named {name:?}; there are {}", known.join(", "));
            return Err(Error::invalid("options.tool_choice.name", &reason));
        }
        let forced = matches!(choice.mode, ToolChoiceMode::Required | ToolChoiceMode::Tool);
        if forced && !request.quirks.forced_tool_choice {
            notices.option_dropped("tool_choice", "the server cannot force a call; the model decides");
            return Ok(None);
        }
        Ok(Some(choice))
    }

    /// Whether several tools may be called at once; None if nothing is to be sent.
    pub(crate) fn parallel(&self, request: &Request<'_>, notices: &mut Notices) -> Option<bool> {
        let parallel = request.options.parallel_tool_calls?;
        if self.sent.is_empty() {
            notices.option_dropped("parallel_tool_calls", "there are no tools to call");
            return None;
        }
        if !request.quirks.parallel_tool_calls {
            notices.option_dropped("parallel_tool_calls", "the server does not know it");
            return None;
        }
        Some(parallel)
    }

    /// Adds the tools and the rule for their use to the body. `wire` writes a tool, and `choice` the rule that it must
    /// be called.
    ///
    /// # Errors
    /// If the rule names a tool that is not there.
    pub(crate) fn encode<W: Serialize>(
        &self,
        request: &Request<'a>,
        fields: &mut Fields,
        notices: &mut Notices,
        wire: impl Fn(&SentTool<'a>, &Request<'_>, &mut Notices) -> W,
        choice: impl Fn(&SentTool<'a>, &Request<'_>) -> Value,
    ) -> Result<()> {
        let tools: Vec<W> = self.sent.iter().map(|tool| wire(tool, request, notices)).collect();
        if !tools.is_empty() {
            fields.set("tools", tools)?;
        }
        if let Some(rule) = self.choice(request, notices)? {
            let name = rule.name.as_deref().unwrap_or_default();
            let tool = self.named(name).filter(|_| rule.mode == ToolChoiceMode::Tool);
            let rule = tool.map_or_else(|| Value::from(rule.mode.as_str()), |tool| choice(tool, request));
            fields.set("tool_choice", rule)?;
        }
        match self.parallel(request, notices) {
            Some(parallel) => fields.set("parallel_tool_calls", parallel),
            None => Ok(()),
        }
    }

    /// Whether a call of an earlier answer goes back as one of free text. `own` tells that the model that is asked
    /// made it.
    pub(crate) fn goes_as_custom(&self, call: &ToolCall, own: bool, request: &Request<'_>) -> bool {
        let known = match self.named(&call.name) {
            Some(tool) => tool.native.is_some() || tool.is_custom(request),
            // A model that made such a call knows them.
            None => own || request.quirks.custom_tools,
        };
        call.custom && known
    }

    /// The tool of a name.
    pub(crate) fn named(&self, name: &str) -> Option<&SentTool<'a>> {
        self.sent.iter().find(|sent| sent.tool.name == name)
    }
}

impl<'a> SentTool<'a> {
    /// Whether it is sent as a tool of free text.
    pub(crate) fn is_custom(&self, request: &Request<'_>) -> bool {
        self.tool.custom && request.quirks.custom_tools
    }

    /// The schema of the arguments of the function as which it is sent.
    pub(crate) fn function_parameters(&self, notices: &mut Notices) -> Cow<'a, Json> {
        match self.tool.custom {
            true => Cow::Owned(self.custom_as_function(notices)),
            false => self.parameters(),
        }
    }

    /// The schema of the arguments. An empty one is no schema of an object, which is what servers ask for.
    fn parameters(&self) -> Cow<'a, Json> {
        match self.tool.parameters.is_empty_object() {
            true => Cow::Owned(Json::parse(r#"{"type":"object","properties":{}}"#).unwrap_or_default()),
            false => Cow::Borrowed(&self.tool.parameters),
        }
    }

    /// Whether the provider is to force the arguments into the schema, where the server knows that.
    pub(crate) fn strict(&self, request: &Request<'_>, notices: &mut Notices) -> Option<bool> {
        if self.tool.custom {
            return None;
        }
        if self.tool.strict.is_some() && !request.quirks.strict_tools {
            let path = format!("{}.strict", self.path);
            notices.add("option_dropped", path, "the server does not know it");
            return None;
        }
        self.tool.strict
    }

    /// Says that there are no tools that take free text: it is sent as a function of one argument, `input`.
    pub(crate) fn custom_as_function(&self, notices: &mut Notices) -> Json {
        let format = if self.tool.format.is_empty_object() {
            ""
        } else {
            " and without its format"
        };
        let text =
            format!("there are no tools of free text here; it is sent as a function with the argument `input`{format}");
        notices.add("tool_converted", &self.path, text);
        let schema = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;
        Json::parse(schema).unwrap_or_default()
    }
}

/// Says what of a tool means nothing beside the rest of it.
fn contradictions(tool: &Tool, path: &str, notices: &mut Notices) {
    let mut dropped = |key: &str, text: &str| notices.add("option_dropped", format_args!("{path}.{key}"), text);
    if tool.custom && !tool.parameters.is_empty_object() {
        dropped(
            "parameters",
            "a tool of free text has no schema; its `format` says what the text obeys",
        );
    }
    if tool.custom && tool.strict.is_some() {
        dropped("strict", "a tool of free text has no schema that it could be held to");
    }
    if !tool.custom && !tool.format.is_empty_object() {
        dropped("format", "only a tool of free text has a format; `custom` makes it one");
    }
}

/// Whether a tool is nothing but its native forms, so that there is nothing to make a function of.
fn is_native_alone(tool: &Tool) -> bool {
    tool.description.is_empty() && tool.parameters.is_empty_object() && !tool.custom
}
