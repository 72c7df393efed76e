//! How values are written and masked that may hold anything: a plugin's own configuration, addresses
//! of web services.

use super::{
    secrets::MASK,
    yaml::{self, Node},
};

/// Parts of keys whose values are secret.
const SECRET: [&str; 5] = ["password", "passwd", "secret", "token", "credential"];

/// Whether the value under the key is one that nobody should see.
pub(super) fn is_secret(key: &str, node: &Node) -> bool {
    let value = match node.to_json() {
        serde_json::Value::String(text) => text,
        serde_json::Value::Number(number) => number.to_string(),
        _ => return false,
    };
    let key = key.to_lowercase();
    let named = SECRET.iter().any(|word| key.contains(word)) || key.ends_with("key");
    named || is_hash(&value) || value.contains("-----BEGIN ")
}

/// A stored password: `{SCHEME}…`, or `$id$…` of crypt(3).
fn is_hash(text: &str) -> bool {
    let scheme = text
        .strip_prefix('{')
        .and_then(|rest| rest.split_once('}'))
        .is_some_and(|(scheme, _)| {
            scheme.starts_with(|first: char| first.is_ascii_uppercase())
                && scheme
                    .chars()
                    .all(|symbol| symbol.is_ascii_alphanumeric() || "-_.".contains(symbol))
        });
    let crypt = text
        .strip_prefix('$')
        .and_then(|rest| rest.split_once('$'))
        .is_some_and(|(id, _)| {
            !id.is_empty() && id.chars().all(|symbol| symbol.is_ascii_alphanumeric())
        });
    scheme || crypt
}

/// A scalar as one would write it, without the password in a URL. What was written plain may be a
/// number or a truth value and stays so; what was quoted is text.
pub(super) fn scalar(text: &str, plain: bool) -> String {
    let shown = without_password(text);
    if plain && yaml::value(text) != serde_json::Value::String(text.to_owned()) {
        return shown;
    }
    yaml::written(&shown)
}

/// `https://name:password@host` with the password masked.
fn without_password(text: &str) -> String {
    let masked = || {
        let (scheme, rest) = text.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        let (name, _) = user.split_once(':')?;
        let behind = rest.get(user.len()..)?;
        Some(format!("{scheme}://{name}:{MASK}{behind}"))
    };
    masked().unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn node(text: &str) -> Node {
        yaml::parse(text, 0, &mut 0).0.unwrap()
    }

    #[test]
    fn secrets_are_known_by_their_key_or_by_what_they_look_like() {
        for (key, value, secret) in [
            ("password", "hunter2", true),
            ("API_Token", "hunter2", true),
            ("api_key", "123", true),
            ("password_hash", "x", true),
            ("hash", "\"{SSHA512}abc\"", true),
            ("stored", "$6$salt$hash", true),
            ("password", "true", false),
            ("networks", "10.0.0.0/8", false),
            ("template", "\"{user}@example.org\"", false),
            ("name", "alice", false),
        ] {
            assert_eq!(is_secret(key, &node(value)), secret, "{key}: {value}");
        }
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (text, shown) in [
            (
                "https://a:b@example.org/x",
                "https://a:(masked)@example.org/x",
            ),
            ("https://example.org/a:b@c", "https://example.org/a:b@c"),
            ("redis://:b@example.org", "redis://:(masked)@example.org"),
        ] {
            assert_eq!(without_password(text), shown);
        }
    }

    #[test]
    fn scalars_keep_their_type() {
        for (text, plain, shown) in [
            ("5", true, "5"),
            ("5", false, "\"5\""),
            ("true", false, "\"true\""),
            ("~", true, "~"),
            ("a: b", false, "\"a: b\""),
            ("10.0.0.0/8", true, "10.0.0.0/8"),
        ] {
            assert_eq!(scalar(text, plain), shown);
        }
    }
}
