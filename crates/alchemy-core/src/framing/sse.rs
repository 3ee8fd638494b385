//! Server-sent events: bytes in, the data of each event out.
//!
//! Follows the HTML standard's event-stream format (<https://html.spec.whatwg.org/multipage/server-sent-events.html>,
//! read 2026-11), with three allowances that real servers need: a line may begin with spaces, the
//! last event need not be closed by a blank line, and JSON outside of any field is kept and
//! handed over last, since an error may be sent so in the middle of a stream.

use memchr::memchr2;

use super::{EVENT_LIMIT, too_large, utf8};
use crate::error::Result;

/// What the name of a field may take beside its data, or a comment or another field by itself, in a line whose end has
/// not arrived.
const FIELD_ROOM: usize = 256;

/// Cuts a byte stream into events.
#[repr(C)]
pub struct SseFramer {
    /// The last byte was a carriage return: a newline that follows belongs to it.
    after_return: bool,
    /// A byte-order mark may still come.
    past_start: bool,
    has_data: bool,
    /// The most bytes that one event may have.
    limit: usize,
    /// A line whose end has not arrived.
    line: Vec<u8>,
    /// The data lines of an event whose end has not arrived, joined by newlines.
    data: Vec<u8>,
    /// JSON that belongs to no field.
    stray: Vec<u8>,
}

impl Default for SseFramer {
    fn default() -> Self {
        SseFramer::new(EVENT_LIMIT)
    }
}

