//! Objects that arrive in pieces are read as whole ones are, and their beginnings as beginnings of them.

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::*;

const DOCUMENTS: &[&str] = &[
    "{}",
    " \u{a0}\n{ } \u{2003}\r\n",
    r#"{"a":1}"#,
    r#"{ "a" : [ ] , "b" : { } , "" : [ [ ] , { } ] }"#,
    r#"{"n":[0,-0,12,-3,1.5,-2.25e3,1E+2,9e-1,0.0],"t":true,"f":false,"z":null}"#,
    r#"{"s":["","abc","\"\\\/\b\f\n\r\t","\u0041\u00e9\u2028","é😀漢","\ud83d\ude00\uD83D\uDE00"]}"#,
    r#"{"a":1,"a":{"b":2},"a":"last"}"#,
    r#"{"\u006bey":{"k":[{"x":1},{"x":2,"y":[1,[2,[3]]]}]},"end":"e"}"#,
];

/// Values as serde_json holds them; large integers as their digits, and lone surrogates as U+FFFD.
#[derive(Default)]
struct Tree {
    root: Option<Value>,
    /// The way to the innermost open container.
    path: Vec<Option<String>>,
    key: Option<String>,
}

impl Tree {
    fn innermost(&mut self) -> Option<&mut Value> {
        self.path
            .iter()
            .try_fold(self.root.as_mut()?, |value, step| match step {
                Some(key) => value.get_mut(key),
                None => value.as_array_mut()?.last_mut(),
            })
    }

    fn put(&mut self, new: Value) {
        let key = self.key.clone();
        match self.innermost() {
            None => self.root = Some(new),
            Some(Value::Object(object)) => drop(object.insert(key.unwrap(), new)),
            Some(Value::Array(list)) => list.push(new),
            Some(other) => panic!("{other} holds nothing"),
        }
    }
}

impl Build for Tree {
    type Error = ();

    fn open(&mut self, container: Container) -> Result<(), ()> {
        let in_list = matches!(self.innermost(), Some(Value::Array(_)));
        let is_root = self.root.is_none();
        self.put(if container == Container::List {
            json!([])
        } else {
            Value::Object(Map::new())
        });
        if !is_root {
            self.path.push(if in_list { None } else { self.key.clone() });
        }
        Ok(())
    }

    fn close(&mut self) {
        self.path.pop();
    }

    fn key(&mut self, key: &Text) -> Result<(), ()> {
        self.key = Some(lossy(key));
        Ok(())
    }

    fn string(&mut self, piece: &Text, part: Part) -> Result<(), ()> {
        if part.first {
            self.put(Value::String(lossy(piece)));
            return Ok(());
        }
        let key = self.key.clone();
        let open = match self.innermost().unwrap() {
            Value::Array(list) => list.last_mut().unwrap(),
            object => object.get_mut(key.unwrap()).unwrap(),
        };
        let Value::String(text) = open else {
            panic!("{open} is no string")
        };
        text.push_str(&lossy(piece));
        Ok(())
    }

    fn number(&mut self, number: Number<'_>) -> Result<(), ()> {
        self.put(match number {
            Number::Integer(value) => json!(value),
            Number::Large(digits) => json!(digits),
            Number::Float(value) => json!(value),
        });
        Ok(())
    }

    fn literal(&mut self, value: Option<bool>) -> Result<(), ()> {
        self.put(value.map_or(Value::Null, Value::Bool));
        Ok(())
    }
}

fn lossy(text: &Text) -> String {
    match text.as_str() {
        Some(text) => text.to_owned(),
        None => String::from_utf8_lossy(text.as_bytes()).replace("\u{fffd}\u{fffd}\u{fffd}", "\u{fffd}"),
    }
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (State, Option<Value>) {
    let (mut reader, mut tree) = (PartialJson::default(), Tree::default());
    for piece in pieces {
        reader.feed(piece, &mut tree).unwrap();
    }
    (reader.state(), tree.root)
}

fn characters(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(|_| true)
}

fn cuts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    (0..=text.len()).filter_map(|at| text.split_at_checked(at))
}

/// Whether one value may grow into the other.
fn begins(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|whole| begins(value, whole))),
        (Value::Array(part), Value::Array(whole)) => {
            part.len() <= whole.len() && part.iter().zip(whole).all(|(part, whole)| begins(part, whole))
        }
        (Value::String(part), Value::String(whole)) => whole.starts_with(part.as_str()),
        _ => part == whole,
    }
}

#[test]
fn whole_objects_are_read_as_serde_json_reads_them() {
    for document in DOCUMENTS {
        let mut whole: Value = serde_json::from_str(document.trim()).unwrap();
        if let Some(zero) = whole.pointer_mut("/n/1") {
            // serde_json reads the integer -0 as a float.
            *zero = json!(0);
        }
        assert_eq!(read([*document]), (State::Whole, Some(whole)), "{document}");
    }
}

#[test]
fn every_split_gives_the_same() {
    for document in DOCUMENTS {
        let whole = read([*document]);
        assert_eq!(read(characters(document)), whole, "{document}");
        for (first, rest) in cuts(document) {
            assert_eq!(read([first, rest]), whole, "{first} | {rest}");
            assert_eq!(read(characters(first)), read([first]), "{first}");
        }
    }
}

