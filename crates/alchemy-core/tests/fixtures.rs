//! Every fixture, replayed whole, byte by byte and at random splits: the events and the message must not differ.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alchemy_core::answer::Answer;
use alchemy_core::error::Error;
use alchemy_core::head::Head;
use alchemy_core::types::{Api, Model, StopReason};
use alchemy_core::{json, protocols, providers};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    provider: String,
    model: String,
    status: u16,
    content_type: String,
    response: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    quirks: json::Object,
}

#[derive(Deserialize)]
struct Failure {
    kind: String,
    message_contains: String,
    status: Option<u16>,
    retry_after: Option<f64>,
    request_id: Option<String>,
    partial: Option<Value>,
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Option<T> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The events, and the error if there was one.
fn replay(api: &str, case: &Case, chunks: &[&[u8]]) -> (Vec<Value>, Option<Error>) {
    let mut model = Model::new(&case.model, &case.provider);
    api.clone_into(&mut model.api);
    model.quirks = case.quirks.clone();
    let quirks = providers::quirks(&model).unwrap();
    let decoder = protocols::decoder(&model, &quirks, None).unwrap();
    let mut answer = Answer::new(&model, decoder, Vec::new());
    let mut headers = case.headers.clone();
    headers.insert("content-type".to_owned(), case.content_type.clone());
    answer.begin(Head::recorded(case.status, &headers).unwrap(), None);
    let fed = chunks.iter().try_for_each(|chunk| answer.feed(chunk).map(drop));
    let error = fed
        .and_then(|()| answer.end())
        .map_err(|error| answer.fail(error, StopReason::Error))
        .err();
    (
        answer
            .take_events()
            .iter()
            .map(|event| serde_json::to_value(event).unwrap())
            .collect(),
        error,
    )
}

/// Cuts at places drawn by a small generator of its own, the same in each run.
fn random_cuts(bytes: &[u8], mut seed: u64) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let size = (usize::try_from(seed >> 33).unwrap() % 97 + 1).min(rest.len());
        let (chunk, after) = rest.split_at(size);
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

fn check(api: &str, folder: &Path) {
    let name = folder.display();
    let case: Case = read(&folder.join("case.json")).unwrap_or_else(|| panic!("{name}: no case.json"));
    let bytes = std::fs::read(folder.join(&case.response)).unwrap();
    let expected: Vec<Value> = read(&folder.join("events.json")).unwrap_or_default();
    let failure: Option<Failure> = read(&folder.join("error.json"));
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    let mut ways = vec![vec![bytes.as_slice()], single];
    ways.extend((0..8).map(|seed| random_cuts(&bytes, seed)));
    for chunks in ways {
        let (events, error) = replay(api, &case, &chunks);
        assert_eq!(events, expected, "{name}, in {} pieces", chunks.len());
        match (&failure, error) {
            (None, None) => {}
            (Some(failure), Some(error)) => {
                assert_eq!(error.kind.name(), failure.kind, "{name}: {error}");
                assert!(error.message.contains(&failure.message_contains), "{name}: {error}");
                assert!(!error.message.contains('\n'), "{name}: {error}");
                if failure.status.is_some() {
                    assert_eq!(error.status, failure.status, "{name}");
                }
                assert_eq!(error.retry_after, failure.retry_after, "{name}");
                if failure.request_id.is_some() {
                    assert_eq!(error.request_id, failure.request_id, "{name}");
                }
                if let Some(expected) = &failure.partial {
                    let mut partial = serde_json::to_value(error.partial.as_deref().unwrap()).unwrap();
                    partial.as_object_mut().unwrap().remove("error_message");
                    assert_eq!(partial, *expected, "{name}");
                }
            }
            (expected, error) => panic!("{name}: expected an error: {}, got {error:?}", expected.is_some()),
        }
    }
}

#[test]
fn every_fixture_decodes_the_same_at_every_split() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    for api in Api::ALL {
        let mut cases = 0;
        for entry in std::fs::read_dir(root.join(api.as_str())).unwrap_or_else(|error| panic!("{api}: {error}")) {
            check(api.as_str(), &entry.unwrap().path());
            cases += 1;
        }
        assert!(cases > 0, "{api}: no fixtures");
    }
}
