//! A JSON array that arrives bit by bit: bytes in, the text of each item out.
//!
//! Google streams so to requests that do not ask for server-sent events
//! (<https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent>, read 2026-11).

use super::{EVENT_LIMIT, too_large, utf8};
use crate::error::{Error, ErrorKind, Result};

/// Cuts a JSON array into its items. What an item holds is not looked at beyond its strings and brackets.
pub struct JsonArrayFramer {
    /// The most bytes that one item may have.
    limit: usize,
    /// An item whose end has not arrived.
    item: Vec<u8>,
    /// How many brackets are open, that of the array included.
    depth: usize,
    in_string: bool,
    after_backslash: bool,
    closed: bool,
    /// Something followed the array.
    trailing: bool,
}

impl Default for JsonArrayFramer {
    fn default() -> Self {
        JsonArrayFramer::new(EVENT_LIMIT)
    }
}

impl JsonArrayFramer {
    /// A framer that takes items up to a limit in bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        JsonArrayFramer {
            limit,
            item: Vec::new(),
            depth: 0,
            in_string: false,
            after_backslash: false,
            closed: false,
            trailing: false,
        }
    }

    /// Takes the next bytes and hands each item that they complete to `sink`.
    ///
    /// # Errors
    /// What `sink` returns, an item over the limit, or text that is not UTF-8.
    pub fn feed(&mut self, bytes: &[u8], sink: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
        bytes.iter().try_for_each(|byte| self.take(*byte, sink))
    }

    /// Takes the end of the bytes.
    ///
    /// # Errors
    /// Bytes that end inside of an item. An array that ends between two items is for the decoder to judge.
    pub fn finish(&mut self) -> Result<()> {
        match self.item.is_empty() {
            true => Ok(()),
            false => Err(Error::new(
                ErrorKind::ResponseError,
                "the answer ended inside of an event",
            )),
        }
    }

    /// Whether something followed the array, which is ignored.
    #[must_use]
    pub fn has_trailing(&self) -> bool {
        self.trailing
    }

    fn take(&mut self, byte: u8, sink: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
        if self.in_string {
            self.push(byte)?;
            self.in_string = byte != b'"' || self.after_backslash;
            self.after_backslash = byte == b'\\' && !self.after_backslash;
            return Ok(());
        }
        match byte {
            _ if self.closed => {
                self.trailing |= !byte.is_ascii_whitespace();
                return Ok(());
            }
            b'[' if self.depth == 0 => {
                self.depth = 1;
                return Ok(());
            }
            b',' if self.depth == 1 => return self.hand_over(sink),
            b']' if self.depth == 1 => {
                self.closed = true;
                return self.hand_over(sink);
            }
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b'"' => self.in_string = true,
            _ if self.item.is_empty() && byte.is_ascii_whitespace() => return Ok(()),
            _ => {}
        }
        self.push(byte)?;
        // An object is whole at its last brace; its comma may come much later.
        match byte == b'}' && self.depth == 1 {
            true => self.hand_over(sink),
            false => Ok(()),
        }
    }

    fn push(&mut self, byte: u8) -> Result<()> {
        if self.item.len() == self.limit {
            return Err(too_large(self.limit));
        }
        self.item.push(byte);
        Ok(())
    }

    fn hand_over(&mut self, sink: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
        if self.item.is_empty() {
            return Ok(());
        }
        let item = std::mem::take(&mut self.item);
        let result = sink(&utf8(&item)?);
        self.item = item;
        self.item.clear();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(chunks: &[&[u8]]) -> Result<Vec<String>> {
        let mut framer = JsonArrayFramer::default();
        let mut items = Vec::new();
        let mut sink = |item: &str| {
            items.push(item.to_owned());
            Ok(())
        };
        for chunk in chunks {
            framer.feed(chunk, &mut sink)?;
        }
        framer.finish()?;
        Ok(items)
    }

    #[test]
    fn items_come_whole_at_every_split() {
        let text = "[{\"a\": \"]},{\\\"\\\\\"}\r\n,\n{\"b\": [1, {\"c\": \"\u{1f600}\"}]} , 1 ]\n".as_bytes();
        let expected = [
            "{\"a\": \"]},{\\\"\\\\\"}",
            "{\"b\": [1, {\"c\": \"\u{1f600}\"}]}",
            "1 ",
        ];
        assert_eq!(items(&[text]).unwrap(), expected);
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(items(&single).unwrap(), expected);
        for cut in 0..text.len() {
            assert_eq!(items(&[&text[..cut], &text[cut..]]).unwrap(), expected, "cut at {cut}");
        }
    }

    #[test]
    fn an_object_is_handed_over_before_its_comma() {
        let mut framer = JsonArrayFramer::default();
        let mut count = 0;
        let mut sink = |_: &str| {
            count += 1;
            Ok(())
        };
        framer.feed(b"[{\"a\":1}", &mut sink).unwrap();
        assert_eq!(count, 1);
    }

    #[test]
    fn an_end_inside_of_an_item_is_an_error() {
        assert!(items(&[b"[{\"a\":1},{\"b\""]).is_err());
        assert_eq!(items(&[b"[{\"a\":1},"]).unwrap(), ["{\"a\":1}"]);
        assert!(items(&[b"[]"]).unwrap().is_empty());
    }

    #[test]
    fn what_follows_the_array_is_no_item() {
        for text in ["[{\"a\":1}]\n", "[{\"a\":1}] [{\"b\":2}]", "[{\"a\":1}]x\"{"] {
            let mut framer = JsonArrayFramer::default();
            let mut count = 0;
            let mut sink = |_: &str| {
                count += 1;
                Ok(())
            };
            for byte in text.as_bytes() {
                framer.feed(&[*byte], &mut sink).unwrap();
            }
            framer.finish().unwrap();
            assert_eq!(count, 1);
            assert_eq!(framer.has_trailing(), !text.ends_with('\n'), "{text}");
        }
    }
}
