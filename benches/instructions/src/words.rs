//! What the model of a made-up stream says: words, reasoning and arguments, the same in each run.

/// Pieces as models write them, between bars: most of them a blank and a word, some with characters that JSON escapes.
const WORDS: &str = " the| river| runs| down| to| a| quiet| harbour|,| where| boats| wait| for| morning|.| Nobody| counts|\
     them|;| they| simply| stay|\n\n|##| Notes|\n|-| `count`| is| \"exact\"|:| 1|,|024| über| naïve| 東京| 🙂|\
     C:\\temp|\t| understanding| infrastructure| not| required|'s| (see| below|)|!| of| and";

/// So many pieces of text.
pub(crate) fn pieces(count: usize, seed: u64) -> Vec<&'static str> {
    let words: Vec<&str> = WORDS.split('|').collect();
    let mut state = seed;
    (0..count)
        .map(|_| {
            // Knuth's generator: the next word must not follow from the last one alone.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(state >> 33).unwrap_or_default() % words.len();
            words.get(at).copied().unwrap_or_default()
        })
        .collect()
}

/// So many pieces of text of six words each, as servers send it that do not send single words.
pub(crate) fn phrases(count: usize, seed: u64) -> Vec<String> {
    pieces(count * 6, seed).chunks(6).map(<[&str]>::concat).collect()
}

/// The JSON text of a call's arguments: a file of so many lines that the model wants to write.
pub(crate) fn arguments(lines: usize, seed: u64) -> String {
    let lines: Vec<String> = (seed..)
        .take(lines)
        .enumerate()
        .map(|(line, seed)| {
            let text = pieces(8, seed).concat();
            format!(
                r#"{{"number": {line}, "text": {}, "changed": {}}}"#,
                quoted(&text),
                line % 3 == 0
            )
        })
        .collect();
    format!(
        r#"{{"path": "notes/harbour.md", "mode": "replace", "lines": [{}]}}"#,
        lines.join(", ")
    )
}

/// Arguments in pieces of a token or two, cut between characters.
pub(crate) fn cut(arguments: &str) -> Vec<String> {
    let characters: Vec<char> = arguments.chars().collect();
    characters.chunks(7).map(|piece| piece.iter().collect()).collect()
}

/// A text as it stands in JSON.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
