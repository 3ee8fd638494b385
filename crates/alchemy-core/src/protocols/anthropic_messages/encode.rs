//! A request as bytes.
//!
//! Unset options send nothing, but for the cap of the answer, which the protocol demands, and the marks for the
//! cache, see [`super::cache`]. What the server cannot be told is left out, with a notice.

use super::{betas, cache, conversation, options, thinking, tools};
use crate::error::Result;
use crate::protocols::encoding::body::{self, Fields};
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::tools::Tools;
use crate::protocols::{Encoded, Endpoint, Request};

/// The version of the protocol. <https://platform.claude.com/docs/en/api/versioning>
const VERSION: &str = "2023-06-01";

/// Encodes a request.
///
/// # Errors
/// `InvalidRequestError` with the path of what cannot be encoded.
pub fn encode(request: &Request<'_>) -> Result<Encoded> {
    let mut notices = Notices::default();
    let tools = Tools::of(request, &mut notices)?;
    let mut conversation = conversation::encode(request, &mut notices)?;
    let max_tokens = options::max_tokens(request)?;
    let plan = thinking::plan(request, max_tokens, &mut notices);
    let plan = plan.in_turn(&conversation, &mut notices);
    if !plan.thinks() && request.quirks.reasoning_budgets.is_some() {
        conversation.end_without_thinking(&mut notices);
    }
    let mut wire_tools = tools::encode(request, &tools, &mut notices);
    cache::mark(request, &mut wire_tools, &mut conversation);

    let mut fields = Fields::default();
    fields.set("max_tokens", max_tokens)?;
    if !conversation.system.is_empty() {
        fields.set("system", conversation.system())?;
    }
    if !wire_tools.is_empty() {
        fields.set("tools", &wire_tools)?;
    }
    if let Some(choice) = tools::choice(request, &tools, plan.thinks(), &mut notices)? {
        fields.set("tool_choice", choice)?;
    }
    options::encode(request, &plan, &mut fields, &mut notices)?;

    let mut betas = conversation.betas;
    if plan.is_budget() && !tools.sent.is_empty() {
        betas.insert(betas::INTERLEAVED);
    }
    let mut headers = vec![("anthropic-version".to_owned(), VERSION.to_owned())];
    if !betas.is_empty() {
        let betas: Vec<&str> = betas.into_iter().collect();
        headers.push((betas::HEADER.to_owned(), betas.join(",")));
    }
    let model = Some(("model", request.model.id.as_str()));
    Ok(Encoded {
        endpoint: Endpoint {
            path: "messages".into(),
            version: "v1",
            version_left_out: true,
        },
        headers,
        list_headers: &[betas::HEADER],
        body: body::write(request, model, ("messages", &conversation.messages), &fields)?,
        notices: notices.0,
    })
}
