//! As much of an IMAP client as a login needs.

use std::{
    io::{self, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::http::read_line;

/// How an IMAP login ended: the tagged line, such as `a OK [CAPABILITY …] Logged in`.
#[derive(Clone, Debug)]
pub struct Tagged(pub String);

impl Tagged {
    /// The server said OK.
    pub fn is_ok(&self) -> bool {
        self.0.starts_with("a OK")
    }
}

/// An IMAP session.
pub struct Session {
    stream: BufReader<TcpStream>,
}

impl Session {
    /// Connects and reads the greeting. Every later read may take up to `limit`.
    pub fn open(address: SocketAddr, limit: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(limit))?;
        let mut stream = BufReader::new(stream);
        read_line(&mut stream)?;
        Ok(Self { stream })
    }

    /// `LOGIN`, with both words quoted.
    pub fn login(&mut self, user: &str, password: &str) -> io::Result<Tagged> {
        self.command(&format!("LOGIN {} {}", quote(user), quote(password)))
    }

    /// `AUTHENTICATE` with a mechanism in which the server speaks first and the client once. The
    /// client's words are sent in base64.
    pub fn authenticate(&mut self, mechanism: &str, words: &str) -> io::Result<Tagged> {
        self.write(&format!("a AUTHENTICATE {mechanism}"))?;
        let line = read_line(&mut self.stream)?;
        if !line.starts_with('+') {
            return Ok(Tagged(line));
        }
        self.write(&STANDARD.encode(words))?;
        self.read_tagged()
    }

    /// Any command that has one tagged answer; untagged lines before it are skipped.
    pub fn command(&mut self, text: &str) -> io::Result<Tagged> {
        self.write(&format!("a {text}"))?;
        self.read_tagged()
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{line}\r\n").as_bytes())
    }

    fn read_tagged(&mut self) -> io::Result<Tagged> {
        loop {
            let line = read_line(&mut self.stream)?;
            if line.starts_with("a ") {
                return Ok(Tagged(line));
            }
        }
    }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
