//! SMTP (RFC 5321, RFC 4954) and LMTP (RFC 2033) as far as a check speaks them.

use std::net::IpAddr;

use tokio_rustls::TlsConnector;

use super::{
    FailureKind, sasl,
    talk::{Problem, Talk, no_mechanism},
};
use crate::config::{AuthMechanism, DeepCheck, HealthTarget, ServerProtocol};

/// Lines of one reply, at most.
const LINES: usize = 100;

/// A reply of one line or several.
struct Reply {
    code: u16,
    lines: Vec<String>,
}

/// The greeting, the hello, and TLS if that is wanted.
pub(super) async fn greet(
    talk: &mut Talk,
    target: &HealthTarget,
    upgrade: Option<&TlsConnector>,
) -> Result<(), Problem> {
    expect(talk, 2, "the server does not want to talk").await?;
    let hello = hello(talk, target.protocol);
    talk.write_line(&hello).await?;
    expect(talk, 2, "the server does not like the hello").await?;
    if let Some(tls) = upgrade {
        talk.write_line("STARTTLS").await?;
        expect(talk, 2, "no STARTTLS").await?;
        talk.start_tls(target, tls).await?;
        talk.write_line(&hello).await?;
        expect(talk, 2, "the server does not like the hello").await?;
    }
    Ok(())
}

fn hello(talk: &Talk, protocol: ServerProtocol) -> String {
    let word = match protocol {
        ServerProtocol::Lmtp => "LHLO",
        _ => "EHLO",
    };
    match talk.local.ip().to_canonical() {
        IpAddr::V4(ip) => format!("{word} [{ip}]"),
        IpAddr::V6(ip) => format!("{word} [IPv6:{ip}]"),
    }
}

/// Logs in.
pub(super) async fn log_in(talk: &mut Talk, login: &DeepCheck) -> Result<(), Problem> {
    let offered = offered(talk, ServerProtocol::Smtp).await?;
    authenticate(talk, login, &offered, ServerProtocol::Smtp).await
}

/// Logs in where the server knows AUTH; elsewhere asks whether it would take mail for the test user.
pub(super) async fn log_in_or_ask(talk: &mut Talk, login: &DeepCheck) -> Result<(), Problem> {
    let offered = offered(talk, ServerProtocol::Lmtp).await?;
    if !offered.is_empty() && !login.password.is_empty() {
        return authenticate(talk, login, &offered, ServerProtocol::Lmtp).await;
    }
    talk.write_line("MAIL FROM:<>").await?;
    expect(talk, 2, "the server takes no mail").await?;
    let recipient = format!("RCPT TO:<{}>", login.username);
    talk.write_line(&recipient).await?;
    expect(talk, 2, "the server takes no mail for the test user").await?;
    talk.write_line("RSET").await?;
    expect(talk, 2, "the server does not forget the mail").await?;
    Ok(())
}

/// The SASL mechanisms of the server.
async fn offered(talk: &mut Talk, protocol: ServerProtocol) -> Result<Vec<String>, Problem> {
    let hello = hello(talk, protocol);
    talk.write_line(&hello).await?;
    let reply = expect(talk, 2, "the server does not like the hello").await?;
    let mechanisms = reply.lines.iter().filter_map(|line| {
        let upper = line.to_ascii_uppercase();
        // Some say `AUTH=` too, for clients of old.
        let rest = upper
            .strip_prefix("AUTH ")
            .or_else(|| upper.strip_prefix("AUTH="))?;
        Some(
            rest.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    });
    Ok(mechanisms.flatten().collect())
}

async fn authenticate(
    talk: &mut Talk,
    login: &DeepCheck,
    offered: &[String],
    protocol: ServerProtocol,
) -> Result<(), Problem> {
    let unknown = "the server does not know the mechanism";
    match sasl::choose(login, protocol.mechanisms(), offered, false) {
        Some(AuthMechanism::Plain) => {
            talk.write_line("AUTH PLAIN").await?;
            expect(talk, 3, unknown).await?;
            talk.write_base64("", &sasl::plain(login)).await?;
        }
        Some(AuthMechanism::Login) => {
            talk.write_line("AUTH LOGIN").await?;
            expect(talk, 3, unknown).await?;
            talk.write_base64("", login.username.as_bytes()).await?;
            expect(talk, 3, "the server does not ask for the password").await?;
            talk.write_base64("", login.password.expose()).await?;
        }
        _ => return Err(no_mechanism(&offered.join(" "))),
    }
    expect(talk, 2, "the test user cannot log in").await?;
    Ok(())
}

/// Reads a reply whose code must begin with that digit.
async fn expect(talk: &mut Talk, digit: u16, what: &str) -> Result<Reply, Problem> {
    let reply = reply(talk).await?;
    if reply.code / 100 == digit {
        return Ok(reply);
    }
    let text = reply.lines.last().cloned().unwrap_or_default();
    Err(talk.refused(what, &format!("{} {text}", reply.code)))
}

async fn reply(talk: &mut Talk) -> Result<Reply, Problem> {
    let mut lines = Vec::new();
    loop {
        let line = talk.read_line().await?;
        let code = line.get(..3).and_then(|code| code.parse::<u16>().ok());
        let code = code.filter(|code| (200..600).contains(code));
        let (Some(code), more) = (code, line.as_bytes().get(3)) else {
            return Err(talk.nonsense(&line, "SMTP"));
        };
        lines.push(line.get(4..).unwrap_or_default().to_owned());
        match more {
            Some(b'-') if lines.len() < LINES => {}
            Some(b'-') => {
                let text = format!("the server sends a reply of more than {LINES} lines");
                return Err(Problem::new(FailureKind::TooLong, text));
            }
            Some(b' ') | None => return Ok(Reply { code, lines }),
            Some(_) => return Err(talk.nonsense(&line, "SMTP")),
        }
    }
}
