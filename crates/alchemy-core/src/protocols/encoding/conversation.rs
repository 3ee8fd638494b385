//! The conversation as every protocol takes it: each answer's calls with the results right behind it.
//!
//! - An answer of the same model at the same provider over the same protocol is the model's own and goes back as
//!   it came. Of another one's answer the text and the calls go over: thinking, signatures and opaque blocks mean
//!   nothing, or worse, to a model that did not make them. A message that does not say who made it counts as own.
//! - A call whose arguments are cut or broken cannot go back as it is, since servers parse them. If a result
//!   answers it, it goes with empty arguments, so that the model still reads what became of it; if not, it is left
//!   out, as is an unanswered call of an answer that failed.
//! - A call that nothing answers, though the conversation goes on or ends there, gets a result that says so:
//!   servers refuse a conversation with an open call, for instance after the user interrupted a tool.
//! - A result goes right behind the answer that it belongs to, wherever it stands.
//! - An answer of which nothing is left is not sent.
//! - A result without a call before it is an error, at the caller's line, since every server refuses it.

use std::collections::{HashMap, HashSet};

use super::notices::{Notices, Place};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::protocols::Request;
use crate::types::{
    AssistantMessage, ContentBlock, Message, Model, Opaque, StopReason, Text, Thinking, ToolCall, ToolCallState,
    ToolResultMessage, UserMessage,
};

/// One turn of a conversation.
pub(crate) enum Turn<'a> {
    /// What the user says.
    User(&'a UserMessage, Place),
    /// What a model answered.
    Assistant(Answer<'a>),
    /// The results of the calls of the answer before it, at least one for each.
    Results(Vec<CallResult<'a>>),
}

/// An earlier answer: what of it is to be sent.
pub(crate) struct Answer<'a> {
    /// The whole message.
    pub(crate) message: &'a AssistantMessage,
    /// Whether the model that is asked made it.
    pub(crate) own: bool,
    /// Where it stands.
    pub(crate) place: Place,
    /// What is to be sent, in order, with its place.
    pub(crate) said: Vec<(Place, Said<'a>)>,
}

/// One block of an earlier answer.
#[derive(Clone, Copy)]
pub(crate) enum Said<'a> {
    /// Text; its signature counts only in an own answer.
    Text(&'a Text),
    /// The readable form of an opaque block that the model or protocol at hand does not know.
    Rendering(&'a str),
    /// Thinking of the model's own.
    Thinking(&'a Thinking),
    /// A call.
    Call(SentCall<'a>),
    /// An opaque block of the model's own and of this protocol.
    Opaque(&'a Opaque),
    /// An image, audio or a document.
    Media(&'a ContentBlock),
}

/// A call that is sent.
#[derive(Clone, Copy)]
pub(crate) struct SentCall<'a> {
    /// The call.
    pub(crate) call: &'a ToolCall,
    /// Whether its arguments can be sent; if not, it goes with none.
    pub(crate) whole: bool,
}

impl<'a> SentCall<'a> {
    /// The arguments as the model wrote them, else as they were read, else none: the text of a JSON object.
    pub(crate) fn arguments(&self) -> &'a str {
        let call = self.call;
        match (call.raw_arguments.trim(), &call.arguments) {
            _ if !self.whole => "{}",
            ("" | "null", Some(arguments)) => arguments.text(),
            ("" | "null", None) => "{}",
            _ => &call.raw_arguments,
        }
    }
}

/// The result of a call.
pub(crate) struct CallResult<'a> {
    /// The call that it answers.
    pub(crate) call: &'a ToolCall,
    /// What the tool gave; None where a result that says so stands in for a missing one.
    pub(crate) message: Option<&'a ToolResultMessage>,
    /// Where the result stands, or the call if there is none.
    pub(crate) place: Place,
}

impl<'a> CallResult<'a> {
    /// The tool's name: as the result has it, else as the call has it.
    pub(crate) fn tool_name(&self) -> &'a str {
        let given = self.message.and_then(|message| message.tool_name.as_deref());
        given.unwrap_or(&self.call.name)
    }
}

/// Puts the conversation of a request in order.
///
/// # Errors
/// `InvalidRequestError` with the path of a result that no call precedes.
pub(crate) fn turns<'a>(request: &Request<'a>, notices: &mut Notices) -> Result<Vec<Turn<'a>>> {
    let (turns, lone) = turns_after_stored(request, notices);
    match lone.first() {
        Some((message, place)) => {
            let reason = format!("no tool call before it has the id {:?}", message.tool_call_id);
            Err(Error::invalid(format!("{place}.tool_call_id"), &reason))
        }
        None => Ok(turns),
    }
}

/// A result whose call is not in the conversation.
pub(crate) type LoneResult<'a> = (&'a ToolResultMessage, Place);

