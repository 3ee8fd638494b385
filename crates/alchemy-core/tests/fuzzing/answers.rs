//! Whole answers: the same at every split, legal, honest about their end, bounded, and fit to be sent back.

use std::sync::OnceLock;

use alchemy_core::answer::Answer;
use alchemy_core::error::{Error, ErrorKind};
use alchemy_core::json;
use alchemy_core::protocols::{self, Request};
use alchemy_core::providers;
use alchemy_core::types::{
    Api, AssistantMessage, ContentBlock, Context, Event, Message, Model, Notice, Options, StopReason, ToolCallState,
};
use serde_json::json;
use serde_json::value::RawValue;

use super::case::{Case, SECRET};
use super::frames::Frames;
use super::legality;

/// What became of an answer.
#[derive(Debug)]
struct Outcome {
    events: Vec<Event>,
    message: AssistantMessage,
    error: Option<Error>,
}

impl Outcome {
    /// Whether nothing differs that must not differ between two ways of cutting the same bytes.
    fn is_like(&self, other: &Outcome) -> bool {
        let same_error = match (&self.error, &other.error) {
            (None, None) => true,
            (Some(one), Some(two)) => facts(one) == facts(two) && one.partial == two.partial,
            _ => false,
        };
        same_error && self.events == other.events && self.message == other.message
    }
}

type Facts<'a> = (
    (
        ErrorKind,
        &'a str,
        &'a Option<String>,
        &'a Option<String>,
        &'a Option<String>,
    ),
    (
        Option<u16>,
        &'a Option<String>,
        &'a Option<String>,
        Option<f64>,
        Option<f64>,
        &'a [Notice],
    ),
);

fn facts(error: &Error) -> Facts<'_> {
    let Error {
        kind,
        message,
        path,
        provider,
        model,
        status,
        request_id,
        body,
        retry_after,
        seconds,
        notices,
        ..
    } = error;
    (
        (*kind, message, path, provider, model),
        (*status, request_id, body, *retry_after, *seconds, notices),
    )
}

/// Feeds the pieces and takes the events of each at once; `cut` ends the connection behind the last of them.
fn run(case: &Case, model: &Model, pieces: &[&[u8]], cut: bool) -> Outcome {
    let quirks = providers::quirks(model).unwrap();
    let decoder = protocols::decoder(model, &quirks, model.cost.clone()).unwrap();
    let mut answer = Answer::new(model, decoder, vec![Notice::new("a", "b", "c")]);
    if case.hides() {
        answer.hide(SECRET);
    }
    answer.begin(case.head(), Some(1));
    let mut events = Vec::new();
    let fed = pieces.iter().try_for_each(|piece| {
        let fed = answer.feed(piece).map(drop);
        events.append(&mut answer.take_events());
        fed
    });
    let broken = || Error::new(ErrorKind::ApiConnectionError, "the connection broke");
    let ended = fed.and_then(|()| if cut { Err(broken()) } else { answer.end() });
    let error = ended.err().map(|error| answer.fail(error, StopReason::Error));
    events.append(&mut answer.take_events());
    assert_eq!(answer.waiting(), 0);
    Outcome {
        events,
        message: answer.message().clone(),
        error,
    }
}

/// Panics where an answer is not what it must be.
pub fn check(case: &Case) {
    let model = case.model();
    let whole = run(case, &model, &[&case.body], false);
    judge(case, &model, &whole);
    let pieces = case.pieces();
    let single: Vec<&[u8]> = case.body.chunks(1).collect();
    for pieces in [&single, &pieces] {
        let other = run(case, &model, pieces, false);
        assert!(
            whole.is_like(&other),
            "in {} pieces:\n{other:?}\nwhole:\n{whole:?}",
            pieces.len()
        );
    }
    let early = usize::try_from(case.cuts).unwrap() % (pieces.len() + 1);
    judge(case, &model, &run(case, &model, &pieces[..early], true));
}

fn judge(case: &Case, model: &Model, outcome: &Outcome) {
    let Outcome { events, message, error } = outcome;
    legality::check(events, message, error.is_none());
    match error {
        None => {
            assert!(case.head().status.is_success());
            assert!(
                !matches!(message.stop_reason, StopReason::Error | StopReason::Aborted),
                "{message:?}"
            );
            assert!(has_marker(case), "ended well without a marker: {message:?}");
        }
        Some(error) => judge_error(case, message, error),
    }
    bounded(case, events, message);
    for block in &message.content {
        if let ContentBlock::ToolCall(call) = block {
            match (&call.arguments, call.state) {
                (Some(arguments), ToolCallState::Complete) => {
                    assert!(arguments.is_object() && arguments.is_readable(), "{call:?}");
                    serde_json::from_str::<&RawValue>(arguments.text())
                        .unwrap_or_else(|error| panic!("{error}: {call:?}"));
                }
                (None, ToolCallState::Complete) => assert!(call.custom, "{call:?}"),
                (arguments, _) => assert!(arguments.is_none(), "{call:?}"),
            }
        }
    }
    sent_on(case, model, message);
}

