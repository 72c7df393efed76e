//! Comfort for the records of the contract: building values, attributes and headers.

use std::fmt;

use serde_json::Value as Json;

use crate::{Attribute, Header, Value};

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Decimal(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// As a client would read it; bytes that are not UTF-8 as replacement characters.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Integer(number) => number.fmt(formatter),
            Self::Decimal(number) => number.fmt(formatter),
            Self::Boolean(truth) => truth.fmt(formatter),
            Self::Bytes(bytes) => formatter.write_str(&String::from_utf8_lossy(bytes)),
        }
    }
}

impl Attribute {
    /// An attribute with one value.
    pub fn new(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            name: name.into(),
            values: vec![value.into()],
        }
    }

    /// An attribute with any number of values.
    pub fn list<V: Into<Value>>(
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self {
            name: name.into(),
            values: values.into_iter().map(Into::into).collect(),
        }
    }
}

impl Attribute {
    /// From a configuration or a reply: a single value or a list of values. Nothing if it holds `null`, an
    /// object, or a list within a list.
    pub fn from_json(name: impl Into<String>, json: &Json) -> Option<Self> {
        let elements = match json {
            Json::Array(elements) => elements.as_slice(),
            single => std::slice::from_ref(single),
        };
        Some(Self {
            name: name.into(),
            values: elements.iter().map(scalar).collect::<Option<_>>()?,
        })
    }
}

fn scalar(json: &Json) -> Option<Value> {
    match json {
        Json::String(text) => Some(text.into()),
        Json::Bool(truth) => Some((*truth).into()),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Some(number.into()),
            None => number.as_f64().map(Value::from),
        },
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

impl Header {
    /// A header field.
    pub fn new(name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        Self {
            name: name.into(),
            value: value.as_ref().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_keeps_its_types() {
        let wanted = Attribute {
            name: "a".to_owned(),
            values: vec!["x".into(), 1.into(), 0.5.into(), true.into()],
        };
        let json = json!(["x", 1, 0.5, true]);
        assert_eq!(Attribute::from_json("a", &json), Some(wanted));
        let single = Attribute::from_json("a", &json!("x"));
        assert_eq!(single, Some(Attribute::new("a", "x")));
        for json in [json!(null), json!({}), json!([[]]), json!([null])] {
            assert_eq!(Attribute::from_json("a", &json), None, "{json}");
        }
    }
}