/// Puts the conversation of a request in order. Its calls may be in an answer that the provider has stored, so results
/// that no call precedes are returned beside it.
pub(crate) fn turns_after_stored<'a>(
    request: &Request<'a>,
    notices: &mut Notices,
) -> (Vec<Turn<'a>>, Vec<LoneResult<'a>>) {
    let messages = &request.context.messages;
    let (mut results, lone) = results(messages);
    let mut turns = Vec::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate() {
        let place = Place::message(index);
        match message {
            Message::UserMessage(message) => turns.push(Turn::User(message, place)),
            Message::AssistantMessage(message) => {
                let mut results = results.remove(&index).unwrap_or_default();
                let answer = answer(request, message, place, &mut results, notices);
                if answer.said.is_empty() {
                    notices.message_dropped(place);
                    continue;
                }
                turns.push(Turn::Assistant(answer));
                // A result stands where it belongs if only results are between it and its answer.
                let behind = messages.iter().skip(index + 1);
                let end = index
                    + behind
                        .take_while(|message| matches!(message, Message::ToolResultMessage(_)))
                        .count();
                for result in results.iter().filter(|result| result.place.message > end) {
                    notices.add(
                        "message_moved",
                        result.place,
                        "the result is sent right behind the answer with its call",
                    );
                }
                if !results.is_empty() {
                    turns.push(Turn::Results(results));
                }
            }
            Message::ToolResultMessage(_) => {}
        }
    }
    (turns, lone)
}

/// The results by the index of the message that holds their calls, and those without a call before them.
fn results(messages: &[Message]) -> (HashMap<usize, Vec<CallResult<'_>>>, Vec<LoneResult<'_>>) {
    let mut lone = Vec::new();
    let mut callers: HashMap<&str, Caller<'_>> = HashMap::new();
    let mut results: HashMap<usize, Vec<CallResult<'_>>> = HashMap::new();
    for (index, message) in messages.iter().enumerate() {
        match message {
            Message::AssistantMessage(message) => {
                for call in calls(message) {
                    match callers
                        .get_mut(call.id.as_str())
                        .filter(|caller| caller.message == index)
                    {
                        // Some servers give the same id twice: each result answers the next call.
                        Some(caller) => caller.more.push(call),
                        None => drop(callers.insert(&call.id, Caller::new(index, call))),
                    }
                }
            }
            Message::ToolResultMessage(message) => {
                let place = Place::message(index);
                let Some(caller) = callers.get_mut(message.tool_call_id.as_str()) else {
                    lone.push((message, place));
                    continue;
                };
                results.entry(caller.message).or_default().push(CallResult {
                    call: caller.next(),
                    message: Some(message),
                    place,
                });
            }
            Message::UserMessage(_) => {}
        }
    }
    (results, lone)
}

/// The calls of one id in one answer.
struct Caller<'a> {
    /// Where the answer stands.
    message: usize,
    first: &'a ToolCall,
    more: Vec<&'a ToolCall>,
    /// How many results came for them.
    answered: usize,
}

impl<'a> Caller<'a> {
    fn new(message: usize, first: &'a ToolCall) -> Self {
        Caller {
            message,
            first,
            more: Vec::new(),
            answered: 0,
        }
    }

    /// The call that another result answers: the next one, or the first again where there is none.
    fn next(&mut self) -> &'a ToolCall {
        let next = self.answered.checked_sub(1).and_then(|index| self.more.get(index));
        self.answered += 1;
        next.copied().unwrap_or(self.first)
    }
}

fn calls(message: &AssistantMessage) -> impl Iterator<Item = &ToolCall> {
    message.content.iter().filter_map(|block| match block {
        ContentBlock::ToolCall(call) => Some(call),
        _ => None,
    })
}

