//! However deltas are cut, batched and taken: merged they say the same, in the same order, and within the limits.

use super::*;
use crate::types::{Start, TextEnd, TextStart};

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % end
    }
}

fn text(content_index: usize, delta: &str) -> Event {
    let delta = delta.to_owned();
    Event::TextDelta(TextDelta { content_index, delta })
}

fn limits(milliseconds: Option<u64>, chars: Option<usize>) -> Coalescing {
    Coalescing {
        time: milliseconds.map(Duration::from_millis),
        chars: chars.and_then(NonZeroUsize::new),
    }
}

/// Merging of which the first delta has come and gone.
fn begun(limits: Coalescing, now: Instant) -> Merging {
    let mut merging = Merging::new(limits);
    merging.add(vec![text(0, "first")], now);
    assert_eq!(merging.take(), [text(0, "first")]);
    merging
}

/// What events say, however their deltas are cut: each run of neighbours as one.
fn whole(events: &[Event]) -> Vec<Event> {
    let mut joined: Vec<Event> = Vec::new();
    for event in events {
        if !joined.last_mut().is_some_and(|last| append(last, event)) {
            joined.push(event.clone());
        }
    }
    joined
}

/// Deltas of three blocks and kinds and other events, in an order and of sizes that the dice choose.
fn any_events(dice: &mut Dice) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..dice.below(60) {
        let content_index = usize::from(dice.below(8) == 0);
        let size = usize::try_from(dice.below(9)).unwrap() + 1;
        let delta: String = "aé漢😀\n".chars().cycle().skip(size).take(size).collect();
        events.push(match dice.below(24) {
            0 => Event::TextStart(TextStart { content_index }),
            1 => Event::TextEnd(TextEnd {
                content_index,
                block: Default::default(),
            }),
            2..5 => Event::ThinkingDelta(ThinkingDelta { content_index, delta }),
            5..9 => Event::ToolCallDelta(ToolCallDelta { content_index, delta }),
            _ => Event::TextDelta(TextDelta { content_index, delta }),
        });
    }
    events
}

/// The same text and events, cut elsewhere.
fn cut_anew(events: &[Event], dice: &mut Dice) -> Vec<Event> {
    let mut cut = Vec::new();
    for event in whole(events) {
        let Some(text) = delta(&event) else {
            cut.push(event);
            continue;
        };
        let letters: Vec<char> = text.chars().collect();
        let mut rest = &letters[..];
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(1 + usize::try_from(dice.below(rest.len() as u64)).unwrap());
            let mut part = event.clone();
            match &mut part {
                Event::TextDelta(part) => part.delta = piece.iter().collect(),
                Event::ThinkingDelta(part) => part.delta = piece.iter().collect(),
                Event::ToolCallDelta(part) => part.delta = piece.iter().collect(),
                _ => {}
            }
            cut.push(part);
            rest = more;
        }
    }
    cut
}

/// Merges events that come in batches with time between them, taken now and then, as the dice choose.
fn merged(limits: Coalescing, events: &[Event], dice: &mut Dice) -> Vec<Event> {
    let (mut merging, mut now) = (Merging::new(limits), Instant::now());
    let mut taken = Vec::new();
    let mut rest = events;
    while !rest.is_empty() {
        let (batch, more) = rest.split_at(1 + usize::try_from(dice.below(rest.len() as u64)).unwrap());
        merging.add(batch.to_vec(), now);
        rest = more;
        now += Duration::from_millis(dice.below(30));
        if dice.below(2) == 0 {
            merging.ripen(now);
        }
        if dice.below(2) == 0 {
            taken.append(&mut merging.take());
        }
    }
    merging.release();
    taken.append(&mut merging.take());
    assert_eq!(merging.ready(), 0);
    taken
}

#[test]
fn nothing_is_lost_or_moved_however_it_is_cut_and_taken() {
    for seed in 0..2000 {
        let dice = &mut Dice(seed);
        let events = any_events(dice);
        let time = Some(dice.below(20) + 1).filter(|_| dice.below(3) > 0);
        let chars = usize::try_from(dice.below(20) + 1).ok().filter(|_| dice.below(3) > 0);
        let limits = limits(time, chars);
        for cut in [events.clone(), cut_anew(&events, dice)] {
            let merged = merged(limits, &cut, dice);
            assert_eq!(whole(&merged), whole(&events), "seed {seed}, {limits:?}");
            assert!(merged.len() <= cut.len());
        }
    }
}

#[test]
fn merging_what_was_merged_is_merging_at_once() {
    for seed in 0..500 {
        let dice = &mut Dice(seed);
        let events = any_events(dice);
        // Without a limit of characters what nobody takes becomes one delta for each run, whatever came in between.
        let all = limits(Some(1), None);
        let once = merged(all, &events, &mut Dice(seed));
        for cut in [once, cut_anew(&events, dice)] {
            let (mut merging, mut now) = (Merging::new(all), Instant::now());
            for event in cut {
                merging.add(vec![event], now);
                now += Duration::from_millis(dice.below(3));
                merging.ripen(now);
            }
            merging.release();
            assert_eq!(merging.take(), whole(&events), "seed {seed}");
        }
    }
}

