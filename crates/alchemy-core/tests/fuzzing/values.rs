//! JSON changed by what it holds: other types, edges of numbers, halves of characters, other keys, ids and places.

use serde_json::{Map, Value};

use super::case::SECRET;
use super::chance::Chance;

/// Stands in a string for what a value cannot hold, until it is written.
const STAND_INS: [(&str, &str); 8] = [
    ("\u{F0000}", "\\ud83d"),
    ("\u{F0001}", "\\ude00"),
    ("\u{F0002}", "\\u0000"),
    ("\"\u{F0003}\"", "1e400"),
    ("\"\u{F0004}\"", "-123456789012345678901234567890"),
    ("\"\u{F0005}\"", "1.0000000000000000000000001"),
    ("\u{F0006}", "\\ud83d\\ude00"),
    ("\"\u{F0007}\":", "\"a\":1,\"a\":"),
];

/// Keys that tie events to each other or say what they are.
const TELLING: [&str; 24] = [
    "index",
    "id",
    "call_id",
    "item_id",
    "output_index",
    "content_index",
    "summary_index",
    "type",
    "name",
    "role",
    "status",
    "finish_reason",
    "stop_reason",
    "finishReason",
    "arguments",
    "partial_json",
    "args",
    "content",
    "text",
    "signature",
    "thoughtSignature",
    "usage",
    "error",
    "delta",
];

const WORDS: [&str; 22] = [
    "",
    " ",
    "\n",
    "null",
    "{}",
    "{\"a\":1}",
    "{\"a\"",
    "[]",
    "call_0",
    "stop",
    "tool_calls",
    "error",
    "<think>",
    "</think>",
    "message_stop",
    "text",
    "tool_use",
    "thinking",
    "$.a[0].b",
    "data:image/png;base64,AAAA",
    "\u{feff}\u{2028}\u{1b}[31m",
    "\u{1f600}",
];

/// Text of a value in which every stand-in is what it stands for.
pub fn written(value: &Value) -> String {
    let mut text = value.to_string();
    for (stand_in, meant) in STAND_INS {
        if text.contains(stand_in) {
            text = text.replace(stand_in, meant);
        }
    }
    text
}

/// Changes one place of a value; `pool` has values to take parts from.
pub fn change(value: &mut Value, pool: &[Value], chance: &mut Chance) {
    let telling = chance.once_in(2);
    let count = places(value, telling);
    let at = chance.below(count);
    match count {
        0 => alter(value, pool, chance),
        _ => {
            let mut left = at;
            visit(value, telling, &mut left, &mut |place| alter(place, pool, chance));
        }
    }
}

fn places(value: &Value, telling: bool) -> usize {
    let below = |value: &Value| places(value, telling);
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| usize::from(!telling || TELLING.contains(&key.as_str())) + below(value))
            .sum(),
        Value::Array(list) => list.iter().map(|value| usize::from(!telling) + below(value)).sum(),
        _ => 0,
    }
}

/// Goes to the place that is `left` places away; true once it was found.
fn visit(value: &mut Value, telling: bool, left: &mut usize, act: &mut impl FnMut(&mut Value)) -> bool {
    let mut step = |counts: bool, value: &mut Value| {
        if counts && *left == 0 {
            act(value);
            return true;
        }
        *left -= usize::from(counts);
        visit(value, telling, left, act)
    };
    match value {
        Value::Object(object) => object
            .iter_mut()
            .any(|(key, value)| step(!telling || TELLING.contains(&key.as_str()), value)),
        Value::Array(list) => list.iter_mut().any(|value| step(!telling, value)),
        _ => false,
    }
}

