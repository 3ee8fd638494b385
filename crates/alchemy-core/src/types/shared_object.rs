//! A JSON object that several may hold.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::Object;

static EMPTY: Object = Object::new();

/// A JSON object that is read and written as an [`Object`] is, and copied only where one of several holders writes.
///
/// # Example
/// ```
/// use alchemy_core::json::Json;
/// use alchemy_core::types::SharedObject;
///
/// let mut object = SharedObject::default();
/// object.insert("a".to_owned(), Json::object());
/// let before = object.clone();
/// object.clear();
/// assert_eq!((object.len(), before.len()), (0, 1));
/// ```
#[derive(Clone, Default)]
pub struct SharedObject(Option<Arc<Object>>);

impl Deref for SharedObject {
    type Target = Object;

    fn deref(&self) -> &Object {
        self.0.as_deref().unwrap_or(&EMPTY)
    }
}

impl DerefMut for SharedObject {
    fn deref_mut(&mut self) -> &mut Object {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

impl From<Object> for SharedObject {
    fn from(object: Object) -> Self {
        SharedObject((!object.is_empty()).then(|| Arc::new(object)))
    }
}

impl PartialEq for SharedObject {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for SharedObject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl Serialize for SharedObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SharedObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Object::deserialize(deserializer).map(Self::from)
    }
}
