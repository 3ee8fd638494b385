//! Raw deltas to events in legal order and the message that they add up to.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::error::Error;
use crate::json::Json;
use crate::types::{
    AssistantMessage, Block, ContentBlock, Done, Event, Notice, Start, StopReason, Text, TextDelta, TextEnd, TextStart,
    Thinking, ThinkingDelta, ThinkingEnd, ThinkingStart, ToolCall, ToolCallDelta, ToolCallEnd, ToolCallStart,
    ToolCallState,
};

/// The most notices that one answer makes. A server that sends something strange in each event needs no more of them.
const NOTICE_LIMIT: usize = 100;

/// Room for this many events is made at first: a whole answer of one block makes five.
const FIRST_EVENTS: usize = 6;

/// How an answer came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// By the model's will.
    Whole,
    /// By a limit or a failure: what was being written may be cut.
    Cut,
}

/// Builds a message from deltas and notes the event that each of them is.
///
/// At most one text or thinking block is written at a time, others can be set aside; tool calls stay open until
/// the answer ends, since servers interleave them. Whatever the deltas, every block gets its start, its deltas
/// and its end, in that order.
///
/// What each event touches comes first and in a row, since it has to be fetched from memory.
#[repr(C)]
pub struct Assembler {
    events: Vec<Event>,
    /// The text or thinking block that is being written.
    open: Option<usize>,
    message: AssistantMessage,
    /// The message once it is whole; `message` is then empty.
    whole: Option<Arc<AssistantMessage>>,
    started: bool,
    /// The text and thinking blocks that others interrupted.
    aside: Vec<usize>,
    /// The tool calls whose end has not been told.
    open_calls: BTreeSet<usize>,
    /// The ids of all tool calls.
    call_ids: HashSet<String>,
    /// How many notices the answer made.
    noticed: usize,
}

impl Assembler {
    /// An assembler for an answer of which `message` says where it comes from.
    #[must_use]
    pub fn new(message: AssistantMessage) -> Self {
        Assembler {
            events: Vec::new(),
            open: None,
            message,
            whole: None,
            started: false,
            aside: Vec::new(),
            open_calls: BTreeSet::new(),
            call_ids: HashSet::new(),
            noticed: 0,
        }
    }

    /// The message so far.
    #[must_use]
    pub fn message(&self) -> &AssistantMessage {
        self.whole.as_deref().unwrap_or(&self.message)
    }

    /// The message once it is whole.
    #[must_use]
    pub fn whole(&self) -> Option<&Arc<AssistantMessage>> {
        self.whole.as_ref()
    }

    /// The message's facts, such as usage and ids. Its content grows by the methods below alone.
    pub fn facts(&mut self) -> &mut AssistantMessage {
        &mut self.message
    }

