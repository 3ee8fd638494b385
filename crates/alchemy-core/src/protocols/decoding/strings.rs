//! JSON strings found in a text without a parser.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// The text of the string that begins here, and what follows, from its closing quote on; None if there is no string,
/// or one that a parser has to judge.
#[inline]
pub(crate) fn leading(json: &str) -> Option<(Cow<'_, str>, &str)> {
    let inside = json.strip_prefix('"')?;
    let bytes = inside.as_bytes();
    let mut end = memchr2(b'"', b'\\', bytes)?;
    let mut plain = true;
    while bytes.get(end) == Some(&b'\\') {
        plain = false;
        end += 2;
        end += memchr2(b'"', b'\\', bytes.get(end..)?)?;
    }
    let (text, rest) = inside.split_at_checked(end)?;
    if has_control(text) {
        return None;
    }
    match plain {
        true => Some((Cow::Borrowed(text), rest)),
        false => Some((Cow::Owned(unescape(text)?), rest)),
    }
}

/// What follows the string that begins here, from its closing quote on; None if there is no string, or one with
/// escapes.
#[inline]
pub(crate) fn after_plain(json: &str) -> Option<&str> {
    let inside = json.strip_prefix('"')?;
    let (text, rest) = inside.split_at_checked(memchr2(b'"', b'\\', inside.as_bytes())?)?;
    (rest.starts_with('"') && !has_control(text)).then_some(rest)
}

/// Whether a character is there that JSON wants escaped. The least byte is found many bytes at a time, the first one
/// below a bound is not.
#[inline]
fn has_control(text: &str) -> bool {
    text.bytes().fold(u8::MAX, u8::min) < 0x20
}

/// The text that the inside of a string stands for; None if a parser has to judge it, such as half of a surrogate pair.
fn unescape(inside: &str) -> Option<String> {
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        text.push_str(rest.get(..at)?);
        let kind = rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        text.push(match kind {
            b'"' | b'\\' | b'/' => char::from(*kind),
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let (unit, after) = unit(rest)?;
                rest = after;
                match unit {
                    0xD800..0xDC00 => {
                        let (low, after) = self::unit(rest.strip_prefix("\\u")?)?;
                        rest = after;
                        char::decode_utf16([unit, low]).next()?.ok()?
                    }
                    unit => char::from_u32(u32::from(unit))?,
                }
            }
            _ => return None,
        });
    }
    text.push_str(rest);
    Some(text)
}

/// The number that four hexadecimal digits are, and what follows them.
fn unit(digits: &str) -> Option<(u16, &str)> {
    let (digits, rest) = digits.split_at_checked(4)?;
    let digit = |unit: u16, digit: char| Some((unit << 4) | u16::try_from(digit.to_digit(16)?).ok()?);
    Some((digits.chars().try_fold(0, digit)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_what_the_parser_reads() {
        for inside in [
            "",
            "Grüße",
            r"\u00fc\n\t\r\b\f\/\\\u0000",
            r#"\"a\\\""#,
            r"\ud83d\ude00 and \uD83D\uDE00",
            r"a\u20acb",
            "\u{7f}\u{80}",
        ] {
            let json = format!("\"{inside}\",1");
            let (text, rest) = leading(&json).unwrap();
            let read: String = serde_json::from_str(&format!("\"{inside}\"")).unwrap();
            assert_eq!((&*text, rest), (read.as_str(), "\",1"));
            assert_eq!(matches!(text, Cow::Borrowed(_)), !inside.contains('\\'));
            assert_eq!(after_plain(&json).is_some(), !inside.contains('\\'));
        }
    }

    #[test]
    fn what_a_parser_has_to_judge_is_left_to_it() {
        for inside in [
            r"\ud83d",
            r"\ud83dx",
            r"\ud83d\n",
            r"\ud83d\u0041",
            r"\ude00",
            r"\x",
            r"\u12",
            r"\u+123",
            r"\u12é",
            r"\é",
            "a\tb",
            "\u{0}",
            "\\",
        ] {
            assert_eq!(leading(&format!("\"{inside}\"")), None, "{inside:?}");
        }
        assert_eq!(leading("\"a"), None);
        assert_eq!(leading("a\""), None);
        for json in ["\"a", "a\"", "\"a\tb\"", "\"a\\\"b\"", ""] {
            assert_eq!(after_plain(json), None, "{json:?}");
        }
    }
}
