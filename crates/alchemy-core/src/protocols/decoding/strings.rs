//! JSON strings found in a text without a parser.

use std::borrow::Cow;

use memchr::memchr2;

/// Where the quote is that ends a string, from behind its opening quote.
pub(crate) fn end(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let mut at = 0;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// Whether the inside of a string stands for itself.
pub(crate) fn is_plain(inside: &str) -> bool {
    inside.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
}

/// The text of a string with its quotes; None if it is none.
pub(crate) fn text(quoted: &str) -> Option<Cow<'_, str>> {
    let inside = quoted.strip_prefix('"')?.strip_suffix('"')?;
    match is_plain(inside) {
        true => Some(Cow::Borrowed(inside)),
        false => serde_json::from_str(quoted).ok().map(Cow::Owned),
    }
}
