//! A connection of text lines, as IMAP, POP3 and SMTP use them, that can turn to TLS on the way.
//!
//! Promises: no read or write blocks longer than the limit; lines go out as bytes, exactly as given.
//! It knows nothing of any protocol, and no TLS of its own: the caller brings a function that wraps
//! the connection.

use std::{
    io::{self, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::http::read_line;

/// What bytes go through.
pub trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// Speaks TLS on a connection: makes the handshake and returns what it protects.
pub type Tls<'a> = &'a dyn Fn(TcpStream) -> io::Result<Box<dyn Stream>>;

/// A connection.
pub struct Lines {
    stream: BufReader<Box<dyn Stream>>,
    tcp: TcpStream,
}

impl Lines {
    /// Connects, with TLS from the first byte if `tls` is given.
    pub fn open(address: SocketAddr, limit: Duration, tls: Option<Tls>) -> io::Result<Self> {
        let tcp = TcpStream::connect_timeout(&address, limit)?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(limit))?;
        tcp.set_write_timeout(Some(limit))?;
        let stream: Box<dyn Stream> = match tls {
            Some(tls) => tls(tcp.try_clone()?)?,
            None => Box::new(tcp.try_clone()?),
        };
        Ok(Self {
            stream: BufReader::new(stream),
            tcp,
        })
    }

    /// Goes on in TLS, after the server agreed to it.
    pub fn start_tls(&mut self, tls: Tls) -> io::Result<()> {
        self.stream = BufReader::new(tls(self.tcp.try_clone()?)?);
        Ok(())
    }

    /// Sends a line; its end is added.
    pub fn write_line(&mut self, line: impl AsRef<[u8]>) -> io::Result<()> {
        let mut bytes = line.as_ref().to_vec();
        bytes.extend_from_slice(b"\r\n");
        self.write(&bytes)
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// Reads a line without its end. A closed connection is an error.
    pub fn read_line(&mut self) -> io::Result<String> {
        read_line(&mut self.stream)
    }

    /// Waits for the server to close the connection; false when it sends something instead, or nothing
    /// happens within the limit.
    pub fn is_closed(&mut self) -> bool {
        match self.stream.read(&mut [0]) {
            Ok(count) => count == 0,
            Err(error) => matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof
            ),
        }
    }
}

/// What a SASL client answers to the challenges: called with each one, decoded.
pub type Respond<'a> = &'a mut dyn FnMut(&[u8]) -> Vec<u8>;

/// The response to a challenge that came in base64, in base64 too.
pub(crate) fn response(challenge: &str, respond: Respond) -> io::Result<String> {
    let challenge = STANDARD
        .decode(challenge.trim())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(STANDARD.encode(respond(&challenge)))
}

/// The words of the mechanism PLAIN.
pub(crate) fn plain(user: &[u8], password: &[u8]) -> Vec<u8> {
    let mut words = vec![0];
    words.extend_from_slice(user);
    words.push(0);
    words.extend_from_slice(password);
    words
}
