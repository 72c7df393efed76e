//! Attributes: what a backend knows about a user, and what filters add to it.

use serde::Serialize;

/// One value. The type is kept on the way to the client.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// UTF-8 text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Decimal(f64),
    /// A truth value.
    Boolean(bool),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Decimal(number) => serializer.serialize_f64(*number),
            Self::Boolean(truth) => serializer.serialize_bool(*truth),
            Self::Bytes(bytes) if serializer.is_human_readable() => {
                serializer.serialize_str(&String::from_utf8_lossy(bytes))
            }
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
        }
    }
}

/// A named list of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Case-sensitive; unique within one list of attributes.
    pub name: String,
    /// In the order in which the client sees them.
    pub values: Vec<Value>,
}
