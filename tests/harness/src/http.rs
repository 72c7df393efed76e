//! A raw HTTP/1.1 client: what is sent is what the test wrote, byte by byte if it wants.
//!
//! Promises: no call blocks longer than its limit; every header of the answer is there, in order
//! and as sent.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The text behind the status code.
    pub reason: String,
    /// Header fields in order, names as sent.
    pub headers: Vec<(String, String)>,
    /// The body, without chunk framing.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header field of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in the body of {self:?}"))
    }
}

/// The first field of that name, whatever its case.
pub(crate) fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// The value of an `Authorization` header.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// A request to send with [`Connection::send`] or [`send`].
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Fields beside `Host` and `Content-Length`.
    pub headers: Vec<(String, String)>,
    /// The body; sent with `Content-Length` unless empty.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A `POST` of a JSON document.
    pub fn post_json(target: &str, body: &serde_json::Value) -> Self {
        Self::new("POST", target)
            .header("Content-Type", "application/json")
            .body(body.to_string())
    }

    /// Adds a header field.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds credentials.
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.header("Authorization", &basic(user, password))
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The head, with the empty line.
    pub fn head(&self) -> String {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: localhost\r\n",
            self.method, self.target
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        head
    }
}

/// Sends one request on a connection of its own, with ten seconds for every step.
///
/// # Panics
/// When no answer comes.
pub fn send(address: SocketAddr, request: &Request) -> Response {
    Connection::open(address)
        .and_then(|mut connection| connection.send(request))
        .unwrap_or_else(|error| panic!("no answer from {address} to {request:?}: {error}"))
}

/// A connection that is kept alive between requests.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects, with ten seconds for this and every later step.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let limit = Duration::from_secs(10);
        let stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(limit))?;
        stream.set_write_timeout(Some(limit))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Changes how long a read may wait.
    pub fn set_limit(&self, limit: Duration) -> io::Result<()> {
        self.stream.get_ref().set_read_timeout(Some(limit))
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Sends a request and reads the answer, skipping interim ones.
    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        let mut bytes = request.head().into_bytes();
        bytes.extend_from_slice(&request.body);
        self.write(&bytes)?;
        loop {
            let response = self.read(request.method == "HEAD")?;
            if response.status >= 200 {
                return Ok(response);
            }
        }
    }

    /// Reads one answer, interim ones (1xx) included.
    pub fn read(&mut self, without_body: bool) -> io::Result<Response> {
        let line = read_line(&mut self.stream)?;
        let mut words = line.splitn(3, ' ');
        let status = words.nth(1).and_then(|text| text.parse().ok());
        let status = status.ok_or_else(|| invalid(&format!("bad status line {line:?}")))?;
        let reason = words.next().unwrap_or_default().to_owned();
        let headers = read_headers(&mut self.stream)?;
        let mut body = Vec::new();
        if status >= 200 && status != 204 && status != 304 && !without_body {
            body = self.read_body(&headers)?;
        }
        Ok(Response {
            status,
            reason,
            headers,
            body,
        })
    }

    /// Reads until the server closes the connection.
    pub fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn read_body(&mut self, headers: &[(String, String)]) -> io::Result<Vec<u8>> {
        if find(headers, "Transfer-Encoding").is_some_and(|value| value.contains("chunked")) {
            return self.read_chunks();
        }
        let Some(length) = find(headers, "Content-Length") else {
            return self.read_to_end();
        };
        let length = length.parse().map_err(|_| invalid("bad Content-Length"))?;
        read_exact(&mut self.stream, length)
    }

    fn read_chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = read_line(&mut self.stream)?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let length = usize::from_str_radix(digits, 16).map_err(|_| invalid("bad chunk"))?;
            body.extend(read_exact(&mut self.stream, length)?);
            // The end of the chunk's data, or of the trailer.
            read_line(&mut self.stream)?;
            if length == 0 {
                return Ok(body);
            }
        }
    }
}

/// Reads a line without its end. An ended stream is an error.
pub(crate) fn read_line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// Reads header fields up to and with the empty line.
pub(crate) fn read_headers(stream: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream)?;
        if line.is_empty() {
            return Ok(headers);
        }
        let (name, value) = line.split_once(':').ok_or_else(|| invalid("bad header"))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

/// Reads exactly that many bytes.
pub(crate) fn read_exact(stream: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}
