//! What answers count, as far as protocols agree.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::types::Usage;

/// xAI bills in ticks: 10^10 to the US dollar (<https://docs.x.ai/docs/key-information/cost-tracking>, 2026-11).
const TICKS_PER_DOLLAR: f64 = 1e10;

/// A count as the server wrote it; some write `12.0`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a negative count becomes 0"
)]
pub(crate) fn count(number: Option<f64>) -> Option<u64> {
    number.map(|number| number as u64)
}

/// The counts of a server whose figure of what was sent includes what a cache gave or took.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) sent: Option<f64>,
    pub(crate) written: Option<f64>,
    pub(crate) total: Option<f64>,
    pub(crate) cache_read: Option<f64>,
    pub(crate) cache_write: Option<f64>,
    pub(crate) reasoning: Option<f64>,
}

impl Counts {
    /// The counts in our form; None if they do not say how many tokens went in or out.
    pub(crate) fn usage(&self) -> Option<Usage> {
        let (sent, written, total) = (count(self.sent), count(self.written), count(self.total));
        if sent.is_none() && written.is_none() {
            return None;
        }
        let (cache_read, cache_write) = (count(self.cache_read), count(self.cache_write));
        let reasoning = count(self.reasoning);
        let cached = [cache_read, cache_write].into_iter().flatten();
        Some(Usage {
            // Some servers count more cached tokens than were sent: never below zero.
            input: sent.map(|sent| cached.fold(sent, u64::saturating_sub)),
            output: match (sent, written, reasoning, total) {
                // xAI may count thinking beside what was written: the total tells.
                (Some(sent), Some(written), Some(reasoning), Some(total))
                    if reasoning > 0 && total == sent.saturating_add(written).saturating_add(reasoning) =>
                {
                    Some(written.saturating_add(reasoning))
                }
                _ => written,
            },
            cache_read,
            cache_write,
            reasoning,
            total_tokens: total,
            ..Usage::default()
        })
    }
}

/// What the server bills, in US dollars: `cost` is a number (OpenRouter), or an object with a total (Perplexity).
pub(crate) fn billed(ticks: Option<f64>, cost: Option<&RawValue>) -> Option<f64> {
    #[derive(Deserialize)]
    struct TotalCost {
        total_cost: Option<f64>,
    }

    ticks.map(|ticks| ticks / TICKS_PER_DOLLAR).or_else(|| {
        let text = cost?.get();
        let total = || serde_json::from_str::<TotalCost>(text).ok()?.total_cost;
        serde_json::from_str::<f64>(text).ok().or_else(total)
    })
}
