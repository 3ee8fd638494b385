//! Headers of a request or an answer as they stand on the wire, found by their names.
//!
//! An answer has some twenty headers of which two or three are read. To note where each begins and ends costs a fraction
//! of a map of them, which hashes each name and allocates for each value.

use std::fmt;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Headers in their order; a name may be there more than once. Case does not matter in names.
#[derive(Clone, Default)]
pub struct Headers {
    text: Vec<u8>,
    fields: Vec<Field>,
}

/// Where a header stands in the text.
#[derive(Clone, Copy)]
struct Field {
    name: Span,
    value: Span,
}

#[derive(Clone, Copy)]
struct Span {
    start: u32,
    length: u32,
}

impl Span {
    fn new(start: usize, length: usize) -> Self {
        // Heads are bounded far below this.
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Span {
            start: short(start),
            length: short(length),
        }
    }

    fn of(self, text: &[u8]) -> &[u8] {
        let (start, length) = (self.start as usize, self.length as usize);
        text.get(start..start.saturating_add(length)).unwrap_or_default()
    }
}

impl Headers {
    /// The headers of a head that was read: names and values are parts of `head`. Parts of something else are empty.
    pub(crate) fn read<'a>(head: &[u8], pairs: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let base = head.as_ptr().addr();
        let span = |part: &[u8]| Span::new(part.as_ptr().addr().wrapping_sub(base), part.len());
        let fields = pairs.map(|(name, value)| Field {
            name: span(name),
            value: span(value),
        });
        Headers {
            fields: fields.collect(),
            text: head.to_vec(),
        }
    }

    /// No headers, with room for `bytes` of them.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Headers {
            text: Vec::with_capacity(bytes),
            fields: Vec::with_capacity(bytes / 32),
        }
    }

    /// Adds a header, which has to be one that HTTP can carry. The parts of the value are joined.
    pub fn append(&mut self, name: &str, value: &[&str]) {
        let start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        if let Some(name) = self.text.get_mut(start..) {
            name.make_ascii_lowercase();
        }
        self.text.extend_from_slice(b": ");
        let at = self.text.len();
        for part in value {
            self.text.extend_from_slice(part.as_bytes());
        }
        self.fields.push(Field {
            name: Span::new(start, name.len()),
            value: Span::new(at, self.text.len() - at),
        });
        self.text.extend_from_slice(b"\r\n");
    }

    /// Sets a header, which has to be one that HTTP can carry, in place of those of its name.
    pub fn insert(&mut self, name: &str, value: &[&str]) {
        match self.contains(name) {
            true => self.replace(name, Some(value)),
            false => self.append(name, value),
        }
    }

    /// Takes the headers of a name away.
    pub fn remove(&mut self, name: &str) {
        if self.contains(name) {
            self.replace(name, None);
        }
    }

    #[cold]
    fn replace(&mut self, name: &str, mut value: Option<&[&str]>) {
        let rest = std::mem::take(self);
        for (other, old) in rest.iter() {
            match is(other, name) {
                true => value.take().into_iter().for_each(|value| self.append(name, value)),
                // Values of answers may be of any bytes, and are kept as they are.
                false => self.append_bytes(other, old),
            }
        }
    }

    fn append_bytes(&mut self, name: &[u8], value: &[u8]) {
        let start = self.text.len();
        for part in [name, b": ", value, b"\r\n"] {
            self.text.extend_from_slice(part);
        }
        self.fields.push(Field {
            name: Span::new(start, name.len()),
            value: Span::new(start + name.len() + 2, value.len()),
        });
    }

    /// Whether a header of this name is there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The value of a header; of several the first.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// The value of a header if it is visible ASCII.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(visible)
    }

    /// The values of all headers of a name, in their order.
    pub fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = &[u8]> {
        let found = self
            .fields
            .iter()
            .filter(move |field| field.name.length as usize == name.len() && is(field.name.of(&self.text), name));
        found.map(|field| field.value.of(&self.text))
    }

    /// Names, as they were written, and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        let parts = |field: &Field| (field.name.of(&self.text), field.value.of(&self.text));
        self.fields.iter().map(parts)
    }

    /// The names in lower case, in their order.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.iter().map(|(name, _)| lower(name))
    }

    /// The lines of headers that were all added here.
    pub(crate) fn lines(&self) -> &[u8] {
        &self.text
    }

    /// The same as a map. Whatever may hold a key is marked as not to be shown, nor kept by either end of a connection.
    pub(crate) fn to_map(&self) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(self.fields.len());
        for (name, value) in self.iter() {
            if let (Ok(name), Ok(mut value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
                value.set_sensitive(name != ACCEPT && name != CONTENT_TYPE);
                map.append(name, value);
            }
        }
        map
    }
}

