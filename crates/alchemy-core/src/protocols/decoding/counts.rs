//! The counts in an object as nearly every server writes them, read without a parser.
//!
//! A parser of the general kind takes ten times as long for a handful of whole numbers. What is not plain is left to it.

/// What the value of a key is to be.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// A number: the place that it has among those that are asked for.
    Number(usize),
    /// An object with such numbers, itself with a place behind theirs.
    Object(usize),
    /// Nothing that is asked for.
    Nowhere,
    /// A parser has to read it.
    Judged,
}

/// The most digits of a number that a float holds exactly.
const DIGITS: usize = 15;
/// How deep objects are read into.
const DEEPEST: usize = 4;

/// The numbers of an object, which is valid JSON. `place` says what a key stands for, and gets the key of the object that
/// it is in before it, which is empty for the outermost. None: a parser has to judge.
pub(crate) fn plain<const N: usize>(json: &str, place: impl Fn(&[u8], &[u8]) -> Place) -> Option<[Option<f64>; N]> {
    let mut reader = Reader {
        rest: json.as_bytes(),
        place,
        numbers: [None; N],
        seen: 0,
    };
    reader.space();
    reader.object(b"", 0)?;
    reader.space();
    reader.rest.is_empty().then_some(reader.numbers)
}

struct Reader<'a, P, const N: usize> {
    rest: &'a [u8],
    place: P,
    numbers: [Option<f64>; N],
    /// The places that were named, as bits.
    seen: u64,
}

impl<'a, P: Fn(&[u8], &[u8]) -> Place, const N: usize> Reader<'a, P, N> {
    fn object(&mut self, outer: &[u8], depth: usize) -> Option<()> {
        self.take(b'{')?;
        self.space();
        if self.take(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = self.string()?;
            self.space();
            self.take(b':')?;
            self.space();
            self.value(outer, key, depth)?;
            self.space();
            if self.take(b'}').is_some() {
                return Some(());
            }
            self.take(b',')?;
            self.space();
        }
    }

    fn value(&mut self, outer: &[u8], key: &'a [u8], depth: usize) -> Option<()> {
        let place = (self.place)(outer, key);
        if let Place::Number(at) | Place::Object(at) = place {
            // Of a key that is there twice a parser says that it is wrong.
            let bit = 1_u64.checked_shl(u32::try_from(at).ok()?)?;
            if self.seen & bit != 0 {
                return None;
            }
            self.seen |= bit;
        }
        match (self.rest.first()?, place) {
            (_, Place::Judged) => None,
            (b'0'..=b'9', Place::Number(at)) => {
                let number = self.number()?;
                *self.numbers.get_mut(at)? = Some(number);
                Some(())
            }
            (b'{', Place::Object(_)) if depth == 0 => self.object(key, 1),
            // What is asked for nowhere is not asked for in there either.
            (b'{', Place::Nowhere) if depth < DEEPEST => self.object(b"?", depth + 1),
            (b'"', Place::Nowhere) => self.string().map(drop),
            (b'n', _) | (b'0'..=b'9' | b'-' | b't' | b'f', Place::Nowhere) => {
                let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
                let end = self.rest.iter().position(|byte| !is_word(byte))?;
                self.skip(end)
            }
            _ => None,
        }
    }

    /// A whole number.
    fn number(&mut self) -> Option<f64> {
        let end = self.rest.iter().position(|byte| !byte.is_ascii_digit())?;
        let (digits, after) = self.rest.split_at_checked(end)?;
        if end > DIGITS || matches!(after.first(), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.rest = after;
        let number = digits
            .iter()
            .fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
        #[expect(clippy::cast_precision_loss, reason = "numbers of 15 digits are exact")]
        Some(number as f64)
    }

    /// What is between two quotes, without escapes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let inside = self.rest.strip_prefix(b"\"")?;
        let (text, after) = inside.split_at_checked(end_of_string(inside)?)?;
        self.rest = after;
        self.take(b'"')?;
        Some(text)
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                Some(())
            }
            _ => None,
        }
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.rest = self.rest.get(bytes..)?;
        Some(())
    }

    fn space(&mut self) {
        while let Some((b' ' | b'\n' | b'\r' | b'\t', rest)) = self.rest.split_first() {
            self.rest = rest;
        }
    }
}

/// Where the first quote or backslash is, looked for in eight bytes at a time. Names are too short for more.
fn end_of_string(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    let (words, rest) = text.as_chunks::<8>();
    // Of the bits that are set the lowest is that of the first byte that is zero.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(words.len() * 8 + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(outer: &[u8], key: &[u8]) -> Place {
        match (outer, key) {
            (b"", b"a") => Place::Number(0),
            (b"", b"o") => Place::Object(2),
            (b"o", b"b") => Place::Number(1),
            (b"", b"j") => Place::Judged,
            _ => Place::Nowhere,
        }
    }

    #[test]
    fn plain_counts_are_read() {
        for (json, expected) in [
            ("{}", [None, None]),
            (r#"{"a":12,"o":{"b":3}}"#, [Some(12.0), Some(3.0)]),
            (
                "{ \"o\" : { \"x\" : 1 , \"b\" : 0 } ,\n\t\"a\" : null }",
                [None, Some(0.0)],
            ),
            (r#"{"o":null,"a":999999999999999}"#, [Some(999_999_999_999_999.0), None]),
            (
                r#"{"x":1.5e+3,"y":-2,"z":"a{","b":7,"u":{"a":9,"o":{"b":8}},"v":true,"w":false,"a":0}"#,
                [Some(0.0), None],
            ),
        ] {
            assert_eq!(plain::<2>(json, place), Some(expected), "{json}");
        }
    }

    #[test]
    fn a_string_ends_at_the_first_quote_or_backslash() {
        for length in 0..40 {
            let start: String = "#]!aé\u{1}\u{7f}".chars().cycle().take(length).collect();
            for rest in ["\"", "\\", "\\\"", "\"#]\u{80}\u{1}aaaaaaaaaa", "\\\"\"aaaaaa"] {
                let text = format!("{start}{rest}");
                assert_eq!(end_of_string(text.as_bytes()), Some(start.len()), "{text:?}");
            }
            assert_eq!(end_of_string(start.as_bytes()), None);
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_a_parser() {
        for json in [
            "",
            "null",
            "[1]",
            r#"{"a":1}x"#,
            r#"{"a":1"#,
            r#"{"a":1.0}"#,
            r#"{"a":1e3}"#,
            r#"{"a":-1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":true}"#,
            r#"{"a":{}}"#,
            r#"{"a":1000000000000000}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":null,"a":1}"#,
            r#"{"o":{"b":1},"o":{}}"#,
            r#"{"o":{"b":1,"b":1}}"#,
            r#"{"o":1}"#,
            r#"{"o":[1]}"#,
            r#"{"x":[]}"#,
            r#"{"\u0061":1}"#,
            r#"{"x":"\n"}"#,
            r#"{"x":{"x":{"x":{"x":{"x":{}}}}}}"#,
            r#"{"j":null}"#,
            r#"{"a":1,}"#,
        ] {
            assert_eq!(plain::<2>(json, place), None, "{json}");
        }
    }
}
