//! Whether the thread that reads answers waits a little before it looks for more, so that one wake-up serves many streams.
//!
//! A wake-up of a thread costs more than to read an event and to decode it. Where hundreds of answers arrive at once, each
//! with an event now and then, a nap of less than half a millisecond turns dozens of wake-ups into one. A stream that is
//! alone is never kept waiting, however fast it is: what counts is how many streams have something in the same moment.

use std::time::{Duration, Instant};

/// How long streams are counted before it is decided anew.
const WINDOW: Duration = Duration::from_millis(5);
/// How many streams have to have something within a window. A chat model sends 50 events a second: this many in a window
/// are some 60 streams.
const STREAMS: u32 = 16;
/// How long the thread naps, which is most of what an event of many streams is late.
const NAP: Duration = Duration::from_micros(400);

/// Decides about naps from what streams had something lately.
#[derive(Debug, Default)]
pub struct Moderation {
    /// The streams of this window, by the last bits of their numbers.
    told: [u64; 4],
    since: Option<Instant>,
    many: bool,
}

impl Moderation {
    /// One that has seen nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Moderation {
            told: [0; 4],
            since: None,
            many: false,
        }
    }

    /// Notes that the stream of this number has something for its reader. Numbers given one after another are told apart
    /// best.
    pub fn told(&mut self, stream: u64) {
        let word = usize::try_from(stream >> 6 & 3).unwrap_or_default();
        if let Some(word) = self.told.get_mut(word) {
            *word |= 1 << (stream & 63);
        }
    }

    /// How long to nap before the next look at the connections; None: not at all.
    pub fn nap(&mut self, now: Instant) -> Option<Duration> {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        if passed >= WINDOW {
            let streams: u32 = self.told.iter().map(|word| word.count_ones()).sum();
            // A window ends with the first look after its time, which may be much later: fewer streams a millisecond.
            self.many = WINDOW * streams >= passed * STREAMS;
            self.told = [0; 4];
            self.since = Some(now);
        }
        self.many.then_some(NAP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a second of turns a millisecond apart, in each of which `streams(turn)` have something; counts the naps.
    fn naps(streams: impl Fn(u64) -> std::ops::Range<u64>) -> usize {
        let mut moderation = Moderation::new();
        let start = Instant::now();
        (0..1_000)
            .filter(|turn| {
                streams(*turn).for_each(|stream| moderation.told(stream));
                moderation.nap(start + Duration::from_millis(*turn)).is_some()
            })
            .count()
    }

    #[test]
    fn many_streams_are_moderated() {
        assert!(naps(|turn| turn * 10..turn * 10 + 10) > 990);
    }

    #[test]
    fn a_lone_stream_never_is() {
        assert_eq!(naps(|_| 7..8), 0);
    }

    #[test]
    fn a_few_streams_are_not() {
        assert_eq!(naps(|turn| turn % 12..turn % 12 + 1), 0);
    }

    #[test]
    fn it_ends_with_the_many() {
        assert!(naps(|turn| if turn < 500 { 0..50 } else { 0..1 }) < 510);
    }

    #[test]
    fn streams_that_are_rare_do_not_add_up() {
        let mut moderation = Moderation::new();
        let start = Instant::now();
        assert_eq!(moderation.nap(start), None);
        (0..100).for_each(|stream| moderation.told(stream));
        assert_eq!(moderation.nap(start + Duration::from_secs(1)), None);
    }
}
