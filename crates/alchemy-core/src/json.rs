//! JSON kept as its text, so that integers of any size, key order and spelling survive unchanged.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// Valid JSON, verbatim.
///
/// Tool arguments, schemas and opaque blocks travel as text: they are checked once and spliced into
/// requests as they are. A tree of values would turn integers beyond 64 bits into floats.
#[derive(Clone)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Checks that `text` is one JSON value and keeps it, without the white space around it.
    ///
    /// # Errors
    /// What is wrong with the text, and where.
    pub fn parse(text: &str) -> Result<Self, ShapeError> {
        serde_json::from_str::<Box<RawValue>>(text)
            .map(Json)
            .map_err(|error| ShapeError::from_json(&error))
    }

    /// The JSON form of any value.
    ///
    /// # Errors
    /// If a map in it has a key that is not a string.
    pub fn of<T: Serialize>(value: &T) -> Result<Self, ShapeError> {
        serde_json::value::to_raw_value(value)
            .map(Json)
            .map_err(|error| ShapeError::from_json(&error))
    }

    /// The empty object.
    #[must_use]
    pub fn object() -> Self {
        Json(RawValue::from_string("{}".to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// Whether this is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.text().starts_with('{')
    }

    /// Whether this is an object without keys.
    #[must_use]
    pub fn is_empty_object(&self) -> bool {
        self.text()
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
            .is_some_and(|inside| inside.bytes().all(|byte| byte.is_ascii_whitespace()))
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.text() == "null"
    }

    /// Whether values can hold it: nested no deeper than [`DEPTH`], and no number beyond what a float takes.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        let too_large = |error: &serde_json::Error| error.to_string().starts_with("number out of range");
        is_shallow(self.text())
            && !serde_json::from_str::<serde_json::Value>(self.text()).is_err_and(|error| too_large(&error))
    }

    /// Reads the text into a type.
    ///
    /// # Errors
    /// Where and how the text does not have the type's shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ShapeError> {
        read(self.text())
    }
}

impl From<&RawValue> for Json {
    fn from(raw: &RawValue) -> Self {
        Json(raw.to_owned())
    }
}

impl Default for Json {
    fn default() -> Self {
        Json(RawValue::NULL.to_owned())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Json)
    }
}

/// The JSON object that a text is, as a part of it, so that a large one is not copied to be sent; None if it is none.
pub(crate) fn object_in(text: &str) -> Option<Cow<'_, RawValue>> {
    let json: &RawValue = serde_json::from_str(text).ok()?;
    json.get().starts_with('{').then_some(Cow::Borrowed(json))
}

/// The object with free text as its one key, `input`.
pub(crate) fn input_object(input: &str) -> Option<Cow<'static, RawValue>> {
    #[derive(Serialize)]
    struct Input<'a> {
        input: &'a str,
    }
    serde_json::value::to_raw_value(&Input { input }).ok().map(Cow::Owned)
}

/// A JSON object by its keys; the values stay text.
pub type Object = std::collections::BTreeMap<String, Json>;

/// A value that does not have the shape asked for: where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError {
    /// Where, such as `messages[3].content[0].text`; empty for the whole.
    pub path: String,
    /// Why, in a few words.
    pub message: String,
}

impl ShapeError {
    fn from_json(error: &serde_json::Error) -> Self {
        let (path, message) = split(&error.to_string());
        ShapeError { path, message }
    }

    /// The same, as an error of another deserializer; [`read`] takes path and message apart again.
    pub(crate) fn into_custom<E: serde::de::Error>(self) -> E {
        E::custom(format!("{}{MARK}{}", self.path, self.message))
    }
}

/// How deep JSON may be nested to be read into values, here and in Python; deeper texts stay texts.
pub const DEPTH: usize = 120;

/// Whether a JSON text is nested no deeper than [`DEPTH`].
#[must_use]
pub fn is_shallow(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > DEPTH {
                    return false;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

/// Parts the path of an inner value from the message while both travel inside one serde error.
const MARK: char = '\u{1}';

/// The last step of a path.
fn last_step(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, last)| last)
}

/// Takes the key out of serde's words about one that is unknown or missing, for the path to name it.
fn key_of(message: &str) -> (&str, String) {
    let key = |prefix: &str| message.strip_prefix(prefix)?.split_once('`');
    match (key("unknown field `"), key("missing field `")) {
        (Some((key, rest)), _) => (key, format!("unknown key{rest}")),
        (_, Some((key, _))) => (key, "missing".to_owned()),
        _ => ("", plain(message)),
    }
}

/// The most of a wrong value that a message shows: it may be a whole prompt.
const SHOWN: usize = 60;

/// Says what serde says of a wrong value in the words of JSON, and shortens the value.
fn plain(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let words = match expected {
        "u64" | "u32" | "u16" | "usize" => "a whole number, 0 or more",
        _ if expected.starts_with("a nonzero u") => "a whole number, 1 or more",
        "i64" => "a whole number",
        "f64" => "a number",
        "a sequence" => "a list",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    };
    let found = found.replacen("invalid type: sequence", "invalid type: list", 1);
    match found.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}..., expected {words}", found.get(..end).unwrap_or_default()),
        None => format!("{found}, expected {words}"),
    }
}

