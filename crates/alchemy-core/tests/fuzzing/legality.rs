//! The rules that every stream of events keeps, whatever the server sent.

use alchemy_core::types::{AssistantMessage, ContentBlock, Event};

/// A block as its events tell it.
#[derive(Debug)]
struct Told {
    kind: &'static str,
    deltas: String,
    id: String,
    name: String,
    whole: Option<ContentBlock>,
}

impl Told {
    fn new(kind: &'static str) -> Self {
        Told {
            kind,
            deltas: String::new(),
            id: String::new(),
            name: String::new(),
            whole: None,
        }
    }
}

fn kind_of(block: &ContentBlock) -> &'static str {
    match block {
        ContentBlock::Text(_) => "text",
        ContentBlock::Thinking(_) => "thinking",
        ContentBlock::ToolCall(_) => "tool_call",
        _ => "block",
    }
}

/// What the deltas of a block add up to.
fn text_of(block: &ContentBlock) -> &str {
    match block {
        ContentBlock::Text(block) => &block.text,
        ContentBlock::Thinking(block) => &block.thinking,
        ContentBlock::ToolCall(call) => &call.raw_arguments,
        _ => "",
    }
}

/// Panics where a stream of events is not legal, or is not what its message says. `whole` tells that the answer ended
/// well; else the message is what had arrived.
pub fn check(events: &[Event], message: &AssistantMessage, whole: bool) {
    let mut blocks: Vec<Told> = Vec::new();
    for (place, event) in events.iter().enumerate() {
        assert_eq!(place == 0, matches!(event, Event::Start(_)), "{place}: {event:?}");
        let last = place + 1 == events.len();
        match event {
            Event::Done(done) => {
                assert!(last && whole, "{place} of {}: {event:?}", events.len());
                assert_eq!(&*done.message, message);
            }
            Event::ErrorEvent(_) => panic!("{event:?} is for the stream to tell"),
            _ => assert!(
                !(last && whole),
                "{event:?} is the last event of an answer that ended well"
            ),
        }
        take(event, &mut blocks);
    }
    assert!(!whole || !events.is_empty());
    assert_eq!(blocks.len(), message.content.len(), "{events:?} {message:?}");
    for (told, block) in blocks.iter().zip(&message.content) {
        assert_eq!(told.kind, kind_of(block));
        match &told.whole {
            Some(ended) => assert_eq!(ended, block),
            None => assert!(!whole, "no end of {block:?}"),
        }
        assert_eq!(told.deltas, text_of(block));
        if let ContentBlock::ToolCall(call) = block {
            assert_eq!((&told.id, &told.name), (&call.id, &call.name));
        }
    }
}

fn take(event: &Event, blocks: &mut Vec<Told>) {
    let begin = |blocks: &mut Vec<Told>, index: usize, told: Told| {
        assert_eq!(index, blocks.len(), "{event:?}");
        blocks.push(told);
    };
    match event {
        Event::TextStart(start) => begin(blocks, start.content_index, Told::new("text")),
        Event::ThinkingStart(start) => begin(blocks, start.content_index, Told::new("thinking")),
        Event::ToolCallStart(start) => {
            let told = Told {
                id: start.id.clone(),
                name: start.name.clone(),
                ..Told::new("tool_call")
            };
            begin(blocks, start.content_index, told);
        }
        Event::Block(block) => {
            assert_eq!(kind_of(&block.block), "block");
            let told = Told {
                whole: Some(block.block.clone()),
                ..Told::new("block")
            };
            begin(blocks, block.content_index, told);
        }
        Event::TextDelta(piece) => delta(blocks, piece.content_index, "text", &piece.delta),
        Event::ThinkingDelta(piece) => delta(blocks, piece.content_index, "thinking", &piece.delta),
        Event::ToolCallDelta(piece) => delta(blocks, piece.content_index, "tool_call", &piece.delta),
        Event::TextEnd(end) => ended(blocks, end.content_index, end.block.clone().into()),
        Event::ThinkingEnd(end) => ended(blocks, end.content_index, end.block.clone().into()),
        Event::ToolCallEnd(end) => ended(blocks, end.content_index, end.tool_call.clone().into()),
        Event::Start(_) | Event::Done(_) | Event::ErrorEvent(_) => {}
    }
}

fn delta(blocks: &mut [Told], index: usize, kind: &str, delta: &str) {
    let block = &mut blocks[index];
    assert!(
        block.kind == kind && block.whole.is_none(),
        "{kind} {delta:?} of {block:?}"
    );
    assert!(!delta.is_empty(), "an empty delta of {block:?}");
    block.deltas.push_str(delta);
}

fn ended(blocks: &mut [Told], index: usize, whole: ContentBlock) {
    let block = &mut blocks[index];
    assert!(
        block.kind == kind_of(&whole) && block.whole.is_none(),
        "{whole:?} ends {block:?}"
    );
    assert_eq!(block.deltas, text_of(&whole));
    block.whole = Some(whole);
}
