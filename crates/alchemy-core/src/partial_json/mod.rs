//! A JSON object read while its text arrives: each piece of text is read once, and built into values at once.

mod build;

pub use self::build::{Build, Container, Number, Part, Text};
use crate::json::DEPTH;

/// How far the text is a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is the beginning of one.
    Open,
    /// It is one.
    Whole,
    /// It has what no value can hold: it is nested deeper than [`DEPTH`], or a number is beyond a
    /// float. What follows is not read.
    Beyond,
    /// It is not the beginning of one. What follows is not read.
    Invalid,
}

/// Reads a JSON object in pieces.
///
/// White space around the object is whatever Unicode calls so, as where whole arguments are read.
#[derive(Debug, Default)]
pub struct PartialJson {
    place: Place,
    open: Vec<Container>,
    /// What is read of the string that is open, and not handed over.
    text: Text,
    /// Whether that string is a key.
    is_key: bool,
    /// Whether the builder has a piece of that string.
    begun: bool,
    /// The first half of a surrogate pair, which the next escape may complete.
    half: Option<u16>,
    /// What is read of the number that is open.
    digits: String,
}

/// What may come next.
#[derive(Clone, Copy, Debug, Default)]
enum Place {
    #[default]
    Start,
    /// A key, or the end of an object that is empty.
    FirstKey,
    Key,
    Colon,
    /// A value, or the end of a list that is empty.
    FirstItem,
    Value,
    /// A comma, or the end of the container.
    Comma,
    /// More of a string.
    String,
    /// What follows a backslash.
    Escape,
    /// More hexadecimal digits: how many are there, and their value.
    Unicode(u8, u16),
    Number(Digit),
    /// The rest of a literal, and its value.
    Literal(&'static str, Option<bool>),
    /// White space.
    End,
    Beyond,
    Invalid,
}

/// Where in a number its last character stands.
#[derive(Clone, Copy, Debug)]
enum Digit {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

impl Digit {
    fn next(self, byte: u8) -> Option<Digit> {
        Some(match (self, byte) {
            (Digit::Minus, b'0') => Digit::Zero,
            (Digit::Minus | Digit::Integer, b'0'..=b'9') => Digit::Integer,
            (Digit::Zero | Digit::Integer, b'.') => Digit::Point,
            (Digit::Point | Digit::Fraction, b'0'..=b'9') => Digit::Fraction,
            (Digit::Zero | Digit::Integer | Digit::Fraction, b'e' | b'E') => Digit::Exponent,
            (Digit::Exponent, b'+' | b'-') => Digit::Sign,
            (Digit::Exponent | Digit::Sign | Digit::Power, b'0'..=b'9') => Digit::Power,
            _ => return None,
        })
    }
}

/// Why reading stops.
enum Halt<E> {
    Beyond,
    Invalid,
    Failed(E),
}

impl<E> From<E> for Halt<E> {
    fn from(error: E) -> Self {
        Halt::Failed(error)
    }
}

type Step<T, B> = Result<T, Halt<<B as Build>::Error>>;

impl PartialJson {
    /// How far the text is a JSON object.
    #[must_use]
    pub fn state(&self) -> State {
        match self.place {
            Place::End => State::Whole,
            Place::Beyond => State::Beyond,
            Place::Invalid => State::Invalid,
            _ => State::Open,
        }
    }

    /// Reads the next piece of the text.
    ///
    /// # Errors
    /// What the builder fails by. Neither it nor this reader can be used any more then.
    pub fn feed<B: Build>(&mut self, text: &str, build: &mut B) -> Result<(), B::Error> {
        let mut rest = text;
        while !rest.is_empty() && !matches!(self.place, Place::Beyond | Place::Invalid) {
            match self.step(rest, build) {
                Ok(left) => rest = left,
                Err(Halt::Failed(error)) => return Err(error),
                Err(Halt::Beyond) => self.place = Place::Beyond,
                Err(Halt::Invalid) => self.place = Place::Invalid,
            }
        }
        self.hand_over(false, build)
    }

