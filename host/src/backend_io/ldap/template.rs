//! Filters and names with values: the one place where what a user typed becomes part of an LDAP request.
//!
//! A template is text of the administrator with `%{0}`, `%{1}` … for values. Each value is escaped for
//! the place where it stands (RFC 4515 in filters, RFC 4514 in names), and a placeholder may stand only
//! where a value may: no value can change what the text around it means.

use super::LdapError;

/// A text with placeholders, and their values (`wit/ldap.wit`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// `%{0}` stands for the first value.
    pub text: String,
    /// Any bytes.
    pub values: Vec<Vec<u8>>,
}

/// Longest text of a filter or name before and after values are put in, in bytes. 10,000 bytes that all
/// need three are well below.
pub const LONGEST: usize = 64 << 10;
/// How deep parentheses of a filter may nest.
pub const DEEPEST: usize = 32;

impl Template {
    /// A text without values.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            values: Vec::new(),
        }
    }

    /// The filter in the text form of RFC 4515.
    pub(super) fn filter(&self) -> Result<String, LdapError> {
        let mut inside = InFilter::default();
        let filled = self.fill(&mut |piece, out| match piece {
            Piece::Text(symbol) => {
                inside.see(symbol)?;
                out.push(symbol);
                Ok(())
            }
            Piece::Value(_) if !inside.value => {
                Err("a placeholder stands outside of an assertion's value".to_owned())
            }
            Piece::Value(_) if half_escaped(out) => Err(HALF_ESCAPED.to_owned()),
            Piece::Value(value) => {
                escape(value, out);
                Ok(())
            }
        })?;
        if inside.depth != 0 {
            return Err(invalid("the filter's parentheses do not match"));
        }
        Ok(filled)
    }

    /// The name in the text form of RFC 4514.
    pub(super) fn name(&self) -> Result<String, LdapError> {
        let mut inside = InName::default();
        self.fill(&mut |piece, out| match piece {
            Piece::Text(symbol) => {
                inside.see(symbol);
                out.push(symbol);
                Ok(())
            }
            Piece::Value(_) if !inside.value => {
                Err("a placeholder stands outside of a name's value".to_owned())
            }
            // Behind `#` stand the bytes of a BER element (RFC 4514, section 2.4).
            Piece::Value(_) if half_escaped(out) || out.ends_with("=#") => {
                Err(HALF_ESCAPED.to_owned())
            }
            Piece::Value(value) => {
                escape(value, out);
                Ok(())
            }
        })
    }

    fn fill(
        &self,
        take: &mut dyn FnMut(Piece<'_>, &mut String) -> Result<(), String>,
    ) -> Result<String, LdapError> {
        if self.text.len() > LONGEST {
            return Err(too_long());
        }
        let mut out = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        while let Some(symbol) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("%{") {
                let (number, after) = after
                    .split_once('}')
                    .ok_or_else(|| invalid("a placeholder is not closed"))?;
                let value = number
                    .parse::<usize>()
                    .ok()
                    .and_then(|number| self.values.get(number))
                    .ok_or_else(|| invalid(&format!("there is no value for %{{{number}}}")))?;
                take(Piece::Value(value), &mut out).map_err(|why| invalid(&why))?;
                rest = after;
            } else {
                take(Piece::Text(symbol), &mut out).map_err(|why| invalid(&why))?;
                rest = rest.get(symbol.len_utf8()..).unwrap_or_default();
            }
            if out.len() > LONGEST {
                return Err(too_long());
            }
        }
        Ok(out)
    }
}

enum Piece<'a> {
    Text(char),
    Value(&'a [u8]),
}

/// Where in a filter one is.
#[derive(Default)]
struct InFilter {
    depth: usize,
    /// Behind the `=` of an item, up to its parenthesis.
    value: bool,
}

impl InFilter {
    fn see(&mut self, symbol: char) -> Result<(), String> {
        match symbol {
            '(' if self.value => return Err("a `(` in a value must be written `\\28`".to_owned()),
            '(' => self.depth += 1,
            ')' => {
                self.value = false;
                self.depth = self
                    .depth
                    .checked_sub(1)
                    .ok_or("the filter's parentheses do not match")?;
            }
            '=' => self.value = true,
            _ => {}
        }
        if self.depth > DEEPEST {
            return Err(format!("the filter nests deeper than {DEEPEST}"));
        }
        Ok(())
    }
}

/// Where in a name one is.
#[derive(Default)]
struct InName {
    value: bool,
    escaped: bool,
}

impl InName {
    fn see(&mut self, symbol: char) {
        if self.escaped {
            self.escaped = false;
            return;
        }
        self.escaped = symbol == '\\';
        match symbol {
            '=' => self.value = true,
            ',' | ';' | '+' => self.value = false,
            _ => {}
        }
    }
}

const HALF_ESCAPED: &str = "a placeholder stands behind half an escape";

/// Whether the text ends within `\xx`: what comes next would be a part of it. Values never end so.
fn half_escaped(text: &str) -> bool {
    let mut last = text.bytes().rev();
    match last.next() {
        Some(b'\\') => true,
        // A whole escape has two digits behind its backslash.
        Some(digit) if digit.is_ascii_hexdigit() => last.next() == Some(b'\\'),
        _ => false,
    }
}

