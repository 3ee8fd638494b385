//! What an answer used and cost.

use serde::{Deserialize, Serialize};

use super::is_default;
use super::models::ModelCost;

/// What an answer used. Every count is None where the provider did not say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Usage {
    /// Input read at full price, without cached tokens.
    #[serde(skip_serializing_if = "is_default")]
    pub input: Option<u64>,
    /// Output, thinking included.
    #[serde(skip_serializing_if = "is_default")]
    pub output: Option<u64>,
    /// Input read from the provider's cache.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_read: Option<u64>,
    /// Input written to the provider's cache.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_write: Option<u64>,
    /// The part of `cache_write` that is kept for an hour.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_write_1h: Option<u64>,
    /// The part of `output` that was thinking.
    #[serde(skip_serializing_if = "is_default")]
    pub reasoning: Option<u64>,
    /// Everything: input, cache reads and writes, and output.
    #[serde(skip_serializing_if = "is_default")]
    pub total_tokens: Option<u64>,
    /// What it cost; None where no price is known.
    #[serde(skip_serializing_if = "is_default")]
    pub cost: Option<Cost>,
}

/// The price of an answer in US dollars.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cost {
    /// For `Usage::input`.
    #[serde(skip_serializing_if = "is_default")]
    pub input: Option<f64>,
    /// For `Usage::output`.
    #[serde(skip_serializing_if = "is_default")]
    pub output: Option<f64>,
    /// For `Usage::cache_read`.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_read: Option<f64>,
    /// For `Usage::cache_write`.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_write: Option<f64>,
    /// The sum, or `billed` where the provider named a price.
    #[serde(skip_serializing_if = "is_default")]
    pub total: Option<f64>,
    /// What the provider says it charged.
    #[serde(skip_serializing_if = "is_default")]
    pub billed: Option<f64>,
}

impl Usage {
    /// Computes the cost from prices; a billed figure wins over the sum.
    ///
    /// The sum is None if a kind of token was used whose price is not known: a total that leaves
    /// something out would be taken for the whole.
    pub fn set_cost(&mut self, prices: Option<&ModelCost>, billed: Option<f64>) {
        let price = |count: Option<u64>, per_million: Option<f64>| match (count, per_million) {
            #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
            (Some(count), Some(per_million)) => Some(count as f64 * per_million / 1e6),
            _ => None,
        };
        let mut cost = Cost {
            billed,
            ..Cost::default()
        };
        if let Some(prices) = prices {
            cost.input = price(self.input, prices.input);
            cost.output = price(self.output, prices.output);
            cost.cache_read = price(self.cache_read, prices.cache_read);
            let hour = self.cache_write_1h.unwrap_or(0);
            let short = self.cache_write.map(|count| count.saturating_sub(hour));
            let long = self.cache_write_1h.filter(|hour| *hour > 0);
            cost.cache_write = match (
                price(short, prices.cache_write),
                price(long, prices.cache_write_1h.or(prices.cache_write)),
            ) {
                (Some(short), long) => Some(short + long.unwrap_or(0.0)),
                _ => None,
            };
            let parts = [
                (self.input, cost.input),
                (self.output, cost.output),
                (self.cache_read, cost.cache_read),
                (self.cache_write, cost.cache_write),
            ];
            let known = self.input.is_some() && self.output.is_some();
            let whole = parts
                .iter()
                .all(|(count, part)| part.is_some() || count.unwrap_or(0) == 0);
            if known && whole {
                cost.total = Some(parts.iter().filter_map(|(_, part)| *part).sum());
            }
        }
        if billed.is_some() {
            cost.total = billed;
        }
        self.cost = (cost != Cost::default()).then_some(cost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices() -> ModelCost {
        ModelCost {
            input: Some(1.0),
            output: Some(2.0),
            cache_read: None,
            cache_write: None,
            cache_write_1h: None,
        }
    }

    #[test]
    fn what_is_kept_for_an_hour_has_its_own_price() {
        let prices = ModelCost {
            cache_write: Some(1.0),
            cache_write_1h: Some(4.0),
            ..prices()
        };
        let mut usage = Usage {
            cache_write: Some(3_000_000),
            cache_write_1h: Some(2_000_000),
            ..Usage::default()
        };
        usage.set_cost(Some(&prices), None);
        assert_eq!(usage.cost.unwrap().cache_write, Some(9.0));
    }

    #[test]
    fn the_total_is_the_sum_of_the_parts() {
        let mut usage = Usage {
            input: Some(1_000_000),
            output: Some(500_000),
            ..Usage::default()
        };
        usage.set_cost(Some(&prices()), None);
        assert_eq!(usage.cost.unwrap().total, Some(2.0));
    }

    #[test]
    fn a_part_without_a_price_leaves_the_total_unknown() {
        let mut usage = Usage {
            input: Some(1),
            output: Some(1),
            cache_read: Some(5),
            ..Usage::default()
        };
        usage.set_cost(Some(&prices()), None);
        assert_eq!(usage.cost.unwrap().total, None);
    }

    #[test]
    fn a_billed_figure_wins() {
        let mut usage = Usage {
            input: Some(1_000_000),
            output: Some(0),
            ..Usage::default()
        };
        usage.set_cost(Some(&prices()), Some(0.25));
        assert_eq!(usage.cost.unwrap().total, Some(0.25));
    }

    #[test]
    fn without_prices_there_is_no_cost() {
        let mut usage = Usage {
            input: Some(1),
            output: Some(1),
            ..Usage::default()
        };
        usage.set_cost(None, None);
        assert_eq!(usage.cost, None);
    }
}
