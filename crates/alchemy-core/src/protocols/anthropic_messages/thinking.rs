//! The wish to think.
//!
//! Older models are told how many tokens to think, which [`Quirks::reasoning_budgets`] says of them; newer ones decide
//! that themselves and are told how hard to work. The newer ones hide their thinking unless they are asked to sum it up.
//! Source: <https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking> and
//! <https://platform.claude.com/docs/en/build-with-claude/effort> (2026-11).
//!
//! [`Quirks::reasoning_budgets`]: crate::quirks::Quirks::reasoning_budgets

use serde::Serialize;

use super::conversation::Conversation;
use crate::protocols::Request;
use crate::protocols::encoding::effort::{self, Wish};
use crate::protocols::encoding::notices::Notices;
use crate::quirks::{Budgets, Effort, ReasoningFormat};

/// What is sent of the wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nothing: the model does as it is used to.
    Unset,
    /// No thinking.
    Off,
    /// At most so many tokens.
    Budget(u64),
    /// As much as the model finds right, at this effort.
    Adaptive(Option<Effort>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum WireThinking {
    Disabled,
    Enabled { budget_tokens: u64 },
    Adaptive { display: &'static str },
}

impl Plan {
    /// Whether the model was asked to think.
    pub(super) fn thinks(self) -> bool {
        matches!(self, Plan::Budget(_) | Plan::Adaptive(_))
    }

    /// Whether it was asked to by budget.
    pub(super) fn is_budget(self) -> bool {
        matches!(self, Plan::Budget(_))
    }

    /// What of it can be asked for in the turn that goes on. One that began without thinking, for instance with a call
    /// of another model, has to end without: the server refuses a budget there, while `adaptive` leaves it to the model.
    /// <https://platform.claude.com/docs/en/build-with-claude/extended-thinking#toggling-thinking-modes-in-conversations>
    pub(super) fn in_turn(self, conversation: &Conversation<'_>, notices: &mut Notices) -> Self {
        if !self.is_budget() || !conversation.goes_on_without_thinking() {
            return self;
        }
        let text = "the turn began without thinking, and goes on without it until the user speaks again";
        notices.option_dropped("reasoning", text);
        Plan::Unset
    }

    /// The value of `thinking`.
    pub(super) fn wire(self) -> Option<WireThinking> {
        match self {
            Plan::Unset => None,
            Plan::Off => Some(WireThinking::Disabled),
            Plan::Budget(budget_tokens) => Some(WireThinking::Enabled { budget_tokens }),
            Plan::Adaptive(_) => Some(WireThinking::Adaptive { display: "summarized" }),
        }
    }

    /// The value of `output_config.effort`.
    pub(super) fn effort(self) -> Option<&'static str> {
        match self {
            Plan::Adaptive(effort) => effort.map(Effort::as_str),
            _ => None,
        }
    }
}

/// Decides what to send for a request whose answer is capped at `max_tokens`.
pub(super) fn plan(request: &Request<'_>, max_tokens: u64, notices: &mut Notices) -> Plan {
    let Some(wish) = effort::wish(request, notices) else {
        return Plan::Unset;
    };
    let quirks = request.quirks;
    if quirks.reasoning_format == ReasoningFormat::None {
        notices.option_dropped("reasoning", "the server cannot be told how much to think");
        return Plan::Unset;
    }
    if let Some(budgets) = &quirks.reasoning_budgets {
        return budget(wish, budgets, max_tokens, notices);
    }
    // The protocol has words for some efforts only.
    let known = |effort: &Effort| !matches!(effort, Effort::Minimal | Effort::Default);
    let efforts: Vec<Effort> = quirks.reasoning_efforts.iter().copied().filter(known).collect();
    match (wish, effort::nearest(wish, &efforts, notices)) {
        (Wish::Off, None) => Plan::Unset,
        (Wish::Off, Some(_)) => Plan::Off,
        (_, effort) => Plan::Adaptive(effort),
    }
}

fn budget(wish: Wish, budgets: &Budgets, max_tokens: u64, notices: &mut Notices) -> Plan {
    let tokens = match wish {
        Wish::Off if budgets.off => return Plan::Off,
        Wish::Off => {
            notices.option_dropped("reasoning", "the server cannot be told not to think");
            return Plan::Unset;
        }
        Wish::Effort(effort) => effort::budget_of(effort),
        Wish::Budget(tokens) => tokens,
    };
    if max_tokens <= budgets.min {
        let text = format!(
            "the least budget is {} tokens, which max_tokens {max_tokens} has no room for",
            budgets.min
        );
        notices.option_dropped("reasoning", text);
        return Plan::Unset;
    }
    let taken = tokens.clamp(budgets.min, budgets.max.unwrap_or(u64::MAX).max(budgets.min));
    if taken != tokens {
        let text = format!("a budget of {tokens} tokens is outside of what the model takes; it is {taken}");
        notices.option_clamped("reasoning", text);
    }
    if max_tokens / 2 < budgets.min {
        if taken > budgets.min {
            let text = format!(
                "a budget of {taken} tokens does not fit into max_tokens {max_tokens}; it is {}",
                budgets.min
            );
            notices.option_clamped("reasoning", text);
        }
        return Plan::Budget(budgets.min);
    }
    Plan::Budget(effort::fit(taken, Some(max_tokens), notices))
}