fn judge_error(case: &Case, message: &AssistantMessage, error: &Error) {
    let control =
        |text: &str| text.contains(|character: char| character.is_control() || "\u{2028}\u{2029}".contains(character));
    assert!(!control(&error.message), "not one line: {error:?}");
    assert!(error.message.len() < 2000, "{error:?}");
    assert!(error.body.as_ref().is_none_or(|body| body.len() <= 64 * 1024));
    assert!(
        error
            .retry_after
            .is_none_or(|seconds| seconds.is_finite() && seconds >= 0.0)
    );
    assert!(matches!(message.stop_reason, StopReason::Error), "{message:?}");
    assert_eq!(error.partial.as_deref(), Some(message));
    assert_eq!(message.error_message.as_ref(), Some(&error.message));
    if case.hides() {
        assert!(!error.message.contains(SECRET), "{error:?}");
        assert!(
            !error.body.as_ref().is_some_and(|body| body.contains(SECRET)),
            "{:?}",
            error.body
        );
    }
}

/// Whether a word stands in the body by which the protocol says that an answer is whole.
fn has_marker(case: &Case) -> bool {
    let text = case.text();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    // A key can be written in other ways.
    has(&["\\u"])
        || match case.api() {
            Api::OpenAiCompletions => has(&["finish_reason", "[DONE]"]) || is_one_text(case),
            Api::OpenAiResponses => has(&[
                "\"response.completed\"",
                "\"response.incomplete\"",
                "\"output\"",
                "\"status\"",
            ]),
            Api::AnthropicMessages => has(&["message_stop", "\"content\""]),
            Api::GoogleGenerativeAi => has(&["finishReason", "promptFeedback"]),
        }
}

/// Whether the body is no stream but one JSON text, which shows itself that it is whole.
fn is_one_text(case: &Case) -> bool {
    Frames::cut(&case.body).list.len() == 1
}

/// Events and what they hold grow with the bytes, and no faster.
fn bounded(case: &Case, events: &[Event], message: &AssistantMessage) {
    let size = case.body.len();
    assert!(events.len() <= size + 16, "{} events of {size} bytes", events.len());
    let mut held = message_size(message);
    for event in events {
        held += match event {
            Event::Done(_) | Event::Start(_) => 0,
            Event::TextDelta(piece) => piece.delta.len(),
            Event::ThinkingDelta(piece) => piece.delta.len(),
            Event::ToolCallDelta(piece) => piece.delta.len(),
            event => serde_json::to_string(event).unwrap().len(),
        };
    }
    assert!(
        held <= 64 * size + 64 * 1024,
        "{held} bytes in the events of {size} bytes"
    );
}

fn message_size(message: &AssistantMessage) -> usize {
    serde_json::to_string(message).unwrap().len()
}

/// The message survives its JSON form, and goes on to its own model and to one of each protocol in turn.
fn sent_on(case: &Case, model: &Model, message: &AssistantMessage) {
    let text = serde_json::to_string(message).unwrap();
    let again: Message = json::read(&text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
    assert_eq!(again, Message::from(message.clone()));
    let mut messages = vec![json!({"role": "user", "content": "a"}).to_string(), text];
    for block in &message.content {
        if let ContentBlock::ToolCall(call) = block {
            messages.push(json!({"role": "tool_result", "tool_call_id": call.id, "content": "b"}).to_string());
        }
    }
    messages.push(json!({"role": "user", "content": "c"}).to_string());
    let context: Context = json::read(&format!("{{\"messages\":[{}]}}", messages.join(","))).unwrap();
    encodes(model, &context, &Options::default());
    encodes(
        &targets()[usize::from(case.flags >> 2) % 4],
        &context,
        &Options::default(),
    );
}

/// A model of each protocol.
fn targets() -> &'static [Model] {
    static TARGETS: OnceLock<Vec<Model>> = OnceLock::new();
    TARGETS.get_or_init(|| {
        let names = [
            "anthropic/claude-sonnet-4-5",
            "openai/gpt-5",
            "openai/gpt-4o",
            "google/gemini-2.5-pro",
        ];
        let apis = [
            Api::AnthropicMessages,
            Api::OpenAiResponses,
            Api::OpenAiCompletions,
            Api::GoogleGenerativeAi,
        ];
        let model = |(name, api): (&str, Api)| Model {
            api: api.as_str().to_owned(),
            ..providers::get_model(name, true).unwrap()
        };
        names.into_iter().zip(apis).map(model).collect()
    })
}

/// A request becomes a JSON object, or is refused for what is wrong in it.
pub fn encodes(model: &Model, context: &Context, options: &Options) {
    let Ok(quirks) = providers::quirks(model) else { return };
    let request = Request {
        model,
        quirks: &quirks,
        context,
        options,
        streamed: true,
    };
    match protocols::encode(&request) {
        Err(error) => {
            assert!(!error.message.contains('\n'), "{error:?}");
            assert!(
                matches!(
                    error.kind,
                    ErrorKind::InvalidRequestError | ErrorKind::UnsupportedOptionError
                ),
                "{error:?}"
            );
        }
        Ok(encoded) => {
            let body: Result<&RawValue, _> = serde_json::from_slice(&encoded.body);
            let body = body.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&encoded.body)));
            assert!(body.get().starts_with('{'));
        }
    }
}
