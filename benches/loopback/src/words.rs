//! Reads a command line.

use std::str::FromStr;

/// The words of a command line, one after another.
pub struct Words<T>(T);

impl<T: Iterator<Item = String>> Words<T> {
    /// Reads these words.
    pub fn new(words: T) -> Self {
        Self(words)
    }

    /// The word after an option's name.
    pub fn value(&mut self, name: &str) -> Result<String, String> {
        self.next().ok_or_else(|| format!("{name} needs a value"))
    }

    /// The number after an option's name.
    pub fn number<N: FromStr>(&mut self, name: &str) -> Result<N, String> {
        number(name, &self.value(name)?)
    }
}

impl<T: Iterator<Item = String>> Iterator for Words<T> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.0.next()
    }
}

/// Reads a number, which an error calls by this name.
pub fn number<N: FromStr>(name: &str, value: &str) -> Result<N, String> {
    let read = value.parse();
    read.map_err(|_| format!("{name}: {value:?} is not a whole number"))
}
