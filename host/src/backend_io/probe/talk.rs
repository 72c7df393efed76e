//! A connection of text lines with a server that is not trusted.
//!
//! Promises: a line has at most [`MOST_LINE`] bytes, a whole check hears at most [`MOST_BYTES`], and
//! nothing that was sent as a secret is quoted from what the server says. Time is the caller's business.

use std::net::SocketAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use super::{FailureKind, proxy_header, tls};
use crate::config::HealthTarget;

/// Longest line, its end included, in bytes. IMAP servers list their capabilities in one.
pub(super) const MOST_LINE: usize = 8 << 10;
/// All that is read in one check, in bytes.
pub(super) const MOST_BYTES: usize = 64 << 10;
/// Characters of an answer that are quoted.
const QUOTED: usize = 120;

/// What went wrong; [`super::Failure`] says where.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) kind: FailureKind,
    pub(super) text: String,
}

impl Problem {
    pub(super) fn new(kind: FailureKind, text: String) -> Self {
        Self { kind, text }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection.
pub(super) struct Talk {
    stream: Box<dyn Stream>,
    /// Read and not yet used.
    buffer: Vec<u8>,
    heard: usize,
    hidden: Vec<Zeroizing<String>>,
    /// Our own end.
    pub(super) local: SocketAddr,
}

impl Talk {
    /// Sends the PROXY header if the target wants one, and speaks TLS if there is a connector.
    pub(super) async fn open(
        mut stream: TcpStream,
        target: &HealthTarget,
        tls: Option<&TlsConnector>,
    ) -> Result<Self, Problem> {
        let ends = stream.local_addr().and_then(|local| {
            let peer = stream.peer_addr()?;
            Ok((local, peer))
        });
        let (local, peer) = ends.map_err(|error| broken(&error))?;
        if target.proxy_protocol {
            let header = proxy_header::header(local, peer);
            let sent = stream.write_all(&header).await;
            sent.map_err(|error| broken(&error))?;
        }
        let mut talk = Self {
            stream: Box::new(stream),
            buffer: Vec::new(),
            heard: 0,
            hidden: Vec::new(),
            local,
        };
        if let Some(tls) = tls {
            talk.start_tls(target, tls).await?;
        }
        Ok(talk)
    }

    /// Goes on in TLS.
    pub(super) async fn start_tls(
        &mut self,
        target: &HealthTarget,
        tls: &TlsConnector,
    ) -> Result<(), Problem> {
        // What came before the handshake nobody has signed (CVE-2011-0411 and its like).
        if !self.buffer.is_empty() {
            let text = "the server went on talking before TLS began".to_owned();
            return Err(Problem::new(FailureKind::Protocol, text));
        }
        let name = tls::server_name(target)?;
        let plain = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        let encrypted = tls.connect(name, plain).await.map_err(|error| {
            let text = format!("no TLS: {error}");
            Problem::new(FailureKind::Tls, self.quotable(&text))
        })?;
        self.stream = Box::new(encrypted);
        Ok(())
    }

    /// From now on neither this nor its base64 is quoted.
    pub(super) fn hide(&mut self, secret: &[u8]) {
        for text in [
            String::from_utf8_lossy(secret).into_owned(),
            STANDARD.encode(secret),
        ] {
            if !text.is_empty() {
                self.hidden.push(Zeroizing::new(text));
            }
        }
    }

    /// Sends a line; its end is added.
    pub(super) async fn write_line(&mut self, line: &str) -> Result<(), Problem> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(line.len() + 2));
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        let sent = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|error| broken(&error))
    }

    /// Sends a secret in base64, as a line of its own, behind `before`.
    pub(super) async fn write_base64(
        &mut self,
        before: &str,
        secret: &[u8],
    ) -> Result<(), Problem> {
        let encoded = Zeroizing::new(STANDARD.encode(secret));
        self.hidden.push(encoded.clone());
        let line = Zeroizing::new(format!("{before}{}", encoded.as_str()));
        self.write_line(&line).await
    }

    /// The next line, without its end. What is no UTF-8 is replaced.
    pub(super) async fn read_line(&mut self) -> Result<String, Problem> {
        let mut searched = 0;
        loop {
            let rest = self.buffer.get(searched..).unwrap_or_default();
            let end = rest.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(self.buffer.len(), |end| searched + end + 1);
            if length > MOST_LINE {
                let text = format!("the server sends a line of more than {MOST_LINE} bytes");
                return Err(Problem::new(FailureKind::TooLong, text));
            }
            if end.is_some() {
                let line: Vec<u8> = self.buffer.drain(..length).collect();
                let line = line.strip_suffix(b"\n").unwrap_or(&line);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                return Ok(String::from_utf8_lossy(line).into_owned());
            }
            searched = self.buffer.len();
            self.read_more().await?;
        }
    }

    async fn read_more(&mut self) -> Result<(), Problem> {
        let mut piece = [0; 2048];
        let room = MOST_BYTES.saturating_sub(self.heard).min(piece.len());
        if room == 0 {
            let text = format!("the server says more than {MOST_BYTES} bytes");
            return Err(Problem::new(FailureKind::TooLong, text));
        }
        let piece = piece.get_mut(..room).unwrap_or_default();
        let count = match self.stream.read(piece).await {
            Ok(0) => {
                let text = "the server closed the connection".to_owned();
                return Err(Problem::new(FailureKind::Protocol, text));
            }
            Ok(count) => count,
            Err(error) => return Err(broken(&error)),
        };
        self.heard += count;
        self.buffer
            .extend_from_slice(piece.get(..count).unwrap_or_default());
        Ok(())
    }

    /// The server talks nonsense.
    pub(super) fn nonsense(&self, line: &str, protocol: &str) -> Problem {
        let text = format!("this is not {protocol}: {}", self.quotable(line));
        Problem::new(FailureKind::Protocol, text)
    }

    /// The server says no to `what`.
    pub(super) fn refused(&self, what: &str, line: &str) -> Problem {
        let text = format!("{what}: {}", self.quotable(line));
        Problem::new(FailureKind::Refused, text)
    }

    /// The text on one line, short, and without secrets.
    fn quotable(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in &self.hidden {
            shown = shown.replace(secret.as_str(), "(masked)");
        }
        let clean = |symbol: char| if symbol.is_control() { ' ' } else { symbol };
        shown.chars().take(QUOTED).map(clean).collect()
    }
}

fn broken(error: &std::io::Error) -> Problem {
    let kind = match error.get_ref() {
        Some(inner) if inner.is::<rustls::Error>() => FailureKind::Tls,
        _ => FailureKind::Protocol,
    };
    Problem::new(kind, format!("the connection broke: {error}"))
}

/// Neither this nor that of the mechanisms is offered.
pub(super) fn no_mechanism(offered: &str) -> Problem {
    let offered: String = offered
        .chars()
        .filter(|symbol| !symbol.is_control())
        .take(QUOTED)
        .collect();
    let text = format!("the server offers no way to log in that is wanted; it offers: {offered}");
    Problem::new(FailureKind::Refused, text)
}
