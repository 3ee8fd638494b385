//! What a reader of partial JSON hands over, and to whom.

/// What values are built into, in the order of the text.
///
/// A value goes into the innermost container that is open: under its last key, or at its end. The
/// first value is the object itself.
pub trait Build {
    /// Why a value could not be built.
    type Error;
    /// A container begins.
    ///
    /// # Errors
    /// If it cannot be built.
    fn open(&mut self, container: Container) -> Result<(), Self::Error>;
    /// The innermost container is whole.
    fn close(&mut self);
    /// A key, whole, of the innermost container.
    ///
    /// # Errors
    /// If it cannot be built.
    fn key(&mut self, key: &Text) -> Result<(), Self::Error>;
    /// A string, or the next piece of the one that is open.
    ///
    /// # Errors
    /// If it cannot be built.
    fn string(&mut self, piece: &Text, part: Part) -> Result<(), Self::Error>;
    /// A number, whole.
    ///
    /// # Errors
    /// If it cannot be built.
    fn number(&mut self, number: Number<'_>) -> Result<(), Self::Error>;
    /// `true`, `false` or, as None, `null`.
    ///
    /// # Errors
    /// If it cannot be built.
    fn literal(&mut self, value: Option<bool>) -> Result<(), Self::Error>;
}

/// What holds other values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// Values by their keys.
    Object,
    /// Values in order.
    List,
}

/// Which part of a string a piece is; both for one that comes whole.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The string begins with it.
    pub first: bool,
    /// The string ends with it.
    pub last: bool,
}

/// A number's value.
#[derive(Clone, Copy, Debug)]
pub enum Number<'a> {
    /// An integer.
    Integer(i64),
    /// The digits of an integer beyond 64 bits.
    Large(&'a str),
    /// A number with a fraction or an exponent.
    Float(f64),
}

/// A piece of a string: UTF-8, in which a surrogate without its other half is written by the same rule.
#[derive(Debug, Default)]
pub struct Text(Vec<u8>);

impl Text {
    /// The text, unless a lone surrogate is in it.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn push_char(&mut self, character: char) {
        self.push(character.encode_utf8(&mut [0; 4]));
    }

    pub(super) fn push_surrogate(&mut self, unit: u16) {
        let six = |shift: u16| (unit >> shift & 0x3f) as u8;
        self.0
            .extend_from_slice(&[0xe0 | six(12), 0x80 | six(6), 0x80 | six(0)]);
    }
}
