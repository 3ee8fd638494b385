//! What a long answer and a long conversation cost: as much for each event or byte as a short one.
#![expect(clippy::unwrap_used, reason = "a test that fails says so")]

mod counting;
mod wire;

use std::sync::Arc;

use alchemy_core::answer::Answer;
use alchemy_core::client::Settings;
use alchemy_core::protocols;
use alchemy_core::quirks::Quirks;
use alchemy_core::types::{
    AssistantMessage, Content, Context, Message, Model, Options, SharedText, Text, ToolCall, ToolCallState,
    ToolResultMessage, UserMessage,
};
use counting::{Counts, counted};
use wire::PROTOCOLS;

const SENTENCE: &str = "The quick brown fox jumped over it, and said so.\n";

fn model(api: &str) -> Arc<Model> {
    let mut model = Model::new("m", "custom");
    model.api = api.to_owned();
    model.base_url = Some("http://127.0.0.1:9".to_owned());
    Arc::new(model)
}

/// Text that somebody else holds, as a Python string is held.
fn text(bytes: usize) -> SharedText {
    SharedText::shared(Arc::new(SENTENCE.repeat(bytes / SENTENCE.len())))
}

fn user(bytes: usize) -> Message {
    let content = Content::Text(text(bytes));
    UserMessage {
        content,
        timestamp_ms: None,
    }
    .into()
}

/// Turns of a user and a model, with a call and its result in each.
fn many(bytes: usize) -> Vec<Message> {
    let turn = |index: usize| {
        let call = ToolCall {
            id: format!("call_{index}"),
            name: "read".to_owned(),
            raw_arguments: format!("{{\"path\":\"{index}\"}}").into(),
            state: ToolCallState::Complete,
            ..ToolCall::default()
        };
        let said = Text {
            text: text(1000),
            ..Text::default()
        };
        let result = ToolResultMessage {
            tool_call_id: call.id.clone(),
            content: Content::Text(text(2000)),
            tool_name: None,
            is_error: false,
            details: Default::default(),
            timestamp_ms: None,
        };
        let answer = AssistantMessage {
            content: vec![said.into(), call.into()],
            ..AssistantMessage::default()
        };
        [user(1000), answer.into(), result.into()]
    };
    (0..bytes / 4000).flat_map(turn).collect()
}

/// The bytes of the body, and what it took to make it.
fn encoded(api: &str, messages: Vec<Message>) -> (usize, Counts) {
    let context = Context {
        messages,
        ..Context::default()
    };
    let model = model(api);
    let (prepared, counts) = counted(|| {
        Settings::default()
            .prepare(model, &context, Options::default(), true)
            .unwrap()
    });
    assert!(prepared.notices().is_empty(), "{:?}", prepared.notices());
    (prepared.body().len(), counts)
}

#[test]
fn a_conversation_is_encoded_in_linear_work_and_little_more_than_its_size() {
    for api in PROTOCOLS.map(|protocol| protocol.api) {
        for (shape, most, make) in [
            (
                "one giant message",
                1.05,
                (|bytes| vec![user(bytes)]) as fn(usize) -> Vec<Message>,
            ),
            ("many messages", 1.5, many),
        ] {
            let (small, few) = encoded(api, make(200_000));
            let (large, all) = encoded(api, make(2_000_000));
            let growth = large as f64 / small as f64;
            assert!(
                large >= 2_000_000 && growth > 9.9,
                "{api}, {shape}: {small} and {large}"
            );
            let peak = all.peak as f64 / large as f64;
            assert!(peak <= most, "{api}, {shape}: {peak} times the body");
            let work = all.bytes as f64 / few.bytes as f64;
            assert!(
                work < growth * 1.2,
                "{api}, {shape}: {work} times the bytes for {growth} times the body"
            );
            let calls = all.calls as f64 / few.calls as f64;
            assert!(calls < growth * 1.2, "{api}, {shape}: {calls} times the blocks");
        }
    }
}

fn answer(api: &str) -> Answer {
    let model = model(api);
    let decoder = protocols::decoder(&model, &Quirks::default(), None).unwrap();
    Answer::new(&model, decoder, Vec::new())
}

/// What it takes to read an event so many times, a hundred at a time as a consumer takes them.
fn read(api: &str, begin: &str, event: &str, times: usize) -> Counts {
    let mut answer = answer(api);
    answer.feed([begin, event].concat().as_bytes()).unwrap();
    drop(answer.take_events());
    let batch = event.repeat(100);
    let ((), counts) = counted(|| {
        for _ in 0..times / 100 {
            answer.feed(batch.as_bytes()).unwrap();
            assert_eq!(answer.take_events().len(), 100);
        }
    });
    counts
}

#[test]
fn an_event_costs_the_same_however_many_came_before() {
    for protocol in PROTOCOLS {
        let begin = [protocol.begin, protocol.text_begins].concat();
        let few = read(protocol.api, &begin, protocol.text, 1_000);
        let many = read(protocol.api, &begin, protocol.text, 100_000);
        let each = |counts: Counts, times: f64| (counts.calls as f64 / times, counts.bytes as f64 / times);
        let ((calls_few, bytes_few), (calls_many, bytes_many)) = (each(few, 1e3), each(many, 1e5));
        let figures = format!(
            "{}: {calls_few} and {calls_many} blocks, {bytes_few} and {bytes_many} bytes",
            protocol.api
        );
        assert!(
            calls_many <= calls_few * 1.01 && bytes_many <= bytes_few * 1.2,
            "{figures}"
        );
        // The text of the message is a string that grows: twice its size, and its former half while it is moved.
        let text = 8 * 100_000;
        assert!(
            many.peak < 4 * text + 100_000,
            "{}: {} bytes for {text}",
            protocol.api,
            many.peak
        );
    }
}

#[test]
fn arguments_cost_the_same_for_each_byte_however_many_came_before() {
    for protocol in PROTOCOLS {
        let begin = [protocol.begin, protocol.call_begins].concat();
        let few = read(protocol.api, &begin, protocol.arguments, 50_000 / 8);
        let many = read(protocol.api, &begin, protocol.arguments, 400_000 / 8);
        let growth = many.bytes as f64 / few.bytes as f64;
        assert!(
            growth < 12.0,
            "{}: {growth} times the bytes for 8 times the arguments",
            protocol.api
        );
    }
}

#[test]
fn calls_cost_the_same_each_however_many_came_before() {
    // Each answer counts its calls from zero, so each id but the first is taken and another one is made.
    let calls = |count: usize| {
        let turn = |_| {
            let call = ToolCall {
                id: "call_0".to_owned(),
                name: "read".to_owned(),
                raw_arguments: "{}".into(),
                state: ToolCallState::Complete,
                ..ToolCall::default()
            };
            let result = ToolResultMessage {
                tool_call_id: "call_0".to_owned(),
                content: Content::Text("done".into()),
                tool_name: None,
                is_error: false,
                details: Default::default(),
                timestamp_ms: None,
            };
            let content = vec![call.into()];
            let made_by = Some("another".to_owned());
            [
                AssistantMessage {
                    content,
                    provider: made_by,
                    ..AssistantMessage::default()
                }
                .into(),
                result.into(),
            ]
        };
        (0..count).flat_map(turn).collect::<Vec<Message>>()
    };
    for api in PROTOCOLS.map(|protocol| protocol.api) {
        let (_, few) = encoded(api, calls(100));
        let (_, many) = encoded(api, calls(2_000));
        let growth = many.calls as f64 / few.calls as f64;
        assert!(growth < 40.0, "{api}: {growth} times the blocks for 20 times the calls");
    }
}
