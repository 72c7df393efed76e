//! Texts with places for facts of a login: `user-{username}`. `{{` and `}}` are braces.

use bulkhead_sdk::{Request, Value, parameter::Parameter};

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Place(Parameter),
}

/// A text with places.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template(Vec<Part>);

/// A piece of a text that was made.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    /// As it is configured.
    Text(&'a str),
    /// A fact: can hold anything.
    Fact(Vec<u8>),
}

impl Template {
    /// Reads a text, or says what is wrong with it.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(symbol) = rest.chars().next() {
            let after = rest.get(symbol.len_utf8()..).unwrap_or_default();
            if let Some(after) = after.strip_prefix(symbol).filter(|_| "{}".contains(symbol)) {
                plain.push(symbol);
                rest = after;
                continue;
            }
            match symbol {
                '{' => {
                    let (name, after) = after
                        .split_once('}')
                        .ok_or("a `{` is never closed; write `{{` for a brace")?;
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Place(Parameter::named(name).ok_or_else(|| {
                        let names = Parameter::ALL.map(|(name, _)| format!("`{{{name}}}`"));
                        format!("`{{{name}}}` is no fact; there are {}", names.join(", "))
                    })?));
                    rest = after;
                    continue;
                }
                '}' => return Err("a `}` was never opened; write `}}` for a brace".to_owned()),
                _ => plain.push(symbol),
            }
            rest = after;
        }
        parts.push(Part::Text(plain));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Self(parts))
    }

    /// The text before the first place.
    pub(crate) fn head(&self) -> &str {
        match self.0.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether that fact has a place.
    pub(crate) fn names(&self, parameter: Parameter) -> bool {
        self.0.contains(&Part::Place(parameter))
    }

    /// With the facts of a login. Nothing if one of them is not there.
    pub(crate) fn pieces(&self, request: &Request) -> Option<Vec<Piece<'_>>> {
        let piece = |part| {
            Some(match part {
                &Part::Place(parameter) => Piece::Fact(match parameter.of(request)? {
                    Value::Bytes(bytes) => bytes,
                    other => other.to_string().into_bytes(),
                }),
                Part::Text(text) => Piece::Text(text),
            })
        };
        self.0.iter().map(piece).collect()
    }

    /// The plain bytes.
    pub(crate) fn bytes(&self, request: &Request) -> Option<Vec<u8>> {
        let pieces = self.pieces(request)?;
        let bytes = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_bytes(),
            Piece::Fact(fact) => fact,
        });
        Some(bytes.collect::<Vec<_>>().concat())
    }

    /// As a value of JSON: a truth value if there is nothing but one, else a text.
    pub(crate) fn json(&self, request: &Request) -> Option<serde_json::Value> {
        if let [Part::Place(parameter)] = self.0.as_slice()
            && let Some(Value::Boolean(truth)) = parameter.of(request)
        {
            return Some(truth.into());
        }
        Some(String::from_utf8(self.bytes(request)?).ok()?.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bulkhead_sdk::testing::request;
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_filled_and_braces_can_be_written() {
        let login = request().username("o'hara").build();
        for (text, wanted) in [
            ("", json!("")),
            ("plain", json!("plain")),
            ("{username}", json!("o'hara")),
            ("a{username}b{username}", json!("ao'harabo'hara")),
            ("{{username}}", json!("{username}")),
            ("{{{username}}}", json!("{o'hara}")),
            ("{encrypted}", json!(true)),
            ("tls={encrypted}", json!("tls=true")),
            ("ü{protocol}", json!("üimap")),
        ] {
            let template = Template::new(text).unwrap();
            assert_eq!(template.json(&login), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, word) in [
            ("{user}", "`{user}` is no fact; there are `{username}`"),
            ("{username", "never closed"),
            ("username}", "never opened"),
            ("{}", "no fact"),
        ] {
            let problem = Template::new(text).unwrap_err();
            assert!(problem.contains(word), "{text}: {problem}");
        }
    }

    #[test]
    fn a_password_that_is_not_utf_8_has_no_place_in_json() {
        let template = Template::new("{password}").unwrap();
        let mut login = request().build();
        login.password = Some(vec![0xFF].into());
        assert_eq!(template.json(&login), None);
        assert_eq!(template.bytes(&login), Some(vec![0xFF]));
        login.password = None;
        assert_eq!(template.bytes(&login), None);
    }
}