    /// Reads at least a character, and returns what is left.
    fn step<'a, B: Build>(&mut self, rest: &'a str, build: &mut B) -> Step<&'a str, B> {
        match self.place {
            Place::String => return self.string(rest, build),
            Place::Number(digit) => return self.number(digit, rest, build),
            _ => {}
        }
        let mut characters = rest.chars();
        let Some(next) = characters.next() else { return Ok(rest) };
        match (self.place, next) {
            (Place::Start | Place::End, space) if space.is_whitespace() => {}
            (Place::Start, '{') => self.open(Container::Object, build)?,
            (Place::Escape, letter) => self.escape(letter).ok_or(Halt::Invalid)?,
            (Place::Unicode(count, value), digit) => self.unicode(count, value, digit).ok_or(Halt::Invalid)?,
            (Place::Literal(letters, value), letter) => {
                let left = letters.strip_prefix(letter).ok_or(Halt::Invalid)?;
                self.place = Place::Literal(left, value);
                if left.is_empty() {
                    build.literal(value)?;
                    self.place = Place::Comma;
                }
            }
            (Place::Start | Place::End | Place::Beyond | Place::Invalid, _) => return Err(Halt::Invalid),
            (_, ' ' | '\t' | '\n' | '\r') => {}
            (Place::FirstKey | Place::Key, '"') => self.begin_string(true),
            (Place::Colon, ':') => self.place = Place::Value,
            (Place::Comma, ',') => {
                let in_object = self.open.last() == Some(&Container::Object);
                self.place = if in_object { Place::Key } else { Place::Value };
            }
            (Place::FirstKey | Place::Comma, '}') => self.close(Container::Object, build)?,
            (Place::FirstItem | Place::Comma, ']') => self.close(Container::List, build)?,
            (Place::FirstItem | Place::Value, first) => self.value(first, build)?,
            _ => return Err(Halt::Invalid),
        }
        Ok(characters.as_str())
    }

    /// Begins the value that has this first character.
    fn value<B: Build>(&mut self, first: char, build: &mut B) -> Step<(), B> {
        let digit = match first {
            '{' => return self.open(Container::Object, build),
            '[' => return self.open(Container::List, build),
            '"' => {
                self.begin_string(false);
                return Ok(());
            }
            't' => return self.literal("rue", Some(true)),
            'f' => return self.literal("alse", Some(false)),
            'n' => return self.literal("ull", None),
            '-' => Digit::Minus,
            '0' => Digit::Zero,
            '1'..='9' => Digit::Integer,
            _ => return Err(Halt::Invalid),
        };
        self.digits.clear();
        self.digits.push(first);
        self.place = Place::Number(digit);
        Ok(())
    }

    fn literal<E>(&mut self, rest: &'static str, value: Option<bool>) -> Result<(), E> {
        self.place = Place::Literal(rest, value);
        Ok(())
    }

    fn open<B: Build>(&mut self, container: Container, build: &mut B) -> Step<(), B> {
        if self.open.len() == DEPTH {
            return Err(Halt::Beyond);
        }
        build.open(container)?;
        self.open.push(container);
        self.place = match container {
            Container::Object => Place::FirstKey,
            Container::List => Place::FirstItem,
        };
        Ok(())
    }

    fn close<B: Build>(&mut self, container: Container, build: &mut B) -> Step<(), B> {
        if self.open.pop() != Some(container) {
            return Err(Halt::Invalid);
        }
        build.close();
        self.place = if self.open.is_empty() { Place::End } else { Place::Comma };
        Ok(())
    }

    fn begin_string(&mut self, is_key: bool) {
        self.text.clear();
        self.is_key = is_key;
        self.begun = false;
        self.place = Place::String;
    }

