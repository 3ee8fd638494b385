//! Where the body of an HTTP/1.1 answer ends, and which of the bytes that come are its own.
//!
//! Follows RFC 9112, sections 6 and 7 (<https://www.rfc-editor.org/rfc/rfc9112>, read 2026-11). Chunks are read strictly:
//! whoever is lenient there reads another body than a proxy on the way.

/// How many bytes of chunk extensions, and of trailers, are passed over in one body.
const ASIDE: usize = 16 * 1024;

/// The state of a body.
#[derive(Debug)]
pub(super) enum BodyFraming {
    /// So many bytes are missing.
    Length(u64),
    /// It comes in chunks.
    Chunked(Chunk),
    /// It ends with the connection.
    Close,
    /// It has ended.
    Ended,
    /// What came after all that was taken is malformed: what is wrong.
    Broken(&'static str),
}

/// What comes next of a body in chunks.
#[derive(Debug)]
pub(super) struct Chunk {
    step: Step,
    /// The size of the chunk at hand, or what is missing of it.
    size: u64,
    /// How many bytes that mean nothing have been passed over.
    aside: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The first digit of a size.
    Start,
    /// More digits.
    Size,
    /// Blanks behind a size.
    Blank,
    /// An extension, up to the end of the line.
    Extension,
    /// The line feed behind a size.
    SizeEnd,
    Data,
    /// The carriage return behind the data, and the line feed.
    DataReturn,
    DataEnd,
    /// The first byte of a trailer, or the end.
    TrailerStart,
    Trailer,
    TrailerEnd,
    /// The last line feed.
    Last,
}

/// What some bytes were.
pub(super) struct Taken {
    /// How many bytes of the body stand at the front of the buffer now.
    pub(super) body: usize,
    /// How many bytes were used up; those behind them do not belong to the body.
    pub(super) used: usize,
}

impl BodyFraming {
    /// A body in chunks.
    pub(super) const fn chunked() -> Self {
        BodyFraming::Chunked(Chunk {
            step: Step::Start,
            size: 0,
            aside: 0,
        })
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self, BodyFraming::Ended | BodyFraming::Length(0))
    }

    /// What is wrong with the bytes after those that were taken last.
    pub(super) fn broken(&self) -> Option<&'static str> {
        match self {
            BodyFraming::Broken(what) => Some(what),
            _ => None,
        }
    }

    /// Takes bytes that have come and moves those of the body to the front of them. Those before what is malformed are
    /// taken first: what arrived does not depend on how it was cut.
    ///
    /// # Errors
    /// What is wrong with a body in chunks.
    pub(super) fn take(&mut self, bytes: &mut [u8]) -> Result<Taken, &'static str> {
        match self {
            BodyFraming::Ended => Ok(Taken { body: 0, used: 0 }),
            BodyFraming::Close => Ok(Taken {
                body: bytes.len(),
                used: bytes.len(),
            }),
            BodyFraming::Length(missing) => {
                let here = usize::try_from(*missing).unwrap_or(usize::MAX).min(bytes.len());
                *missing -= here as u64;
                Ok(Taken { body: here, used: here })
            }
            BodyFraming::Chunked(chunk) => {
                let (taken, next) = chunk.take(bytes);
                if let Some(next) = next {
                    *self = next;
                }
                match self.broken() {
                    Some(what) if taken.body == 0 => Err(what),
                    _ => Ok(taken),
                }
            }
            BodyFraming::Broken(what) => Err(what),
        }
    }

    /// What is wrong where the connection ends here; nothing where that is the end of the body.
    pub(super) fn cut(&self) -> Option<&'static str> {
        match self {
            BodyFraming::Ended | BodyFraming::Close | BodyFraming::Length(0) => None,
            BodyFraming::Length(_) => Some("the connection was closed before the whole body had come"),
            BodyFraming::Chunked(_) => Some("the connection was closed before the last chunk of the body"),
            BodyFraming::Broken(what) => Some(what),
        }
    }
}

impl Chunk {
    /// Takes bytes; what becomes of the body, where no chunk follows.
    fn take(&mut self, bytes: &mut [u8]) -> (Taken, Option<BodyFraming>) {
        let mut body = 0;
        let mut used = 0;
        while let Some(&byte) = bytes.get(used) {
            if self.step == Step::Data {
                let left = bytes.len() - used;
                let here = usize::try_from(self.size).unwrap_or(usize::MAX).min(left);
                if body != used {
                    bytes.copy_within(used..used + here, body);
                }
                body += here;
                used += here;
                self.size -= here as u64;
                if self.size == 0 {
                    self.step = Step::DataReturn;
                }
                continue;
            }
            used += 1;
            if self.step == Step::Last {
                let next = match byte {
                    b'\n' => BodyFraming::Ended,
                    _ => BodyFraming::Broken("the end of the chunks is malformed"),
                };
                return (Taken { body, used }, Some(next));
            }
            match self.after(byte) {
                Ok(step) => self.step = step,
                Err(what) => return (Taken { body, used }, Some(BodyFraming::Broken(what))),
            }
        }
        (Taken { body, used }, None)
    }