fn answer<'a>(
    request: &Request<'a>,
    message: &'a AssistantMessage,
    place: Place,
    results: &mut Vec<CallResult<'a>>,
    notices: &mut Notices,
) -> Answer<'a> {
    let own = is_own(request.model, message);
    let answered: HashSet<*const ToolCall> = results.iter().map(|result| std::ptr::from_ref(result.call)).collect();
    let mut said = Vec::with_capacity(message.content.len());
    for (index, block) in message.content.iter().enumerate() {
        let place = place.block(index);
        let kept = match block {
            ContentBlock::Text(text) => {
                if !own && !text.citations.is_empty() {
                    let reason = "the sources mean something to their own model alone; the text goes without them";
                    notices.add("field_dropped", format_args!("{place}.citations"), reason);
                }
                Some(Said::Text(text))
            }
            ContentBlock::Thinking(thinking) if own => Some(Said::Thinking(thinking)),
            ContentBlock::Thinking(_) => {
                notices.block_dropped(place, "thinking of another model is not sent");
                None
            }
            ContentBlock::ToolCall(call) => {
                let answered = answered.contains(&std::ptr::from_ref(call));
                self::call(call, message.stop_reason, answered, place, results, notices)
            }
            ContentBlock::Opaque(opaque) if own && opaque.api == request.model.api => Some(Said::Opaque(opaque)),
            ContentBlock::Opaque(opaque) => rendering(opaque, place, notices).map(Said::Rendering),
            ContentBlock::Image(_) | ContentBlock::Audio(_) | ContentBlock::Document(_) => Some(Said::Media(block)),
        };
        said.extend(kept.map(|kept| (place, kept)));
    }
    Answer {
        message,
        own,
        place,
        said,
    }
}

/// Whether the model that is asked made the message.
fn is_own(model: &Model, message: &AssistantMessage) -> bool {
    let same = |said: &Option<String>, asked: &str| said.as_deref().is_none_or(|said| said == asked);
    same(&message.provider, &model.provider) && same(&message.model, &model.id) && same(&message.api, &model.api)
}

fn call<'a>(
    call: &'a ToolCall,
    stop_reason: StopReason,
    answered: bool,
    place: Place,
    results: &mut Vec<CallResult<'a>>,
    notices: &mut Notices,
) -> Option<Said<'a>> {
    let whole = call.state == ToolCallState::Complete;
    let failed = matches!(stop_reason, StopReason::Error | StopReason::Aborted);
    if !answered && (!whole || failed) {
        let reason = if whole {
            "the answer it stood in failed"
        } else {
            "its arguments are not whole"
        };
        notices.block_dropped(
            place,
            format!("the call is not sent: {reason} and no result answers it"),
        );
        return None;
    }
    if !whole {
        notices.block_converted(place, "the call's arguments are not whole; it is sent with none");
    }
    if !answered {
        let text = format!("the call of {:?} has no result; one that says so is sent", call.name);
        notices.add("message_inserted", place, text);
        results.push(CallResult {
            call,
            message: None,
            place,
        });
    }
    Some(Said::Call(SentCall { call, whole }))
}

/// An opaque block of the user's or a tool's: in its own form for its own protocol, else as its readable form.
pub(crate) enum Foreign<'a> {
    /// The block's own form.
    Data(&'a Json),
    /// Its readable form.
    Text(&'a str),
}

/// What of an opaque block that no model made is sent; None with a notice if nothing is.
pub(crate) fn opaque<'a>(
    request: &Request<'a>,
    opaque: &'a Opaque,
    place: Place,
    notices: &mut Notices,
) -> Option<Foreign<'a>> {
    match opaque.api == request.model.api {
        true => Some(Foreign::Data(&opaque.data)),
        false => rendering(opaque, place, notices).map(Foreign::Text),
    }
}

/// A block where none of its kind can be.
pub(crate) fn misplaced(place: Place) -> Error {
    let reason = "only an assistant message holds thinking and tool calls";
    Error::invalid(place.to_string(), reason)
}

/// The readable form of an opaque block that cannot be sent as it is, with a notice.
pub(crate) fn rendering<'a>(opaque: &'a Opaque, place: Place, notices: &mut Notices) -> Option<&'a str> {
    let text = opaque.text.as_deref();
    match text {
        Some(_) => notices.block_converted(
            place,
            format!("a block {:?} of {} is sent as its text", opaque.kind, opaque.api),
        ),
        None => notices.block_dropped(
            place,
            format!("a block {:?} of {} is not sent", opaque.kind, opaque.api),
        ),
    }
    text
}
