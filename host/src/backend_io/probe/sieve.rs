//! ManageSieve (RFC 5804) as far as a check speaks it.

use tokio_rustls::TlsConnector;

use super::{
    sasl,
    talk::{Problem, Talk, no_mechanism},
};
use crate::config::{AuthMechanism, DeepCheck, HealthTarget, ServerProtocol};

/// The greeting, which is a list of capabilities, and TLS if that is wanted.
pub(super) async fn greet(
    talk: &mut Talk,
    target: &HealthTarget,
    upgrade: Option<&TlsConnector>,
) -> Result<(), Problem> {
    finish(talk, "the server does not want to talk").await?;
    if let Some(tls) = upgrade {
        talk.write_line("STARTTLS").await?;
        finish(talk, "no STARTTLS").await?;
        talk.start_tls(target, tls).await?;
        // The capabilities once more (section 2.2): what was said without TLS does not count.
        finish(talk, "the server does not go on in TLS").await?;
    }
    Ok(())
}

/// Logs in.
pub(super) async fn log_in(talk: &mut Talk, login: &DeepCheck) -> Result<(), Problem> {
    talk.write_line("CAPABILITY").await?;
    let capabilities = finish(talk, "no CAPABILITY").await?;
    let offered: Vec<String> = capabilities
        .iter()
        .filter_map(|line| {
            let upper = line.to_ascii_uppercase();
            let list = upper.strip_prefix("\"SASL\"")?.trim().trim_matches('"');
            Some(
                list.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            )
        })
        .flatten()
        .collect();
    let known = ServerProtocol::Sieve.mechanisms();
    match sasl::choose(login, known, &offered, false) {
        Some(AuthMechanism::Plain) => {
            talk.write_line("AUTHENTICATE \"PLAIN\"").await?;
            challenge(talk).await?;
            literal(talk, &sasl::plain(login)).await?;
        }
        Some(AuthMechanism::Login) => {
            talk.write_line("AUTHENTICATE \"LOGIN\"").await?;
            challenge(talk).await?;
            literal(talk, login.username.as_bytes()).await?;
            challenge(talk).await?;
            literal(talk, login.password.expose()).await?;
        }
        _ => return Err(no_mechanism(&offered.join(" "))),
    }
    finish(talk, "the test user cannot log in").await?;
    Ok(())
}

/// Base64 has no character that a quoted string could not hold.
async fn literal(talk: &mut Talk, message: &[u8]) -> Result<(), Problem> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    talk.hide(message);
    let line = zeroize::Zeroizing::new(format!("\"{}\"", STANDARD.encode(message)));
    talk.write_line(&line).await
}

/// Reads up to OK; returns the lines before it.
async fn finish(talk: &mut Talk, what: &str) -> Result<Vec<String>, Problem> {
    let mut before = Vec::new();
    loop {
        let line = talk.read_line().await?;
        let word = line.split([' ', '(']).next().unwrap_or_default();
        match word.to_ascii_uppercase().as_str() {
            "OK" => return Ok(before),
            "NO" | "BYE" => return Err(talk.refused(what, &line)),
            _ if line.starts_with('"') => before.push(line),
            _ => return Err(talk.nonsense(&line, "ManageSieve")),
        }
    }
}

/// Waits for the server to ask for the next message: a string, quoted or with its length before it.
async fn challenge(talk: &mut Talk) -> Result<(), Problem> {
    let line = talk.read_line().await?;
    if line.starts_with('"') {
        return Ok(());
    }
    if line.starts_with('{') && line.ends_with('}') {
        talk.read_line().await?;
        return Ok(());
    }
    Err(talk.refused("the server does not know the mechanism", &line))
}
