//! The wish to think, in the words of the server.
//!
//! Servers know efforts, budgets or a switch; a level or a budget becomes the nearest thing that the
//! server knows, with a notice where that is not the same. The budgets that stand for levels are the
//! ones pi-ai uses, so that a budget and its level mean the same everywhere.

use serde_json::{Map, Value, json};

use super::encode::Fields;
use super::request::Notices;
use crate::error::Result;
use crate::protocols::Request;
use crate::quirks::{Effort, ReasoningFormat};
use crate::types::{Reasoning, ReasoningLevel};

/// Tokens that a budget leaves for the answer itself, where `max_tokens` has room for that.
const ANSWER_ROOM: u64 = 1024;

const OPTION: &str = "options.reasoning";

/// Adds what says how much to think.
pub(super) fn encode(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let Some(reasoning) = request.options.reasoning else {
        return Ok(());
    };
    let wish = match reasoning {
        Reasoning::Level(ReasoningLevel::Off) | Reasoning::Budget(0) => Wish::Off,
        Reasoning::Level(level) => Wish::Effort(effort_of(level)),
        Reasoning::Budget(tokens) => Wish::Budget(fit(tokens, request.options.max_tokens, notices)),
    };
    if !request.model.reasoning {
        if wish != Wish::Off {
            let text = format!(
                "{} is not described as a model that thinks; Model(reasoning=True) says that it does",
                request.model.id
            );
            notices.option_dropped("reasoning", text);
        }
        return Ok(());
    }
    Writer {
        efforts: &request.quirks.reasoning_efforts,
        fields,
        notices,
    }
    .write(request, wish)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Off,
    Effort(Effort),
    Budget(u64),
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

fn effort_of_budget(tokens: u64) -> Effort {
    match tokens {
        0..=1024 => Effort::Minimal,
        1025..=4096 => Effort::Low,
        4097..=12_288 => Effort::Medium,
        12_289..=24_576 => Effort::High,
        _ => Effort::Xhigh,
    }
}

fn budget_of(effort: Effort) -> u64 {
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
fn fit(tokens: u64, max_tokens: Option<u64>, notices: &mut Notices) -> u64 {
    let Some(max_tokens) = max_tokens else { return tokens };
    let room = (max_tokens - ANSWER_ROOM.min(max_tokens / 2)).max(1);
    if tokens > room {
        let text = format!("a budget of {tokens} tokens does not fit into max_tokens {max_tokens}; it is {room}");
        notices.add("option_clamped", OPTION, text);
    }
    tokens.min(room)
}

struct Writer<'a, 'f> {
    efforts: &'a [Effort],
    fields: &'f mut Fields,
    notices: &'f mut Notices,
}

impl Writer<'_, '_> {
    fn write(mut self, request: &Request<'_>, wish: Wish) -> Result<()> {
        match request.quirks.reasoning_format {
            ReasoningFormat::Effort => self.effort(wish),
            ReasoningFormat::Reasoning => self.reasoning(wish),
            ReasoningFormat::ReasoningEnabled => {
                self.switched(wish);
                self.fields.set("reasoning", json!({"enabled": wish != Wish::Off}))
            }
            ReasoningFormat::Thinking => {
                if wish == Wish::Off {
                    return self.fields.set("thinking", json!({"type": "disabled"}));
                }
                self.switched(wish);
                let mut thinking = Map::from_iter([("type".to_owned(), Value::from("enabled"))]);
                for (key, value) in &request.quirks.thinking_keys {
                    thinking.insert(key.clone(), value.read().unwrap_or_default());
                }
                self.fields.set("thinking", thinking)?;
                self.beside_switch(wish)
            }
            ReasoningFormat::EnableThinking => self.enable_thinking(wish, request.options.max_tokens),
            ReasoningFormat::ChatTemplate => {
                self.switched(wish);
                self.fields
                    .set("chat_template_kwargs", json!({"enable_thinking": wish != Wish::Off}))?;
                self.beside_switch(wish)
            }
            ReasoningFormat::None => {
                self.notices
                    .option_dropped("reasoning", "the server has no setting for how much to think");
                Ok(())
            }
        }
    }

    fn effort(&mut self, wish: Wish) -> Result<()> {
        match self.nearest(wish) {
            Some(effort) => self.fields.set("reasoning_effort", effort.as_str()),
            None => Ok(()),
        }
    }

    fn reasoning(&mut self, wish: Wish) -> Result<()> {
        match wish {
            Wish::Budget(tokens) => self.fields.set("reasoning", json!({"max_tokens": tokens})),
            Wish::Off if !self.efforts.contains(&Effort::None) => {
                self.fields.set("reasoning", json!({"enabled": false}))
            }
            wish => match self.nearest(wish) {
                Some(effort) => self.fields.set("reasoning", json!({"effort": effort.as_str()})),
                None => Ok(()),
            },
        }
    }

    fn enable_thinking(&mut self, wish: Wish, max_tokens: Option<u64>) -> Result<()> {
        self.fields.set("enable_thinking", wish != Wish::Off)?;
        match wish {
            Wish::Off => Ok(()),
            Wish::Budget(tokens) => self.fields.set("thinking_budget", tokens),
            Wish::Effort(effort) => {
                let tokens = fit(budget_of(effort), max_tokens, self.notices);
                self.mapped(&format!(
                    "the server knows budgets; {} is {tokens} tokens",
                    effort.as_str()
                ));
                self.fields.set("thinking_budget", tokens)
            }
        }
    }

    /// The effort beside a switch, where the server knows one.
    fn beside_switch(&mut self, wish: Wish) -> Result<()> {
        if self.efforts.is_empty() || wish == Wish::Off {
            Ok(())
        } else {
            self.effort(wish)
        }
    }

    /// Says that there is only a switch. The usual amount is what it turns on.
    fn switched(&mut self, wish: Wish) {
        if self.efforts.is_empty() && !matches!(wish, Wish::Off | Wish::Effort(Effort::Medium)) {
            self.mapped("the server only knows whether to think, not how much");
        }
    }

    /// The effort that the server knows and that is nearest; of two the weaker, which costs less.
    fn nearest(&mut self, wish: Wish) -> Option<Effort> {
        let (asked, exact) = match wish {
            Wish::Off => (Effort::None, true),
            Wish::Effort(effort) => (effort, true),
            Wish::Budget(tokens) => (effort_of_budget(tokens), false),
        };
        if wish == Wish::Off && !self.efforts.contains(&Effort::None) {
            self.notices
                .option_dropped("reasoning", "the server cannot be told not to think");
            return None;
        }
        let thinking = self
            .efforts
            .iter()
            .filter(|effort| wish == Wish::Off || **effort != Effort::None);
        let distance = |effort: &Effort| (strength(*effort) - strength(asked)).abs();
        let Some(found) = thinking
            .copied()
            .min_by_key(|effort| (distance(effort), strength(*effort)))
        else {
            self.notices
                .option_dropped("reasoning", "the server only knows whether to think, and does");
            return None;
        };
        if !exact || strength(found) != strength(asked) {
            let asked = match wish {
                Wish::Budget(tokens) => format!("a budget of {tokens} tokens"),
                _ => asked.as_str().to_owned(),
            };
            self.mapped(&format!("{asked} is sent as {}", found.as_str()));
        }
        Some(found)
    }

    fn mapped(&mut self, text: &str) {
        self.notices.add("option_mapped", OPTION, text);
    }
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
