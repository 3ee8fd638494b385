//! What holds for any bytes that a server may send: they mean the same however they are cut, and as little memory is given
//! for them as there are bytes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[path = "../../../tests/fuzzing/chance.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, reason = "shared with other tests")]
mod chance;

use self::chance::Chance;
use super::{End, Read, read};

/// How much of a body is read: gzip can make a thousand bytes of one.
const MOST: usize = 1 << 20;
/// What is read from a socket at once, or unpacked.
const AT_ONCE: usize = 64 * 1024;
const CHANCE: usize = 4;

const HEADS: [&str; 12] = [
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\nconnection: close\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 31\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 429 Slow Down\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.0 200 OK\r\n\r\n",
    "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5, 5\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
    "HTTP/1.1 200 \r\nx: \r\ny: \t a b \r\n\r\n",
];
/// "hello there", packed.
const PACKED: [u8; 31] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 72, 205, 201, 201, 87, 40, 201, 72, 45, 74, 5, 0, 80, 233, 18, 109, 11, 0, 0,
    0,
];
const WORDS: [&str; 24] = [
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    "0\r\n\r\n",
    "5\r\nhello\r\n",
    "b;a=\"b\"\r\nhello there\r\n",
    "A \r\n there,you\r\n",
    "0\r\nT: 1\r\n\r\n",
    "ffffffffffffffff\r\n",
    "10000000000000000\r\n",
    "content-length: 5\r\n",
    "content-length: 6, 5\r\n",
    "content-length: 18446744073709551616\r\n",
    "transfer-encoding: chunked\r\n",
    "transfer-encoding: identity\r\n",
    "connection: close\r\n",
    "connection: keep-alive\r\n",
    "content-encoding: gzip\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 200 OK\r\n",
    ": ",
    ";",
    "hello there",
];

/// An answer that a server may send, after the four bytes that say how it is cut.
#[must_use]
pub fn draw(seed: u64) -> Vec<u8> {
    let mut chance = Chance::new(seed);
    let mut input = chance.next().to_le_bytes()[..CHANCE].to_vec();
    let head = chance.pick(&HEADS).unwrap();
    input.extend_from_slice(head.as_bytes());
    let body = if head.contains("encoding: gzip") {
        PACKED.to_vec()
    } else {
        b"hello there".to_vec()
    };
    if head.contains("hunked") {
        for piece in body.chunks(chance.below(12) + 1) {
            input.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            input.extend_from_slice(piece);
            input.extend_from_slice(b"\r\n");
        }
        input.extend_from_slice(b"0\r\n\r\n");
    } else {
        input.extend_from_slice(&body);
    }
    for _ in 0..chance.below(4) {
        change(&mut input, &mut chance);
    }
    input
}

/// Changes an input in one place.
fn change(input: &mut Vec<u8>, chance: &mut Chance) {
    let at = CHANCE + chance.below(input.len().saturating_sub(CHANCE) + 1);
    let end = (at + chance.size()).min(input.len());
    match chance.below(5) {
        0 => drop(input.splice(at..at, chance.pick(&WORDS).unwrap().bytes())),
        1 => drop(input.splice(at..end, chance.pick(&WORDS).unwrap().bytes())),
        2 => drop(input.drain(at..end)),
        3 => {
            let piece = input[at..end].to_vec();
            let to = CHANCE + chance.below(input.len() - CHANCE + 1);
            drop(input.splice(to..to, piece));
        }
        _ => {
            if let Some(byte) = input.get_mut(at) {
                *byte = chance.byte();
            }
        }
    }
}

/// Changes an input for a fuzzer.
#[must_use]
pub fn changed(input: &[u8], seed: u64) -> Vec<u8> {
    if input.len() < CHANCE {
        return draw(seed);
    }
    let mut chance = Chance::new(seed);
    let mut input = input.to_vec();
    for _ in 0..=chance.below(3) {
        change(&mut input, &mut chance);
    }
    input
}

/// Checks an input.
///
/// # Panics
/// If something does not hold.
pub fn check(input: &[u8]) {
    let Some((cuts, answer)) = input.split_first_chunk::<CHANCE>() else {
        return;
    };
    for closes in [false, true] {
        let whole = read(&[answer], closes, MOST);
        judge(&whole, answer, closes);
        let bytes: Vec<&[u8]> = answer.chunks(1).collect();
        compare(&whole, &read(&bytes, closes, MOST));
        compare(&whole, &read(&pieces(answer, *cuts), closes, MOST));
    }
}

/// The same bytes, cut somewhere.
fn pieces(mut answer: &[u8], cuts: [u8; CHANCE]) -> Vec<&[u8]> {
    let mut chance = Chance::new(u32::from_le_bytes(cuts).into());
    let mut pieces = Vec::new();
    while !answer.is_empty() {
        let (piece, rest) = answer.split_at((chance.size() + 1).min(answer.len()));
        pieces.push(piece);
        answer = rest;
    }
    pieces
}

