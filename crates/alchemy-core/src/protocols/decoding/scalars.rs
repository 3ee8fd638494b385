//! The strings and numbers of a JSON text, each with its place.

/// A string or a number.
pub(crate) struct Scalar<'a> {
    /// Where it begins, a string behind its quote.
    pub(crate) at: usize,
    /// A number, or what stands between the quotes of a string.
    pub(crate) inside: &'a str,
    pub(crate) is_string: bool,
    /// The last key before it, as it is written.
    pub(crate) key: &'a str,
    /// How many brackets are open.
    pub(crate) depth: usize,
}

/// The strings and numbers that are no keys of a JSON text. Where the text is none, they end.
pub(crate) fn scalars(json: &str) -> impl Iterator<Item = Scalar<'_>> {
    let (mut at, mut depth, mut key) = (0, 0_usize, "");
    let bytes = json.as_bytes();
    std::iter::from_fn(move || {
        loop {
            let start = at;
            at += 1;
            let is_string = match bytes.get(start)? {
                b'{' | b'[' => {
                    depth += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    continue;
                }
                b'"' => true,
                b'-' | b'0'..=b'9' => false,
                _ => continue,
            };
            let (begin, inside) = match is_string {
                true => (at, string(json.get(at..)?)?),
                false => (start, number(json.get(start..)?)),
            };
            at = begin + inside.len() + usize::from(is_string);
            if is_string && json.get(at..)?.trim_ascii_start().starts_with(':') {
                key = inside;
                continue;
            }
            return Some(Scalar {
                at: begin,
                inside,
                is_string,
                key,
                depth,
            });
        }
    })
}

/// What stands before the next quote that has no backslash of its own.
fn string(rest: &str) -> Option<&str> {
    let mut escaped = false;
    let end = rest.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    rest.get(..end)
}

fn number(rest: &str) -> &str {
    let end = rest.find(|character: char| !matches!(character, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_numbers_are_told_with_their_places() {
        let json = r#"{"a": 12,"b" : ["x\"y\\", -1.5e3, true, {"c":"", "d\"":null}], "é":[[0]], "last":"ü"}"#;
        let found: Vec<_> = scalars(json).map(|it| (it.key, it.inside, it.depth)).collect();
        let expected = [
            ("a", "12", 1),
            ("b", r#"x\"y\\"#, 2),
            ("b", "-1.5e3", 2),
            ("c", "", 3),
            ("é", "0", 3),
            ("last", "ü", 1),
        ];
        assert_eq!(found, expected);
        for scalar in scalars(json) {
            assert_eq!(
                json.get(scalar.at..scalar.at + scalar.inside.len()),
                Some(scalar.inside)
            );
        }
    }

    #[test]
    fn what_is_no_json_ends() {
        for json in ["", "\"", "\"a\\", "{\"a", "]]]]", "\"a\"", "-"] {
            assert!(scalars(json).count() <= 1);
        }
    }
}
