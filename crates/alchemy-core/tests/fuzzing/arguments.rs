//! JSON that is read while it arrives: what it holds at every split is what a reader of the whole finds.

use std::convert::Infallible;

use alchemy_core::json::is_shallow;
use alchemy_core::partial_json::{Build, Container, Number, Part, PartialJson, State, Text};
use serde_json::{Map, Value};

use super::chance::Chance;

/// What the reader hands over, put together to values.
#[derive(Default)]
struct Tree {
    open: Vec<(Value, String)>,
    key: String,
    text: Vec<u8>,
    in_string: bool,
    whole: Option<Value>,
    /// A value that serde_json has no like of was there.
    odd: bool,
}

impl Tree {
    fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            Some((Value::Object(object), _)) => drop(object.insert(self.key.clone(), value)),
            Some((Value::Array(list), _)) => list.push(value),
            _ => self.whole = Some(value),
        }
    }
}

impl Build for Tree {
    type Error = Infallible;

    fn open(&mut self, container: Container) -> Result<(), Infallible> {
        assert!(!self.in_string && self.whole.is_none());
        let value = match container {
            Container::Object => Value::Object(Map::new()),
            Container::List => Value::Array(Vec::new()),
        };
        self.open.push((value, std::mem::take(&mut self.key)));
        Ok(())
    }

    fn close(&mut self) {
        assert!(!self.in_string);
        let (value, key) = self.open.pop().unwrap();
        self.key = key;
        self.put(value);
    }

    fn key(&mut self, key: &Text) -> Result<(), Infallible> {
        self.odd |= key.as_str().is_none();
        self.key = String::from_utf8_lossy(key.as_bytes()).into_owned();
        Ok(())
    }

    fn string(&mut self, piece: &Text, part: Part) -> Result<(), Infallible> {
        assert_eq!(part.first, !self.in_string);
        if part.first {
            self.text.clear();
        }
        self.text.extend_from_slice(piece.as_bytes());
        self.in_string = !part.last;
        if part.last {
            let text = String::from_utf8_lossy(&self.text).into_owned();
            self.odd |= text.as_bytes() != self.text;
            self.put(Value::String(text));
        }
        Ok(())
    }

    fn number(&mut self, number: Number<'_>) -> Result<(), Infallible> {
        assert!(!self.in_string);
        self.put(match number {
            Number::Integer(integer) => Value::from(integer),
            Number::Float(float) => Value::from(float),
            Number::Large(digits) => serde_json::from_str(digits).unwrap(),
        });
        Ok(())
    }

    fn literal(&mut self, value: Option<bool>) -> Result<(), Infallible> {
        assert!(!self.in_string);
        self.put(value.map_or(Value::Null, Value::Bool));
        Ok(())
    }
}

fn read(pieces: &[&str]) -> (State, Option<Value>, bool) {
    let mut tree = Tree::default();
    let mut reader = PartialJson::default();
    for piece in pieces {
        let before = reader.state();
        let Ok(()) = reader.feed(piece, &mut tree);
        let stays = matches!(before, State::Beyond | State::Invalid);
        assert!(!stays || reader.state() == before);
    }
    (reader.state(), tree.whole, tree.odd)
}

/// A text in pieces that follow from a number.
fn pieces(text: &str, cuts: u32) -> Vec<&str> {
    let mut chance = Chance::new(cuts.into());
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut size = (chance.size() + 1).min(rest.len());
        while !rest.is_char_boundary(size) {
            size += 1;
        }
        let (piece, after) = rest.split_at(size);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// The value with 0 in place of -0, which serde_json takes for a number with a fraction.
fn unsigned(value: Value) -> Value {
    match value {
        Value::Number(number) if number.as_f64() == Some(0.0) => Value::from(0),
        Value::Array(list) => list.into_iter().map(unsigned).collect(),
        Value::Object(object) => Value::Object(object.into_iter().map(|(key, value)| (key, unsigned(value))).collect()),
        other => other,
    }
}

/// Panics where the reader of partial JSON is not what it must be.
pub fn check(text: &str, cuts: u32) {
    let whole = read(&[text]);
    let single: Vec<&str> = text.split_inclusive(|_: char| true).collect();
    assert_eq!(read(&single), whole, "a character at a time");
    assert_eq!(read(&pieces(text, cuts)), whole);
    let (state, value, odd) = whole;
    let parsed = serde_json::from_str::<Value>(text.trim());
    match (&parsed, state) {
        (Ok(whole @ Value::Object(_)), State::Whole) => {
            assert!(odd || value.map(unsigned) == Some(unsigned(whole.clone())), "{whole}");
        }
        (Ok(Value::Object(_)), State::Beyond) => assert!(!is_shallow(text)),
        (Ok(Value::Object(_)), State::Open | State::Invalid) => panic!("{state:?}, but it is an object: {text}"),
        (Ok(_), _) => assert_eq!(state, State::Invalid, "{text}"),
        (Err(_), State::Whole) => assert!(odd, "no object, but whole: {text}"),
        (Err(_), _) => {}
    }
}