#[test]
fn a_delta_is_as_long_as_the_limit_allows_and_no_longer() {
    for seed in 0..500 {
        let dice = &mut Dice(seed);
        let pieces: Vec<String> = (0..40)
            .map(|_| "漢".repeat(usize::try_from(dice.below(7)).unwrap() + 1))
            .collect();
        let most = usize::try_from(dice.below(25)).unwrap() + 1;
        let mut merging = Merging::new(limits(None, Some(most)));
        let events = pieces.iter().map(|piece| text(0, piece)).collect();
        merging.add(events, Instant::now());
        merging.release();
        // The same by the words of the option: pieces are added until there are so many characters.
        let mut expected = Vec::new();
        let mut run = String::new();
        for piece in &pieces {
            run += piece;
            if run.chars().count() >= most {
                expected.push(text(0, &std::mem::take(&mut run)));
            }
        }
        if !run.is_empty() {
            expected.push(text(0, &run));
        }
        assert_eq!(merging.take(), expected, "seed {seed}");
    }
}

#[test]
fn the_first_delta_of_an_answer_is_not_held_and_the_next_is() {
    let now = Instant::now();
    let mut merging = Merging::new(limits(Some(50), Some(100)));
    let start = Event::Start(Start {
        api: String::new(),
        provider: String::new(),
        model: String::new(),
        response_id: None,
        notices: Vec::new(),
    });
    let opened = Event::TextStart(TextStart { content_index: 0 });
    let events = vec![start, opened, text(0, "a")];
    merging.add(events.clone(), now);
    assert_eq!(merging.take(), events);
    merging.add(vec![text(0, "b")], now);
    assert_eq!((merging.ready(), merging.take()), (0, vec![]));
    assert_eq!(merging.held_until(), Some(now + Duration::from_millis(50)));
}

#[test]
fn the_clock_runs_from_the_first_piece() {
    let now = Instant::now();
    let at = |milliseconds| now + Duration::from_millis(milliseconds);
    let mut merging = begun(limits(Some(50), None), now);
    merging.add(vec![text(0, "a")], now);
    merging.add(vec![text(0, "b")], at(40));
    assert_eq!(merging.held_until(), Some(at(50)));
    merging.ripen(at(49));
    assert!(merging.take().is_empty());
    merging.ripen(at(50));
    assert_eq!(merging.held_until(), None);
    // Nobody has taken it: it goes on, and is held no more.
    merging.add(vec![text(0, "c")], at(60));
    assert_eq!((merging.ready(), merging.held_until()), (1, None));
    assert_eq!(merging.take(), [text(0, "abc")]);
    merging.add(vec![text(0, "d")], at(60));
    assert_eq!(merging.held_until(), Some(at(110)));
}

#[test]
fn a_bell_for_a_delta_that_is_gone_frees_no_other() {
    let now = Instant::now();
    let at = |milliseconds| now + Duration::from_millis(milliseconds);
    let mut merging = begun(limits(Some(50), Some(4)), now);
    merging.add(vec![text(0, "abcd"), text(0, "e")], at(10));
    assert_eq!(merging.take(), [text(0, "abcd")]);
    merging.ripen(at(50));
    assert!(merging.take().is_empty());
    merging.ripen(at(60));
    assert_eq!(merging.take(), [text(0, "e")]);
}

#[test]
fn characters_alone_have_no_clock() {
    let now = Instant::now();
    let mut merging = begun(limits(None, Some(3)), now);
    merging.add(vec![text(0, "é漢")], now);
    merging.ripen(now + Duration::from_secs(3600));
    assert_eq!((merging.ready(), merging.held_until()), (0, None));
    merging.add(vec![text(0, "😀")], now);
    assert_eq!(merging.take(), [text(0, "é漢😀")]);
}

#[test]
fn any_other_event_ends_a_run() {
    let now = Instant::now();
    let thinking = |delta: &str| {
        let delta = delta.to_owned();
        Event::ThinkingDelta(ThinkingDelta {
            content_index: 0,
            delta,
        })
    };
    let end = Event::TextEnd(TextEnd {
        content_index: 0,
        block: Default::default(),
    });
    // Another kind, another block, and what is no delta at all: the last only is held, where it is a delta.
    for (other, ready) in [(thinking("b"), 1), (text(1, "b"), 1), (end, 2)] {
        let mut merging = begun(limits(Some(50), None), now);
        merging.add(vec![text(0, "a"), other.clone()], now);
        assert_eq!(merging.ready(), ready);
        merging.release();
        assert_eq!(merging.take(), [text(0, "a"), other]);
    }
}

#[test]
fn what_is_held_is_bounded_whatever_was_asked_for() {
    let now = Instant::now();
    for asked in [limits(None, Some(usize::MAX)), limits(Some(u64::MAX), None)] {
        let mut merging = begun(asked, now);
        let piece = "x".repeat(MOST_CHARS / 4);
        for pieces in 1..=4 {
            merging.add(vec![text(0, &piece)], now);
            assert_eq!(merging.ready(), usize::from(pieces == 4), "{asked:?}");
        }
    }
}

#[test]
fn options_that_are_out_of_range_are_refused() {
    let chars = NonZeroUsize::new(5);
    assert_eq!(Coalescing::of(None, None).unwrap(), None);
    let of = |milliseconds| Coalescing::of(Some(milliseconds), chars);
    assert_eq!(of(0.5).unwrap().unwrap().time, Some(Duration::from_micros(500)));
    assert_eq!(of(f64::MAX).unwrap().unwrap().time, Some(Duration::MAX));
    assert_eq!(Coalescing::of(None, chars).unwrap(), Some(limits(None, Some(5))));
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(of(wrong).unwrap_err().path.as_deref(), Some("options.coalesce_ms"));
    }
}
