//! Takes a request over HTTP/1.1 apart.

use memchr::memmem::find;

use crate::wanted::{Wanted, wanted};

/// A request above this size is refused; a conversation of a million words has about eight megabytes.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Takes the next request out of the bytes that were read of a connection; `None` where it is not all there.
/// An error is a request that is too large to wait for.
pub(crate) fn take(kept: &mut Vec<u8>) -> Result<Option<Wanted>, String> {
    let Some(at) = find(kept, b"\r\n\r\n") else {
        return if kept.len() > MOST_BYTES {
            Err("the request's head is too large".to_owned())
        } else {
            Ok(None)
        };
    };
    let (head, rest) = kept.split_at(at + 4);
    let head = String::from_utf8_lossy(head);
    let length: usize = header(&head, "content-length")
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    if length > MOST_BYTES {
        return Err("the request's body is too large".to_owned());
    }
    let Some(body) = rest.get(..length) else {
        return Ok(None);
    };
    let mut words = head.split([' ', '\r']);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let wanted = wanted(method, path, header(&head, "x-events"), body);
    kept.drain(..at + 4 + length);
    Ok(Some(wanted))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::take;
    use crate::wanted::{Protocol, Shape, Wanted};

    fn request(head: &str, body: &str) -> Vec<u8> {
        let length = body.len();
        format!("POST /v1/chat/completions HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n{body}").into_bytes()
    }

    fn burst(count: usize) -> Wanted {
        Wanted::Burst(Protocol::Completions, Shape::Text(count))
    }

    #[test]
    fn the_header_goes_before_the_model() {
        let mut kept = request("X-Events: 9\r\n", r#"{"model": "events-7", "stream": true}"#);
        assert_eq!(take(&mut kept), Ok(Some(burst(9))));
    }

    #[test]
    fn two_requests_in_one_read_are_both_taken_and_half_a_request_is_waited_for() {
        let mut kept = request("", r#"{"model":"events-1","stream":true}"#);
        let next = request("", "{}");
        kept.extend_from_slice(&next[..next.len() - 1]);
        assert_eq!(take(&mut kept), Ok(Some(burst(1))));
        assert_eq!(take(&mut kept), Ok(None));
        kept.push(b'}');
        assert_eq!(take(&mut kept), Ok(Some(Wanted::Whole(Protocol::Completions))));
        assert!(kept.is_empty());
        assert!(take(&mut b"POST / HTTP/1.1\r\ncontent-length: 99000000\r\n\r\n".to_vec()).is_err());
    }
}
