//! IMAP (RFC 9051, RFC 3501) as far as a check speaks it.

use tokio_rustls::TlsConnector;

use super::{
    sasl,
    talk::{Problem, Talk, no_mechanism},
};
use crate::config::{AuthMechanism, DeepCheck, HealthTarget, ServerProtocol};

/// The greeting, and TLS if that is wanted.
pub(super) async fn greet(
    talk: &mut Talk,
    target: &HealthTarget,
    upgrade: Option<&TlsConnector>,
) -> Result<(), Problem> {
    let line = talk.read_line().await?;
    let upper = line.to_ascii_uppercase();
    if upper.starts_with("* BYE") {
        return Err(talk.refused("the server does not want to talk", &line));
    }
    if !(upper.starts_with("* OK") || upper.starts_with("* PREAUTH")) {
        return Err(talk.nonsense(&line, "IMAP"));
    }
    if let Some(tls) = upgrade {
        talk.write_line("s STARTTLS").await?;
        finish(talk, "s", "no STARTTLS").await?;
        talk.start_tls(target, tls).await?;
    }
    Ok(())
}

/// Logs in.
pub(super) async fn log_in(talk: &mut Talk, login: &DeepCheck) -> Result<(), Problem> {
    talk.write_line("c CAPABILITY").await?;
    let capabilities = finish(talk, "c", "no CAPABILITY").await?;
    let words: Vec<String> = capabilities
        .iter()
        .flat_map(|line| line.split_whitespace())
        .map(str::to_ascii_uppercase)
        .collect();
    let offered: Vec<String> = words
        .iter()
        .filter_map(|word| word.strip_prefix("AUTH="))
        .map(str::to_owned)
        .collect();
    let commands = !words.iter().any(|word| word == "LOGINDISABLED");
    let known = ServerProtocol::Imap.mechanisms();
    match sasl::choose(login, known, &offered, commands) {
        Some(AuthMechanism::Plain) => {
            talk.write_line("l AUTHENTICATE PLAIN").await?;
            challenge(talk).await?;
            talk.write_base64("", &sasl::plain(login)).await?;
        }
        Some(AuthMechanism::Login) => {
            talk.write_line("l AUTHENTICATE LOGIN").await?;
            challenge(talk).await?;
            talk.write_base64("", login.username.as_bytes()).await?;
            challenge(talk).await?;
            talk.write_base64("", login.password.expose()).await?;
        }
        Some(AuthMechanism::UserPass) => {
            let words = [quoted(&login.username), quoted(&sasl::password(login))];
            let [user, password] = words.map(zeroize::Zeroizing::new);
            talk.hide(password.as_bytes());
            let line = zeroize::Zeroizing::new(format!("l LOGIN {} {}", *user, *password));
            talk.write_line(&line).await?;
        }
        _ => return Err(no_mechanism(&capabilities.join(" "))),
    }
    finish(talk, "l", "the test user cannot log in").await?;
    Ok(())
}

/// Reads up to the answer with that tag; returns the untagged lines before it.
async fn finish(talk: &mut Talk, tag: &str, what: &str) -> Result<Vec<String>, Problem> {
    let mut before = Vec::new();
    loop {
        let line = talk.read_line().await?;
        let Some(status) = line
            .strip_prefix(tag)
            .and_then(|rest| rest.strip_prefix(' '))
        else {
            if line.to_ascii_uppercase().starts_with("* BYE") {
                return Err(talk.refused(what, &line));
            }
            if !(line.starts_with("* ") || line.starts_with('+')) {
                return Err(talk.nonsense(&line, "IMAP"));
            }
            before.push(line);
            continue;
        };
        let word = status.split(' ').next().unwrap_or_default();
        return match word.to_ascii_uppercase().as_str() {
            "OK" => Ok(before),
            "NO" | "BAD" => Err(talk.refused(what, status)),
            _ => Err(talk.nonsense(&line, "IMAP")),
        };
    }
}

/// Waits for the server to ask for the next message.
async fn challenge(talk: &mut Talk) -> Result<(), Problem> {
    loop {
        let line = talk.read_line().await?;
        if line.starts_with('+') {
            return Ok(());
        }
        if !line.starts_with("* ") {
            return Err(talk.refused("the server does not know the mechanism", &line));
        }
    }
}

/// A quoted string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