fn alter(place: &mut Value, pool: &[Value], chance: &mut Chance) {
    match (chance.below(10), &mut *place) {
        (0..=3, Value::Object(object)) => alter_object(object, pool, chance),
        (0..=3, Value::Array(list)) => alter_list(list, chance),
        (0..=4, Value::String(text)) => alter_text(text, chance),
        (0..=4, Value::Number(number)) => {
            let number = number.as_i64().unwrap_or(0);
            *place = match chance.below(5) {
                0 => Value::from(number.wrapping_add(1)),
                1 => Value::from(number.wrapping_sub(1)),
                2 => Value::from(u64::MAX),
                3 => Value::from(0.5),
                _ => Value::from(chance.size()),
            };
        }
        (5..=6, _) => *place = part(pool, chance),
        _ => *place = other(chance),
    }
}

/// A part of one of the values.
fn part(pool: &[Value], chance: &mut Chance) -> Value {
    let Some(whole) = chance.pick(pool) else {
        return other(chance);
    };
    let mut left = chance.below(places(whole, false));
    let mut found = Value::Null;
    let mut whole = whole.clone();
    visit(&mut whole, false, &mut left, &mut |place| found = place.take());
    found
}

/// A value of any type.
fn other(chance: &mut Chance) -> Value {
    let number = |chance: &mut Chance| match chance.below(8) {
        0 => Value::from(-1),
        1 => Value::from(u64::MAX),
        2 => Value::from(i64::MIN),
        3 => Value::from(1e308),
        4 => Value::from(0.1),
        5 => Value::from("\u{F0003}"),
        6 => Value::from("\u{F0004}"),
        _ => Value::from(chance.size()),
    };
    match chance.below(8) {
        0 => Value::Null,
        1 => Value::Bool(chance.once_in(2)),
        2 | 3 => number(chance),
        4 | 5 => {
            let mut text = String::new();
            alter_text(&mut text, chance);
            Value::String(text)
        }
        6 => Value::Array(vec![Value::Null; chance.below(3)]),
        _ => deep(chance.size(), chance.once_in(2)),
    }
}

fn deep(levels: usize, lists: bool) -> Value {
    let mut value = Value::from(1);
    for _ in 0..levels.min(200) {
        value = match lists {
            true => Value::Array(vec![value]),
            false => Value::Object(Map::from_iter([("a".to_owned(), value)])),
        };
    }
    value
}

fn alter_object(object: &mut Map<String, Value>, pool: &[Value], chance: &mut Chance) {
    let keys: Vec<String> = object.keys().cloned().collect();
    let key = chance.pick(&keys).cloned().unwrap_or_default();
    match chance.below(5) {
        0 => drop(object.remove(&key)),
        1 => {
            if let Some(value) = object.remove(&key) {
                let name = chance.pick(&TELLING).unwrap();
                object.insert((*name).to_owned(), value);
            }
        }
        2 => drop(object.insert("\u{F0007}".to_owned(), other(chance))),
        3 => drop(object.insert((*chance.pick(&TELLING).unwrap()).to_owned(), part(pool, chance))),
        _ => object.clear(),
    }
}

fn alter_list(list: &mut Vec<Value>, chance: &mut Chance) {
    let at = chance.below(list.len());
    match chance.below(4) {
        0 if !list.is_empty() => drop(list.remove(at)),
        1 => list.extend(list.get(at).cloned()),
        2 => list.reverse(),
        _ => list.insert(at, other(chance)),
    }
}

fn alter_text(text: &mut String, chance: &mut Chance) {
    let mut at = chance.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    match chance.below(8) {
        0 => text.truncate(at),
        1 => text.insert_str(
            at,
            chance
                .pick(&["\u{F0000}", "\u{F0001}", "\u{F0002}", "\u{F0006}"])
                .unwrap(),
        ),
        2 => text.insert_str(at, SECRET),
        3 => text.insert_str(at, &"x".repeat(chance.size() * 4)),
        4 => *text = (*chance.pick(&WORDS).unwrap()).to_owned(),
        5 => text.insert_str(at, chance.pick(&WORDS).unwrap()),
        6 => *text = text.get(at..).unwrap_or_default().to_owned(),
        _ => *text = text.repeat(2),
    }
}
