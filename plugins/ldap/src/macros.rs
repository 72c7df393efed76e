//! Filters and names with macros: `(&(objectClass=person)(uid=%{user}))`.
//!
//! A text is compiled once into one with numbered placeholders and the list of what stands behind them. No
//! value is ever put into the text here: the server escapes each for the place where it stands.

use bulkhead_sdk::{Request, ldap::Template};

/// What a macro stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    User,
    LocalPart,
    Domain,
    Protocol,
    LocalAddress,
    LocalPort,
    RemoteAddress,
    RemotePort,
    Account,
    UserDn,
    TotpSecret,
}

/// The names, with what they stand for; Nauthilus' names are among them.
const NAMES: [(&str, Subject); 12] = [
    ("user", Subject::User),
    ("username", Subject::LocalPart),
    ("domain", Subject::Domain),
    ("service", Subject::Protocol),
    ("protocol", Subject::Protocol),
    ("local_ip", Subject::LocalAddress),
    ("local_port", Subject::LocalPort),
    ("remote_ip", Subject::RemoteAddress),
    ("remote_port", Subject::RemotePort),
    ("account", Subject::Account),
    ("user_dn", Subject::UserDn),
    ("totp_secret", Subject::TotpSecret),
];

/// Whether letters are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    AsItIs,
    Lower,
    Upper,
}

/// A compiled text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Macros {
    text: String,
    values: Vec<(Subject, Case)>,
}

/// What is known when a text is filled in.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) request: &'a Request,
    /// Of the entry that was found; empty before.
    pub(crate) user_dn: &'a str,
    /// As `user_dn`.
    pub(crate) account: &'a str,
    /// What is to be stored, or what the entry that was found has; empty where there is none.
    pub(crate) totp_secret: &'a str,
}

/// Which macros a text may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before the user's entry is found.
    Before,
    /// When it is.
    After,
    /// Where there is no user at all.
    Nobody,
}

impl Macros {
    /// Compiles a text.
    ///
    /// # Errors
    /// What is wrong with it, and what to write instead.
    pub(crate) fn compile(text: &str, place: Place) -> Result<Self, String> {
        let mut compiled = Self {
            text: String::with_capacity(text.len()),
            values: Vec::new(),
        };
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            compiled.text.push_str(before);
            let letters = after.find(|symbol: char| !symbol.is_ascii_alphabetic());
            let (letters, behind) = after.split_at(letters.unwrap_or(after.len()));
            let Some(behind) = behind.strip_prefix('{') else {
                // A plain percent sign.
                compiled.text.push('%');
                rest = after;
                continue;
            };
            let (name, behind) = behind
                .split_once('}')
                .ok_or_else(|| format!("`%{letters}{{` is not closed"))?;
            let value = (subject(name, place)?, case(letters)?);
            let number = match compiled.values.iter().position(|known| *known == value) {
                Some(number) => number,
                None => {
                    compiled.values.push(value);
                    compiled.values.len() - 1
                }
            };
            compiled.text.push_str(&format!("%{{{number}}}"));
            rest = behind;
        }
        compiled.text.push_str(rest);
        Ok(compiled)
    }

    /// As [`Self::compile`], for a filter: also checks that its parentheses match, and that macros stand
    /// where values stand.
    pub(crate) fn compile_filter(text: &str, place: Place) -> Result<Self, String> {
        let filter = Self::compile(text, place)?;
        if !filter.text.starts_with('(') {
            return Err("a filter stands in parentheses, as in `(uid=%{user})`".to_owned());
        }
        let (mut depth, mut in_value, mut before) = (0_usize, false, ' ');
        for symbol in filter.text.chars() {
            match symbol {
                '(' => depth += 1,
                ')' => {
                    in_value = false;
                    depth = depth.checked_sub(1).ok_or("the parentheses do not match")?;
                }
                '=' => in_value = true,
                '{' if before == '%' && !in_value => {
                    return Err(
                        "a macro may stand behind a `=` only, as in `(uid=%{user})`".to_owned()
                    );
                }
                _ => {}
            }
            before = symbol;
        }
        match depth {
            0 => Ok(filter),
            _ => Err("the parentheses do not match".to_owned()),
        }
    }

    /// With its values beside it. Nothing if a macro has no value: then nobody can be meant.
    pub(crate) fn fill(&self, known: Known<'_>) -> Option<Template> {
        let mut template = Template::new(self.text.as_str());
        for (subject, case) in &self.values {
            let value = subject.value(known);
            if value.is_empty() && subject.must_have_value() {
                return None;
            }
            template = template.value(match case {
                Case::AsItIs => value.to_owned(),
                Case::Lower => value.to_lowercase(),
                Case::Upper => value.to_uppercase(),
            });
        }
        Some(template)
    }
}

fn subject(name: &str, place: Place) -> Result<Subject, String> {
    let found = NAMES.iter().find(|(known, _)| *known == name);
    let Some((_, subject)) = found else {
        let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "there is no macro `{name}`; there are {}",
            known.join(", ")
        ));
    };
    let after = matches!(subject, Subject::Account | Subject::UserDn);
    match place {
        Place::Before if after => Err(format!(
            "`%{{{name}}}` is not known before the user is found; it may stand in `groups.filter`"
        )),
        Place::Nobody => Err(format!(
            "`%{{{name}}}` cannot stand here: no user is asked about when accounts are listed"
        )),
        _ => Ok(*subject),
    }
}

