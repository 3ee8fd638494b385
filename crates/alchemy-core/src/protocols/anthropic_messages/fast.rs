//! Reads the commonest event, a piece of text, of thinking or of a call's input, without a JSON parser.
//!
//! Nearly every event of a stream is one, always written the same way but for white space before the last brace. What is
//! written otherwise is left to the parser, so nothing depends on this but speed.

use std::borrow::Cow;

use super::wire::Delta;
use crate::protocols::decoding::strings;

/// The piece and the number of its block; None for any other event, valid or not.
pub(super) fn piece(json: &str) -> Option<(u64, Delta<'_>)> {
    let rest = json.strip_prefix(r#"{"type":"content_block_delta","index":"#)?;
    let (index, rest) = rest.split_once(',')?;
    let index = index.parse().ok()?;
    let rest = rest.strip_prefix(r#""delta":{"type":""#)?;
    let (kind, rest) = rest.split_once('"')?;
    let key = match kind {
        "text_delta" => r#","text":"#,
        "thinking_delta" => r#","thinking":"#,
        "input_json_delta" => r#","partial_json":"#,
        _ => return None,
    };
    let (text, rest) = strings::leading(rest.strip_prefix(key)?)?;
    if rest.strip_prefix("\"}")?.trim_ascii_start() != "}" {
        return None;
    }
    let mut delta = Delta {
        kind: Cow::Borrowed(kind),
        ..Delta::default()
    };
    let field = match kind {
        "text_delta" => &mut delta.text,
        "thinking_delta" => &mut delta.thinking,
        _ => &mut delta.partial_json,
    };
    *field = Some(text);
    Some((index, delta))
}

#[cfg(test)]
mod tests {
    use super::super::wire::Event;
    use super::*;

    fn event(kind: &str, key: &str, text: &str, space: &str) -> String {
        format!(r#"{{"type":"content_block_delta","index":3,"delta":{{"type":"{kind}","{key}":"{text}"}}{space}}}"#)
    }

    #[test]
    fn a_piece_is_what_the_parser_reads() {
        for (kind, key) in [
            ("text_delta", "text"),
            ("thinking_delta", "thinking"),
            ("input_json_delta", "partial_json"),
        ] {
            for text in ["", "Grüße", r#"\"a\\\" \u00fc\n"#, r"\ud83d\ude00", "}"] {
                for space in ["", "   ", "\n\t"] {
                    let json = event(kind, key, text, space);
                    let (index, fast) = piece(&json).unwrap();
                    let slow: Event<'_> = serde_json::from_str(&json).unwrap();
                    assert_eq!((index, &fast.kind), (slow.index, &slow.delta.kind));
                    assert_eq!(
                        (fast.text, fast.thinking, fast.partial_json),
                        (slow.delta.text, slow.delta.thinking, slow.delta.partial_json)
                    );
                }
            }
        }
    }

    #[test]
    fn all_else_is_left_to_the_parser() {
        let whole = event("text_delta", "text", "a", " ");
        for end in 0..whole.len() {
            assert!(piece(&whole[..end]).is_none());
        }
        for json in [
            event("text_delta", "text", r"\ud83d", ""),
            event("text_delta", "text", "a\tb", ""),
            event("text_delta", "text", r"\x", ""),
            event("text_delta", "text", r#"a","more":"b"#, ""),
            event("text_delta", "text", "a", r#","error":{}"#),
            event("text_delta", "text", "a", "}"),
            event("signature_delta", "signature", "a", ""),
            event("text_delta", "thinking", "a", ""),
            whole.replace('3', "null"),
            whole.replace('3', "-1"),
        ] {
            assert!(piece(&json).is_none(), "{json}");
        }
    }
}
