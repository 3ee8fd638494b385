//! The options of a request besides reasoning.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::json;

use super::encode::Fields;
use super::request::{Notices, ToolFunction, WireTool};
use super::{cache, response_format};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::protocols::Request;
use crate::quirks::{MaxTokensField, MetadataForm, SeedField, UserField};
use crate::types::{Tool, ToolChoice, ToolChoiceMode};

/// Adds the options to the body.
pub(super) fn encode(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    if request.streamed {
        fields.set("stream", true)?;
        if request.quirks.usage_in_stream {
            fields.set("stream_options", json!({"include_usage": true}))?;
        }
    }
    limits(request, fields, notices)?;
    sampling(request, fields, notices)?;
    tools(request, fields, notices)?;
    response_format::encode(request, fields, notices)?;
    cache::encode(request, fields, notices)?;
    labels(request, fields, notices)
}

fn limits(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let options = request.options;
    if let Some(max_tokens) = options.max_tokens {
        if max_tokens == 0 {
            return Err(Error::invalid(
                "options.max_tokens",
                "expected a number of at least 1, got 0",
            ));
        }
        let key = match request.quirks.max_tokens_field {
            MaxTokensField::MaxTokens => "max_tokens",
            MaxTokensField::MaxCompletionTokens => "max_completion_tokens",
        };
        fields.set(key, max_tokens)?;
    }
    if let Some(empty) = options.stop.iter().position(String::is_empty) {
        return Err(Error::invalid(
            format!("options.stop[{empty}]"),
            "a stop sequence cannot be empty",
        ));
    }
    let most = request
        .quirks
        .max_stop
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(usize::MAX);
    let stop = options.stop.get(..most).unwrap_or(&options.stop);
    if stop.len() < options.stop.len() {
        match most {
            0 => notices.option_dropped("stop", "the server takes no stop sequences for this model"),
            _ => notices.add(
                "option_clamped",
                "options.stop",
                format!("the server takes {most}; the rest is not sent"),
            ),
        }
    }
    if stop.is_empty() {
        Ok(())
    } else {
        fields.set("stop", stop)
    }
}

fn sampling(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let (options, quirks) = (request.options, request.quirks);
    if let Some(temperature) = options.temperature {
        if !(0.0..=2.0).contains(&temperature) {
            return Err(Error::invalid(
                "options.temperature",
                &format!("expected a number from 0 to 2, got {temperature}"),
            ));
        }
        let taken = temperature.max(quirks.temperature_min).min(quirks.temperature_max);
        if !quirks.sampling {
            notices.option_dropped("temperature", "the model takes no temperature but its own");
        } else {
            // The bounds are copied, not computed with, so a temperature within them is the very same number.
            #[expect(clippy::float_cmp, reason = "whether the number was replaced")]
            if taken != temperature {
                let text = format!("{temperature} is outside of what the server takes; it is {taken}");
                notices.add("option_clamped", "options.temperature", text);
            }
            fields.set("temperature", taken)?;
        }
    }
    if let Some(top_p) = options.top_p {
        if !(top_p > 0.0 && top_p <= 1.0) {
            return Err(Error::invalid(
                "options.top_p",
                &format!("expected a number above 0 and up to 1, got {top_p}"),
            ));
        }
        match quirks.sampling {
            true => fields.set("top_p", top_p)?,
            false => notices.option_dropped("top_p", "the model takes no top_p but its own"),
        }
    }
    if let Some(seed) = options.seed {
        match quirks.seed_field {
            SeedField::Seed => fields.set("seed", seed)?,
            SeedField::RandomSeed => fields.set("random_seed", seed)?,
            SeedField::None => notices.option_dropped("seed", "the server takes no seed"),
        }
    }
    Ok(())
}