#[test]
fn a_beginning_gives_the_beginning_of_the_value() {
    // The sixth document says one key three times, so that its value changes on the way.
    for document in DOCUMENTS.iter().filter(|document| !document.contains("last")) {
        let whole = read([*document]).1.unwrap();
        for (first, rest) in cuts(document) {
            let (state, value) = read([first]);
            assert_eq!(
                state,
                if rest.trim().is_empty() {
                    State::Whole
                } else {
                    State::Open
                },
                "{first}"
            );
            assert_eq!(value.is_some(), first.contains('{'), "{first}");
            assert!(value.is_none_or(|value| begins(&value, &whole)), "{first}");
        }
    }
}

#[test]
fn what_is_open_is_given_as_far_as_it_is_sure() {
    for (text, value) in [
        ("{", json!({})),
        (r#"{"a"#, json!({})),
        (r#"{"a":"#, json!({})),
        (r#"{"a":""#, json!({"a": ""})),
        (r#"{"a":"x\"#, json!({"a": "x"})),
        (r#"{"a":"x\u00e"#, json!({"a": "x"})),
        (r#"{"a":"x\ud83d"#, json!({"a": "x"})),
        (r#"{"a":"x\ud83d\ude0"#, json!({"a": "x"})),
        (r#"{"a":"x\ud83dy"#, json!({"a": "x\u{fffd}y"})),
        (r#"{"a":12"#, json!({})),
        (r#"{"a":12 "#, json!({"a": 12})),
        (r#"{"a":tru"#, json!({})),
        (r#"{"a":true"#, json!({"a": true})),
        (r#"{"a":[1,2"#, json!({"a": [1]})),
        (r#"{"a":[{"b":"c"#, json!({"a": [{"b": "c"}]})),
        (r#"{"a":1,"a":2"#, json!({"a": 1})),
        (r#"{"a":1,"a":2}"#, json!({"a": 2})),
    ] {
        assert_eq!(read([text]).1, Some(value), "{text}");
    }
}

#[test]
fn halves_of_pairs_stay_alone_where_no_other_half_follows() {
    for (text, value) in [
        (r#"{"a":"\ud83d"}"#, "\u{fffd}"),
        (r#"{"a":"\ude00x"}"#, "\u{fffd}x"),
        (r#"{"a":"\ud83d\n"}"#, "\u{fffd}\n"),
        (r#"{"a":"\ud83d\u0041"}"#, "\u{fffd}A"),
        (r#"{"a":"\ud83d\ud83d\ude00"}"#, "\u{fffd}\u{1f600}"),
    ] {
        assert_eq!(read([text]), (State::Whole, Some(json!({ "a": value }))), "{text}");
        assert_eq!(read(characters(text)).1, read([text]).1, "{text}");
    }
    let mut lone = Text::default();
    lone.push_surrogate(0xd83d);
    assert_eq!((lone.as_bytes(), lone.as_str()), (&b"\xed\xa0\xbd"[..], None));
}

#[test]
fn a_text_is_whole_where_serde_json_takes_it() {
    let mut whole = 0;
    for document in DOCUMENTS {
        for (first, rest) in cuts(document) {
            let mut left = rest.chars();
            left.next();
            for put in [
                "", "}", "]", ",", ":", "\"", "\\", "0", "-", ".", "e", "{", "[", "u", "t", "x", "\n", "\u{a0}",
            ] {
                for text in [format!("{first}{put}{rest}"), format!("{first}{put}{}", left.as_str())] {
                    let taken =
                        serde_json::from_str::<&RawValue>(text.trim()).is_ok_and(|raw| raw.get().starts_with('{'));
                    assert_eq!(read([text.as_str()]).0 == State::Whole, taken, "{text}");
                    whole += usize::from(taken);
                }
            }
        }
    }
    assert!(whole > 1000, "{whole}");
}

#[test]
fn what_cannot_begin_an_object_is_invalid_at_once() {
    for text in [
        "[",
        "n",
        "\"",
        "1",
        "{,",
        "{1",
        "{\"a\",",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1]",
        "{\"a\":[1}",
        "{\"a\":[1,]",
        "{\"a\":[,",
        "{\"a\":1 2",
        "{\"a\":01",
        "{\"a\":1.}",
        "{\"a\":1.2.",
        "{\"a\":+",
        "{\"a\":-}",
        "{\"a\":1ee",
        "{\"a\":tx",
        "{\"a\":N",
        "{\"a\":\"\n",
        "{\"a\":\"\\x",
        "{\"a\":\"\\u00g",
        "{}x",
        "{}{",
        "{\u{a0}",
    ] {
        assert_eq!(read([text]).0, State::Invalid, "{text}");
        let last = text.chars().last().unwrap().len_utf8();
        assert_ne!(read([&text[..text.len() - last]]).0, State::Invalid, "{text}");
    }
}

#[test]
fn numbers_keep_their_value() {
    let big = "123456789012345678901234567890";
    let text = format!(r#"{{"a":[{big},-{big},9223372036854775807,-9223372036854775808,0.1,1e308]}}"#);
    let value = json!({"a": [big, format!("-{big}"), i64::MAX, i64::MIN, 0.1, 1e308]});
    assert_eq!(read([text.as_str()]), (State::Whole, Some(value)));
}

#[test]
fn reading_stops_before_what_no_value_can_hold() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(read([nested(DEPTH - 1).as_str()]).0, State::Whole);
    assert_eq!(read([nested(DEPTH).as_str()]).0, State::Beyond);
    for large in ["1e999", "-1e999", &"9".repeat(400)] {
        let text = format!("{{\"a\":1,\"b\":{large},\"c\":x");
        assert_eq!(read([text.as_str()]), (State::Beyond, Some(json!({"a": 1}))));
        assert_eq!(read(characters(&text)), (State::Beyond, Some(json!({"a": 1}))));
    }
}
