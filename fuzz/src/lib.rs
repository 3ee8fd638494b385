//! What the fuzzing targets share with `crates/alchemy-core/tests/fuzzing`: the inputs, how they are changed, and what must hold.

use std::sync::OnceLock;

use alchemy_core::types::Api;
use serde_json::Value;

#[path = "../../crates/alchemy-core/tests/fuzzing/answers.rs"]
pub mod answers;
#[path = "../../crates/alchemy-core/tests/fuzzing/arguments.rs"]
pub mod arguments;
#[path = "../../crates/alchemy-core/tests/fuzzing/case.rs"]
pub mod case;
#[path = "../../crates/alchemy-core/tests/fuzzing/chance.rs"]
pub mod chance;
#[path = "../../crates/alchemy-core/tests/fuzzing/data.rs"]
pub mod data;
#[path = "../../crates/alchemy-core/tests/fuzzing/failures.rs"]
pub mod failures;
#[path = "../../crates/alchemy-core/tests/fuzzing/framers.rs"]
pub mod framers;
#[path = "../../crates/alchemy-core/tests/fuzzing/frames.rs"]
pub mod frames;
#[path = "../../crates/alchemy-core/tests/fuzzing/halves.rs"]
pub mod halves;
#[path = "../../crates/alchemy-core/tests/fuzzing/legality.rs"]
pub mod legality;
#[path = "../../crates/alchemy-core/tests/fuzzing/mutate.rs"]
pub mod mutate;
#[path = "../../crates/alchemy-core/tests/fuzzing/repeats.rs"]
pub mod repeats;
#[path = "../../crates/alchemy-core/tests/fuzzing/values.rs"]
pub mod values;

use self::case::{Case, HEADER};
use self::chance::Chance;

/// The fixtures and recordings of a protocol, or of all.
pub fn seeds(api: Option<Api>) -> &'static [Case] {
    static SEEDS: OnceLock<Vec<Case>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let apis = Api::ALL.iter().filter(|known| api.is_none_or(|api| api == **known));
        let mut seeds: Vec<Case> = apis.flat_map(|api| case::seeds(*api, true)).collect();
        seeds.retain(|case| case.body.len() <= mutate::LARGEST);
        seeds
    })
}

/// Requests and conversations.
pub fn requests() -> &'static [Value] {
    static SEEDS: OnceLock<Vec<Value>> = OnceLock::new();
    SEEDS.get_or_init(data::seeds)
}

/// Puts an input into the room that the fuzzer gives for it; returns its size.
fn put(input: &[u8], room: &mut [u8], largest: usize) -> usize {
    let size = input.len().min(largest).min(room.len());
    room[..size].copy_from_slice(&input[..size]);
    size
}

/// Changes an answer: by what it means mostly, by its bytes once in a while.
pub fn change_answer(api: Option<Api>, room: &mut [u8], size: usize, largest: usize, seed: u32) -> usize {
    let mut chance = Chance::new(seed.into());
    let seeds = seeds(api);
    let Some(mut case) = Case::read(&room[..size]) else {
        let seed = chance.pick(seeds).cloned().unwrap_or_default();
        return put(&seed.write(), room, largest);
    };
    if chance.once_in(6) && size > HEADER {
        let body = &mut room[HEADER..];
        return HEADER + libfuzzer_sys::fuzzer_mutate(body, size - HEADER, largest - HEADER);
    }
    match chance.once_in(4) {
        true => repeats::repeat(&mut case, &mut chance),
        false => mutate::mutate(&mut case, seeds, &mut chance),
    }
    put(&case.write(), room, largest)
}

/// Changes the JSON behind the header of an input.
pub fn change_request(room: &mut [u8], size: usize, largest: usize, seed: u32) -> usize {
    let mut chance = Chance::new(seed.into());
    let seeds = requests();
    let Some(mut case) = Case::read(&room[..size]) else {
        let body = chance
            .pick(seeds)
            .map(Value::to_string)
            .unwrap_or_default()
            .into_bytes();
        let seed = Case {
            body,
            ..Case::default()
        };
        return put(&seed.write(), room, largest);
    };
    if chance.once_in(6) && size > HEADER {
        let body = &mut room[HEADER..];
        return HEADER + libfuzzer_sys::fuzzer_mutate(body, size - HEADER, largest - HEADER);
    }
    case.cuts = u32::try_from(chance.next() >> 32).unwrap();
    case.body = data::mutate(&case.text(), seeds, &mut chance).into_bytes();
    put(&case.write(), room, largest)
}

/// Makes a target of answers: over one protocol, or over any.
#[macro_export]
macro_rules! answers {
    ($api:expr, |$case:ident| $check:expr) => {
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::change_answer($api, data, size, max_size, seed)
        });

        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
            if let Some($case) = $crate::case::Case::read(bytes) {
                $check;
            }
        });
    };
}

/// Makes a target of the decoder of one protocol.
#[macro_export]
macro_rules! decoder {
    ($api:ident) => {
        $crate::answers!(Some(alchemy_core::types::Api::$api), |case| {
            let api = alchemy_core::types::Api::$api;
            let at = alchemy_core::types::Api::ALL
                .iter()
                .position(|known| *known == api);
            let api = u8::try_from(at.unwrap_or(0)).unwrap_or(0);
            let case = $crate::case::Case {
                api,
                status: 0,
                ..case
            };
            $crate::answers::check(&case);
            $crate::repeats::check(&case)
        });
    };
}
