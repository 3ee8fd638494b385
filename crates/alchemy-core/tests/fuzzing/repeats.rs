//! Events that repeat the one before them, nearly: what recognises them must read what the parser reads.

use alchemy_core::answer::Answer;
use alchemy_core::error::{Error, ErrorKind};
use alchemy_core::protocols;
use alchemy_core::providers;
use alchemy_core::types::{AssistantMessage, Event, StopReason, Usage};

use super::case::Case;
use super::chance::Chance;
use super::frames::Frames;

/// What stands in a JSON text where something small differs.
const BITS: [&str; 24] = [
    "0",
    "1",
    "12",
    "-",
    ".5",
    "e3",
    "00",
    "9007199254740993",
    "null",
    "true",
    "\"",
    "\\",
    "\\n",
    "\\u00fc",
    "\\ud83d",
    "\\ud83d\\ude00",
    "{",
    "}",
    ",",
    " ",
    "\t",
    "é",
    "[]",
    ":",
];

/// Repeats an event of an answer, each time with something small that differs.
pub fn repeat(case: &mut Case, chance: &mut Chance) {
    let mut frames = Frames::cut(&case.body);
    let at = chance.below(frames.list.len());
    let Some(json) = frames.data(at).map(str::to_owned) else {
        return;
    };
    let event = frames.list[at].clone();
    let copies = chance.below(6) + 2;
    for copy in 1..=copies {
        frames.list.insert(at + copy, event.clone());
        frames.set_data(at + copy, &nearly(&json, chance));
    }
    case.body = frames.join();
}

/// A JSON text with something small that differs, within a string or a number mostly.
fn nearly(json: &str, chance: &mut Chance) -> String {
    let places: Vec<usize> = (0..=json.len()).filter(|at| json.is_char_boundary(*at)).collect();
    let inside = |at: &&usize| json[..**at].ends_with(|before: char| before.is_ascii_alphanumeric() || before == ' ');
    let places: Vec<usize> = match chance.once_in(4) {
        true => places,
        false => places.iter().filter(inside).copied().collect(),
    };
    let (Some(at), Some(bit)) = (chance.pick(&places), chance.pick(&BITS)) else {
        return json.to_owned();
    };
    let after = &json[*at..];
    match chance.below(4) {
        0 => [&json[..*at], bit, after].concat(),
        1 => json.to_owned(),
        // One character is another one.
        _ => [&json[..*at], bit, after.get(1..).unwrap_or(after)].concat(),
    }
}

struct Read {
    events: Vec<Event>,
    /// The counts after each piece.
    usages: Vec<Usage>,
    message: AssistantMessage,
    error: Option<Error>,
}

/// Whether the connection of a case breaks before all has come.
fn breaks(case: &Case) -> bool {
    case.flags & 4 == 4
}

fn read(case: &Case, in_full: bool) -> Read {
    let model = case.model();
    let quirks = providers::quirks(&model).unwrap();
    let mut decoder = protocols::decoder(&model, &quirks, model.cost.clone()).unwrap();
    if in_full {
        decoder.read_in_full();
    }
    let mut answer = Answer::new(&model, decoder, Vec::new());
    answer.begin(case.head(), Some(1));
    let mut usages = Vec::new();
    let pieces = case.pieces();
    let count = match breaks(case) {
        true => usize::try_from(case.cuts).unwrap() % (pieces.len() + 1),
        false => pieces.len(),
    };
    let fed = pieces[..count].iter().try_for_each(|piece| {
        let fed = answer.feed(piece).map(drop);
        usages.push(answer.message().usage.clone());
        fed
    });
    let broken = Error::new(ErrorKind::ApiConnectionError, "the connection broke");
    let ended = fed.and_then(|()| if breaks(case) { Err(broken) } else { answer.end() });
    let error = ended.err().map(|error| answer.fail(error, StopReason::Error));
    Read {
        events: answer.take_events(),
        usages,
        message: answer.message().clone(),
        error,
    }
}

/// Panics where an answer is another one when each of its events is read in full.
pub fn check(case: &Case) {
    let (quick, full) = (read(case, false), read(case, true));
    assert_eq!(quick.events, full.events);
    assert_eq!(quick.message, full.message);
    assert_eq!(quick.usages, full.usages);
    assert_eq!(format!("{:?}", quick.error), format!("{:?}", full.error));
}
