//! The head of a request as it is written, and the head of an answer as it is read.

use http::StatusCode;
use http::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, USER_AGENT};
use httparse::{ParserConfig, Status};
use std::io::Write as _;
use std::mem::MaybeUninit;
use url::Position;

use super::body_framing::BodyFraming;
use super::connection::SMALL_BODY;
use super::{Call, USER_AGENT_NAME};
use crate::head::Head;
use crate::headers::{Headers, MOST_OF_NAME, visible};

/// The most headers that an answer may have.
const HEADERS: usize = 100;
/// The most bytes that they may have.
pub(super) const HEAD_BYTES: usize = 400 * 1024;

/// What a head takes besides the address and the headers of the call, with room to spare.
const OWN_BYTES: usize = 160;

/// The head of an answer.
pub(super) struct AnswerHead {
    pub(super) head: Head,
    pub(super) framing: BodyFraming,
    /// Whether the connection may be used again.
    pub(super) keep: bool,
}

/// The bytes that a request begins with, up to its body. The headers of a call have none of those that are set here.
pub(super) fn request_head(call: &Call) -> Vec<u8> {
    let path = &call.url[Position::BeforePath..Position::AfterQuery];
    let host = &call.url[Position::BeforeHost..Position::AfterPort];
    let lines = call.headers.lines();
    let small_body = if call.body.len() <= SMALL_BODY {
        call.body.len()
    } else {
        0
    };
    let mut head = Vec::with_capacity(OWN_BYTES + path.len() + host.len() + lines.len() + small_body);
    let mut add = |parts: &[&str]| parts.iter().for_each(|part| head.extend_from_slice(part.as_bytes()));
    add(&["POST ", path, " HTTP/1.1\r\nhost: ", host, "\r\n"]);
    if !call.headers.contains(USER_AGENT.as_str()) {
        add(&["user-agent: ", USER_AGENT_NAME, "\r\n"]);
    }
    if !call.headers.contains(ACCEPT_ENCODING.as_str()) {
        add(&["accept-encoding: gzip\r\n"]);
    }
    head.extend_from_slice(lines);
    // A number without a text of its own; nothing can go wrong in memory.
    let _ = write!(head, "content-length: {}\r\n\r\n", call.body.len());
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
        let status = head.head.status;
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return Err("the server wants to speak another protocol".to_owned());
        }
        if !status.is_informational() {
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
    if parsed.headers.iter().any(|header| header.name.len() > MOST_OF_NAME) {
        return Err("the head of the answer is malformed: invalid header".to_owned());
    }
    let pairs = parsed
        .headers
        .iter()
        .map(|header| (header.name.as_bytes(), header.value));
    let headers = Headers::read(bytes.get(..length).unwrap_or_default(), pairs);
    let status =
        StatusCode::from_u16(parsed.code.unwrap_or_default()).map_err(|_| "the status is no number".to_owned())?;
    let newer = parsed.version == Some(1);
    let head = AnswerHead {
        framing: framing(status, &headers, newer)?,
        keep: is_kept(&headers, newer),
        head: Head { status, headers },
    };
    Ok(Some((head, length)))
}

/// Where the body ends: RFC 9112, section 6.3.
fn framing(status: StatusCode, headers: &Headers, newer: bool) -> Result<BodyFraming, String> {
    if status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Ok(BodyFraming::Ended);
    }
    if let Some(last) = headers.all(TRANSFER_ENCODING.as_str()).next_back() {
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
    for value in headers.all(CONTENT_LENGTH.as_str()) {
        for part in visible(value).unwrap_or("?").split(',').map(str::trim) {
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
fn words(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

fn is_kept(headers: &Headers, newer: bool) -> bool {
    let said = |word: &str| {
        let values = headers.all(CONNECTION.as_str());
        values
            .flat_map(words)
            .any(|found| found.eq_ignore_ascii_case(word.as_bytes()))
    };
    !said("close") && (newer || said("keep-alive"))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
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
        let mut headers = Headers::default();
        headers.append("X-a", &["b"]);
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
        assert_eq!(read.head.headers.get("x"), Some(&b""[..]));
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
