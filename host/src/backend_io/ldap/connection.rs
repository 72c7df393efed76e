//! One connection to one server: one operation at a time, each with its whole answer.
//!
//! Contract: after an error of the wire the connection is dirty and stays so; what was asked may or may not
//! have happened. Whoever drops a future in the middle leaves a dirty connection behind. Nothing that a
//! server sends makes us keep more than the pool's `response_bytes`.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::TlsConnector;

use super::{
    Change, Entry, LdapError, Search,
    ber::{self, SEQUENCE},
    message::{self, Outcome, Response, SearchMessage, code, done},
};
use crate::config::{ServerPlace, ServerUri};

/// Bytes of a response to anything but a search, at most.
const SMALL_RESPONSE: usize = 64 << 10;

trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Wire for T {}

/// What an operation came to.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server answered, and the answer is no.
    Answer(LdapError),
    /// The wire or the server failed; another server, or a later moment, may do better.
    Broken(LdapError),
}

/// A limit on what one search brings.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) entries: u32,
    pub(super) bytes: usize,
    /// Fail if the directory says that there may be more elsewhere.
    pub(super) referrals_fail: bool,
}

/// An open connection.
pub(super) struct Connection {
    wire: BufReader<Box<dyn Wire>>,
    last_id: u32,
    /// An operation was begun and not ended.
    dirty: bool,
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::Broken(LdapError::Unavailable(error.to_string()))
}

fn garbage() -> Failure {
    Failure::Broken(LdapError::Protocol(
        "the server sent what is no LDAP message".to_owned(),
    ))
}

impl Connection {
    /// Connects, and encrypts if the place or `start_tls` says so.
    pub(super) async fn open(
        uri: &ServerUri,
        start_tls: bool,
        tls: &Arc<ClientConfig>,
    ) -> Result<Self, Failure> {
        let (host, port) = match &uri.place {
            ServerPlace::Socket(path) => {
                let stream = UnixStream::connect(path).await.map_err(broken)?;
                return Ok(Self::new(Box::new(stream)));
            }
            ServerPlace::Host { host, port } => (host, *port),
        };
        let stream = TcpStream::connect((host.as_str(), port))
            .await
            .map_err(broken)?;
        stream.set_nodelay(true).map_err(broken)?;
        if !uri.encrypted && !start_tls {
            return Ok(Self::new(Box::new(stream)));
        }
        let stream = if uri.encrypted {
            stream
        } else {
            upgrade(stream).await?
        };
        let name = ServerName::try_from(host.clone()).map_err(broken)?;
        let stream = TlsConnector::from(Arc::clone(tls))
            .connect(name, stream)
            .await
            .map_err(|error| broken(format_args!("TLS: {error}")))?;
        Ok(Self::new(Box::new(stream)))
    }

    fn new(wire: Box<dyn Wire>) -> Self {
        Self {
            wire: BufReader::new(wire),
            last_id: 0,
            dirty: false,
        }
    }

    /// Whether the next operation can be sent: the last one ended, and the server has neither closed the
    /// connection nor said anything that nobody asked for (such as a notice of disconnection).
    pub(super) fn is_usable(&mut self) -> bool {
        !self.dirty && self.wire.fill_buf().now_or_never().is_none()
    }

    /// Whether the password is that of the DN. Never to be called with an empty password or DN.
    pub(super) async fn bind(&mut self, dn: &str, password: &[u8]) -> Result<bool, Failure> {
        if dn.is_empty() || password.is_empty() {
            let text = "an empty name or password makes no bind (RFC 4513, section 5.1)";
            return Err(Failure::Answer(LdapError::Invalid(text.to_owned())));
        }
        let id = self.next_id();
        let outcome = self
            .exchange(&message::bind(id, dn, password), done::BIND)
            .await?;
        match outcome.code {
            code::SUCCESS => Ok(true),
            code::INVALID_CREDENTIALS => Ok(false),
            _ => Err(refused(outcome)),
        }
    }

