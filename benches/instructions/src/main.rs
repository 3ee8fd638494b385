//! Decodes the made-up stream of one wire protocol, once to warm up and once to be counted.
//!
//! `alchemy-instructions PROTOCOL` prints one line of JSON: what was decoded, and what of the machine matters for the
//! count. `alchemy-instructions end-to-end` streams a small one over HTTP instead. scripts/instructions.py runs both
//! under valgrind's callgrind, which counts what the functions `counted` do and no more.

mod end_to_end;
mod fixture;
mod replay;
mod words;

use std::io::{self, Write};
use std::process::ExitCode;

use alchemy_core::answer::Answer;
use alchemy_core::types::Api;
use serde_json::json;

use crate::end_to_end::Client;
use crate::fixture::{Fixture, Size};
use crate::replay::Tally;

type Replay = fn(&mut Answer, &[Vec<u8>]) -> alchemy_core::error::Result<Tally>;

fn main() -> ExitCode {
    let what = std::env::args().nth(1).unwrap_or_default();
    let done = match what.parse() {
        Ok(api) => decode(api),
        Err(_) if what == "end-to-end" => stream(),
        Err(_) => Err("usage: alchemy-instructions PROTOCOL, or end-to-end".to_owned()),
    };
    let written = match &done {
        Ok(line) => writeln!(io::stdout(), "{line}"),
        Err(problem) => writeln!(io::stderr(), "alchemy-instructions: {problem}"),
    };
    if done.is_ok() && written.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Decodes a protocol's stream; returns what is to be told of it.
fn decode(api: Api) -> Result<String, String> {
    let fixture = Fixture::of(api, &Size::LARGE);
    let pieces = replay::pieces(&fixture.events);
    // The first time finds out what the processor can do, and reads the providers' data.
    run(&fixture, api, &pieces, replay::replay)?;
    let tally = run(&fixture, api, &pieces, replay::counted)?;
    let bytes: usize = pieces.iter().map(Vec::len).sum();
    Ok(json!({
        "events": tally.events,
        "bytes": bytes,
        "pieces": pieces.len(),
        "architecture": architecture(),
    })
    .to_string())
}

fn run(fixture: &Fixture, api: Api, pieces: &[Vec<u8>], replay: Replay) -> Result<Tally, String> {
    let mut answer = replay::answer(fixture, api.as_str()).map_err(|error| error.to_string())?;
    let tally = replay(&mut answer, pieces).map_err(|error| error.to_string())?;
    match replay::missing(fixture, &tally, answer.message()) {
        Some(what) => Err(format!("{api}: the message lacks {what}")),
        None => Ok(tally),
    }
}

/// Streams a small answer over HTTP; returns what is to be told of it.
fn stream() -> Result<String, String> {
    let fixture = Fixture::of(Api::OpenAiCompletions, &Size::SMALL);
    let port = end_to_end::serve(&fixture).map_err(|error| error.to_string())?;
    let client = Client::new(&fixture, port).map_err(|error| error.to_string())?;
    // The first request opens the connection, which is kept.
    client.stream().map_err(|error| error.to_string())?;
    let tally = client.counted().map_err(|error| error.to_string())?;
    if tally.deltas < fixture.deltas() {
        return Err("end-to-end: some deltas are missing".to_owned());
    }
    let bytes: usize = fixture.events.iter().map(String::len).sum();
    Ok(json!({"events": tally.events, "bytes": bytes, "architecture": architecture()}).to_string())
}

/// The processor that the program finds, by what memchr and the system's library choose their loops by.
fn architecture() -> String {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return format!("{} with avx2", std::env::consts::ARCH);
    }
    std::env::consts::ARCH.to_owned()
}
