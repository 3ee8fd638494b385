//! Text that may belong to somebody else, so that a conversation of megabytes is not copied to be read.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Text of its own, or text that another object holds and keeps as it is.
///
/// It is read as a `str` is. Who adds to it gets a text of its own first.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use alchemy_core::types::SharedText;
///
/// let mut text = SharedText::shared(Arc::new("hello".to_owned()));
/// text.push_str(", world");
/// assert_eq!(text, "hello, world");
/// ```
#[derive(Clone)]
pub struct SharedText(Kept);

#[derive(Clone)]
enum Kept {
    Own(String),
    Shared(Arc<dyn AsRef<str> + Send + Sync>),
}

impl SharedText {
    /// Text that `holder` keeps. It must give the same text each time it is asked.
    #[must_use]
    pub fn shared(holder: Arc<dyn AsRef<str> + Send + Sync>) -> Self {
        SharedText(Kept::Shared(holder))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::Own(text) => text,
            Kept::Shared(holder) => (**holder).as_ref(),
        }
    }

    /// Adds to the text.
    pub fn push_str(&mut self, more: &str) {
        match &mut self.0 {
            Kept::Own(text) => text.push_str(more),
            Kept::Shared(holder) => {
                let text = [(**holder).as_ref(), more].concat();
                self.0 = Kept::Own(text);
            }
        }
    }
}

impl Default for SharedText {
    fn default() -> Self {
        SharedText(Kept::Own(String::new()))
    }
}

impl Deref for SharedText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<String> for SharedText {
    fn from(text: String) -> Self {
        SharedText(Kept::Own(text))
    }
}

impl From<&str> for SharedText {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Cow<'_, str>> for SharedText {
    fn from(text: Cow<'_, str>) -> Self {
        text.into_owned().into()
    }
}

impl PartialEq for SharedText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for SharedText {}

impl PartialEq<str> for SharedText {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for SharedText {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for SharedText {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl fmt::Debug for SharedText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl fmt::Display for SharedText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), formatter)
    }
}

impl Serialize for SharedText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for SharedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(SharedText::from)
    }
}