    /// Binds as whoever the certificate or the socket says.
    pub(super) async fn bind_external(&mut self) -> Result<(), Failure> {
        let id = self.next_id();
        let outcome = self
            .exchange(&message::bind_external(id), done::BIND)
            .await?;
        match outcome.code {
            code::SUCCESS => Ok(()),
            _ => Err(refused(outcome)),
        }
    }

    pub(super) async fn modify(&mut self, dn: &str, changes: &[Change]) -> Result<(), Failure> {
        let id = self.next_id();
        let outcome = self
            .exchange(&message::modify(id, dn, changes), done::MODIFY)
            .await?;
        match outcome.code {
            code::SUCCESS => Ok(()),
            _ => Err(refused(outcome)),
        }
    }

    /// Searches, page by page if the search says so. The second part says that the search's own size limit
    /// cut the list off.
    pub(super) async fn search(
        &mut self,
        search: &Search,
        base: &str,
        filter: &[u8],
        time: Duration,
        limits: Limits,
    ) -> Result<(Vec<Entry>, bool), Failure> {
        let mut entries = Vec::new();
        let mut left = limits.bytes;
        let mut cookie = Vec::new();
        loop {
            let page = (search.page_size > 0).then_some((search.page_size, cookie.as_slice()));
            let message = SearchMessage {
                base,
                scope: search.scope,
                filter,
                attributes: &search.attributes,
                // With pages, servers take the limit as one of all pages or of each: it is counted here.
                size_limit: if page.is_none() { search.size_limit } else { 0 },
                seconds: u32::try_from(time.as_secs()).unwrap_or(0).max(1),
                page,
            };
            let id = self.next_id();
            self.send(&message::search(id, &message)).await?;
            let outcome = self.collect(&mut entries, &mut left, limits).await?;
            let wanted = usize::try_from(search.size_limit).unwrap_or(usize::MAX);
            let own_limit = search.size_limit > 0 && entries.len() >= wanted;
            match outcome.code {
                code::SUCCESS if outcome.cookie.is_empty() => {
                    let more = search.size_limit > 0 && entries.len() > wanted;
                    entries.truncate(if own_limit { wanted } else { usize::MAX });
                    return Ok((entries, more));
                }
                code::SUCCESS if own_limit => {
                    // Pages are left, which the server keeps for this connection: it is not used again.
                    self.dirty = true;
                    entries.truncate(wanted);
                    return Ok((entries, true));
                }
                code::SUCCESS if page.is_some() => cookie = outcome.cookie,
                code::SIZE_LIMIT if own_limit => return Ok((entries, true)),
                _ => return Err(refused(outcome)),
            }
        }
    }

    /// Takes everything up to the end of a search.
    async fn collect(
        &mut self,
        entries: &mut Vec<Entry>,
        left: &mut usize,
        limits: Limits,
    ) -> Result<Outcome, Failure> {
        let most = usize::try_from(limits.entries).unwrap_or(usize::MAX);
        let mut elsewhere = Vec::new();
        loop {
            let (response, bytes) = self.receive(*left).await?;
            *left = left.saturating_sub(bytes);
            match response {
                Response::Entry(entry) if entries.len() < most => entries.push(entry),
                // What comes after it is not read: the connection stays dirty.
                Response::Entry(_) => {
                    let text = format!("more than max_entries ({most})");
                    return Err(Failure::Answer(LdapError::SizeLimit(text)));
                }
                Response::Reference(uris) => elsewhere.extend(uris),
                Response::Intermediate => {}
                Response::Done(outcome) if outcome.ends != done::SEARCH => return Err(garbage()),
                Response::Done(outcome) => {
                    self.dirty = false;
                    if limits.referrals_fail && !elsewhere.is_empty() {
                        return Err(Failure::Answer(LdapError::Referral(elsewhere)));
                    }
                    return Ok(outcome);
                }
            }
        }
    }

    fn next_id(&mut self) -> u32 {
        // From 1 to maxInt; 0 is for what the server says unasked.
        self.last_id = self.last_id % 0x7fff_ffff + 1;
        self.last_id
    }

