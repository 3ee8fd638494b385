//! The head of a request as it is written, and the head of an answer as it is read.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use httparse::{ParserConfig, Status};
use std::mem::MaybeUninit;
use url::Position;

use super::body_framing::BodyFraming;
use super::{Call, USER_AGENT_NAME};

/// The most headers that an answer may have.
const HEADERS: usize = 100;
/// The most bytes that they may have.
pub(super) const HEAD_BYTES: usize = 400 * 1024;

/// The head of an answer.
pub(super) struct AnswerHead {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) framing: BodyFraming,
    /// Whether the connection may be used again.
    pub(super) keep: bool,
}

/// The bytes that a request begins with, up to its body.
pub(super) fn request_head(call: &Call) -> Vec<u8> {
    let mut head = Vec::with_capacity(512);
    let mut add = |parts: &[&[u8]]| parts.iter().for_each(|part| head.extend_from_slice(part));
    let path = &call.url[Position::BeforePath..Position::AfterQuery];
    let host = &call.url[Position::BeforeHost..Position::AfterPort];
    add(&[b"POST ", path.as_bytes(), b" HTTP/1.1\r\n"]);
    if !call.headers.contains_key(HOST) {
        add(&[b"host: ", host.as_bytes(), b"\r\n"]);
    }
    for (name, value) in [(USER_AGENT, USER_AGENT_NAME), (ACCEPT_ENCODING, "gzip")] {
        if !call.headers.contains_key(&name) {
            add(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
        }
    }
    for (name, value) in &call.headers {
        if *name != CONTENT_LENGTH && *name != TRANSFER_ENCODING {
            add(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
        }
    }
    let length = call.body.len().to_string();
    add(&[b"content-length: ", length.as_bytes(), b"\r\n\r\n"]);
    head
}

/// Reads the head that some bytes begin with, None while it is not whole, and tells how many bytes are read for good: up to
/// the body, or to the head that is not whole. What only announces an answer, as `100 Continue` does, is passed over.
///
/// # Errors
/// What is wrong with it.
pub(super) fn answer_head(bytes: &[u8]) -> Result<(Option<AnswerHead>, usize), String> {
    let mut start = 0;
    loop {
        let Some((head, length)) = one_head(bytes.get(start..).unwrap_or_default())? else {
            return Ok((None, start));
        };
        start += length;
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err("the server wants to speak another protocol".to_owned());
        }
        if !head.status.is_informational() {
            return Ok((Some(head), start));
        }
    }
}

fn one_head(bytes: &[u8]) -> Result<Option<(AnswerHead, usize)>, String> {
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS];
    let mut parsed = httparse::Response::new(&mut []);
    let status = ParserConfig::default().parse_response_with_uninit_headers(&mut parsed, bytes, &mut headers);
    let length = match status.map_err(|error| format!("the head of the answer is malformed: {error}"))? {
        Status::Partial => return Ok(None),
        Status::Complete(length) => length,
    };
    // One piece of memory for all values.
    let shared = Bytes::copy_from_slice(bytes.get(..length).unwrap_or_default());
    let offset = |part: &[u8]| part.as_ptr().addr().saturating_sub(bytes.as_ptr().addr());
    let malformed = || "the head of the answer is malformed: invalid header".to_owned();
    let mut map = HeaderMap::with_capacity(parsed.headers.len());
    for header in parsed.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| malformed())?;
        let at = offset(header.value);
        let value = match header.value.is_empty() {
            true => HeaderValue::from_static(""),
            false => {
                HeaderValue::from_maybe_shared(shared.slice(at..at + header.value.len())).map_err(|_| malformed())?
            }
        };
        map.append(name, value);
    }
    let status =
        StatusCode::from_u16(parsed.code.unwrap_or_default()).map_err(|_| "the status is no number".to_owned())?;
    let newer = parsed.version == Some(1);
    let head = AnswerHead {
        status,
        framing: framing(status, &map, newer)?,
        keep: is_kept(&map, newer),
        headers: map,
    };
    Ok(Some((head, length)))
}