    /// Reads on in a string, up to its end or an escape.
    fn string<'a, B: Build>(&mut self, rest: &'a str, build: &mut B) -> Step<&'a str, B> {
        let special = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | ..=0x1f));
        let (run, rest) = special.and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
        let mut characters = rest.chars();
        let next = characters.next();
        if !(run.is_empty() && next == Some('\\')) {
            self.flush_half();
        }
        self.text.push(run);
        match next {
            None => {}
            Some('\\') => self.place = Place::Escape,
            Some('"') if self.is_key => {
                build.key(&self.text)?;
                self.place = Place::Colon;
            }
            Some('"') => {
                self.hand_over(true, build)?;
                self.place = Place::Comma;
            }
            Some(_) => return Err(Halt::Invalid),
        }
        Ok(characters.as_str())
    }

    /// Gives the builder what it does not have of the string that is open, unless that is a key.
    fn hand_over<B: Build>(&mut self, last: bool, build: &mut B) -> Result<(), B::Error> {
        if self.is_key || !matches!(self.place, Place::String | Place::Escape | Place::Unicode(..)) {
            return Ok(());
        }
        let first = !std::mem::replace(&mut self.begun, true);
        if first || last || !self.text.is_empty() {
            build.string(&self.text, Part { first, last })?;
            self.text.clear();
        }
        Ok(())
    }

    /// Reads the letter after a backslash.
    fn escape(&mut self, letter: char) -> Option<()> {
        if letter == 'u' {
            self.place = Place::Unicode(0, 0);
            return Some(());
        }
        self.flush_half();
        self.text.push_char(match letter {
            '"' | '\\' | '/' => letter,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => return None,
        });
        self.place = Place::String;
        Some(())
    }

    /// Reads one of the four digits after `\u`.
    fn unicode(&mut self, count: u8, value: u16, digit: char) -> Option<()> {
        let unit = value << 4 | u16::try_from(digit.to_digit(16)?).ok()?;
        if count < 3 {
            self.place = Place::Unicode(count + 1, unit);
            return Some(());
        }
        self.place = Place::String;
        if let Some(half) = self.half
            && let Some(Ok(whole)) = char::decode_utf16([half, unit]).next()
        {
            self.half = None;
            self.text.push_char(whole);
            return Some(());
        }
        self.flush_half();
        match char::from_u32(unit.into()) {
            Some(character) => self.text.push_char(character),
            None if unit < 0xdc00 => self.half = Some(unit),
            None => self.text.push_surrogate(unit),
        }
        Some(())
    }

    /// The half of a pair, if there is one, stays without its other half.
    fn flush_half(&mut self) {
        if let Some(half) = self.half.take() {
            self.text.push_surrogate(half);
        }
    }

    /// Reads on in a number, up to its end.
    fn number<'a, B: Build>(&mut self, mut digit: Digit, rest: &'a str, build: &mut B) -> Step<&'a str, B> {
        let mut length = 0;
        for byte in rest.bytes() {
            let Some(next) = digit.next(byte) else { break };
            digit = next;
            length += 1;
        }
        let (run, rest) = rest.split_at_checked(length).unwrap_or((rest, ""));
        self.digits.push_str(run);
        self.place = Place::Number(digit);
        if rest.is_empty() {
            return Ok(rest);
        }
        let float = || -> Step<f64, B> {
            self.digits
                .parse()
                .ok()
                .filter(|value: &f64| value.is_finite())
                .ok_or(Halt::Beyond)
        };
        let number = match digit {
            Digit::Zero | Digit::Integer => match self.digits.parse() {
                Ok(value) => Number::Integer(value),
                Err(_) => float().map(|_| Number::Large(&self.digits))?,
            },
            Digit::Fraction | Digit::Power => Number::Float(float()?),
            _ => return Err(Halt::Invalid),
        };
        build.number(number)?;
        self.place = Place::Comma;
        Ok(rest)
    }
}

#[cfg(test)]
mod tests;