impl SseFramer {
    /// A framer that takes events up to a limit in bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        SseFramer {
            after_return: false,
            past_start: false,
            has_data: false,
            limit,
            line: Vec::new(),
            data: Vec::new(),
            stray: Vec::new(),
        }
    }

    /// Takes the next bytes and hands each event that they complete to `sink`.
    ///
    /// # Errors
    /// What `sink` returns, an event over the limit, or data that is not UTF-8.
    pub fn feed(&mut self, mut bytes: &[u8], sink: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
        if self.after_return && !bytes.is_empty() {
            self.after_return = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            if end == 0 && self.line.is_empty() && !self.has_data {
                // Blank lines that end nothing: servers send a few, and whoever means harm many.
                self.past_start = true;
                let blank = bytes.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
                let (run, rest) = bytes.split_at(blank);
                self.after_return = rest.is_empty() && run.ends_with(b"\r");
                bytes = rest;
                continue;
            }
            let (line, rest) = bytes.split_at(end);
            let rest = match rest {
                [b'\r', b'\n', rest @ ..] => rest,
                [b'\r'] => {
                    self.after_return = true;
                    &[]
                }
                [_, rest @ ..] => rest,
                [] => rest,
            };
            bytes = if self.line.is_empty() {
                self.take_line(line, rest, sink)?
            } else {
                self.extend_line(line)?;
                let line = std::mem::take(&mut self.line);
                let rest = self.take_line(&line, rest, sink)?;
                self.line = line;
                self.line.clear();
                rest
            };
        }
        self.extend_line(bytes)
    }

    /// Takes the end of the bytes: an event or a line that was not closed is handed over as well.
    ///
    /// # Errors
    /// As [`SseFramer::feed`].
    pub fn finish(&mut self, sink: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.take_line(&line, &[], sink)?;
        }
        self.dispatch(sink)?;
        let stray = std::mem::take(&mut self.stray);
        match stray.is_empty() {
            true => Ok(()),
            false => sink(&utf8(&stray)?),
        }
    }

    fn extend_line(&mut self, bytes: &[u8]) -> Result<()> {
        if self.line.len() + self.data.len() + bytes.len() > self.limit.saturating_add(FIELD_ROOM) {
            return Err(too_large(self.limit));
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes one whole line; returns what is left of the bytes after it.
    fn take_line<'a>(
        &mut self,
        line: &[u8],
        rest: &'a [u8],
        sink: &mut impl FnMut(&str) -> Result<()>,
    ) -> Result<&'a [u8]> {
        let mut line = line;
        if !self.past_start {
            self.past_start = true;
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        while let Some(shorter) = line.strip_prefix(b" ") {
            line = shorter;
        }
        if let Some(value) = line.strip_prefix(b"data:") {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            // The common event is one data line and a blank one: it needs no copy.
            if !self.has_data
                && let Some(rest) = rest.strip_prefix(b"\n")
            {
                if value.len() > self.limit {
                    return Err(too_large(self.limit));
                }
                sink(&utf8(value)?)?;
                return Ok(rest);
            }
            self.add_data(value)?;
        } else if line.is_empty() {
            self.dispatch(sink)?;
        } else if line == b"data" {
            self.add_data(b"")?;
        } else if matches!(line.first(), Some(b'{' | b'[')) || (!self.stray.is_empty() && !is_other_field(line)) {
            if self.stray.len() + line.len() > self.limit {
                return Err(too_large(self.limit));
            }
            self.stray.extend_from_slice(line);
            self.stray.push(b'\n');
        }
        Ok(rest)
    }

    fn add_data(&mut self, value: &[u8]) -> Result<()> {
        if self.data.len() + usize::from(self.has_data) + value.len() > self.limit {
            return Err(too_large(self.limit));
        }
        if self.has_data {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
        self.has_data = true;
        Ok(())
    }

    fn dispatch(&mut self, sink: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
        if !std::mem::take(&mut self.has_data) {
            return Ok(());
        }
        let data = std::mem::take(&mut self.data);
        let result = sink(&utf8(&data)?);
        self.data = data;
        self.data.clear();
        result
    }
}

/// Whether a line is a comment or a field that says nothing about content.
fn is_other_field(line: &[u8]) -> bool {
    [&b":"[..], b"event:", b"id:", b"retry:"]
        .iter()
        .any(|prefix| line.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn frames(chunks: &[&[u8]]) -> Vec<String> {
        let mut framer = SseFramer::default();
        let mut frames = Vec::new();
        let mut sink = |data: &str| {
            frames.push(data.to_owned());
            Ok(())
        };
        for chunk in chunks {
            framer.feed(chunk, &mut sink).unwrap();
        }
        framer.finish(&mut sink).unwrap();
        frames
    }

    /// Every way to read `bytes`: whole, byte by byte, and cut in two at each place.
    fn all_splits(bytes: &[u8]) -> Vec<String> {
        let whole = frames(&[bytes]);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(frames(&single), whole);
        for cut in 0..bytes.len() {
            assert_eq!(frames(&[&bytes[..cut], &bytes[cut..]]), whole, "cut at {cut}");
        }
        whole
    }

    #[test]
    fn events_are_parted_by_blank_lines() {
        assert_eq!(all_splits(b"data: one\n\ndata: two\n\n"), ["one", "two"]);
    }

    #[test]
    fn every_line_ending_is_known() {
        assert_eq!(
            all_splits(b"data: one\r\n\r\ndata: two\r\rdata: three\n\n"),
            ["one", "two", "three"]
        );
    }

    #[test]
    fn data_lines_are_joined() {
        assert_eq!(all_splits(b"data: one\ndata\ndata:two\n\n"), ["one\n\ntwo"]);
    }

    #[test]
    fn the_last_event_needs_no_blank_line() {
        assert_eq!(all_splits(b"data: one\n\ndata: two"), ["one", "two"]);
    }

    #[test]
    fn marks_comments_and_other_fields_are_skipped() {
        assert_eq!(
            all_splits("\u{feff}: hello\nevent: x\nid: 1\nretry: 5\ndata: \u{1f600}\n\n".as_bytes()),
            ["\u{1f600}"]
        );
    }

    #[test]
    fn a_line_may_begin_with_spaces() {
        assert_eq!(all_splits(b"  data: one\n\n"), ["one"]);
    }

    #[test]
    fn stray_lines_come_last_as_one_frame() {
        assert_eq!(
            all_splits(b"data: one\n\n{\"error\":\n: comment\n1}\n"),
            ["one", "{\"error\":\n1}\n"]
        );
    }

    #[test]
    fn bytes_that_are_not_utf8_are_an_error() {
        let error = SseFramer::default()
            .feed(b"data: \xff\n\n", &mut |_| Ok(()))
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::ResponseError);
    }

    #[test]
    fn the_limit_is_that_of_the_data_however_it_comes() {
        let outcome = |chunks: &[&[u8]]| {
            let mut framer = SseFramer::new(8);
            let mut frames = 0;
            let mut sink = |_: &str| {
                frames += 1;
                Ok(())
            };
            let fed = chunks.iter().try_for_each(|chunk| framer.feed(chunk, &mut sink));
            fed.and_then(|()| framer.finish(&mut sink)).map(|()| frames)
        };
        let single = |bytes: &[u8]| outcome(&bytes.chunks(1).collect::<Vec<_>>());
        for good in [
            &b"data: 12345678\n\ndata: 12345678\n\n"[..],
            b"data: 1234\ndata: 567\n\n",
            b"event: content_block_delta\ndata: 1\n\n",
            b"{\"a\":12}\n",
        ] {
            assert!(outcome(&[good]).is_ok() && single(good).is_ok());
        }
        for bad in [
            &b"data: 123456789\n\n"[..],
            b"data: 123456789\r\n\r\n",
            b"data: 1234\ndata: 5678\n\n",
            b"{\"a\":123}\n",
        ] {
            let error = outcome(&[bad]).unwrap_err();
            assert!(error.message.contains("8 bytes (max_event_bytes)"), "{error}");
            assert!(single(bad).is_err());
        }
        // A line without an end is given up long before memory is.
        assert!(outcome(&[&[b'x'; 8 + FIELD_ROOM + 1]]).is_err());
    }

    #[test]
    fn an_event_over_the_limit_is_an_error() {
        let mut framer = SseFramer::default();
        let piece = vec![b'x'; 1 << 20];
        let outcome = (0..65).try_for_each(|_| framer.feed(&piece, &mut |_| Ok(())));
        assert_eq!(outcome.unwrap_err().kind, ErrorKind::ResponseError);
    }
}