/// Fails where an answer means another thing when it is cut.
fn compare(whole: &Read, cut: &Read) {
    let told = |read: &Read| (read.status, read.headers.clone(), read.packed, read.kept);
    assert_eq!(told(whole), told(cut));
    let ended = |read: &Read| matches!(read.end, End::Failed(_) | End::Enough);
    if whole.packed && ended(whole) && ended(cut) {
        // How much is unpacked before what cannot be is a matter of how much was there to unpack at once.
        let shorter = whole.body.len().min(cut.body.len());
        assert_eq!(whole.body[..shorter], cut.body[..shorter]);
        return;
    }
    assert_eq!((&whole.end, whole.body.len()), (&cut.end, cut.body.len()));
    assert!(whole.body == cut.body);
}

/// Fails where an answer cannot be what the bytes say.
fn judge(read: &Read, answer: &[u8], closes: bool) {
    assert!(read.largest <= AT_ONCE);
    assert!(read.packed || read.body.len() <= answer.len());
    // Where only the packing is broken, HTTP is not.
    let whole = read.packed || read.end == End::Whole;
    assert!(!read.kept || (whole && !closes), "kept: {:?}", read.end);
    if let End::Failed(line) = &read.end {
        assert!(line.len() < 500 && !line.contains('\n'), "{line:?}");
    }
    if read.end == End::Whole && !read.packed {
        assert!(expected(answer, read.status).is_none_or(|body| body == read.body));
    }
}

/// The body by its length or its chunks, read at leisure; None where neither says.
fn expected(mut answer: &[u8], status: Option<u16>) -> Option<Vec<u8>> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let head = loop {
        headers.fill(httparse::EMPTY_HEADER);
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = head.parse(answer).ok()? else {
            return None;
        };
        answer = &answer[length..];
        if head.code >= Some(200) {
            break head;
        }
    };
    assert_eq!(head.code, status);
    if matches!(status, Some(204 | 304)) {
        return Some(Vec::new());
    }
    let named = |name: &str| {
        head.headers
            .iter()
            .rfind(|header| header.name.eq_ignore_ascii_case(name))
    };
    let Some(encoding) = named("transfer-encoding") else {
        let length = std::str::from_utf8(named("content-length")?.value).ok()?;
        let length: usize = length.rsplit(',').next()?.trim().parse().ok()?;
        return Some(answer[..length].to_vec());
    };
    let last = encoding.value.rsplit(|byte| *byte == b',').next()?;
    if !last.trim_ascii().eq_ignore_ascii_case(b"chunked") {
        return None;
    }
    let mut body = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((at, size))) = httparse::parse_chunk_size(answer) else {
            // It is stricter about what stands behind a size.
            return None;
        };
        let Ok(size @ 1..) = usize::try_from(size) else {
            return Some(body);
        };
        body.extend_from_slice(&answer[at..at + size]);
        answer = &answer[at + size + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_the_same_however_it_is_cut() {
        let setting = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
        let first: u64 = setting("ALCHEMY_FUZZ_SEED").unwrap_or(1);
        let cases: u64 = setting("ALCHEMY_FUZZ_CASES").unwrap_or(2_000);
        let whole = (first..first + cases).filter(|seed| {
            let input = draw(*seed);
            let told = format!("ALCHEMY_FUZZ_SEED={seed}: {:?}", String::from_utf8_lossy(&input));
            let done = std::panic::catch_unwind(|| check(&input));
            assert!(done.is_ok(), "{told}");
            read(&[&input[CHANCE..]], true, MOST).end == End::Whole
        });
        let whole = whole.count();
        assert!(
            cases < 100 || whole > 10,
            "nearly all are broken: the check sees too little"
        );
    }

    #[test]
    fn announcements_are_read_and_forgotten() {
        let announced = "HTTP/1.1 100 Continue\r\n\r\n".repeat(20_000);
        let answer = [announced.as_bytes(), HEADS[2].as_bytes(), b"hello there"].concat();
        let bytes: Vec<&[u8]> = answer.chunks(1).collect();
        let read = read(&bytes, true, MOST);
        assert_eq!((read.status, &read.body[..]), (Some(200), &b"hello there"[..]));
    }

    #[test]
    fn what_came_before_a_broken_chunk_is_kept() {
        let head = HEADS[0].as_bytes();
        let answer = [head, b"5\r\nhello\r\n3\r\nyou!\r\n0\r\n\r\n"].concat();
        let read = read(&[&answer], true, MOST);
        assert_eq!(read.body, b"helloyou");
        assert!(matches!(read.end, End::Failed(line) if line.contains("longer than its size")));
    }
}