/// Letters and digits as they are, every other byte as `\xx`: more than RFC 4515 and RFC 4514 ask for, and
/// nothing is left that could mean anything in either.
fn escape(value: &[u8], out: &mut String) {
    for byte in value {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(*byte));
        } else {
            out.push('\\');
            out.push_str(&hex::encode([*byte]));
        }
    }
}

fn invalid(why: &str) -> LdapError {
    LdapError::Invalid(why.to_owned())
}

fn too_long() -> LdapError {
    invalid(&format!(
        "the filter or name is longer than {LONGEST} bytes"
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn template(text: &str, values: &[&[u8]]) -> Template {
        Template {
            text: text.to_owned(),
            values: values.iter().map(|value| value.to_vec()).collect(),
        }
    }

    #[test]
    fn values_are_escaped_by_where_they_stand() {
        for (value, escaped) in [
            (&b"alice"[..], "alice"),
            (b"*)(uid=*", r"\2a\29\28uid\3d\2a"),
            (br"\2a", r"\5c2a"),
            (b"a\0b", r"a\00b"),
            ("ü".as_bytes(), r"\c3\bc"),
            (b"a,b+c=d;e<f>\"#", r"a\2cb\2bc\3dd\3be\3cf\3e\22\23"),
            (b" a ", r"\20a\20"),
            (b"", ""),
        ] {
            let filter = template("(uid=%{0})", &[value]).filter();
            assert_eq!(filter, Ok(format!("(uid={escaped})")));
            let name = template("uid=%{0},dc=org", &[value]).name();
            assert_eq!(name, Ok(format!("uid={escaped},dc=org")));
        }
    }

    #[test]
    fn a_value_is_not_looked_at_again() {
        let filter = template("(&(a=%{0})(b=%{1}))", &[b"%{1}", b"x"]).filter();
        assert_eq!(filter, Ok(r"(&(a=\25\7b1\7d)(b=x))".to_owned()));
    }

    #[test]
    fn placeholders_stand_for_values_only() {
        for text in [
            "(%{0}=x)",
            "%{0}",
            "(&%{0})",
            "(uid=x)%{0}",
            "(a=b)(%{0}=c)",
        ] {
            let refused = template(text, &[b"uid"]).filter();
            assert!(matches!(refused, Err(LdapError::Invalid(_))), "{text}");
        }
        for text in ["%{0}=x,dc=org", "%{0}", "dc=org,%{0}", r"dc=a,o\=%{0}"] {
            let refused = template(text, &[b"uid"]).name();
            assert!(matches!(refused, Err(LdapError::Invalid(_))), "{text}");
        }
    }

    #[test]
    fn no_value_completes_an_escape() {
        for text in [r"(uid=\%{0})", r"(uid=\2%{0})"] {
            let refused = template(text, &[b"a"]).filter();
            assert!(matches!(refused, Err(LdapError::Invalid(_))), "{text}");
        }
        assert_eq!(
            template(r"(uid=\2a%{0})", &[b"a"]).filter(),
            Ok(r"(uid=\2aa)".to_owned())
        );
        for text in [r"uid=\%{0}", r"uid=\2%{0}", "uid=#%{0}"] {
            let refused = template(text, &[b"a"]).name();
            assert!(matches!(refused, Err(LdapError::Invalid(_))), "{text}");
        }
    }

    #[test]
    fn mistakes_in_templates_are_invalid() {
        for text in [
            "(uid=%{1})",
            "(uid=%{x})",
            "(uid=%{0)",
            "((uid=a)",
            "(uid=a))",
            "(a=(b))",
        ] {
            let refused = template(text, &[b"x"]).filter();
            assert!(matches!(refused, Err(LdapError::Invalid(_))), "{text}");
        }
    }

    #[test]
    fn nesting_and_length_have_a_limit() {
        let nested = |depth: usize| {
            let text = format!("{}(a=b){}", "(!".repeat(depth - 1), ")".repeat(depth - 1));
            template(&text, &[]).filter()
        };
        assert!(nested(DEEPEST).is_ok());
        assert!(nested(DEEPEST + 1).is_err());
        let long = |bytes: usize| template("(a=%{0})", &[&vec![b'x'; bytes - 4]]).filter();
        assert!(long(LONGEST).is_ok());
        assert!(long(LONGEST + 1).is_err());
        assert!(template("(a=%{0})", &[&[0; 10_000]]).filter().is_ok());
    }

    proptest! {
        /// The filter means an equality with exactly the value, whatever the value is.
        #[test]
        fn no_value_changes_the_filter(value in proptest::collection::vec(any::<u8>(), 0..40)) {
            let filter = template("(uid=%{0})", &[&value]).filter().unwrap();
            let parsed = ldap3::parse_filter(&filter).unwrap();
            let mut expected = super::super::ber::Writer::with_room(0);
            expected.nest(0xa3, |writer| {
                writer.octets(b"uid");
                writer.octets(&value);
            });
            let mut bytes = bytes::BytesMut::new();
            let tag = ldap3::asn1::ASNTag::into_structure(parsed);
            ldap3::asn1::write::encode_into(&mut bytes, tag).unwrap();
            // An empty value and a substring look alike to no parser: `(uid=)` is an equality.
            let expected = expected.finish();
            prop_assert_eq!(bytes.as_ref(), expected.as_slice());
        }
    }
}
