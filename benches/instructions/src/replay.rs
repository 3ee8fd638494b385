//! A stream through framing, decoding and assembling, in pieces such as a socket gives.

use alchemy_core::answer::Answer;
use alchemy_core::error::Result;
use alchemy_core::head::Head;
use alchemy_core::types::{AssistantMessage, ContentBlock, Event, Model};
use alchemy_core::{protocols, providers};

use crate::fixture::Fixture;

/// The sizes of pieces, over and over: a segment of TCP, a few of them, a record of TLS. Where one is zero, the next
/// [`SINGLE_EVENTS`] events are a piece each, as when the server sends them one by one.
const SIZES: &[usize] = &[0, 1_400, 4_096, 0, 16_384, 2_800, 0, 8_192, 5_600];
const SINGLE_EVENTS: usize = 16;

/// How many events came.
#[derive(Default)]
pub struct Tally {
    /// All of them.
    pub events: usize,
    /// The deltas.
    pub deltas: usize,
}

/// Cuts a stream into the pieces that it arrives in.
#[must_use]
pub fn pieces(events: &[String]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    let mut sizes = SIZES.iter().cycle();
    let mut size = 0;
    let mut single = 0;
    for event in events {
        let mut rest = event.as_bytes();
        while !rest.is_empty() {
            if size == 0 && single == 0 {
                size = sizes.next().copied().unwrap_or_default();
                if size == 0 {
                    single = SINGLE_EVENTS;
                }
            }
            let room = if single > 0 { rest.len() } else { size.min(rest.len()) };
            let (taken, after) = rest.split_at(room);
            piece.extend_from_slice(taken);
            rest = after;
            if single > 0 {
                single -= 1;
                pieces.push(std::mem::take(&mut piece));
            } else {
                size -= room;
                if size == 0 {
                    pieces.push(std::mem::take(&mut piece));
                }
            }
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// An answer that nothing has come of yet.
///
/// # Errors
/// A model that is not known.
pub fn answer(fixture: &Fixture, api: &str) -> Result<Answer> {
    let mut model = Model::new(fixture.model, fixture.provider);
    api.clone_into(&mut model.api);
    let quirks = providers::quirks(&model)?;
    let mut answer = Answer::new(&model, protocols::decoder(&model, &quirks, None)?, Vec::new());
    answer.begin(Head::default(), None);
    Ok(answer)
}

/// What is counted, by this name.
///
/// # Errors
/// As [`replay`].
#[inline(never)]
pub fn counted(answer: &mut Answer, pieces: &[Vec<u8>]) -> Result<Tally> {
    replay(answer, pieces)
}

/// Every byte in, every event out and dropped, as by a consumer that keeps up, and the end.
///
/// # Errors
/// Bytes that the decoder refuses.
#[inline(never)]
pub fn replay(answer: &mut Answer, pieces: &[Vec<u8>]) -> Result<Tally> {
    let mut tally = Tally::default();
    for piece in pieces {
        answer.feed(piece)?;
        take(answer, &mut tally);
    }
    answer.end()?;
    take(answer, &mut tally);
    Ok(tally)
}

fn take(answer: &mut Answer, tally: &mut Tally) {
    tally.note(&answer.take_events());
}

impl Tally {
    /// Counts events.
    pub fn note(&mut self, events: &[Event]) {
        let deltas = events.iter().filter(|event| {
            matches!(
                event,
                Event::TextDelta(_) | Event::ThinkingDelta(_) | Event::ToolCallDelta(_)
            )
        });
        self.events += events.len();
        self.deltas += deltas.count();
    }
}

/// Says what a message lacks of what its fixture says, so that nothing is counted that was not decoded.
#[must_use]
pub fn missing(fixture: &Fixture, tally: &Tally, message: &AssistantMessage) -> Option<String> {
    let said = &fixture.said;
    let [mut thinking, mut text] = [String::new(), String::new()];
    let mut calls = Vec::new();
    for block in &message.content {
        match block {
            ContentBlock::Thinking(block) => thinking += &block.thinking,
            ContentBlock::Text(block) => text += &block.text,
            ContentBlock::ToolCall(call) => calls.push(call),
            _ => return Some("a block that nothing made".to_owned()),
        }
    }
    let whole = calls.len() == said.calls.len()
        && calls.iter().zip(&said.calls).all(|(call, pieces)| {
            let pieces = pieces.concat();
            // Google's arguments are one string in an object.
            call.arguments.is_some() && (call.raw_arguments == pieces || call.raw_arguments.len() > pieces.len())
        });
    let faults = [
        (thinking != said.thoughts.concat(), "the reasoning"),
        (text != said.texts.concat(), "the text"),
        (!whole, "a call's arguments"),
        (tally.deltas < fixture.deltas(), "some deltas"),
    ];
    faults
        .iter()
        .find(|(fails, _)| *fails)
        .map(|(_, what)| (*what).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Size;
    use alchemy_core::types::Api;

    #[test]
    fn pieces_hold_every_byte_and_are_of_all_sizes() {
        let events = Fixture::of(Api::OpenAiResponses, &Size::LARGE).events;
        let pieces = pieces(&events);
        assert_eq!(pieces.concat(), events.concat().into_bytes());
        for size in SIZES.iter().filter(|size| **size > 0) {
            assert!(pieces.iter().any(|piece| piece.len() == *size), "no piece of {size}");
        }
        let single = |piece: &&Vec<u8>| piece.starts_with(b"event:") && piece.ends_with(b"\n\n");
        assert!(pieces.iter().filter(single).count() > 100);
    }

    #[test]
    fn every_stream_says_what_was_put_into_it() {
        for api in Api::ALL {
            let fixture = Fixture::of(*api, &Size::LARGE);
            let mut answer = answer(&fixture, api.as_str()).unwrap();
            let tally = counted(&mut answer, &pieces(&fixture.events)).unwrap();
            assert_eq!(missing(&fixture, &tally, answer.message()), None, "{api}");
            assert!(tally.events > 3_000, "{api}: {} events", tally.events);
        }
    }

    #[test]
    fn what_a_message_lacks_is_told() {
        let fixture = Fixture::of(Api::OpenAiCompletions, &Size::SMALL);
        let mut answer = answer(&fixture, "openai-completions").unwrap();
        let tally = counted(&mut answer, &pieces(&fixture.events)).unwrap();
        let lacks = |spoil: &dyn Fn(&mut ContentBlock)| {
            let mut message = answer.message().clone();
            message.content.iter_mut().for_each(spoil);
            missing(&fixture, &tally, &message).unwrap()
        };
        let spoilt = lacks(&|block| {
            if let ContentBlock::Text(text) = block {
                text.text = "other".into();
            }
        });
        assert_eq!(spoilt, "the text");
        let spoilt = lacks(&|block| {
            if let ContentBlock::ToolCall(call) = block {
                call.arguments = None;
            }
        });
        assert_eq!(spoilt, "a call's arguments");
        assert!(missing(&fixture, &Tally::default(), answer.message()).is_some());
    }
}
