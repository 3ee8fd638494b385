//! Keys in what servers say: found in every form that they are repeated in, and hidden.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Keys shorter than this are no secret, and are left in texts that hold them by chance.
pub const SECRET_LENGTH: usize = 8;
/// A key that a server has shortened, such as `sk-...1234`, is told by this many characters at either end.
const SHOWN_LENGTH: usize = 4;
/// As many backslashes may stand before a character: in JSON inside of JSON they double with each layer.
const BACKSLASHES: usize = 16;
/// What stands in place of a key.
const HIDDEN: &str = "***";

/// The keys of one request.
#[derive(Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Adds a key, or a header's value that holds one, as in `Bearer <key>`.
    pub fn add(&mut self, value: &str) {
        let value = value.trim();
        let credentials = match value.split_once(' ') {
            Some((scheme, rest)) if scheme.chars().all(|each| each.is_ascii_alphabetic()) => rest.trim(),
            _ => value,
        };
        self.push(credentials);
        // HTTP's basic scheme: the password is as secret as its wrapping. Most keys have a character that is not in one.
        let wrapped = credentials.trim_end_matches('=');
        let is_wrapping = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        if wrapped.len() > SECRET_LENGTH
            && wrapped.bytes().all(is_wrapping)
            && let Ok(pair) = STANDARD_NO_PAD.decode(wrapped)
            && let Ok(pair) = String::from_utf8(pair)
            && let Some((_, password)) = pair.split_once(':')
        {
            self.push(password);
        }
    }

    fn push(&mut self, secret: &str) {
        if secret.len() >= SECRET_LENGTH && !self.0.iter().any(|known| known == secret) {
            self.0.push(secret.to_owned());
        }
    }

    /// Whether a text holds a key as it is.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret))
    }

    /// Hides every key in a text.
    ///
    /// A key is found as it is; escaped as in JSON, in an address or in HTML; inside base64; and shortened.
    pub fn hide(&self, text: &mut String) {
        for secret in &self.0 {
            if text.contains(secret) {
                *text = text.replace(secret, HIDDEN);
            }
            hide_escaped(text, secret);
            // In base64 a secret is longer than it is by itself: most texts have no room for it.
            let forms = if text.len() < secret.len() {
                Vec::new()
            } else {
                in_base64(secret)
            };
            for form in forms {
                if text.contains(&form) {
                    *text = text.replace(&form, HIDDEN);
                }
            }
            hide_shortened(text, secret);
        }
    }
}

fn hide_escaped(text: &mut String, secret: &str) {
    // What can begin it: its first character, or that in one of its escaped forms.
    let first = secret.chars().next();
    let begins = |character: char| matches!(character, '\\' | '%' | '&') || first == Some(character);
    let mut shown = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(begins)) {
        at += found;
        let rest = text.get(at..).unwrap_or_default();
        match escaped_length(rest, secret) {
            Some(length) => {
                shown.push_str(text.get(kept..at).unwrap_or_default());
                shown.push_str(HIDDEN);
                at += length;
                kept = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    if kept > 0 {
        shown.push_str(text.get(kept..).unwrap_or_default());
        *text = shown;
    }
}

/// How many bytes of a text's beginning are the secret, each character plain or escaped. A text that ends before the
/// secret does was cut within it, and counts if enough is there to tell.
fn escaped_length(text: &str, secret: &str) -> Option<usize> {
    let mut rest = text;
    for (index, wanted) in secret.char_indices() {
        if rest.is_empty() && index >= SECRET_LENGTH {
            return Some(text.len());
        }
        rest = after_character(rest, wanted)?;
    }
    Some(text.len() - rest.len())
}

/// What follows a character, plain or escaped, at the beginning of a text.
fn after_character(text: &str, wanted: char) -> Option<&str> {
    let backslashes = text.bytes().take(BACKSLASHES).take_while(|byte| *byte == b'\\').count();
    let plain = text.get(backslashes..)?;
    if backslashes > 0 {
        let numbered = after_number(plain, "u", 4, 16, wanted);
        if numbered.is_some() || wanted == '\\' {
            return numbered.or(Some(plain));
        }
    }
    // Escapes come first: what begins one may be in the key itself.
    let escaped = match plain.chars().next()? {
        '%' => after_number(plain, "%", 2, 16, wanted),
        '&' => after_entity(plain, wanted),
        _ => None,
    };
    escaped.or(plain.strip_prefix(wanted))
}

/// What follows a character that is written as an entity of HTML.
fn after_entity(text: &str, wanted: char) -> Option<&str> {
    let entity = text.strip_prefix('&')?;
    let end = entity.bytes().take(8).position(|byte| byte == b';')?;
    let (name, rest) = (entity.get(..end)?, entity.get(end + 1..)?);
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let found = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix("#x").or(name.strip_prefix("#X")) {
            Some(digits) => number(digits, 16),
            None => number(name.strip_prefix('#')?, 10),
        },
    };
    (found == Some(wanted)).then_some(rest)
}

/// What follows a character that is written as `mark` and its number in so many digits.
fn after_number<'a>(text: &'a str, mark: &str, digits: usize, radix: u32, wanted: char) -> Option<&'a str> {
    let text = text.strip_prefix(mark)?;
    let number = u32::from_str_radix(text.get(..digits)?, radix).ok()?;
    (char::from_u32(number) == Some(wanted)).then_some(text.get(digits..)?)
}