/// Undoes [`ShapeError::into_custom`] and takes serde_json's position off, which is of no use for
/// text that no user ever sees.
fn split(text: &str) -> (String, String) {
    let text = text.rsplit_once(" at line ").map_or(text, |(before, _)| before);
    match text.split_once(MARK) {
        Some((path, message)) => (path.to_owned(), split(message).1),
        None => (String::new(), text.to_owned()),
    }
}

/// Reads JSON text into a type; an error names the path of what is wrong.
///
/// # Errors
/// Where and how the text does not have the type's shape.
pub fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ShapeError> {
    read_seed(text, PhantomData)
}

/// [`read`] with a seed that says how.
pub(crate) fn read_seed<'a, S: DeserializeSeed<'a> + Copy>(text: &'a str, seed: S) -> Result<S::Value, ShapeError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // To keep track of the path costs as much as to read, so it is kept only where something is wrong.
    match seed.deserialize(&mut deserializer) {
        Ok(value) if deserializer.end().is_ok() => Ok(value),
        _ => read_tracked(text, seed),
    }
}

/// [`read_seed`] that notes where it is.
fn read_tracked<'a, S: DeserializeSeed<'a>>(text: &'a str, seed: S) -> Result<S::Value, ShapeError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
    let value = seed.deserialize(tracked).map_err(|error| {
        let outer = track.path().to_string();
        let (inner, message) = split(&error.to_string());
        let path = join(if outer == "." { "" } else { &outer }, &inner);
        let (key, message) = key_of(&message);
        // The tracker has stepped to an unknown key already, unless it was read through a union.
        let path = if last_step(&path) == key {
            path
        } else {
            join(&path, key)
        };
        ShapeError { path, message }
    })?;
    deserializer.end().map_err(|error| ShapeError::from_json(&error))?;
    Ok(value)
}

/// Joins two paths: `messages[3]` and `content[0]` to `messages[3].content[0]`.
#[must_use]
pub fn join(outer: &str, inner: &str) -> String {
    match (outer.is_empty(), inner.is_empty()) {
        (true, _) => inner.to_owned(),
        (_, true) => outer.to_owned(),
        _ if inner.starts_with('[') => format!("{outer}{inner}"),
        _ => format!("{outer}.{inner}"),
    }
}

/// Fails with a message and the path of an inner value.
pub(crate) fn shape_error<E: serde::de::Error>(path: &str, message: &str) -> E {
    if path.is_empty() {
        return E::custom(message);
    }
    ShapeError {
        path: path.to_owned(),
        message: message.to_owned(),
    }
    .into_custom()
}

/// Reads a JSON object without looking into it.
pub(crate) fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
    let json = Json::deserialize(deserializer)?;
    if json.is_object() {
        Ok(json)
    } else {
        Err(shape_error(
            "",
            &format!("expected an object, got {}", kind_of(json.text())),
        ))
    }
}

/// Reads a JSON object without looking into it, or null.
pub(crate) fn optional_object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    let json = Json::deserialize(deserializer)?;
    match json.is_null() || json.is_object() {
        true => Ok((!json.is_null()).then_some(json)),
        false => Err(shape_error(
            "",
            &format!("expected an object or null, got {}", kind_of(json.text())),
        )),
    }
}

/// What kind of JSON value a text is, in words.
pub(crate) fn kind_of(text: &str) -> &'static str {
    match text.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Reads a raw value of any shape, for types that have several.
pub(crate) fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<RawValue>, D::Error> {
    Box::<RawValue>::deserialize(deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn big_integers_and_key_order_survive() {
        let text = r#"{"b":123456789012345678901234567890,"a":1.10}"#;
        let json = Json::parse(text).unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), text);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "NaN", "{} {}", "{\"a\":1,}"] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_shallow(&nested(DEPTH)));
        assert!(!is_shallow(&nested(DEPTH + 1)));
        assert!(is_shallow(&format!("\"\\\"{}\"", "[".repeat(DEPTH + 1))));
    }

    #[test]
    fn a_wrong_value_is_shown_in_part_and_in_plain_words() {
        let error = read::<u64>(&format!("\"{}\"", "x".repeat(1000))).unwrap_err();
        assert!(
            error.message.len() < 120 && error.message.ends_with("a whole number, 0 or more"),
            "{error:?}"
        );
        let error = read::<std::num::NonZeroU32>("0").unwrap_err();
        assert!(
            error.message.ends_with("expected a whole number, 1 or more"),
            "{error:?}"
        );
    }

    #[test]
    fn an_empty_object_is_known_by_its_text() {
        assert!(Json::object().is_empty_object());
        assert!(Json::parse("{ \n}").unwrap().is_empty_object());
        assert!(!Json::parse("{\"a\":1}").unwrap().is_empty_object());
    }
}
