//! How many tokens a request is likely to have.

/// About how many bytes of text make a token, JSON around it included.
const BYTES: u64 = 4;
/// A string of at least so many characters, none of which text needs more than base64 does, is a file.
const FILE_BYTES: usize = 1024;
/// What a file is taken for: about what an image of a million pixels has, however many bytes it takes to send.
const FILE_TOKENS: u64 = 1000;

/// Estimates the tokens of a request from its JSON body: a token for every four bytes, and a thousand for each file
/// that is sent inside, such as an image.
///
/// # Example
/// ```
/// use alchemy_core::limiter::input_tokens;
///
/// assert_eq!(input_tokens(br#"{"content": "What is the capital of France?"}"#), 12);
/// ```
#[must_use]
pub fn input_tokens(body: &[u8]) -> u64 {
    let (mut text, mut files) = (0_u64, 0_u64);
    // Whatever stands between two quotes, in a string or not: an escaped quote only cuts a string in two.
    for piece in body.split(|byte| *byte == b'"') {
        if is_file(piece) {
            files += 1;
        } else {
            text += piece.len() as u64 + 1;
        }
    }
    text.div_ceil(BYTES) + files * FILE_TOKENS
}

/// Whether a string is base64, as it is or as a `data:` address.
fn is_file(piece: &[u8]) -> bool {
    let data = match piece.strip_prefix(b"data:") {
        Some(address) => address.split(|byte| *byte == b',').next_back().unwrap_or(address),
        None => piece,
    };
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte);
    data.len() >= FILE_BYTES && data.iter().all(base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_counted_by_its_bytes_and_files_by_their_number() {
        let data = "iVBORw0KGgo+/A==".repeat(10_000);
        let with = |text: &str| input_tokens(format!(r#"{{"a": "{text}", "b": "hello"}}"#).as_bytes());
        let empty = with("");
        assert!(empty < 10);
        assert_eq!(with(&data), empty + FILE_TOKENS);
        assert_eq!(with(&format!("data:image/png;base64,{data}")), empty + FILE_TOKENS);
        // Words, a program, a language without spaces, and what is too short to be worth it.
        for text in [
            "a word and another ",
            "fn main() { loop {} }",
            "日本語の文章",
            "iVBORw0KGgo",
        ] {
            let text = text.repeat(if text.len() > 11 { 1000 } else { 1 });
            let tokens = with(&text);
            let bytes = text.len() as u64 / BYTES;
            assert!((bytes..=bytes + empty + 1).contains(&tokens), "{tokens} for {bytes}");
        }
    }
}
