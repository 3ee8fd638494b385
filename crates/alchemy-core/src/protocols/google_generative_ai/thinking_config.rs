//! The wish to think, as a budget or as a level.
//!
//! Source: <https://ai.google.dev/gemini-api/docs/thinking> (2026-11). A budget of 0 turns thinking off where that is
//! possible. Where it is not, the least of it is the nearest thing: to say nothing would let the model think as it likes.

use serde_json::{Value, json};

use crate::protocols::Request;
use crate::protocols::encoding::effort::{self, Wish};
use crate::protocols::encoding::notices::Notices;
use crate::quirks::{Budgets, Effort};

/// The `thinkingConfig`; None if nothing is to be sent.
pub(super) fn encode(request: &Request<'_>, max_tokens: Option<u64>, notices: &mut Notices) -> Option<Value> {
    let wish = effort::wish(request, notices)?;
    if let Some(budgets) = &request.quirks.reasoning_budgets {
        let budget = budget(wish, budgets, max_tokens, notices);
        return Some(match budget {
            0 => json!({"thinkingBudget": 0}),
            budget => json!({"thinkingBudget": budget, "includeThoughts": true}),
        });
    }
    // What a server that is not described knows is what the protocol has.
    let levels = [Effort::Minimal, Effort::Low, Effort::Medium, Effort::High];
    let efforts: Vec<Effort> = (request.quirks.reasoning_efforts.iter().copied())
        .filter(|effort| levels.contains(effort))
        .collect();
    let weakest = efforts.first().copied();
    let level = match (wish, weakest) {
        (Wish::Off, Some(weakest)) => {
            let text = format!("the model cannot be told not to think; it is told {}", weakest.as_str());
            notices.option_mapped("reasoning", text);
            weakest
        }
        _ => effort::nearest(wish, &efforts, notices)?,
    };
    Some(json!({"thinkingLevel": level.as_str(), "includeThoughts": true}))
}

fn budget(wish: Wish, budgets: &Budgets, max_tokens: Option<u64>, notices: &mut Notices) -> u64 {
    let asked = match wish {
        Wish::Off if budgets.off => return 0,
        Wish::Off => 0,
        Wish::Effort(effort) => effort::budget_of(effort),
        Wish::Budget(tokens) => tokens,
    };
    let taken = asked.max(budgets.min).min(budgets.max.unwrap_or(u64::MAX));
    if taken != asked {
        let text = match wish {
            Wish::Off => format!("the model cannot be told not to think; its budget is {taken} tokens"),
            _ => format!("a budget of {asked} tokens is outside of what the model takes; it is {taken}"),
        };
        notices.option_clamped("reasoning", text);
    }
    let mut told = Notices::default();
    let fitted = effort::fit(taken, max_tokens, &mut told);
    if fitted >= budgets.min {
        notices.0.append(&mut told.0);
        return fitted;
    }
    // The model takes no budget so small.
    let least = if budgets.off { 0 } else { budgets.min };
    let text = format!(
        "max_tokens leaves no room for the least budget of {} tokens; it is {least}",
        budgets.min
    );
    notices.option_clamped("reasoning", text);
    least
}