    /// The events since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// How many events wait to be taken.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.events.len()
    }

    /// Whether an event was made.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.started
    }

    /// Notes something that could not be honoured exactly, once for each code and path. Where an answer gives cause
    /// for too many notices, the last one says that there were more.
    pub fn notice(&mut self, notice: Notice) {
        if self.noticed > NOTICE_LIMIT {
            return;
        }
        if !self
            .message
            .notices
            .iter()
            .any(|old| old.code == notice.code && old.path == notice.path)
        {
            self.noticed += 1;
            self.message.notices.push(match self.noticed > NOTICE_LIMIT {
                true => {
                    let text =
                        format!("the answer gave cause for more than {NOTICE_LIMIT} notices; the rest is left out");
                    Notice::new("notices_dropped", "response", text)
                }
                false => notice,
            });
        }
    }

    /// The answer has begun.
    pub fn start(&mut self) {
        if self.started {
            return;
        }
        self.started = true;
        self.events.reserve_exact(FIRST_EVENTS);
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        self.events.push(Event::Start(Start {
            api: text(&self.message.api),
            provider: text(&self.message.provider),
            model: text(&self.message.model),
            response_id: self.message.response_id.clone(),
            notices: self.message.notices.clone(),
        }));
    }

    /// More text. One that is owned is not copied for its event.
    pub fn text(&mut self, delta: impl AsRef<str> + Into<String>) {
        let text = delta.as_ref();
        if text.is_empty() {
            return;
        }
        let content_index = match self.open {
            Some(index) if matches!(self.message.content.get(index), Some(ContentBlock::Text(_))) => index,
            _ => {
                let index = self.open_block(Text::default().into());
                self.events.push(Event::TextStart(TextStart { content_index: index }));
                index
            }
        };
        if let Some(ContentBlock::Text(block)) = self.message.content.get_mut(content_index) {
            block.text.push_str(text);
        }
        self.events.push(Event::TextDelta(TextDelta {
            content_index,
            delta: delta.into(),
        }));
    }

    /// A text block begins, whether or not text follows: a signature or sources may be all there is.
    pub fn text_block(&mut self) {
        let content_index = self.open_block(Text::default().into());
        self.events.push(Event::TextStart(TextStart { content_index }));
    }

    /// More thinking. An empty delta opens a block as well: a signature may be all there is. One that is owned is not
    /// copied for its event.
    pub fn thinking(&mut self, delta: impl AsRef<str> + Into<String>) {
        let thinking = delta.as_ref();
        let content_index = match self.open {
            Some(index) if matches!(self.message.content.get(index), Some(ContentBlock::Thinking(_))) => index,
            _ => {
                let index = self.open_block(Thinking::default().into());
                self.events
                    .push(Event::ThinkingStart(ThinkingStart { content_index: index }));
                index
            }
        };
        if let Some(ContentBlock::Thinking(block)) = self.message.content.get_mut(content_index) {
            block.thinking.push_str(thinking);
        }
        if !thinking.is_empty() {
            self.events.push(Event::ThinkingDelta(ThinkingDelta {
                content_index,
                delta: delta.into(),
            }));
        }
    }

    /// The thinking block that is being written, for its signature.
    pub fn open_thinking(&mut self) -> Option<&mut Thinking> {
        match self.open.and_then(|index| self.message.content.get_mut(index)) {
            Some(ContentBlock::Thinking(block)) => Some(block),
            _ => None,
        }
    }

    /// The text block that is being written, for its citations.
    pub fn open_text(&mut self) -> Option<&mut Text> {
        match self.open.and_then(|index| self.message.content.get_mut(index)) {
            Some(ContentBlock::Text(block)) => Some(block),
            _ => None,
        }
    }

    /// A tool call begins; the number returned names it to [`Assembler::tool_call_delta`].
    pub fn tool_call(&mut self, mut call: ToolCall) -> usize {
        // Until its end is told a call counts as cut, so that no snapshot calls it whole.
        call.state = ToolCallState::Truncated;
        self.start();
        self.close_open();
        let content_index = self.message.content.len();
        let (id, name) = (call.id.clone(), call.name.clone());
        self.call_ids.insert(call.id.clone());
        self.message.content.push(call.into());
        self.open_calls.insert(content_index);
        self.events.push(Event::ToolCallStart(ToolCallStart {
            content_index,
            id,
            name,
        }));
        content_index
    }

    /// More of a tool call's arguments. What is owned is not copied for its event.
    pub fn tool_call_delta(&mut self, content_index: usize, delta: impl AsRef<str> + Into<String>) {
        let arguments = delta.as_ref();
        if let Some(call) = self.call_mut(content_index)
            && !arguments.is_empty()
        {
            call.raw_arguments.push_str(arguments);
            self.events.push(Event::ToolCallDelta(ToolCallDelta {
                content_index,
                delta: delta.into(),
            }));
        }
    }

    /// The server says that a call is written. Its end is told at once if its arguments are whole in
    /// themselves; else the end of the answer decides between cut, broken and not needed.
    pub fn call_written(&mut self, content_index: usize) {
        let Some(call) = self.call_mut(content_index) else {
            return;
        };
        // Free text is whole where the server says so; arguments show it themselves.
        settle(call, if call.custom { Ending::Whole } else { Ending::Cut });
        if call.state != ToolCallState::Complete {
            return;
        }
        let tool_call = call.clone();
        self.open_calls.remove(&content_index);
        self.events.push(
            ToolCallEnd {
                content_index,
                tool_call,
            }
            .into(),
        );
    }

    /// Whether a tool call of the message has this id.
    #[must_use]
    pub fn has_call(&self, id: &str) -> bool {
        self.call_ids.contains(id)
    }

    /// How many tool calls the message has.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.call_ids.len()
    }

    /// A tool call that is being written.
    pub fn call_mut(&mut self, content_index: usize) -> Option<&mut ToolCall> {
        match self.message.content.get_mut(content_index) {
            Some(ContentBlock::ToolCall(call)) => Some(call),
            _ => None,
        }
    }

    /// A block that arrives whole.
    pub fn block(&mut self, block: ContentBlock) {
        self.start();
        self.close_open();
        let content_index = self.message.content.len();
        self.message.content.push(block.clone());
        self.events.push(Event::Block(Block { content_index, block }));
    }

    /// The answer is whole: closes every block and tells the end.
    pub fn done(&mut self, stop_reason: StopReason) {
        self.start();
        self.close_all(match stop_reason {
            StopReason::Length | StopReason::ContentFilter | StopReason::Error | StopReason::Aborted => Ending::Cut,
            _ => Ending::Whole,
        });
        self.message.stop_reason = stop_reason;
        let message = Arc::new(std::mem::take(&mut self.message));
        self.whole = Some(Arc::clone(&message));
        self.events.push(Event::Done(Done { message }));
    }

    /// The answer failed: the message so far, which says so. No further event is made.
    pub fn fail(&mut self, error: &Error, stop_reason: StopReason) -> AssistantMessage {
        let events = self.events.len();
        self.close_all(Ending::Cut);
        self.events.truncate(events);
        self.message.stop_reason = stop_reason;
        self.message.error_message = Some(error.message.clone());
        self.message.clone()
    }

    /// Ends the text or thinking block that is being written.
    pub fn close_open(&mut self) {
        let Some(content_index) = self.open.take() else { return };
        let event = match self.message.content.get(content_index) {
            Some(ContentBlock::Text(block)) => TextEnd {
                content_index,
                block: block.clone(),
            }
            .into(),
            Some(ContentBlock::Thinking(block)) => ThinkingEnd {
                content_index,
                block: block.clone(),
            }
            .into(),
            _ => return,
        };
        self.events.push(event);
    }

    /// Sets the text or thinking block that is being written aside: it stays open while others are written. The
    /// number returned names it to [`Assembler::take_up`].
    pub fn set_aside(&mut self) -> Option<usize> {
        let content_index = self.open.take()?;
        self.aside.push(content_index);
        Some(content_index)
    }

    /// Goes on with a block that was set aside, and sets aside the one that is being written.
    pub fn take_up(&mut self, content_index: usize) {
        if let Some(position) = self.aside.iter().position(|aside| *aside == content_index) {
            self.aside.remove(position);
            self.set_aside();
            self.open = Some(content_index);
        }
    }

    fn open_block(&mut self, block: ContentBlock) -> usize {
        self.start();
        self.close_open();
        let content_index = self.message.content.len();
        self.message.content.push(block);
        self.open = Some(content_index);
        content_index
    }

    fn close_all(&mut self, ending: Ending) {
        self.close_open();
        for content_index in std::mem::take(&mut self.aside) {
            self.open = Some(content_index);
            self.close_open();
        }
        for content_index in std::mem::take(&mut self.open_calls) {
            if let Some(call) = self.call_mut(content_index) {
                settle(call, ending);
                let tool_call = call.clone();
                self.events.push(
                    ToolCallEnd {
                        content_index,
                        tool_call,
                    }
                    .into(),
                );
            }
        }
    }
}