    /// The step that follows a byte which is none of the body.
    fn after(&mut self, byte: u8) -> Result<Step, &'static str> {
        Ok(match (self.step, byte) {
            (Step::Start | Step::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                let size = self.size.checked_mul(16).map(|size| size + u64::from(digit));
                self.size = size.ok_or("the size of a chunk is too large")?;
                Step::Size
            }
            (Step::Size | Step::Blank, b' ' | b'\t') => self.pass_over(Step::Blank)?,
            (Step::Size | Step::Blank, b';') => self.pass_over(Step::Extension)?,
            (Step::Size | Step::Blank | Step::Extension, b'\r') => Step::SizeEnd,
            (Step::Extension, b'\n') => return Err("a chunk's extension is malformed"),
            (Step::Extension, _) => self.pass_over(Step::Extension)?,
            (Step::SizeEnd, b'\n') if self.size == 0 => Step::TrailerStart,
            (Step::SizeEnd, b'\n') => Step::Data,
            (Step::DataReturn, b'\r') => Step::DataEnd,
            (Step::DataEnd, b'\n') => Step::Start,
            (Step::TrailerStart, b'\r') => Step::Last,
            (Step::TrailerStart | Step::Trailer, b'\n') => return Err("a trailer of the body is malformed"),
            (Step::Trailer, b'\r') => Step::TrailerEnd,
            (Step::TrailerStart | Step::Trailer, _) => self.pass_over(Step::Trailer)?,
            (Step::TrailerEnd, b'\n') => Step::TrailerStart,
            (Step::DataReturn | Step::DataEnd, _) => return Err("a chunk is longer than its size"),
            _ => return Err("the size of a chunk is malformed"),
        })
    }

    fn pass_over(&mut self, next: Step) -> Result<Step, &'static str> {
        self.aside += 1;
        match self.aside > ASIDE {
            true => Err("the body has too much beside its chunks"),
            false => Ok(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a body that comes in pieces of one size; the body, what followed it, and whether it has ended.
    fn read(mut framing: BodyFraming, bytes: &[u8], size: usize) -> Result<(Vec<u8>, Vec<u8>, bool), &'static str> {
        let (mut body, mut rest) = (Vec::new(), Vec::new());
        for piece in bytes.chunks(size) {
            let mut piece = piece.to_vec();
            let taken = framing.take(&mut piece)?;
            if let Some(what) = framing.broken() {
                return Err(what);
            }
            if taken.used < piece.len() {
                assert!(framing.has_ended());
                rest.extend_from_slice(&piece[taken.used..]);
            }
            body.extend_from_slice(&piece[..taken.body]);
        }
        Ok((body, rest, framing.has_ended()))
    }

    /// The same for every size of pieces.
    fn chunks(bytes: &[u8]) -> Result<(String, String, bool), &'static str> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let whole = read(BodyFraming::chunked(), bytes, bytes.len());
        for size in 1..bytes.len() {
            assert_eq!(read(BodyFraming::chunked(), bytes, size), whole, "{size}");
        }
        whole.map(|(body, rest, ended)| (text(body), text(rest), ended))
    }

    fn is(body: &str, rest: &str, ended: bool) -> Result<(String, String, bool), &'static str> {
        Ok((body.to_owned(), rest.to_owned(), ended))
    }

    #[test]
    fn chunks_are_joined() {
        assert_eq!(
            chunks(b"5\r\nhello\r\nA \r\n there,you\r\n0\r\n\r\n"),
            is("hello there,you", "", true)
        );
        assert_eq!(
            chunks(b"3;a=b\r\nabc\r\n0;x\r\nT: 1\r\nU: 2\r\n\r\n"),
            is("abc", "", true)
        );
        assert_eq!(chunks(b"0\r\n\r\nHTTP/1.1"), is("", "HTTP/1.1", true));
        assert_eq!(chunks(b"3\r\nabc\r\n0\r\n"), is("abc", "", false));
    }

    #[test]
    fn what_is_malformed_is_an_error() {
        for bad in [
            &b"\r\n"[..],
            b"g\r\n",
            b"-1\r\n",
            b" 3\r\nabc\r\n",
            b"3\nabc",
            b"3\r\nabcd\r\n",
            b"3\r\nabc\n",
            b"3 4\r\n",
            b"3\r\rabc",
            b"3;a\nb\r\nabc",
            b"10000000000000000\r\n",
            b"0\r\n\n",
            b"0\r\n\rx",
            b"0\r\na\nb\r\n\r\n",
        ] {
            assert!(chunks(bad).is_err(), "{:?}", String::from_utf8_lossy(bad));
        }
        let endless = [b"1;".to_vec(), vec![b'x'; ASIDE + 1]].concat();
        assert!(read(BodyFraming::chunked(), &endless, 4096).is_err());
        let trailers = [b"0\r\n".to_vec(), b"a: b\r\n".repeat(ASIDE / 3)].concat();
        assert!(read(BodyFraming::chunked(), &trailers, 4096).is_err());
    }

    #[test]
    fn a_length_is_kept() {
        for size in 1..9 {
            let read = read(BodyFraming::Length(5), b"hellomore", size).unwrap();
            assert_eq!(read, (b"hello".to_vec(), b"more".to_vec(), true));
        }
        assert!(BodyFraming::Length(0).has_ended());
    }

    #[test]
    fn only_what_has_an_end_of_its_own_can_be_cut() {
        assert!(BodyFraming::Close.cut().is_none());
        assert!(BodyFraming::Length(1).cut().is_some());
        assert!(BodyFraming::chunked().cut().is_some());
        assert!(BodyFraming::Length(0).cut().is_none() && BodyFraming::Ended.cut().is_none());
    }
}
