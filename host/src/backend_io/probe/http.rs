//! HTTP/1.1 (RFC 9112) as far as a check speaks it: one request, and the head of the answer.

use super::{
    FailureKind,
    talk::{Problem, Talk},
};
use crate::config::{DeepCheck, HealthTarget};

/// Header fields of an answer, at most.
const FIELDS: usize = 100;

/// Asks for the target's URI. With a login the answer must be a good one; without, it must not be an
/// error of the server's.
pub(super) async fn ask(
    talk: &mut Talk,
    target: &HealthTarget,
    login: Option<&DeepCheck>,
) -> Result<(), Problem> {
    let host = match target.fixed_address() {
        Some(ip) if ip.is_ipv6() => format!("[{ip}]"),
        _ => target.host.clone(),
    };
    let uri = &target.request_uri;
    let port = target.port;
    talk.write_line(&format!("GET {uri} HTTP/1.1")).await?;
    talk.write_line(&format!("Host: {host}:{port}")).await?;
    talk.write_line("User-Agent: Bulkhead health check").await?;
    talk.write_line("Connection: close").await?;
    if let Some(login) = login {
        let mut words = zeroize::Zeroizing::new(login.username.clone().into_bytes());
        words.push(b':');
        words.extend_from_slice(login.password.expose());
        talk.write_base64("Authorization: Basic ", &words).await?;
    }
    talk.write_line("").await?;
    let line = talk.read_line().await?;
    let status = status(&line).ok_or_else(|| talk.nonsense(&line, "HTTP"))?;
    skip_head(talk).await?;
    let worst = if login.is_some() { 399 } else { 499 };
    if status > worst {
        return Err(talk.refused("the server does not answer as it should", &line));
    }
    Ok(())
}

/// The status of a status line.
fn status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.")?;
    let (version, rest) = rest.split_once(' ')?;
    if !matches!(version, "0" | "1") {
        return None;
    }
    let status = rest.get(..3)?.parse().ok()?;
    let ends = rest.len() == 3 || rest.as_bytes().get(3) == Some(&b' ');
    (ends && (200..600).contains(&status)).then_some(status)
}

async fn skip_head(talk: &mut Talk) -> Result<(), Problem> {
    for _ in 0..=FIELDS {
        if talk.read_line().await?.is_empty() {
            return Ok(());
        }
    }
    let text = format!("the server sends more than {FIELDS} header fields");
    Err(Problem::new(FailureKind::TooLong, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_status_lines_of_http_1_have_a_status() {
        for (line, expected) in [
            ("HTTP/1.1 200 OK", Some(200)),
            ("HTTP/1.0 404 Not Found", Some(404)),
            ("HTTP/1.1 503", Some(503)),
            ("HTTP/1.1 100 Continue", None),
            ("HTTP/1.1 2000 OK", None),
            ("HTTP/2 200", None),
            ("ICY 200 OK", None),
            ("", None),
        ] {
            assert_eq!(status(line), expected, "{line}");
        }
    }
}
