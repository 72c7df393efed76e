//! POP3 (RFC 1939, RFC 2449, RFC 5034) as far as a check speaks it.

use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

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
    answer(talk, "the server does not want to talk").await?;
    if let Some(tls) = upgrade {
        talk.write_line("STLS").await?;
        answer(talk, "no STLS").await?;
        talk.start_tls(target, tls).await?;
    }
    Ok(())
}

/// Logs in.
pub(super) async fn log_in(talk: &mut Talk, login: &DeepCheck) -> Result<(), Problem> {
    talk.write_line("CAPA").await?;
    let capabilities = capabilities(talk).await?;
    let mut offered = Vec::new();
    // A server that lists nothing is an old one: it has the commands of RFC 1939.
    let mut commands = capabilities.is_empty();
    for line in &capabilities {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("SASL") => offered.extend(words.map(str::to_owned)),
            Some("USER") => commands = true,
            _ => {}
        }
    }
    let known = ServerProtocol::Pop3.mechanisms();
    match sasl::choose(login, known, &offered, commands) {
        Some(AuthMechanism::Plain) => {
            talk.write_line("AUTH PLAIN").await?;
            challenge(talk).await?;
            talk.write_base64("", &sasl::plain(login)).await?;
        }
        Some(AuthMechanism::Login) => {
            talk.write_line("AUTH LOGIN").await?;
            challenge(talk).await?;
            talk.write_base64("", login.username.as_bytes()).await?;
            challenge(talk).await?;
            talk.write_base64("", login.password.expose()).await?;
        }
        Some(AuthMechanism::UserPass) => {
            talk.write_line(&format!("USER {}", login.username)).await?;
            answer(talk, "the test user cannot log in").await?;
            let line = Zeroizing::new(format!("PASS {}", *sasl::password(login)));
            talk.write_line(&line).await?;
        }
        _ => return Err(no_mechanism(&capabilities.join(" "))),
    }
    answer(talk, "the test user cannot log in").await
}

/// The list behind CAPA; empty when the server knows no such command.
async fn capabilities(talk: &mut Talk) -> Result<Vec<String>, Problem> {
    let line = talk.read_line().await?;
    if line.starts_with("-ERR") {
        return Ok(Vec::new());
    }
    if !line.starts_with("+OK") {
        return Err(talk.nonsense(&line, "POP3"));
    }
    let mut capabilities = Vec::new();
    loop {
        let line = talk.read_line().await?;
        if line == "." {
            return Ok(capabilities);
        }
        capabilities.push(line.to_ascii_uppercase());
    }
}

async fn answer(talk: &mut Talk, what: &str) -> Result<(), Problem> {
    let line = talk.read_line().await?;
    if line.starts_with("+OK") {
        Ok(())
    } else if line.starts_with("-ERR") {
        Err(talk.refused(what, &line))
    } else {
        Err(talk.nonsense(&line, "POP3"))
    }
}

async fn challenge(talk: &mut Talk) -> Result<(), Problem> {
    let line = talk.read_line().await?;
    match line.strip_prefix('+') {
        Some(rest) if !rest.starts_with("OK") => Ok(()),
        _ => Err(talk.refused("the server does not know the mechanism", &line)),
    }
}
