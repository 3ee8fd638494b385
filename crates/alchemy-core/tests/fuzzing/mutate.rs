//! Inputs changed the way servers, gateways and networks change answers: by events, by values and by bytes.

use serde_json::Value;

use super::case::{Case, SECRET};
use super::chance::Chance;
use super::frames::{Form, Frames};
use super::values;

/// The most bytes that a body grows to.
pub const LARGEST: usize = 64 * 1024;

const PIECES: [&[u8]; 22] = [
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"data:",
    b"data: [DONE]\n\n",
    b"data: {}\n\n",
    b"data: \xff\n\n",
    b": ping\n\n",
    b"event: error\n",
    b"{\"error\":{\"message\":\"no\",\"code\":529}}\n",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\"",
    b"\\",
    b"\xEF\xBB\xBF",
    b"\xED\xA0\xBD",
    b"\xF0\x9F",
    b"<html>",
    b"null",
];

/// Changes an input once or a few times.
pub fn mutate(case: &mut Case, seeds: &[Case], chance: &mut Chance) {
    for _ in 0..=chance.below(4) {
        once(case, seeds, chance);
    }
    case.body.truncate(LARGEST);
}

fn once(case: &mut Case, seeds: &[Case], chance: &mut Chance) {
    match chance.below(16) {
        0..=4 => change_value(case, seeds, chance),
        5..=9 => change_events(case, seeds, chance),
        10 | 11 => splice(case, seeds, chance),
        12 | 13 => change_bytes(&mut case.body, chance),
        14 => {
            case.cuts = u32::try_from(chance.next() >> 32).unwrap();
            case.flags = chance.byte();
        }
        _ => match chance.below(4) {
            0 => case.status = chance.byte(),
            1 => case.header = chance.byte(),
            2 => case.server = chance.byte(),
            _ => change_lines(&mut case.body, chance),
        },
    }
}

/// The values of some events of some seed.
fn pool(seeds: &[Case], chance: &mut Chance) -> Vec<Value> {
    let Some(seed) = chance.pick(seeds) else {
        return Vec::new();
    };
    let frames = Frames::cut(&seed.body);
    let start = chance.below(frames.list.len());
    (start..frames.list.len().min(start + 4))
        .filter_map(|at| serde_json::from_str(frames.data(at)?).ok())
        .collect()
}

fn change_value(case: &mut Case, seeds: &[Case], chance: &mut Chance) {
    let mut frames = Frames::cut(&case.body);
    let at = chance.below(frames.list.len());
    let value = frames
        .data(at)
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Some(mut value) = value else {
        // No JSON, or JSON that holds what a value cannot: its bytes can be changed all the same.
        if let Some(frame) = frames.list.get_mut(at) {
            change_bytes(frame, chance);
        }
        case.body = frames.join();
        return;
    };
    let pool = pool(seeds, chance);
    values::change(&mut value, &pool, chance);
    frames.set_data(at, &values::written(&value));
    case.body = frames.join();
}

fn change_events(case: &mut Case, seeds: &[Case], chance: &mut Chance) {
    let mut frames = Frames::cut(&case.body);
    let count = frames.list.len();
    if count == 0 {
        return;
    }
    let (one, two) = (chance.below(count), chance.below(count));
    match chance.below(9) {
        0 => drop(frames.list.remove(one)),
        1 => {
            let copy = frames.list[one].clone();
            frames.list.insert(two, copy);
        }
        2 => frames.list.swap(one, two),
        3 => {
            let moved = frames.list.remove(one);
            frames.list.insert(two.min(count - 1), moved);
        }
        4 => frames.list.truncate(one + 1),
        5 => {
            let cut = chance.below(frames.list[one].len() + 1);
            frames.list[one].truncate(cut);
            if chance.once_in(2) {
                frames.list.truncate(one + 1);
            }
        }
        6 => drop(frames.list.drain(one.min(two)..one.max(two))),
        7 => {
            let other: &[u8] = chance.pick(&PIECES).unwrap();
            frames.list.insert(one, other.to_vec());
        }
        _ => {
            for frame in taken(seeds, frames.form, chance) {
                frames.list.insert(one, frame);
            }
        }
    }
    case.body = frames.join();
}

/// A few events of a seed, in a form.
fn taken(seeds: &[Case], form: Form, chance: &mut Chance) -> Vec<Vec<u8>> {
    let Some(seed) = chance.pick(seeds) else {
        return Vec::new();
    };
    let frames = Frames::cut(&seed.body);
    let start = chance.below(frames.list.len());
    let end = (start + 1 + chance.below(3)).min(frames.list.len());
    let change = |at: usize| -> Option<Vec<u8>> {
        match (frames.form, form) {
            (one, other) if one == other => frames.list.get(at).cloned(),
            (_, Form::Sse) => Some(format!("data: {}\n\n", frames.data(at)?.replace('\n', " ")).into_bytes()),
            _ => Some(frames.data(at)?.as_bytes().to_vec()),
        }
    };
    (start..end).rev().filter_map(change).collect()
}

/// Joins the beginning of the input and the end of a seed.
fn splice(case: &mut Case, seeds: &[Case], chance: &mut Chance) {
    let Some(seed) = chance.pick(seeds) else { return };
    if chance.once_in(4) {
        case.clone_from(seed);
        return;
    }
    let (mut frames, other) = (Frames::cut(&case.body), Frames::cut(&seed.body));
    if frames.form != other.form {
        let cut = chance.below(case.body.len() + 1);
        case.body.truncate(cut);
        let start = chance.below(seed.body.len() + 1);
        case.body.extend_from_slice(&seed.body[start..]);
        return;
    }
    frames.list.truncate(chance.below(frames.list.len() + 1));
    frames
        .list
        .extend_from_slice(&other.list[chance.below(other.list.len() + 1)..]);
    case.body = frames.join();
}

/// Changes bytes without a look at what they are.
pub fn change_bytes(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let at = chance.below(bytes.len() + 1);
    let end = (at + chance.size()).min(bytes.len());
    match chance.below(7) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = chance.byte();
            }
        }
        2 => drop(bytes.drain(at..end)),
        3 => {
            let copy = bytes[at..end].to_vec();
            let to = chance.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        4 => bytes.truncate(at),
        5 => {
            let secret = chance.once_in(4).then_some(SECRET.as_bytes());
            let piece = secret.unwrap_or_else(|| chance.pick(&PIECES).unwrap());
            bytes.splice(at..at, piece.iter().copied());
        }
        _ => drop(bytes.splice(at..at, [b' ', b'\t', chance.byte()])),
    }
}

/// Ends lines in another way.
fn change_lines(body: &mut Vec<u8>, chance: &mut Chance) {
    let ending: &[u8] = chance.pick(&[&b"\r\n"[..], b"\r", b"\n \n", b"\n\n"]).unwrap();
    *body = body.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(ending);
}
