//! Unions told apart by a constant key: `type` for blocks and events, `role` for messages.
//!
//! serde's own tagged enums buffer the value and lose verbatim JSON on the way, and its tagged
//! structs refuse their own tag. So a union is read in two passes over its text: one finds the tag,
//! the other reads the fields and skips the tag.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::json::ShapeError;

/// Finds the value of a tag in the text of an object.
pub(super) fn find_tag<'a>(text: &'a str, key: &'static str) -> Result<Cow<'a, str>, ShapeError> {
    struct TagVisitor(&'static str);

    impl<'de> Visitor<'de> for TagVisitor {
        type Value = Cow<'de, str>;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(formatter, "an object with the key `{}`", self.0)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut tag = None;
            while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                if key == self.0 {
                    tag = Some(map.next_value::<Cow<'de, str>>()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            tag.ok_or_else(|| A::Error::custom(format!("the key `{}` is missing", self.0)))
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(TagVisitor(key)).map_err(|error| {
        let text = error.to_string();
        let message = text
            .rsplit_once(" at line ")
            .map_or(text.as_str(), |(before, _)| before);
        ShapeError {
            path: String::new(),
            message: message.to_owned(),
        }
    })
}

/// Reads an object into a struct that does not have the tag among its fields.
pub(super) fn read_without_tag<'a, T: Deserialize<'a>>(text: &'a str, key: &'static str) -> Result<T, ShapeError> {
    struct Skipping<T>(&'static str, std::marker::PhantomData<T>);

    impl<T> Clone for Skipping<T> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl<T> Copy for Skipping<T> {}

    struct Wrapper<D>(D, &'static str);

    impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Skipping<T> {
        type Value = T;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
            T::deserialize(Wrapper(deserializer, self.0))
        }
    }

    impl<'de, D: Deserializer<'de>> Deserializer<'de> for Wrapper<D> {
        type Error = D::Error;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.deserialize_map(Filter(visitor, self.1))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    crate::json::read_seed(text, Skipping(key, std::marker::PhantomData))
}

struct Filter<V>(V, &'static str);

impl<'de, V: Visitor<'de>> Visitor<'de> for Filter<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(formatter)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(FilterMap { map, tag: self.1 })
    }
}

struct FilterMap<A> {
    map: A,
    tag: &'static str,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for FilterMap<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.map.next_key::<Cow<'de, str>>()? {
            if key != self.tag {
                return seed.deserialize(key.into_deserializer()).map(Some);
            }
            self.map.next_value::<IgnoredAny>()?;
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// Gives an enum whose variants hold structs the JSON form of a tagged union.
macro_rules! tagged_union {
    ($name:ident, $key:literal, { $($variant:ident = $tag:literal,)+ }) => {
        impl $name {
            /// The tags of the union, in the order of the table.
            pub const TAGS: &'static [&'static str] = &[$($tag,)+];

            /// The tag of this member.
            #[must_use]
            pub const fn tag(&self) -> &'static str {
                match self {
                    $($name::$variant(_) => $tag,)+
                }
            }
        }

        $(
            impl From<$variant> for $name {
                fn from(value: $variant) -> Self {
                    $name::$variant(value.into())
                }
            }
        )+

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $($name::$variant(value) => value.serialize(serializer),)+
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let raw = crate::json::raw(deserializer)?;
                let text = raw.get();
                let read = || -> Result<Self, crate::json::ShapeError> {
                    match &*crate::types::tagged::find_tag(text, $key)? {
                        $($tag => crate::types::tagged::read_without_tag(text, $key).map(|value: $variant| value.into()),)+
                        other => Err(crate::json::ShapeError {
                            path: $key.to_owned(),
                            message: format!("{other:?} is none of {}", Self::TAGS.join(", ")),
                        }),
                    }
                };
                read().map_err(crate::json::ShapeError::into_custom)
            }
        }
    };
}
pub(super) use tagged_union;