/// Decides whether a call's arguments can be trusted.
///
/// A JSON object that is closed cannot be the beginning of a longer one, so it is complete however
/// the answer ended, unless no reader could hold it. No arguments at all mean none were needed, but only if the answer ended well.
fn settle(call: &mut ToolCall, ending: Ending) {
    if call.custom {
        call.state = if ending == Ending::Whole {
            ToolCallState::Complete
        } else {
            ToolCallState::Truncated
        };
        return;
    }
    let raw = call.raw_arguments.trim();
    let arguments = match raw {
        "" | "null" if ending == Ending::Whole => Some(Json::object()),
        _ => Json::parse(raw)
            .ok()
            .filter(|json| json.is_object() && json.is_readable()),
    };
    call.state = match (&arguments, ending) {
        (Some(_), _) => ToolCallState::Complete,
        (None, Ending::Cut) => ToolCallState::Truncated,
        (None, Ending::Whole) => ToolCallState::Invalid,
    };
    call.arguments = arguments;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(raw: &str) -> ToolCall {
        ToolCall {
            id: "1".into(),
            name: "f".into(),
            raw_arguments: raw.into(),
            ..ToolCall::default()
        }
    }

    fn settled(raw: &str, ending: Ending) -> (ToolCallState, Option<String>) {
        let mut call = call(raw);
        settle(&mut call, ending);
        (call.state, call.arguments.map(|json| json.text().to_owned()))
    }

    #[test]
    fn arguments_are_complete_truncated_or_invalid() {
        use Ending::{Cut, Whole};
        let object = |text: &str| (ToolCallState::Complete, Some(text.to_owned()));
        assert_eq!(settled("{\"a\":1}", Whole), object("{\"a\":1}"));
        assert_eq!(settled("{\"a\":1}", Cut), object("{\"a\":1}"));
        assert_eq!(settled("", Whole), object("{}"));
        assert_eq!(settled("null", Whole), object("{}"));
        assert_eq!(settled("", Cut), (ToolCallState::Truncated, None));
        assert_eq!(settled("{\"a\":", Cut), (ToolCallState::Truncated, None));
        assert_eq!(settled("{\"a\":", Whole), (ToolCallState::Invalid, None));
        assert_eq!(settled("[1]", Whole), (ToolCallState::Invalid, None));
        assert_eq!(settled("{\"a\":NaN}", Whole), (ToolCallState::Invalid, None));
        assert_eq!(settled("{\"a\":1e400}", Whole), (ToolCallState::Invalid, None));
    }

    #[test]
    fn interleaved_calls_and_text_keep_their_order() {
        let mut assembler = Assembler::new(AssistantMessage::default());
        assembler.thinking("hm");
        assembler.text("a");
        let first = assembler.tool_call(call(""));
        let second = assembler.tool_call(call(""));
        assembler.tool_call_delta(first, "{\"x\":");
        assembler.tool_call_delta(second, "{}");
        assembler.tool_call_delta(first, "1}");
        assembler.text("b");
        assembler.done(StopReason::ToolUse);
        let tags: Vec<_> = assembler.take_events().iter().map(Event::tag).collect();
        assert_eq!(
            tags,
            [
                "start",
                "thinking_start",
                "thinking_delta",
                "thinking_end",
                "text_start",
                "text_delta",
                "text_end",
                "tool_call_start",
                "tool_call_start",
                "tool_call_delta",
                "tool_call_delta",
                "tool_call_delta",
                "text_start",
                "text_delta",
                "text_end",
                "tool_call_end",
                "tool_call_end",
                "done",
            ]
        );
    }

    #[test]
    fn notices_are_not_made_without_end() {
        let mut assembler = Assembler::new(AssistantMessage::default());
        for number in 0..1000 {
            assembler.notice(Notice::new("event_ignored", number.to_string(), "a"));
        }
        let notices = &assembler.message().notices;
        assert_eq!(notices.len(), NOTICE_LIMIT + 1);
        assert_eq!(notices[NOTICE_LIMIT].code, "notices_dropped");
    }

    #[test]
    fn blocks_that_were_set_aside_go_on_and_end() {
        let mut assembler = Assembler::new(AssistantMessage::default());
        assembler.thinking("a");
        let first = assembler.set_aside().unwrap();
        assembler.text("b");
        assembler.take_up(first);
        assembler.thinking("c");
        assembler.close_open();
        assembler.done(StopReason::Stop);
        let events = assembler.take_events();
        let tags: Vec<_> = events.iter().map(Event::tag).collect();
        assert_eq!(
            tags,
            [
                "start",
                "thinking_start",
                "thinking_delta",
                "text_start",
                "text_delta",
                "thinking_delta",
                "thinking_end",
                "text_end",
                "done",
            ]
        );
        let whole = assembler.whole().unwrap();
        assert!(matches!(&whole.content[0], ContentBlock::Thinking(block) if block.thinking == "ac"));
        assert!(matches!(&whole.content[1], ContentBlock::Text(block) if block.text == "b"));
    }

    #[test]
    fn a_failure_keeps_what_arrived() {
        let mut assembler = Assembler::new(AssistantMessage::default());
        assembler.text("half");
        assembler.tool_call(call("{\"a\""));
        let error = Error::new(crate::error::ErrorKind::ResponseError, "cut");
        let partial = assembler.fail(&error, StopReason::Error);
        assert_eq!(partial.stop_reason, StopReason::Error);
        assert_eq!(partial.error_message.as_deref(), Some("cut"));
        assert!(matches!(&partial.content[0], ContentBlock::Text(block) if block.text == "half"));
        assert!(matches!(&partial.content[1], ContentBlock::ToolCall(call) if call.state == ToolCallState::Truncated));
    }
}
