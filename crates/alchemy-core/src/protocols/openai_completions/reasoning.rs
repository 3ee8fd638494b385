//! The wish to think, in the words of the server.
//!
//! Servers know efforts, budgets or a switch; a level or a budget becomes the nearest thing that the
//! server knows, with a notice where that is not the same.

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::protocols::Request;
use crate::protocols::encoding::body::Fields;
use crate::protocols::encoding::effort::{Wish, budget_of, fit, nearest, wish};
use crate::protocols::encoding::notices::Notices;
use crate::quirks::{Effort, ReasoningFormat};

/// Adds what says how much to think.
pub(super) fn encode(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let wish = match wish(request, notices) {
        None => return Ok(()),
        Some(Wish::Budget(tokens)) => Wish::Budget(fit(tokens, request.options.max_tokens, notices)),
        Some(wish) => wish,
    };
    Writer {
        efforts: &request.quirks.reasoning_efforts,
        fields,
        notices,
    }
    .write(request, wish)
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
        match nearest(wish, self.efforts, self.notices) {
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
            wish => match nearest(wish, self.efforts, self.notices) {
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

    fn mapped(&mut self, text: &str) {
        self.notices.option_mapped("reasoning", text);
    }
}
