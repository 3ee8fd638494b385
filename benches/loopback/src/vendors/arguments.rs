//! The arguments of the tool calls: a file's name and its content.

use std::iter;

/// What comes before and after the content in the JSON.
const BEFORE: &str = "{\"path\":\"notes/report.md\",\"content\":\"";
const AFTER: &str = "\"}";
/// The path among the arguments, for a protocol that sends values and not JSON.
pub(super) const PATH: &str = "notes/report.md";
const WORDS: [&str; 12] = [
    "The",
    " quick",
    " brown",
    " fox",
    " jumps",
    " \"over\"",
    " the",
    " lazy",
    " dog",
    ".",
    "\n",
    "## ",
];

/// The arguments of one call.
pub(crate) struct Arguments {
    content: String,
}

impl Arguments {
    /// The least bytes that arguments come to.
    pub(crate) const LEAST: usize = BEFORE.len() + AFTER.len();

    /// Arguments whose JSON has exactly so many bytes, if that is not below the least.
    pub(crate) fn of(bytes: usize) -> Self {
        let room = bytes.saturating_sub(Self::LEAST);
        let mut content = String::with_capacity(room);
        let mut used = 0;
        for word in WORDS.iter().cycle() {
            let size = escaped(word).len();
            if used + size > room {
                break;
            }
            used += size;
            content.push_str(word);
        }
        content.extend(iter::repeat_n('x', room - used));
        Self { content }
    }

    /// The JSON.
    pub(super) fn json(&self) -> String {
        [BEFORE, &escaped(&self.content), AFTER].concat()
    }

    /// The content by itself.
    pub(super) fn content(&self) -> &str {
        &self.content
    }
}

/// Text, all of it ASCII, as it stands inside a JSON string.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            other => out.push(other),
        }
    }
    out
}

/// The text, all of it ASCII, in pieces of `step` bytes.
pub(super) fn pieces(text: &str, step: usize) -> impl Iterator<Item = &str> {
    let step = step.max(1);
    (0..text.len())
        .step_by(step)
        .map(move |at| text.get(at..text.len().min(at + step)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Arguments, pieces};

    #[test]
    fn the_json_has_the_size_that_was_asked_for_and_its_pieces_make_it_up() {
        for bytes in [Arguments::LEAST, 50, 51, 52, 53, 1_000, 40_000] {
            let json = Arguments::of(bytes).json();
            assert_eq!(json.len(), bytes);
            assert_eq!(pieces(&json, 7).collect::<String>(), json);
        }
        assert_eq!(pieces("abcde", 2).collect::<Vec<_>>(), ["ab", "cd", "e"]);
    }
}
