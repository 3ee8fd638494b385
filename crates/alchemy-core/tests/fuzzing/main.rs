//! Foreign bytes of every kind, drawn by a small generator from the fixtures: what must hold holds whatever they are.
//!
//! A short run for every day, the same each time. `ALCHEMY_FUZZ_SEED` begins elsewhere, and `ALCHEMY_FUZZ_CASES` sets how many
//! inputs each test draws; a failure prints both for the input that failed. `make fuzz` runs the same checks for longer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test may fail loudly"
)]

mod answers;
mod arguments;
mod case;
mod chance;
mod data;
mod failures;
mod framers;
mod frames;
mod halves;
mod legality;
mod mutate;
mod repeats;
mod values;

use alchemy_core::types::Api;

use self::case::Case;
use self::chance::Chance;

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Says how to run an input again, if that fails.
struct Told {
    seed: u64,
    input: Vec<u8>,
}

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let shown = String::from_utf8_lossy(&self.input);
            eprintln!("the input that failed: {shown:?}");
            eprintln!(
                "again: ALCHEMY_FUZZ_SEED={} ALCHEMY_FUZZ_CASES=1 and the name of this test",
                self.seed
            );
        }
    }
}

/// Draws inputs and checks each.
fn draw<T>(cases: u64, make: impl Fn(&mut Chance) -> T, bytes: impl Fn(&T) -> Vec<u8>, check: impl Fn(&T)) {
    let first = setting("ALCHEMY_FUZZ_SEED").unwrap_or(1);
    for seed in first..first.wrapping_add(setting("ALCHEMY_FUZZ_CASES").unwrap_or(cases)) {
        let input = make(&mut Chance::new(seed));
        let told = Told {
            seed,
            input: bytes(&input),
        };
        check(&input);
        drop(told);
    }
}

/// A fixture of a protocol, changed.
fn changed(seeds: &[Case], chance: &mut Chance) -> Case {
    let mut case = chance.pick(seeds).unwrap().clone();
    mutate::mutate(&mut case, seeds, chance);
    case
}

fn small(mut seeds: Vec<Case>) -> Vec<Case> {
    assert!(!seeds.is_empty());
    seeds.retain(|case| case.body.len() < 20_000);
    seeds
}

fn answers_over(api: Api) {
    let seeds = small(case::seeds(api, false));
    for seed in &seeds {
        answers::check(seed);
    }
    let make = |chance: &mut Chance| changed(&seeds, chance);
    draw(400, make, |case| case.body.clone(), answers::check);
}

#[test]
fn answers_over_openai_completions() {
    answers_over(Api::OpenAiCompletions);
}

#[test]
fn answers_over_openai_responses() {
    answers_over(Api::OpenAiResponses);
}

#[test]
fn answers_over_anthropic_messages() {
    answers_over(Api::AnthropicMessages);
}

#[test]
fn answers_over_google_generative_ai() {
    answers_over(Api::GoogleGenerativeAi);
}

#[test]
fn an_input_is_bytes_and_back() {
    for seed in every_seed() {
        assert_eq!(Case::read(&seed.write()), Some(seed));
    }
    assert_eq!(Case::read(&[0; case::HEADER - 1]), None);
}

/// Seeds of every protocol.
fn every_seed() -> Vec<Case> {
    small(Api::ALL.iter().flat_map(|api| case::seeds(*api, false)).collect())
}

#[test]
fn every_answer_is_the_same_when_each_event_is_read_in_full() {
    for api in Api::ALL {
        for seed in case::seeds(*api, true) {
            // In large pieces, since there are many answers.
            repeats::check(&Case {
                cuts: 3,
                flags: 0,
                ..seed
            });
        }
    }
}

#[test]
fn events_that_nearly_repeat_are_read_as_they_are_in_full() {
    for api in Api::ALL {
        let seeds = small(case::seeds(*api, false));
        let make = |chance: &mut Chance| {
            let mut case = chance.pick(&seeds).unwrap().clone();
            for _ in 0..=chance.below(3) {
                repeats::repeat(&mut case, chance);
            }
            case.cuts = u32::try_from(chance.next() >> 32).unwrap();
            case.flags = chance.byte();
            case
        };
        draw(300, make, |case| case.body.clone(), repeats::check);
    }
}

#[test]
fn events_of_one_protocol_in_answers_over_another() {
    let seeds = every_seed();
    let make = |chance: &mut Chance| {
        let mut case = changed(&seeds, chance);
        case.api = chance.byte();
        case.status = chance.byte();
        case
    };
    draw(400, make, |case| case.body.clone(), answers::check);
}

#[test]
fn failures_are_told_in_one_line() {
    let seeds = every_seed();
    let make = |chance: &mut Chance| {
        let mut case = changed(&seeds, chance);
        case.status = chance.byte();
        case
    };
    draw(2000, make, |case| case.body.clone(), failures::check);
}

#[test]
fn server_sent_events_are_cut_where_the_standard_says() {
    let seeds = every_seed();
    let make = |chance: &mut Chance| changed(&seeds, chance);
    let check = |case: &Case| framers::check_sse(&case.body, case.cuts);
    draw(2000, make, |case| case.body.clone(), check);
}

#[test]
fn arrays_are_cut_into_their_items() {
    let seeds: Vec<Case> = every_seed()
        .into_iter()
        .map(|mut case| {
            let frames = frames::Frames::cut(&case.body);
            let form = frames::Form::Array;
            let list = (0..frames.list.len()).filter_map(|at| Some(frames.data(at)?.as_bytes().to_vec()));
            case.body = frames::Frames {
                form,
                list: list.collect(),
            }
            .join();
            case
        })
        .collect();
    let make = |chance: &mut Chance| changed(&seeds, chance);
    let check = |case: &Case| framers::check_json_array(&case.body, case.cuts);
    draw(2000, make, |case| case.body.clone(), check);
}

#[test]
fn arguments_are_read_while_they_arrive() {
    let seeds = data::seeds();
    let make = |chance: &mut Chance| {
        let text = chance.pick(&seeds).unwrap().to_string();
        (data::mutate(&text, &seeds, chance), u32::from(chance.byte()))
    };
    let check = |(text, cuts): &(String, u32)| arguments::check(text, *cuts);
    draw(2000, make, |(text, _)| text.clone().into_bytes(), check);
}

#[test]
fn pieces_of_a_text_add_up_to_it() {
    let make = |chance: &mut Chance| (0..chance.below(60) + 3).map(|_| chance.byte()).collect::<Vec<u8>>();
    draw(3000, make, Clone::clone, |bytes| halves::check(bytes));
}

#[test]
fn requests_are_read_and_encoded() {
    let seeds = data::seeds();
    for seed in &seeds {
        data::check(&seed.to_string());
    }
    let make = |chance: &mut Chance| {
        let text = chance.pick(&seeds).unwrap().to_string();
        data::mutate(&text, &seeds, chance)
    };
    draw(1000, make, |text| text.clone().into_bytes(), |text| data::check(text));
}
