//! JSON strings found in a text without a parser.

use std::borrow::Cow;

use memchr::memchr2;

/// The text of the string that begins here, and what follows, from its closing quote on; None if there is no string.
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
    if plain && text.bytes().all(|byte| byte >= 0x20) {
        return Some((Cow::Borrowed(text), rest));
    }
    let text = serde_json::from_str(json.get(..end + 2)?).ok()?;
    Some((Cow::Owned(text), rest))
}

/// Whether the inside of a string stands for itself.
pub(crate) fn is_plain(inside: &str) -> bool {
    inside.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
}