/// Where the body ends: RFC 9112, section 6.3.
fn framing(status: StatusCode, headers: &HeaderMap, newer: bool) -> Result<BodyFraming, String> {
    if status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Ok(BodyFraming::Ended);
    }
    if let Some(last) = headers.get_all(TRANSFER_ENCODING).iter().next_back() {
        if !newer {
            return Err("the answer is of HTTP/1.0 and names a transfer encoding".to_owned());
        }
        return Ok(
            match words(last)
                .next_back()
                .is_some_and(|last| last.eq_ignore_ascii_case(b"chunked"))
            {
                true => BodyFraming::chunked(),
                false => BodyFraming::Close,
            },
        );
    }
    let mut length = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        for part in value.to_str().unwrap_or("?").split(',').map(str::trim) {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let found: Option<u64> = part.parse().ok().filter(|_| digits);
            match (found, length) {
                (Some(found), None) => length = Some(found),
                (Some(found), Some(known)) if found == known => {}
                _ => return Err("the answer's content-length is malformed".to_owned()),
            }
        }
    }
    Ok(length.map_or(BodyFraming::Close, BodyFraming::Length))
}

/// The words of a header with commas between them; a foreign one beside a known one changes nothing about that.
fn words(value: &HeaderValue) -> impl DoubleEndedIterator<Item = &[u8]> {
    value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

fn is_kept(headers: &HeaderMap, newer: bool) -> bool {
    let said = |word: &str| {
        let values = headers.get_all(CONNECTION).iter();
        values
            .flat_map(words)
            .any(|found| found.eq_ignore_ascii_case(word.as_bytes()))
    };
    !said("close") && (newer || said("keep-alive"))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn read(head: &str) -> Result<(Option<AnswerHead>, usize), String> {
        for end in 0..head.len() {
            if !matches!(answer_head(&head.as_bytes()[..end]), Ok((None, _))) {
                return answer_head(&head.as_bytes()[..end]);
            }
        }
        answer_head(head.as_bytes())
    }

    #[test]
    fn a_request_is_written_as_http_has_it() {
        let mut headers = HeaderMap::new();
        headers.insert("x-a", HeaderValue::from_static("b"));
        let call = Call {
            url: Url::parse("http://[::1]:81/v1/x?a=b#c").unwrap(),
            headers,
            body: Bytes::from_static(b"{}"),
        };
        let head = String::from_utf8(request_head(&call)).unwrap();
        assert_eq!(
            head,
            format!(
                "POST /v1/x?a=b HTTP/1.1\r\nhost: [::1]:81\r\nuser-agent: {USER_AGENT_NAME}\r\naccept-encoding: gzip\r\n\
                 x-a: b\r\ncontent-length: 2\r\n\r\n"
            )
        );
    }

    #[test]
    fn an_answer_says_how_its_body_ends() {
        for (head, framing, keep) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", "Length(5)", true),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\ncontent-length: 5\r\n\r\n",
                "Length(5)",
                true,
            ),
            ("HTTP/1.1 200\r\nconnection: Close\r\n\r\n", "Close", false),
            ("HTTP/1.0 200 OK\r\n\r\n", "Close", false),
            (
                "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n",
                "Length(0)",
                true,
            ),
            ("HTTP/1.1 204 No\r\n\r\n", "Ended", true),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n", "Close", true),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n",
                "Length(1)",
                true,
            ),
        ] {
            let (read, length) = read(head).unwrap();
            let read = read.unwrap();
            assert_eq!(
                (format!("{:?}", read.framing).as_str(), read.keep),
                (framing, keep),
                "{head}"
            );
            assert_eq!(length, head.len());
        }
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: gz\u{ef}p, Chunked\r\ncontent-length: 5\r\nx: \r\n\r\n";
        let read = read(chunked).unwrap().0.unwrap();
        assert!(matches!(read.framing, BodyFraming::Chunked(_)));
        assert_eq!(read.headers.get("x").unwrap(), "");
    }

    #[test]
    fn what_is_malformed_is_an_error() {
        for head in [
            "HTTP/2 200 OK\r\n\r\n",
            "SSH-2.0\r\n",
            "HTTP/1.1 2 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: \r\n\r\n",
            "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n",
        ] {
            assert!(read(head).is_err(), "{head}");
        }
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(HEADERS + 1));
        assert!(answer_head(many.as_bytes()).is_err());
    }
}