fn tools(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let (options, quirks) = (request.options, request.quirks);
    let (tools, path) = match &options.tools {
        Some(tools) => (tools, "options.tools"),
        None => (&request.context.tools, "tools"),
    };
    let mut names = BTreeSet::new();
    let mut wire = Vec::with_capacity(tools.len());
    for (index, tool) in tools.iter().enumerate() {
        if tool.name.is_empty() || !names.insert(tool.name.as_str()) {
            let reason = if tool.name.is_empty() {
                "a tool needs a name"
            } else {
                "another tool has this name"
            };
            return Err(Error::invalid(format!("{path}[{index}].name"), reason));
        }
        if tool.strict.is_some() && !quirks.strict_tools {
            notices.add(
                "option_dropped",
                format!("{path}[{index}].strict"),
                "the server does not know it",
            );
        }
        wire.push(WireTool {
            kind: "function",
            function: function(tool, quirks.strict_tools),
        });
    }
    if wire.is_empty() {
        // A rule for tools without tools is refused by servers; that none may be called is honoured all the same.
        if options
            .tool_choice
            .as_ref()
            .is_some_and(|choice| choice.mode != ToolChoiceMode::None)
        {
            notices.option_dropped("tool_choice", "there are no tools to choose from");
        }
        if options.parallel_tool_calls.is_some() {
            notices.option_dropped("parallel_tool_calls", "there are no tools to call");
        }
        return Ok(());
    }
    fields.set("tools", &wire)?;
    if let Some(choice) = &options.tool_choice {
        tool_choice(choice, &names, request, fields, notices)?;
    }
    match options.parallel_tool_calls {
        Some(parallel) if quirks.parallel_tool_calls => fields.set("parallel_tool_calls", parallel),
        Some(_) => {
            notices.option_dropped("parallel_tool_calls", "the server does not know it");
            Ok(())
        }
        None => Ok(()),
    }
}

fn function(tool: &Tool, strict: bool) -> ToolFunction<'_> {
    // An empty schema is no schema of an object, which is what servers ask for.
    let parameters = match tool.parameters.is_empty_object() {
        true => Cow::Owned(Json::parse(r#"{"type":"object","properties":{}}"#).unwrap_or_default()),
        false => Cow::Borrowed(&tool.parameters),
    };
    ToolFunction {
        name: &tool.name,
        description: &tool.description,
        parameters,
        strict: tool.strict.filter(|_| strict),
    }
}

fn tool_choice(
    choice: &ToolChoice,
    names: &BTreeSet<&str>,
    request: &Request<'_>,
    fields: &mut Fields,
    notices: &mut Notices,
) -> Result<()> {
    let forced = matches!(choice.mode, ToolChoiceMode::Required | ToolChoiceMode::Tool);
    if let (ToolChoiceMode::Tool, name) = (choice.mode, choice.name.as_deref().unwrap_or_default())
        && !names.contains(name)
    {
        let known: Vec<&str> = names.iter().copied().collect();
        let reason = format!("no tool is named {name:?}; there are {}", known.join(", "));
        return Err(Error::invalid("options.tool_choice.name", &reason));
    }
    if forced && !request.quirks.forced_tool_choice {
        notices.option_dropped("tool_choice", "the server cannot force a call; the model decides");
        return Ok(());
    }
    match choice.mode {
        ToolChoiceMode::Tool => fields.set(
            "tool_choice",
            json!({"type": "function", "function": {"name": choice.name}}),
        ),
        mode => fields.set("tool_choice", mode.as_str()),
    }
}

fn labels(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let (options, quirks) = (request.options, request.quirks);
    if let Some(user) = options.metadata.get("user_id") {
        match quirks.user_field {
            UserField::User => fields.set("user", user)?,
            UserField::SafetyIdentifier => fields.set("safety_identifier", user)?,
            UserField::UserId => fields.set("user_id", user)?,
            UserField::None => notices.option_dropped("metadata.user_id", "the server takes no name of a user"),
        }
    }
    let labels: std::collections::BTreeMap<_, _> =
        options.metadata.iter().filter(|(key, _)| *key != "user_id").collect();
    if labels.is_empty() {
        return Ok(());
    }
    let stored = options
        .extra_body
        .get("store")
        .is_some_and(|store| store.text() == "true");
    match quirks.metadata {
        MetadataForm::Metadata => fields.set("metadata", labels),
        MetadataForm::StoredMetadata if stored => fields.set("metadata", labels),
        MetadataForm::StoredMetadata => {
            let text = "the server keeps labels only with stored answers; extra_body={\"store\": True} stores them";
            notices.option_dropped("metadata", text);
            Ok(())
        }
        MetadataForm::None => {
            notices.option_dropped("metadata", "the server keeps no labels");
            Ok(())
        }
    }
}