    async fn send(&mut self, message: &[u8]) -> Result<(), Failure> {
        self.dirty = true;
        let wire = self.wire.get_mut();
        wire.write_all(message).await.map_err(broken)?;
        wire.flush().await.map_err(broken)
    }

    async fn exchange(&mut self, message: &[u8], ends: u8) -> Result<Outcome, Failure> {
        self.send(message).await?;
        loop {
            match self.receive(SMALL_RESPONSE).await?.0 {
                Response::Done(outcome) if outcome.ends == ends => {
                    self.dirty = false;
                    return Ok(outcome);
                }
                Response::Intermediate => {}
                _ => return Err(garbage()),
            }
        }
    }

    /// The next message that answers the last request, and its size.
    async fn receive(&mut self, most: usize) -> Result<(Response, usize), Failure> {
        let content = read_message(&mut self.wire, most).await?;
        let (id, response) = message::response(&content).map_err(|_| garbage())?;
        if id == self.last_id {
            return Ok((response, content.len()));
        }
        Err(match response {
            // A notice of disconnection (RFC 4511, section 4.4.1).
            Response::Done(outcome) if id == 0 => broken(format_args!(
                "the server ends the connection ({}): {}",
                outcome.code, outcome.message
            )),
            _ => garbage(),
        })
    }
}

/// Asks for TLS (RFC 4511, section 4.14). Reads not one byte more than the answer: what an attacker adds
/// to it is taken as a part of the handshake, and fails there.
async fn upgrade(mut stream: TcpStream) -> Result<TcpStream, Failure> {
    stream
        .write_all(&message::start_tls(1))
        .await
        .map_err(broken)?;
    let content = read_message(&mut stream, SMALL_RESPONSE).await?;
    match message::response(&content) {
        Ok((1, Response::Done(outcome)))
            if outcome.ends == done::EXTENDED && outcome.code == code::SUCCESS =>
        {
            Ok(stream)
        }
        Ok((1, Response::Done(outcome))) => Err(broken(format_args!(
            "StartTLS was refused ({}): {}",
            outcome.code, outcome.message
        ))),
        _ => Err(garbage()),
    }
}

/// The content of one message.
async fn read_message(
    stream: &mut (impl AsyncRead + Unpin),
    most: usize,
) -> Result<Vec<u8>, Failure> {
    if stream.read_u8().await.map_err(broken)? != SEQUENCE {
        return Err(garbage());
    }
    let mut header = Vec::with_capacity(5);
    let length = loop {
        header.push(stream.read_u8().await.map_err(broken)?);
        if let Some((length, _)) = ber::length(&header).map_err(|_| garbage())? {
            break length;
        }
    };
    if length > most {
        let text = format!("the response exceeds response_bytes ({most} bytes are left)");
        return Err(Failure::Answer(LdapError::SizeLimit(text)));
    }
    // Grows with what arrives, not with what is announced.
    let mut content = Vec::new();
    let read = stream
        .take(length as u64)
        .read_to_end(&mut content)
        .await
        .map_err(broken)?;
    if read < length {
        return Err(broken("the server closed the connection"));
    }
    Ok(content)
}

/// What any other result code means to whoever asked.
fn refused(outcome: Outcome) -> Failure {
    let Outcome {
        code,
        message,
        referrals,
        ..
    } = outcome;
    let text = |what: &str| match message.is_empty() {
        true => what.to_owned(),
        false => format!("{what}: {message}"),
    };
    match code {
        code::BUSY => Failure::Broken(LdapError::Unavailable(text("the server is busy"))),
        code::UNAVAILABLE => {
            Failure::Broken(LdapError::Unavailable(text("the server is unavailable")))
        }
        code::TIME_LIMIT => Failure::Answer(LdapError::TimedOut),
        code::SIZE_LIMIT | code::ADMIN_LIMIT => {
            Failure::Answer(LdapError::SizeLimit(text("a limit of the directory")))
        }
        code::REFERRAL => Failure::Answer(LdapError::Referral(referrals)),
        code::NO_SUCH_OBJECT => Failure::Answer(LdapError::NoSuchObject),
        code => Failure::Answer(LdapError::Refused { code, message }),
    }
}
