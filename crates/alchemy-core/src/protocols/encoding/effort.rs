//! The wish to think: a level or a budget, and the nearest thing that a server knows.
//!
//! The budgets that stand for levels are the ones pi-ai uses, so that a budget and its level mean the same everywhere.

use super::notices::Notices;
use crate::protocols::Request;
use crate::quirks::Effort;
use crate::types::{Reasoning, ReasoningLevel};

/// Tokens that a budget leaves for the answer itself, where `max_tokens` has room for that.
const ANSWER_ROOM: u64 = 1024;

/// How much the caller wants the model to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Not at all.
    Off,
    /// So hard.
    Effort(Effort),
    /// At most so many tokens.
    Budget(u64),
}

/// What the caller asks for; None if nothing, or if the model is not known to think.
pub(crate) fn wish(request: &Request<'_>, notices: &mut Notices) -> Option<Wish> {
    let wish = match request.options.reasoning? {
        Reasoning::Level(ReasoningLevel::Off) | Reasoning::Budget(0) => Wish::Off,
        Reasoning::Level(level) => Wish::Effort(effort_of(level)),
        Reasoning::Budget(tokens) => Wish::Budget(tokens),
    };
    if request.model.reasoning {
        return Some(wish);
    }
    if wish != Wish::Off {
        let text = format!(
            "{} is not described as a model that thinks; Model(reasoning=True) says that it does",
            request.model.id
        );
        notices.option_dropped("reasoning", text);
    }
    None
}

fn effort_of(level: ReasoningLevel) -> Effort {
    match level {
        ReasoningLevel::Off => Effort::None,
        ReasoningLevel::Minimal => Effort::Minimal,
        ReasoningLevel::Low => Effort::Low,
        ReasoningLevel::Medium => Effort::Medium,
        ReasoningLevel::High => Effort::High,
        ReasoningLevel::Xhigh => Effort::Xhigh,
    }
}

/// The effort that a budget stands for.
pub(crate) fn effort_of_budget(tokens: u64) -> Effort {
    match tokens {
        0..=1024 => Effort::Minimal,
        1025..=4096 => Effort::Low,
        4097..=12_288 => Effort::Medium,
        12_289..=24_576 => Effort::High,
        _ => Effort::Xhigh,
    }
}

/// The budget that an effort stands for, in tokens.
pub(crate) fn budget_of(effort: Effort) -> u64 {
    match effort {
        Effort::None => 0,
        Effort::Minimal => 1024,
        Effort::Low => 2048,
        Effort::Medium | Effort::Default => 8192,
        Effort::High => 16_384,
        Effort::Xhigh | Effort::Max => 32_768,
    }
}

/// How strong an effort is, for the search of the nearest.
fn strength(effort: Effort) -> i32 {
    match effort {
        Effort::None => 0,
        Effort::Minimal => 1,
        Effort::Low => 2,
        Effort::Medium | Effort::Default => 3,
        Effort::High => 4,
        Effort::Xhigh => 5,
        Effort::Max => 6,
    }
}

/// `max_tokens` caps thinking too, so a budget shrinks until an answer has room beside it.
pub(crate) fn fit(tokens: u64, max_tokens: Option<u64>, notices: &mut Notices) -> u64 {
    let Some(max_tokens) = max_tokens else { return tokens };
    let room = max_tokens.saturating_sub(ANSWER_ROOM.min(max_tokens / 2)).max(1);
    if tokens > room {
        let text = format!("a budget of {tokens} tokens does not fit into max_tokens {max_tokens}; it is {room}");
        notices.option_clamped("reasoning", text);
    }
    tokens.min(room)
}

/// The effort among those that the server knows (weakest first) that is nearest to the wish; of two the
/// weaker, which costs less. A notice says where that is not the same; None where nothing can be sent.
pub(crate) fn nearest(wish: Wish, efforts: &[Effort], notices: &mut Notices) -> Option<Effort> {
    let (asked, exact) = match wish {
        Wish::Off => (Effort::None, true),
        Wish::Effort(effort) => (effort, true),
        Wish::Budget(tokens) => (effort_of_budget(tokens), false),
    };
    if wish == Wish::Off && !efforts.contains(&Effort::None) {
        notices.option_dropped("reasoning", "the server cannot be told not to think");
        return None;
    }
    let distance = |effort: Effort| (strength(effort) - strength(asked)).abs();
    let found = efforts
        .iter()
        .copied()
        .filter(|effort| wish == Wish::Off || *effort != Effort::None)
        .min_by_key(|effort| (distance(*effort), strength(*effort)));
    let Some(found) = found else {
        notices.option_dropped("reasoning", "the server only knows whether to think, and does");
        return None;
    };
    if !exact || strength(found) != strength(asked) {
        let asked = match wish {
            Wish::Budget(tokens) => format!("a budget of {tokens} tokens"),
            _ => asked.as_str().to_owned(),
        };
        notices.option_mapped("reasoning", format!("{asked} is sent as {}", found.as_str()));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_and_levels_agree() {
        for effort in [
            Effort::Minimal,
            Effort::Low,
            Effort::Medium,
            Effort::High,
            Effort::Xhigh,
        ] {
            assert_eq!(effort_of_budget(budget_of(effort)), effort);
        }
    }

    #[test]
    fn a_budget_leaves_room_for_the_answer() {
        let mut notices = Notices::default();
        assert_eq!(fit(8192, None, &mut notices), 8192);
        assert_eq!(fit(8192, Some(16_384), &mut notices), 8192);
        assert!(notices.0.is_empty());
        assert_eq!(fit(8192, Some(4096), &mut notices), 3072);
        assert_eq!(fit(8192, Some(100), &mut notices), 50);
        assert_eq!(fit(8192, Some(1), &mut notices), 1);
        assert_eq!(notices.0.len(), 3);
    }
}