/// `L` and `U` change letters; `R` and `T` are read and do nothing, as in Nauthilus.
fn case(letters: &str) -> Result<Case, String> {
    let mut case = Case::AsItIs;
    for letter in letters.chars() {
        case = match letter {
            'L' => Case::Lower,
            'U' => Case::Upper,
            'R' | 'T' => case,
            other => {
                return Err(format!(
                    "there is no modifier `{other}`; write `L` for lower case or `U` for upper case"
                ));
            }
        };
    }
    Ok(case)
}

impl Subject {
    fn value(self, known: Known<'_>) -> &str {
        let request = known.request;
        let name = request.username.as_str();
        match self {
            Self::User => name,
            Self::LocalPart => name.rsplit_once('@').map_or(name, |(local, _)| local),
            Self::Domain => name.rsplit_once('@').map_or("", |(_, domain)| domain),
            Self::Protocol => &request.protocol,
            Self::LocalAddress => &request.local.address,
            Self::LocalPort => &request.local.port,
            Self::RemoteAddress => &request.client.address,
            Self::RemotePort => &request.client.port,
            Self::Account => known.account,
            Self::UserDn => known.user_dn,
            Self::TotpSecret => known.totp_secret,
        }
    }

    /// A user without a name or a domain is nobody; not to know an address, or to have no
    /// second factor, is no such thing.
    fn must_have_value(self) -> bool {
        matches!(
            self,
            Self::User | Self::LocalPart | Self::Domain | Self::Account | Self::UserDn
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bulkhead_sdk::testing::request;

    use super::*;

    fn filled(text: &str, user: &str) -> Option<Template> {
        let request = request().username(user).build();
        let known = Known {
            request: &request,
            user_dn: "cn=a",
            account: "acc",
            totp_secret: "JBSW",
        };
        Macros::compile(text, Place::After).unwrap().fill(known)
    }

    #[test]
    fn each_macro_has_its_value_beside_the_text() {
        for (name, value) in [
            ("user", "Ann@Example.org"),
            ("username", "Ann"),
            ("domain", "Example.org"),
            ("service", "imap"),
            ("protocol", "imap"),
            ("local_ip", "198.51.100.1"),
            ("local_port", "993"),
            ("remote_ip", "192.0.2.1"),
            ("remote_port", "51234"),
            ("account", "acc"),
            ("user_dn", "cn=a"),
            ("totp_secret", "JBSW"),
        ] {
            let template = filled(&format!("(x=%{{{name}}})"), "Ann@Example.org");
            assert_eq!(
                template,
                Some(Template::new("(x=%{0})").value(value)),
                "{name}"
            );
        }
    }

    #[test]
    fn modifiers_change_letters_or_nothing() {
        for (modifier, value) in [
            ("L", "ann"),
            ("U", "ANN"),
            ("RT", "Ann"),
            ("LR", "ann"),
            ("", "Ann"),
        ] {
            let template = filled(&format!("(x=%{modifier}{{user}})"), "Ann");
            assert_eq!(
                template,
                Some(Template::new("(x=%{0})").value(value)),
                "{modifier}"
            );
        }
    }

    #[test]
    fn a_macro_that_comes_again_shares_its_value_and_text_stays_text() {
        let template = filled("(|(a=%{user})(b=%{user})(c=100%)(d=%L{user}))", "X");
        let expected = Template::new("(|(a=%{0})(b=%{0})(c=100%)(d=%{1}))")
            .value("X")
            .value("x");
        assert_eq!(template, Some(expected));
    }

    #[test]
    fn what_a_user_typed_is_never_read_as_a_macro_or_as_text() {
        for name in ["*)(uid=*", "%{user_dn}", "%{1}", "a\\2a"] {
            let template = filled("(uid=%{user})", name);
            assert_eq!(template, Some(Template::new("(uid=%{0})").value(name)));
        }
    }

    #[test]
    fn without_a_name_or_a_domain_nobody_is_meant() {
        assert_eq!(filled("(ou=%{domain})", "ann"), None);
        assert_eq!(filled("(ou=%{domain})", "ann@"), None);
        assert_eq!(filled("(ou=%{username})", "@example.org"), None);
        assert_eq!(filled("(ou=%{user})", ""), None);
    }

    #[test]
    fn who_has_no_secret_is_somebody_all_the_same() {
        let request = request().username("ann").build();
        let known = Known {
            request: &request,
            user_dn: "",
            account: "",
            totp_secret: "",
        };
        let filter = Macros::compile_filter("(!(otp=%{totp_secret}))", Place::Before);
        let expected = Template::new("(!(otp=%{0}))").value("");
        assert_eq!(filter.unwrap().fill(known), Some(expected));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("(uid=%{usr})", "usr"),
            ("(uid=%{user)", "closed"),
            ("(uid=%X{user})", "modifier `X`"),
            ("(%{user}=x)", "behind a `=`"),
            ("uid=%{user}", "parentheses"),
            ("(uid=%{user}", "match"),
            ("(uid=%{user}))(", "match"),
            ("(uid=%{user_dn})", "groups.filter"),
        ] {
            let why = Macros::compile_filter(text, Place::Before).unwrap_err();
            assert!(why.contains(word), "{text}: {why}");
        }
        let why = Macros::compile_filter("(uid=%{user})", Place::Nobody).unwrap_err();
        assert!(why.contains("listed"), "{why}");
    }
}
