//! Decodes the made-up stream of one wire protocol, once to warm up and once to be counted.
//!
//! `alchemy-instructions PROTOCOL` prints one line of JSON: what was decoded, and what of the processor matters for the
//! count. scripts/instructions.py runs it under valgrind's callgrind, which counts what `counted` does and no more.

use std::process::ExitCode;

use alchemy_core::answer::Answer;
use alchemy_core::types::Api;
use alchemy_instructions::fixture::{Fixture, Size};
use alchemy_instructions::replay::{self, Tally};
use alchemy_instructions::{features, told};
use serde_json::json;

type Replay = fn(&mut Answer, &[Vec<u8>]) -> alchemy_core::error::Result<Tally>;

fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref().map(str::parse) {
        Some(Ok(api)) => decode(api),
        _ => Err("usage: alchemy-instructions PROTOCOL".to_owned()),
    };
    told(&done)
}

/// Decodes a protocol's stream; returns what is to be told of it.
fn decode(api: Api) -> Result<String, String> {
    let fixture = Fixture::of(api, &Size::LARGE);
    let pieces = replay::pieces(&fixture.events);
    // The first time finds out what the processor can do, and reads the providers' data.
    run(&fixture, api, &pieces, replay::replay)?;
    let tally = run(&fixture, api, &pieces, replay::counted)?;
    let bytes: usize = pieces.iter().map(Vec::len).sum();
    Ok(json!({"events": tally.events, "bytes": bytes, "features": features()}).to_string())
}

fn run(fixture: &Fixture, api: Api, pieces: &[Vec<u8>], replay: Replay) -> Result<Tally, String> {
    let mut answer = replay::answer(fixture, api.as_str()).map_err(|error| error.to_string())?;
    let tally = replay(&mut answer, pieces).map_err(|error| error.to_string())?;
    match replay::missing(fixture, &tally, answer.message()) {
        Some(what) => Err(format!("{api}: the message lacks {what}")),
        None => Ok(tally),
    }
}
