//! Thinking that a server writes into the text, between `<think>` and `</think>`.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// A piece of text told apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Thinking(String),
}

/// Parts thinking from text, whatever the cuts between the pieces.
///
/// Only a tag that opens the answer counts: one in the middle is text about a tag.
#[derive(Default)]
pub(crate) struct ThinkTags {
    place: Place,
    /// What may be the beginning of a tag.
    held: String,
}

#[derive(Default, PartialEq, Eq)]
enum Place {
    #[default]
    Before,
    Thinking,
    /// White space between the thinking and the answer belongs to neither.
    Gap,
    Text,
}

impl ThinkTags {
    /// Takes the next piece of the server's text.
    pub(crate) fn feed(&mut self, piece: &str) -> Vec<Piece> {
        self.held.push_str(piece);
        let mut pieces = Vec::new();
        loop {
            match self.place {
                Place::Before => {
                    let text = self.held.trim_start();
                    if let Some(rest) = text.strip_prefix(OPEN) {
                        self.held = rest.to_owned();
                        self.place = Place::Thinking;
                    } else if OPEN.starts_with(text) {
                        return pieces;
                    } else {
                        self.place = Place::Text;
                    }
                }
                Place::Thinking => {
                    let Some((thinking, rest)) = self.held.split_once(CLOSE) else {
                        let keep = (1..CLOSE.len())
                            .rev()
                            .find(|n| CLOSE.get(..*n).is_some_and(|tag| self.held.ends_with(tag)));
                        let held = self.held.split_off(self.held.len() - keep.unwrap_or(0));
                        push(&mut pieces, Piece::Thinking(std::mem::replace(&mut self.held, held)));
                        return pieces;
                    };
                    push(&mut pieces, Piece::Thinking(thinking.to_owned()));
                    self.held = rest.to_owned();
                    self.place = Place::Gap;
                }
                Place::Gap => {
                    self.held = self.held.trim_start().to_owned();
                    if self.held.is_empty() {
                        return pieces;
                    }
                    self.place = Place::Text;
                }
                Place::Text => {
                    push(&mut pieces, Piece::Text(std::mem::take(&mut self.held)));
                    return pieces;
                }
            }
        }
    }

    /// Takes the end of the text.
    pub(crate) fn finish(&mut self) -> Option<Piece> {
        let held = std::mem::take(&mut self.held);
        let piece = if self.place == Place::Thinking {
            Piece::Thinking(held)
        } else {
            Piece::Text(held)
        };
        let mut pieces = Vec::new();
        push(&mut pieces, piece);
        pieces.pop()
    }
}

fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    let (Piece::Text(text) | Piece::Thinking(text)) = &piece;
    if !text.is_empty() {
        pieces.push(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The thinking and the text of an answer, cut into pieces of `size` bytes.
    fn parted(answer: &str, size: usize) -> (String, String) {
        let mut tags = ThinkTags::default();
        let bytes = answer.as_bytes();
        let mut pieces: Vec<Piece> = bytes
            .chunks(size)
            .flat_map(|piece| tags.feed(std::str::from_utf8(piece).unwrap()))
            .collect();
        pieces.extend(tags.finish());
        let mut parted = (String::new(), String::new());
        for piece in pieces {
            match piece {
                Piece::Thinking(text) => parted.0.push_str(&text),
                Piece::Text(text) => parted.1.push_str(&text),
            }
        }
        parted
    }

    #[test]
    fn thinking_is_parted_at_any_cut() {
        for size in 1..40 {
            let expected = ("a < b </thin".to_owned(), "The <think> tag.".to_owned());
            assert_eq!(
                parted("\n<think>a < b </thin</think>\n\nThe <think> tag.", size),
                expected,
                "{size}"
            );
        }
    }

    #[test]
    fn text_without_a_tag_is_left_alone() {
        assert_eq!(parted(" <thin ice>", 1), (String::new(), " <thin ice>".to_owned()));
        assert_eq!(parted("<thi", 2), (String::new(), "<thi".to_owned()));
    }
}
