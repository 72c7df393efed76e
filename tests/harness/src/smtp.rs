//! As much of an SMTP client as a login needs.

use std::{io, net::SocketAddr, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::lines::{Lines, Respond, Tls, plain, response};

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// What follows them, one item per line.
    pub lines: Vec<String>,
}

impl Reply {
    /// The reply as one text: the code and the last line.
    pub fn text(&self) -> String {
        let last = self.lines.last().map(String::as_str).unwrap_or_default();
        format!("{} {last}", self.code)
    }
}

/// An SMTP session.
pub struct Session {
    lines: Lines,
}

impl Session {
    /// Connects, reads the greeting and says `EHLO`. Every later read may take up to `limit`.
    pub fn open(address: SocketAddr, limit: Duration) -> io::Result<Self> {
        Self::greet(Lines::open(address, limit, None)?)
    }

    /// As [`Session::open`], in TLS from the first byte.
    pub fn open_tls(address: SocketAddr, limit: Duration, tls: Tls) -> io::Result<Self> {
        Self::greet(Lines::open(address, limit, Some(tls))?)
    }

    fn greet(lines: Lines) -> io::Result<Self> {
        let mut session = Self { lines };
        let greeting = session.read()?;
        if greeting.code != 220 {
            return Err(io::Error::other(greeting.text()));
        }
        session.hello()?;
        Ok(session)
    }

    /// `EHLO`: what the server can do.
    pub fn hello(&mut self) -> io::Result<Reply> {
        self.command("EHLO client.example")
    }

    /// `STARTTLS`; an answer that is not 220 is an error.
    pub fn start_tls(&mut self, tls: Tls) -> io::Result<()> {
        let answer = self.command("STARTTLS")?;
        if answer.code != 220 {
            return Err(io::Error::other(answer.text()));
        }
        self.lines.start_tls(tls)?;
        self.hello()?;
        Ok(())
    }

    /// `AUTH PLAIN` with the words in the command.
    pub fn auth_plain(&mut self, user: &[u8], password: &[u8]) -> io::Result<Reply> {
        let words = STANDARD.encode(plain(user, password));
        self.command(&format!("AUTH PLAIN {words}"))
    }

    /// `AUTH`, with one response to each challenge.
    pub fn auth_with(&mut self, mechanism: &str, respond: Respond) -> io::Result<Reply> {
        let mut reply = self.command(&format!("AUTH {mechanism}"))?;
        while reply.code == 334 {
            let challenge = reply.lines.first().cloned().unwrap_or_default();
            reply = self.command(&response(&challenge, respond)?)?;
        }
        Ok(reply)
    }

    /// Any command.
    pub fn command(&mut self, text: &str) -> io::Result<Reply> {
        self.lines.write_line(text)?;
        self.read()
    }

    /// Waits for the server to close the connection; false when it does not.
    pub fn is_closed(&mut self) -> bool {
        self.lines.is_closed()
    }

    fn read(&mut self) -> io::Result<Reply> {
        let mut lines = Vec::new();
        loop {
            let line = self.lines.read_line()?;
            let invalid = || io::Error::new(io::ErrorKind::InvalidData, line.clone());
            let code = line.get(..3).and_then(|code| code.parse().ok());
            let code = code.ok_or_else(invalid)?;
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, lines });
            }
        }
    }
}
