//! The two SASL mechanisms of checks, and which of them is used.

use zeroize::Zeroizing;

use crate::config::{AuthMechanism, DeepCheck};

/// The mechanism to use: the configured one, or the first of `known` that the server offers. `offered`
/// are the names of SASL mechanisms; `commands` is whether user name and password may be given without
/// SASL.
pub(super) fn choose(
    login: &DeepCheck,
    known: &[AuthMechanism],
    offered: &[String],
    commands: bool,
) -> Option<AuthMechanism> {
    if login.mechanism != AuthMechanism::Auto {
        return Some(login.mechanism);
    }
    known.iter().copied().find(|mechanism| match mechanism {
        AuthMechanism::UserPass => commands,
        other => offered
            .iter()
            .any(|name| name.eq_ignore_ascii_case(other.as_str())),
    })
}

/// The one message of PLAIN (RFC 4616).
pub(super) fn plain(login: &DeepCheck) -> Zeroizing<Vec<u8>> {
    let mut message = Zeroizing::new(vec![0]);
    message.extend_from_slice(login.username.as_bytes());
    message.push(0);
    message.extend_from_slice(login.password.expose());
    message
}

/// The password as text, for protocols that send it in a command. The configuration takes no other.
pub(super) fn password(login: &DeepCheck) -> Zeroizing<String> {
    Zeroizing::new(String::from_utf8_lossy(login.password.expose()).into_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{auth::Password, config::ServerProtocol};

    #[test]
    fn auto_takes_the_first_that_the_server_offers() {
        use AuthMechanism::{Auto, Login, Plain, UserPass};
        let login = |mechanism| DeepCheck {
            username: "monitor".to_owned(),
            password: Arc::new(Password::new(b"secret".to_vec())),
            mechanism,
        };
        let known = ServerProtocol::Imap.mechanisms();
        for (configured, offered, commands, chosen) in [
            (Auto, "LOGIN plain", true, Some(Plain)),
            (Auto, "LOGIN SCRAM-SHA-256", true, Some(Login)),
            (Auto, "SCRAM-SHA-256", true, Some(UserPass)),
            (Auto, "SCRAM-SHA-256", false, None),
            (Auto, "", false, None),
            (UserPass, "PLAIN", false, Some(UserPass)),
        ] {
            let offered: Vec<_> = offered.split_whitespace().map(str::to_owned).collect();
            let found = choose(&login(configured), known, &offered, commands);
            assert_eq!(found, chosen, "{configured:?} of {offered:?}");
        }
        assert_eq!(plain(&login(Auto)).as_slice(), b"\0monitor\0secret");
    }
}
