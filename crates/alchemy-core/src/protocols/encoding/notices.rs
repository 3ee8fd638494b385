//! What could not be honoured exactly, noted while a request is encoded.

use std::fmt;

use crate::types::Notice;

/// What could not be honoured exactly, so far.
#[derive(Default)]
pub(crate) struct Notices(pub(crate) Vec<Notice>);

impl Notices {
    pub(crate) fn add(&mut self, code: &str, path: impl fmt::Display, text: impl Into<String>) {
        self.0.push(Notice::new(code, path.to_string(), text));
    }

    /// An option that is not sent.
    pub(crate) fn option_dropped(&mut self, option: &str, text: impl Into<String>) {
        self.add("option_dropped", format_args!("options.{option}"), text);
    }

    /// An option whose value is brought into the bounds of what the server takes.
    pub(crate) fn option_clamped(&mut self, option: &str, text: impl Into<String>) {
        self.add("option_clamped", format_args!("options.{option}"), text);
    }

    /// An option that is sent as the nearest thing that the server knows.
    pub(crate) fn option_mapped(&mut self, option: &str, text: impl Into<String>) {
        self.add("option_mapped", format_args!("options.{option}"), text);
    }

    /// A block that is sent as something else.
    pub(crate) fn block_converted(&mut self, path: impl fmt::Display, text: impl Into<String>) {
        self.add("block_converted", path, text);
    }

    /// A block that is not sent.
    pub(crate) fn block_dropped(&mut self, path: impl fmt::Display, text: impl Into<String>) {
        self.add("block_dropped", path, text);
    }

    /// A message of which nothing is left.
    pub(crate) fn message_dropped(&mut self, path: impl fmt::Display) {
        self.add("message_dropped", path, "the message holds nothing that can be sent");
    }
}

/// The place of a message, or of a block in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The index of the message.
    pub(crate) message: usize,
    /// The index of the block.
    pub(crate) block: Option<usize>,
}

impl Place {
    /// The place of a message.
    pub(crate) fn message(message: usize) -> Self {
        Place { message, block: None }
    }

    /// The place of a block of this message.
    pub(crate) fn block(self, block: usize) -> Self {
        Place {
            block: Some(block),
            ..self
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "messages[{}]", self.message)?;
        match self.block {
            Some(block) => write!(formatter, ".content[{block}]"),
            None => Ok(()),
        }
    }
}
