//! Which Lua a script is probably written for.

use super::{
    lexer::{TokenKind, tokens},
    names::{DOVECOT_ENTRIES, DOVECOT_LOOKUPS},
};
use crate::config::Dialect;

/// The dialect and the name that tells it; 5.1 if nothing speaks for 5.4.
pub fn guess(text: &str) -> (Dialect, Option<String>) {
    let words = tokens(text).unwrap_or_default();
    let telling = words.into_iter().find_map(|token| match token.kind {
        TokenKind::Word(word) => {
            let name = word.as_str();
            let known = DOVECOT_LOOKUPS.contains(&name) || DOVECOT_ENTRIES.contains(&name);
            (known || name == "dovecot").then_some(word)
        }
        _ => None,
    });
    match telling {
        Some(name) => (Dialect::Lua54, Some(name)),
        None => (Dialect::Lua51, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_dovecot_tell_its_scripts() {
        for (text, dialect) in [
            ("function auth_passdb_lookup(request) end", Dialect::Lua54),
            ("script_init = function() return 0 end", Dialect::Lua54),
            ("return dovecot.auth", Dialect::Lua54),
            ("-- dovecot\nprint('script_init')", Dialect::Lua51),
            (
                "function nauthilus_call_filter(request) end",
                Dialect::Lua51,
            ),
        ] {
            assert_eq!(guess(text).0, dialect, "{text}");
        }
    }
}
