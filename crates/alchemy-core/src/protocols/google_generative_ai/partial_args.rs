//! Arguments that arrive value by value, each with its path, put back into the text of one JSON object.
//!
//! Source: <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc>
//! (2026-11). The paths are of the form `$.items[0].name`, and the values come in the order of the text, so the text
//! can be written as they come: what has arrived is always the beginning of the whole.

use crate::protocols::decoding::surrogates::Joiner;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// One value, or a piece of a string.
pub(super) enum Value<'a> {
    /// A piece of a string, and whether more of it follows.
    Text {
        piece: &'a str,
        more: bool,
        /// Whether halves of surrogate pairs travel in it.
        halves: bool,
    },
    /// A number, `true`, `false` or `null`, as it is written.
    Literal(&'a str),
}

/// Writes the text of an object.
#[derive(Default)]
pub(super) struct Writer {
    /// Where the last value stands; empty before the first one.
    last: Vec<Step>,
    /// The path that says so, as it was written last.
    path: String,
    /// Whether the last value is a string whose end has not come.
    in_string: bool,
    /// Joins characters that were cut between two pieces of it.
    halves: Joiner,
}

impl Writer {
    /// Adds a value; returns the text that it adds. An error says in a few words why it cannot.
    pub(super) fn add(&mut self, path: &str, value: &Value<'_>) -> Result<String, String> {
        if self.goes_on(path) {
            return Ok(self.go_on(value));
        }
        let steps = steps(path).ok_or_else(|| format!("the path {path:?} of an argument cannot be read"))?;
        let mut text = String::new();
        if self.in_string && steps == self.last {
            return Ok(self.go_on(value));
        }
        self.move_to(&mut text, steps)
            .ok_or_else(|| format!("the argument {path:?} comes out of order"))?;
        path.clone_into(&mut self.path);
        if let Value::Text { .. } = value {
            text.push('"');
        }
        Ok(self.value(text, value))
    }

    /// Goes on with the string that was written last; returns the text that the piece adds.
    pub(super) fn go_on(&mut self, piece: &Value<'_>) -> String {
        self.value(String::new(), piece)
    }

    /// Whether what comes with this path goes on with the string that was written last.
    pub(super) fn goes_on(&self, path: &str) -> bool {
        self.in_string && path == self.path
    }

    /// The text that closes the object.
    pub(super) fn finish(&mut self) -> String {
        let mut text = String::new();
        self.end_string(&mut text);
        match self.last.is_empty() {
            true => text.push_str("{}"),
            false => close(&mut text, &self.last),
        }
        self.last.clear();
        text
    }

    fn value(&mut self, mut text: String, value: &Value<'_>) -> String {
        match value {
            Value::Text { piece, more, halves } => {
                let mut quoted = serde_json::to_string(&self.halves.join(*piece, *halves)).unwrap_or_default();
                quoted.pop();
                match text.is_empty() {
                    // The usual piece goes on with its string, and is not copied.
                    true => {
                        quoted.drain(..1);
                        text = quoted;
                    }
                    false => text.push_str(quoted.get(1..).unwrap_or_default()),
                }
                self.in_string = true;
                if !more {
                    self.end_string(&mut text);
                }
            }
            Value::Literal(literal) => text.push_str(literal),
        }
        text
    }

    fn end_string(&mut self, text: &mut String) {
        if std::mem::take(&mut self.in_string) {
            text.push_str(self.halves.rest());
            text.push('"');
        }
    }

    /// Ends the last value and opens what encloses the next one. None if that place is behind already.
    fn move_to(&mut self, text: &mut String, steps: Vec<Step>) -> Option<()> {
        self.end_string(text);
        let common = self.last.iter().zip(&steps).take_while(|(old, new)| old == new).count();
        if self.last.is_empty() {
            text.push('{');
        } else {
            // The next value lies beside the last one, in a place that comes after it.
            let rest = self.last.get(common..)?;
            match (rest.first()?, steps.get(common)?) {
                (Step::Index(old), Step::Index(new)) if *new == old + 1 => {}
                (Step::Key(_), Step::Key(_)) => {}
                _ => return None,
            }
            close(text, rest.get(1..)?);
            text.push(',');
        }
        for (depth, step) in steps.iter().enumerate().skip(common) {
            if depth > common {
                text.push(match step {
                    Step::Key(_) => '{',
                    Step::Index(0) => '[',
                    Step::Index(_) => return None,
                });
            }
            if let Step::Key(key) = step {
                text.push_str(&serde_json::to_string(key).ok()?);
                text.push(':');
            }
        }
        self.last = steps;
        Some(())
    }
}

