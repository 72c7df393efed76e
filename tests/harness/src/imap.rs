//! As much of an IMAP client as a login needs.

use std::{io, net::SocketAddr, time::Duration};

use crate::lines::{Lines, Respond, Tls, plain, response};

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
    lines: Lines,
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
        lines.read_line()?;
        Ok(Self { lines })
    }

    /// `STARTTLS`; an answer that is not OK is an error.
    pub fn start_tls(&mut self, tls: Tls) -> io::Result<()> {
        let answer = self.command("STARTTLS")?;
        if !answer.is_ok() {
            return Err(io::Error::other(answer.0));
        }
        self.lines.start_tls(tls)
    }

    /// `LOGIN`, with both words quoted.
    pub fn login(&mut self, user: &str, password: &str) -> io::Result<Tagged> {
        self.command(&format!("LOGIN {} {}", quote(user), quote(password)))
    }

    /// `LOGIN` with both words as literals, which may hold any bytes but NUL.
    pub fn login_literal(&mut self, user: &[u8], password: &[u8]) -> io::Result<Tagged> {
        self.lines
            .write_line(format!("a LOGIN {{{}}}", user.len()))?;
        for (word, next) in [
            (user, format!(" {{{}}}", password.len())),
            (password, String::new()),
        ] {
            let line = self.lines.read_line()?;
            if !line.starts_with('+') {
                return Ok(Tagged(line));
            }
            self.lines.write(word)?;
            self.lines.write_line(next)?;
        }
        self.read_tagged()
    }

    /// `AUTHENTICATE PLAIN`.
    pub fn authenticate_plain(&mut self, user: &[u8], password: &[u8]) -> io::Result<Tagged> {
        self.authenticate_with("PLAIN", &mut |_| plain(user, password))
    }

    /// `AUTHENTICATE` with a mechanism in which the server speaks first and the client once. The
    /// client's words are sent in base64.
    pub fn authenticate(&mut self, mechanism: &str, words: &str) -> io::Result<Tagged> {
        self.authenticate_with(mechanism, &mut |_| words.as_bytes().to_vec())
    }

    /// `AUTHENTICATE`, with one response to each challenge.
    pub fn authenticate_with(&mut self, mechanism: &str, respond: Respond) -> io::Result<Tagged> {
        self.lines
            .write_line(format!("a AUTHENTICATE {mechanism}"))?;
        loop {
            let line = self.lines.read_line()?;
            let Some(challenge) = line.strip_prefix('+') else {
                return if line.starts_with("a ") {
                    Ok(Tagged(line))
                } else {
                    self.read_tagged()
                };
            };
            self.lines.write_line(response(challenge, respond)?)?;
        }
    }

    /// Any command that has one tagged answer; untagged lines before it are skipped, but for `* BAD`, with
    /// which nginx ends a session when it cannot find out.
    pub fn command(&mut self, text: &str) -> io::Result<Tagged> {
        self.lines.write_line(format!("a {text}"))?;
        self.read_tagged()
    }

    /// Waits for the server to close the connection; false when it does not.
    pub fn is_closed(&mut self) -> bool {
        self.lines.is_closed()
    }

    fn read_tagged(&mut self) -> io::Result<Tagged> {
        loop {
            let line = self.lines.read_line()?;
            if line.starts_with("a ") || line.starts_with("* BAD ") {
                return Ok(Tagged(line));
            }
        }
    }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
