//! As much of a POP3 client as a login needs.

use std::{io, net::SocketAddr, time::Duration};

use crate::lines::{Lines, Respond, Tls, plain, response};

/// A POP3 session.
pub struct Session {
    lines: Lines,
    greeting: String,
}

impl Session {
    /// Connects and reads the greeting. Every later read may take up to `limit`.
    pub fn open(address: SocketAddr, limit: Duration) -> io::Result<Self> {
        Self::greet(Lines::open(address, limit, None)?)
    }

    /// As [`Session::open`], in TLS from the first byte.
    pub fn open_tls(address: SocketAddr, limit: Duration, tls: Tls) -> io::Result<Self> {
        Self::greet(Lines::open(address, limit, Some(tls))?)
    }

    fn greet(mut lines: Lines) -> io::Result<Self> {
        let greeting = lines.read_line()?;
        Ok(Self { lines, greeting })
    }

    /// `STLS`; an answer that is not OK is an error.
    pub fn start_tls(&mut self, tls: Tls) -> io::Result<()> {
        let answer = self.command("STLS")?;
        if !is_ok(&answer) {
            return Err(io::Error::other(answer));
        }
        self.lines.start_tls(tls)
    }

    /// The time stamp of the greeting, angle brackets included: what APOP signs. Empty when the server
    /// does not offer APOP.
    pub fn timestamp(&self) -> &str {
        let start = self.greeting.find('<');
        let end = self.greeting.rfind('>');
        match (start, end) {
            (Some(start), Some(end)) => self.greeting.get(start..=end).unwrap_or_default(),
            _ => "",
        }
    }

    /// `USER` and `PASS`: the answer to the last one that was sent.
    pub fn login(&mut self, user: &str, password: &str) -> io::Result<String> {
        let answer = self.command(&format!("USER {user}"))?;
        if !is_ok(&answer) {
            return Ok(answer);
        }
        self.command(&format!("PASS {password}"))
    }

    /// `AUTH PLAIN`.
    pub fn auth_plain(&mut self, user: &[u8], password: &[u8]) -> io::Result<String> {
        self.auth_with("PLAIN", &mut |_| plain(user, password))
    }

    /// `AUTH`, with one response to each challenge.
    pub fn auth_with(&mut self, mechanism: &str, respond: Respond) -> io::Result<String> {
        self.lines.write_line(format!("AUTH {mechanism}"))?;
        loop {
            let line = self.lines.read_line()?;
            match line.strip_prefix("+ ") {
                Some(challenge) => self.lines.write_line(response(challenge, respond)?)?,
                None => return Ok(line),
            }
        }
    }

    /// Any command with an answer of one line.
    pub fn command(&mut self, text: &str) -> io::Result<String> {
        self.lines.write_line(text)?;
        self.lines.read_line()
    }

    /// Waits for the server to close the connection; false when it does not.
    pub fn is_closed(&mut self) -> bool {
        self.lines.is_closed()
    }
}

/// The answer is `+OK …`.
pub fn is_ok(answer: &str) -> bool {
    answer.starts_with("+OK")
}