/// Closes what the steps lie in, the innermost first.
fn close(text: &mut String, steps: &[Step]) {
    text.extend(steps.iter().rev().map(|step| match step {
        Step::Key(_) => '}',
        Step::Index(_) => ']',
    }));
}

/// Reads a path such as `$.items[0].name` or `$['a b']`; None for any other form.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let step;
        if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (name, after) = name.split_at(end);
            (step, rest) = (Step::Key(name.to_owned()), after);
        } else {
            let inside = rest.strip_prefix('[')?;
            let quote = inside.chars().next().filter(|quote| matches!(quote, '\'' | '"'));
            if let Some(quote) = quote {
                let (name, after) = quoted(inside.get(1..)?, quote)?;
                (step, rest) = (Step::Key(name), after.strip_prefix(']')?);
            } else {
                let (index, after) = inside.split_once(']')?;
                (step, rest) = (Step::Index(index.parse().ok()?), after);
            }
        }
        if step == Step::Key(String::new()) && !path.contains("['']") && !path.contains("[\"\"]") {
            return None;
        }
        steps.push(step);
    }
    matches!(steps.first(), Some(Step::Key(_))).then_some(steps)
}

/// The text up to a quote, with its escapes undone, and what follows.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => return Some((name, text.get(at + 1..)?)),
            '\\' => name.push(characters.next()?.1),
            _ => name.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(piece: &str, more: bool) -> Value<'_> {
        Value::Text {
            piece,
            more,
            halves: false,
        }
    }

    fn written(values: &[(&str, Value<'_>)]) -> String {
        let mut writer = Writer::default();
        let mut whole = String::new();
        for (path, value) in values {
            whole.push_str(&writer.add(path, value).unwrap());
        }
        whole + &writer.finish()
    }

    #[test]
    fn values_become_the_text_of_an_object() {
        let values = [
            ("$.a", text("x\"", true)),
            ("$.a", text("y", true)),
            ("$.a", text("", false)),
            ("$.list[0].name", text("one", true)),
            ("$.list[0].name", text("", false)),
            ("$.list[0].price", Value::Literal("0.5")),
            ("$.list[1].name", text("two", false)),
            ("$['odd key'].deep[0][0]", Value::Literal("true")),
            ("$['odd key'].deep[0][1]", Value::Literal("null")),
            ("$['odd key'].deep[1][0]", Value::Literal("1")),
        ];
        assert_eq!(
            written(&values),
            r#"{"a":"x\"y","list":[{"name":"one","price":0.5},{"name":"two"}],"odd key":{"deep":[[true,null],[1]]}}"#
        );
        assert_eq!(written(&[]), "{}");
        assert_eq!(written(&[("$.a", text("x", true))]), r#"{"a":"x"}"#);
    }

    #[test]
    fn what_cannot_be_written_in_order_is_an_error() {
        for paths in [
            ["$.a", "$.a"],
            ["$.a[0]", "$.a[2]"],
            ["$.a[0]", "$.a.b"],
            ["$.a", "$.a.b"],
            ["$.a.b", "$.a"],
        ] {
            let mut writer = Writer::default();
            writer.add(paths[0], &Value::Literal("1")).unwrap();
            assert!(writer.add(paths[1], &Value::Literal("1")).is_err(), "{paths:?}");
        }
        for path in ["", "a", "$", "$[0]", "$.", "$.a[x]", "$.a[1]", "$['a", "$..a"] {
            assert!(Writer::default().add(path, &Value::Literal("1")).is_err(), "{path}");
        }
    }
}
