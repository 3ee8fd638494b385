//! Recognises an event that brings the next piece of what the one before it brought a piece of.

use std::borrow::Cow;

use super::items::{Slot, Whereabouts};
use super::wire::{Event, Piece};
use crate::protocols::decoding::scalars::Scalar;
use crate::protocols::decoding::template::{Role, Template};

/// What has no effect beside a piece, all at the depth of 1. The item's id has one where the place is missing.
const IGNORED: [&str; 2] = ["obfuscation", "sequence_number"];
const ID: &str = "item_id";

/// The last event that brought a piece of something.
#[derive(Default)]
pub(super) struct Repeat {
    template: Template<()>,
    place: Option<u64>,
    id: String,
    /// Which text it is a piece of; None for the arguments of a call.
    slot: Option<Slot>,
}

impl Repeat {
    /// Remembers an event that brings a piece and does nothing else.
    pub(super) fn learn(&mut self, json: &str, event: &Event<'_>, slot: Option<Slot>) {
        let Piece::Text(Cow::Borrowed(piece)) = event.delta else {
            return;
        };
        let role = |scalar: &Scalar<'_>| {
            let ignored = IGNORED.contains(&scalar.key) || (scalar.key == ID && event.output_index.is_some());
            (ignored && scalar.depth == 1).then_some(Role::Ignored)
        };
        if self.template.learn(json, piece, role) {
            self.place = event.output_index;
            event.item_id.text().clone_into(&mut self.id);
            self.slot = slot;
        }
    }

    /// Recognises nothing from now on.
    pub(super) fn turn_off(&mut self) {
        self.template.turn_off();
    }

    /// The piece that an event brings, if it repeats the one remembered, and what it is a piece of.
    #[inline]
    pub(super) fn read<'a>(&mut self, json: &'a str) -> Option<(Cow<'a, str>, Whereabouts<'_>, Option<Slot>)> {
        let piece = self.template.read(json, |(), _| ())?;
        let at = Whereabouts {
            place: self.place,
            id: &self.id,
        };
        Some((piece, at, self.slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(place: &str, id: &str, piece: &str, number: &str) -> String {
        format!(
            r#"{{"type":"response.output_text.delta","content_index":0,"delta":"{piece}","item_id":"{id}","logprobs":[],"obfuscation":"x{piece}","output_index":{place},"sequence_number":{number}}}"#
        )
    }

    fn taught(json: &str) -> Repeat {
        let mut repeat = Repeat::default();
        repeat.learn(json, &serde_json::from_str(json).unwrap(), Some(Slot::Text(0)));
        repeat
    }

    #[test]
    fn the_number_the_padding_and_the_id_may_differ() {
        let mut repeat = taught(&event("1", "msg_1", "a", "7"));
        let json = event("1", "other", "some words", "12");
        let (piece, at, slot) = repeat.read(&json).unwrap();
        assert_eq!((&*piece, at.place, slot), ("some words", Some(1), Some(Slot::Text(0))));
        for other in [
            event("2", "msg_1", "a", "8"),
            event("1", "msg_1", "", "8"),
            event("1", "msg_1", "a", "null"),
            event("1", "msg_1", "a", "8").replace("[]", "[{}]"),
            event("1", "msg_1", "a", "8").replace("_text", "_other"),
        ] {
            assert!(repeat.read(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn without_a_place_the_id_counts() {
        let mut repeat = taught(&event("null", "msg_1", "a", "7"));
        assert!(repeat.read(&event("null", "msg_2", "a", "8")).is_none());
        let json = event("null", "msg_1", "a", "8");
        let (_, at, _) = repeat.read(&json).unwrap();
        assert_eq!((at.place, at.id), (None, "msg_1"));
    }
}
