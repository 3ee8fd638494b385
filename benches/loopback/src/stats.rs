//! What the provider says of itself, so that one sees that it was not what held a client up.

use std::cell::{Cell, RefCell};
use std::io;

use alchemy_loopback::process;

/// One step of the histogram of lateness, in nanoseconds.
const STEP: u64 = 10_000;
/// Writes later than this many steps, a second, are counted in the last one.
const STEPS: usize = 100_000;

/// Counters since the last reset.
pub(crate) struct Stats {
    connections: Cell<u64>,
    streams: Cell<u64>,
    events: Cell<u64>,
    late: RefCell<Late>,
}

struct Late {
    steps: Vec<u64>,
    count: u64,
    most: u64,
}

impl Stats {
    pub(crate) fn new() -> Self {
        let late = Late {
            steps: vec![0; STEPS],
            count: 0,
            most: 0,
        };
        Self {
            connections: Cell::new(0),
            streams: Cell::new(0),
            events: Cell::new(0),
            late: RefCell::new(late),
        }
    }

    /// Counts a connection that was accepted.
    pub(crate) fn connection(&self) {
        self.connections.set(self.connections.get() + 1);
    }

    /// Counts a stream that is answered.
    pub(crate) fn stream(&self) {
        self.streams.set(self.streams.get() + 1);
    }

    /// Counts deltas that were written.
    pub(crate) fn events(&self, count: usize) {
        self.events.set(self.events.get() + count as u64);
    }

    /// Counts one paced delta, and by how many nanoseconds its write came after its time.
    pub(crate) fn paced(&self, late: u64) {
        self.events(1);
        let mut all = self.late.borrow_mut();
        let step = usize::try_from(late / STEP).map_or(STEPS - 1, |step| step.min(STEPS - 1));
        if let Some(count) = all.steps.get_mut(step) {
            *count += 1;
        }
        all.count += 1;
        all.most = all.most.max(late);
    }

    /// Forgets all that was counted; CPU time is the process's and goes on.
    pub(crate) fn reset(&self) {
        self.connections.set(0);
        self.streams.set(0);
        self.events.set(0);
        let mut late = self.late.borrow_mut();
        late.steps.fill(0);
        late.count = 0;
        late.most = 0;
    }

    /// The JSON of `GET /stats`; a lateness is null where no paced delta was written.
    pub(crate) fn json(&self) -> io::Result<String> {
        let late = self.late.borrow();
        let (p50, p99, most) = (late.quantile(50), late.quantile(99), milliseconds(late.most));
        let most = if late.count == 0 { "null".to_owned() } else { most };
        let (connections, streams, events) = (self.connections.get(), self.streams.get(), self.events.get());
        let cpu = process::cpu_seconds()?;
        Ok(format!(
            "{{\"cpu_seconds\":{cpu:.6},\"late_ms\":{{\"p50\":{p50},\"p99\":{p99},\"max\":{most}}},\
             \"connections\":{connections},\"streams\":{streams},\"events\":{events}}}"
        ))
    }
}

impl Late {
    /// The lateness that so many percent of the writes did not exceed.
    fn quantile(&self, percent: u64) -> String {
        let wanted = (self.count * percent).div_ceil(100);
        let mut seen = 0;
        for (count, upper) in self.steps.iter().zip(1..) {
            seen += count;
            if seen >= wanted && seen > 0 {
                return milliseconds((upper * STEP).min(self.most));
            }
        }
        "null".to_owned()
    }
}

fn milliseconds(nanoseconds: u64) -> String {
    format!("{}.{:03}", nanoseconds / 1_000_000, nanoseconds / 1_000 % 1_000)
}

#[cfg(test)]
mod tests {
    use super::Stats;

    #[test]
    fn quantiles_are_those_of_what_was_counted_since_the_last_reset() {
        let stats = Stats::new();
        assert!(stats.json().unwrap().contains(r#"{"p50":null,"p99":null,"max":null}"#));
        (1..=100).for_each(|late| stats.paced(late * 100_000));
        stats.paced(3_000_000_000);
        stats.stream();
        let json = stats.json().unwrap();
        assert!(json.contains(r#"{"p50":5.110,"p99":10.010,"max":3000.000}"#), "{json}");
        assert!(json.contains(r#""streams":1,"events":101}"#), "{json}");
        stats.reset();
        assert!(
            stats
                .json()
                .unwrap()
                .contains(r#""max":null},"connections":0,"streams":0,"events":0}"#)
        );
    }
}
