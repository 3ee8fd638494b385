//! The shapes that answers of every protocol are made of, read without copying where the text allows it.
//!
//! Derived readers drop unknown keys, or buffer the whole value. [`read_object`] makes one that may keep them as they
//! came.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A string that is borrowed where it has no escapes.
pub(crate) struct Str<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StrVisitor;

        impl<'de> Visitor<'de> for StrVisitor {
            type Value = Str<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(StrVisitor)
    }
}

/// A word, or its number, as servers write it that have no names.
#[derive(Clone)]
pub(crate) enum Word<'a> {
    Name(Cow<'a, str>),
    Number(u64),
}

impl<'a> Word<'a> {
    /// The word, or the digits of its number.
    pub(crate) fn into_text(self) -> Cow<'a, str> {
        match self {
            Word::Name(name) => name,
            Word::Number(number) => Cow::Owned(number.to_string()),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordVisitor;

        impl<'de> Visitor<'de> for WordVisitor {
            type Value = Word<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a word or its number")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Word::Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Word::Name(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Word::Number(number))
            }
        }

        deserializer.deserialize_any(WordVisitor)
    }
}

/// A text, or a list of parts.
#[derive(Default)]
pub(crate) enum Parts<'a> {
    #[default]
    None,
    Text(Cow<'a, str>),
    List(Vec<&'a RawValue>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Parts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartsVisitor;

        impl<'de> Visitor<'de> for PartsVisitor {
            type Value = Parts<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string, a list of parts or null")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Parts::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Parts::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Parts::None)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = list.next_element()? {
                    parts.push(part);
                }
                Ok(Parts::List(parts))
            }
        }

        deserializer.deserialize_any(PartsVisitor)
    }
}

/// One of the answers that a server may give to one request.
pub(crate) trait Numbered {
    /// Its number; the first one's is 0.
    fn number(&self) -> u64;
}

/// The first of several answers, and whether others were there.
pub(crate) struct First<T> {
    pub(crate) first: Option<T>,
    pub(crate) others: bool,
}

impl<'de, T: Deserialize<'de> + Numbered> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FirstVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de> + Numbered> Visitor<'de> for FirstVisitor<T> {
            type Value = First<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of answers or null")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(First {
                    first: None,
                    others: false,
                })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let (mut first, mut others) = (None, false);
                while let Some(answer) = list.next_element::<T>()? {
                    match answer.number() == 0 && first.is_none() {
                        true => first = Some(answer),
                        false => others = true,
                    }
                }
                Ok(First { first, others })
            }
        }

        deserializer.deserialize_any(FirstVisitor(PhantomData))
    }
}

/// The next key of an object.
pub(crate) fn next_key<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    Ok(map.next_key::<Str<'de>>()?.map(|key| key.0))
}

/// Reads the next value as a string; null is None.
pub(crate) fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    Ok(map.next_value::<Option<Str<'de>>>()?.map(|text| text.0))
}

/// Reads the next value as a string, or as the digits of a number; null is None.
pub(crate) fn text_or_digits<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    Ok(map.next_value::<Option<Word<'de>>>()?.map(Word::into_text))
}

/// Reads the next value; null is None.
pub(crate) fn raw<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<&'de RawValue>, A::Error> {
    let value: &'de RawValue = map.next_value()?;
    Ok((value.get() != "null").then_some(value))
}

/// Says of shapes with a lifetime that they borrow from the text that they are read from.
macro_rules! shapes {
    ($($name:ident),+) => {
        $(impl $crate::protocols::decoding::surrogates::Shape for $name<'static> {
            type Of<'a> = $name<'a>;
        })+
    };
}
pub(crate) use shapes;

/// Reads an object by an expression that takes the value of each of its keys.
macro_rules! read_object {
    ($name:ident, $expected:literal, |$object:ident, $key:ident, $map:ident| $take:expr) => {
        impl<'de> serde::Deserialize<'de> for $name<'de> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;

                impl<'de> serde::de::Visitor<'de> for ObjectVisitor {
                    type Value = $name<'de>;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        formatter.write_str($expected)
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut $map: A) -> Result<Self::Value, A::Error> {
                        let mut $object = $name::default();
                        while let Some($key) = $crate::protocols::decoding::wire::next_key(&mut $map)? {
                            $take
                        }
                        Ok($object)
                    }
                }

                deserializer.deserialize_map(ObjectVisitor)
            }
        }
    };
}
pub(crate) use read_object;