impl From<&HeaderMap> for Headers {
    fn from(map: &HeaderMap) -> Self {
        let mut headers = Headers::default();
        for (name, value) in map {
            headers.append_bytes(name.as_str().as_bytes(), value.as_bytes());
        }
        headers
    }
}

impl fmt::Debug for Headers {
    /// The names alone: a value may be a key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.names()).finish()
    }
}

/// A value if it is visible ASCII.
pub(crate) fn visible(value: &[u8]) -> Option<&str> {
    let plain = are_visible(value);
    std::str::from_utf8(value).ok().filter(|_| plain)
}

/// A name in lower case.
pub(crate) fn lower(name: &[u8]) -> String {
    let mut name = String::from_utf8_lossy(name).into_owned();
    name.make_ascii_lowercase();
    name
}

/// Whether a text can be the name of a header.
pub(crate) fn is_name(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=MOST_OF_NAME).contains(&text.len()) && text.bytes().all(is_token)
}

/// The longest name of a header in bytes.
pub(crate) const MOST_OF_NAME: usize = u16::MAX as usize;

/// Whether a text can be the value of a header that every server reads alike.
pub(crate) fn is_value(text: &str) -> bool {
    are_visible(text.as_bytes())
}

/// Whether all bytes are visible ASCII, spaces or tabs. Without a way out many are looked at together.
fn are_visible(bytes: &[u8]) -> bool {
    let visible = |byte: u8| matches!(byte, b'\t' | b' '..=b'~');
    bytes.iter().fold(true, |all, byte| all & visible(*byte))
}

fn is(name: &[u8], other: &str) -> bool {
    name.eq_ignore_ascii_case(other.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(headers: &Headers) -> Vec<(&str, &str)> {
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        headers.iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn headers_are_set_found_and_taken_away() {
        let mut headers = Headers::with_capacity(64);
        headers.append("X-A", &["1"]);
        headers.append("x-b", &["Bearer ", "k"]);
        headers.append("x-a", &["2"]);
        assert_eq!(headers.lines(), b"x-a: 1\r\nx-b: Bearer k\r\nx-a: 2\r\n");
        assert_eq!(headers.all("X-a").collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(
            (headers.get("x-a"), headers.text("X-B"), headers.get("x")),
            (Some(&b"1"[..]), Some("Bearer k"), None)
        );
        headers.insert("X-a", &[""]);
        assert_eq!(pairs(&headers), [("x-a", ""), ("x-b", "Bearer k")]);
        headers.remove("X-B");
        headers.remove("x-c");
        assert_eq!((headers.lines(), headers.contains("x-b")), (&b"x-a: \r\n"[..], false));
        assert_eq!(format!("{headers:?}"), "[\"x-a\"]");
    }

    #[test]
    fn a_head_is_read_where_it_stands() {
        let head = b"A: 1\r\nb:\xff\r\n\r\n";
        let parts = [(&head[0..1], &head[3..4]), (&head[6..7], &head[8..9])];
        let mut headers = Headers::read(head, parts.into_iter());
        assert_eq!((headers.text("a"), headers.get("B")), (Some("1"), Some(&b"\xff"[..])));
        assert_eq!(headers.text("b"), None);
        headers.remove("a");
        assert_eq!(headers.get("b"), Some(&b"\xff"[..]));
        assert_eq!(headers.names().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn a_map_holds_the_same_and_shows_no_key() {
        let mut headers = Headers::default();
        for (name, value) in [("accept", "a"), ("x-a", "1"), ("x-key", "secret"), ("x-a", "2")] {
            headers.append(name, &[value]);
        }
        let map = headers.to_map();
        assert!(!format!("{map:?}").contains("secret"));
        assert!(!map["accept"].is_sensitive());
        let back = Headers::from(&map);
        assert_eq!(
            pairs(&back),
            [("accept", "a"), ("x-a", "1"), ("x-a", "2"), ("x-key", "secret")]
        );
    }

    #[test]
    fn names_and_values_are_what_http_says() {
        for byte in 0..128_u8 {
            let text = char::from(byte).to_string();
            assert_eq!(is_name(&text), HeaderName::try_from(&text).is_ok(), "{text:?}");
            assert_eq!(is_value(&text), HeaderValue::try_from(&text).is_ok(), "{text:?}");
        }
        assert!(!is_name("") && !is_name("ü") && !is_value("ü") && is_value(""));
        for length in [MOST_OF_NAME, MOST_OF_NAME + 1] {
            let name = "a".repeat(length);
            assert_eq!(is_name(&name), HeaderName::try_from(&name).is_ok());
        }
    }
}
