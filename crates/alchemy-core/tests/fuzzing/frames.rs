//! A body taken apart into its events, and put together again: as a stream of events, a JSON array or one JSON text.

use std::ops::Range;

/// What a body is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    Sse,
    Array,
    Body,
}

/// A body in its events, each with what parts it from the next.
#[derive(Clone, Debug)]
pub struct Frames {
    pub form: Form,
    pub list: Vec<Vec<u8>>,
}

impl Frames {
    pub fn cut(body: &[u8]) -> Self {
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        match first {
            Some(b'{' | b'<' | b'"') | None => Frames {
                form: Form::Body,
                list: vec![body.to_vec()],
            },
            Some(b'[') => Frames {
                form: Form::Array,
                list: items(body),
            },
            Some(_) => Frames {
                form: Form::Sse,
                list: events(body),
            },
        }
    }

    pub fn join(&self) -> Vec<u8> {
        match self.form {
            Form::Array => [&b"["[..], &self.list.join(&b",\n"[..]), b"]"].concat(),
            Form::Sse | Form::Body => self.list.concat(),
        }
    }

    /// The JSON text of an event.
    pub fn data(&self, at: usize) -> Option<&str> {
        let frame = self.list.get(at)?;
        std::str::from_utf8(frame.get(self.place(frame)?)?).ok()
    }

    /// Replaces the JSON text of an event.
    pub fn set_data(&mut self, at: usize, text: &str) {
        let Some(place) = self.list.get(at).and_then(|frame| self.place(frame)) else {
            return;
        };
        self.list[at].splice(place, text.bytes());
    }

    fn place(&self, frame: &[u8]) -> Option<Range<usize>> {
        if self.form != Form::Sse {
            return Some(0..frame.len());
        }
        let mut start = frame.windows(5).position(|window| window == b"data:")? + 5;
        if frame.get(start) == Some(&b' ') {
            start += 1;
        }
        let rest = frame.get(start..)?;
        let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        Some(start..start + length.unwrap_or(rest.len()))
    }
}

fn events(body: &[u8]) -> Vec<Vec<u8>> {
    let mut list = Vec::new();
    let mut start = 0;
    for end in 1..=body.len() {
        let blank = [&b"\n\n"[..], b"\r\n\r\n", b"\r\r"];
        if blank.iter().any(|blank| body[start..end].ends_with(blank)) {
            list.push(body[start..end].to_vec());
            start = end;
        }
    }
    list.push(body[start..].to_vec());
    list.retain(|frame| !frame.is_empty());
    list
}

fn items(body: &[u8]) -> Vec<Vec<u8>> {
    let (mut list, mut item) = (Vec::new(), Vec::new());
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in body {
        let outer = depth == 1 && !in_string && matches!(byte, b',' | b']');
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        match outer || (depth == 1 && item.is_empty() && byte == &b'[') {
            true => list.push(std::mem::take(&mut item)),
            false => item.push(*byte),
        }
    }
    list.push(item);
    list.retain(|item| !item.iter().all(u8::is_ascii_whitespace));
    list
}