/// The characters that stand for a secret wherever it lies in a text that is base64, in both alphabets.
fn in_base64(secret: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for before in 0..3_usize {
        let bytes: Vec<u8> = std::iter::repeat_n(0, before).chain(secret.bytes()).collect();
        let whole = STANDARD_NO_PAD.encode(&bytes);
        // Characters at either end that hold bits of their neighbours differ from text to text.
        let first = (before * 8).div_ceil(6);
        let last = bytes.len() * 8 / 6;
        let Some(sure) = whole.get(first..last).filter(|sure| sure.len() >= SECRET_LENGTH) else {
            continue;
        };
        let other = sure.replace('+', "-").replace('/', "_");
        if other != sure {
            forms.push(other);
        }
        forms.push(sure.to_owned());
    }
    forms
}

/// Hides what a server has left of a key that it shortened itself: `sk-a***wxyz`, `sk-a...`, `...wxyz`.
fn hide_shortened(text: &mut String, secret: &str) {
    let is_mark = |character: char| matches!(character, '*' | '.' | '•' | '…');
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(is_mark)) {
        let start = at + found;
        let rest = text.get(start..).unwrap_or_default();
        let end = start + rest.find(|character| !is_mark(character)).unwrap_or(rest.len());
        at = end;
        let marks = text.get(start..end).unwrap_or_default();
        if marks.chars().count() < 2 && !marks.contains('…') {
            continue;
        }
        let before = text.get(..start).unwrap_or_default();
        let after = text.get(end..).unwrap_or_default();
        let head = shared_end(before, secret);
        let tail = shared_start(after, secret);
        // Two characters of a key say little, and many texts end in them by chance.
        if head.max(tail) < SHOWN_LENGTH {
            continue;
        }
        text.replace_range(start - head..end + tail, HIDDEN);
        at = start - head + HIDDEN.len();
    }
}

/// How many bytes at the end of a text are the beginning of the secret.
fn shared_end(text: &str, secret: &str) -> usize {
    let ends = secret.char_indices().map(|(index, _)| index).rev();
    ends.into_iter()
        .find(|length| secret.get(..*length).is_some_and(|start| text.ends_with(start)))
        .unwrap_or(0)
}

/// How many bytes at the beginning of a text are the end of the secret.
fn shared_start(text: &str, secret: &str) -> usize {
    secret
        .char_indices()
        .filter_map(|(index, _)| secret.get(index..))
        .skip(1)
        .find(|end| text.starts_with(*end))
        .map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-ab+c/d\"e\\f=&0123456789wxyz";

    fn hidden(key: &str, text: &str) -> String {
        let mut secrets = Secrets::default();
        secrets.add(key);
        let mut text = text.to_owned();
        secrets.hide(&mut text);
        text
    }

    #[test]
    fn a_key_is_hidden_in_every_form_that_servers_repeat_it_in() {
        let json = serde_json::to_string(KEY).unwrap();
        let twice = serde_json::to_string(&json).unwrap();
        let slashes = json.replace('/', "\\/").replace('+', "\\u002B");
        let percent: String = KEY.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let escapes: String = KEY.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        let address = "sk-ab%2Bc%2Fd%22e%5Cf%3D%260123456789wxyz";
        let html = "sk-ab+c/d&quot;e\\f=&amp;0123456789wxyz";
        let numbers = "sk-ab&#43;c&#x2F;d&#34;e\\f=&amp;0123456789wxyz";
        let double = html.replace('&', "&amp;");
        assert!(!hidden(&double, &double).contains("0123"));
        for form in [KEY, &json, &twice, &slashes, &percent, &escapes, address, html, numbers] {
            let shown = hidden(KEY, &format!("Incorrect key: {form}. Look it up."));
            assert!(
                shown.contains(HIDDEN) && shown.ends_with(". Look it up."),
                "{form}: {shown}"
            );
            assert!(!shown.contains("0123") && !shown.contains("%30"), "{form}: {shown}");
        }
    }

    #[test]
    fn a_key_inside_of_base64_is_hidden_at_any_place() {
        for before in ["", "u", "me", "user:"] {
            for after in ["", "x", "xy"] {
                let form = STANDARD_NO_PAD.encode(format!("{before}{KEY}{after}"));
                let shown = hidden(KEY, &format!("got {form}"));
                assert!(shown.contains(HIDDEN) && shown.len() < 24, "{before} {after}: {shown}");
                let form = base64::engine::general_purpose::URL_SAFE.encode(format!("{before}{KEY}{after}"));
                assert!(hidden(KEY, &form).contains(HIDDEN), "{before} {after}");
            }
        }
    }

    #[test]
    fn what_a_server_leaves_of_a_key_is_hidden_too() {
        for (text, expected) in [
            ("key sk-a***wxyz.", "key ***."),
            ("key sk-ab+...9wxyz is", "key *** is"),
            ("key sk-…wxyz", "key ***"),
            ("key ****wxyz", "key ***"),
            ("key sk-ab...", "key ***"),
            ("cut within sk-ab+c/d", "cut within ***"),
        ] {
            assert_eq!(hidden(KEY, text), expected);
        }
        for text in [
            "wait... or not",
            "keys begin with sk-...",
            "a sk.. b",
            "5 ** 3",
            "see https://host/sk",
        ] {
            assert_eq!(hidden(KEY, text), text);
        }
    }

    #[test]
    fn the_scheme_of_a_header_is_no_part_of_the_key() {
        assert_eq!(hidden("Bearer abcdefgh", "Bearer abcdefgh"), "Bearer ***");
        let basic = format!("Basic {}", STANDARD_NO_PAD.encode("user:long-password"));
        assert_eq!(hidden(&basic, &basic), "Basic ***");
        assert_eq!(hidden(&basic, "no long-password here"), "no *** here");
        assert_eq!(hidden("short", "too short to hide"), "too short to hide");
    }

    #[test]
    fn a_long_text_takes_no_longer_than_it_is() {
        for text in ["sk-ab+", "\\", "..", ".. ", "&amp;", "%73"] {
            let text = text.repeat(50_000);
            assert_eq!(hidden(KEY, &text), text);
        }
    }
}
