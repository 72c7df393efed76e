//! A local web server whose every move the test writes, good manners or none.
//!
//! Contract: the closure runs once for every request head; it may read the body or leave it, answer
//! early, late, slowly, wrongly or not at all. Whatever it does, the server records what came in and
//! ends when it is dropped. It knows nothing of what it is used for.

use std::{
    io::{self, BufReader, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    http::{find, read_exact, read_headers, read_line},
    port,
};

/// A request as it came in.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// `GET`, `POST`, `PROPFIND` …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Header fields in order.
    pub headers: Vec<(String, String)>,
    /// The body, if the closure read it.
    pub body: Option<Vec<u8>>,
    /// Counts connections from 1.
    pub connection: u32,
    /// Counts the requests of one connection from 1.
    pub turn: u32,
}

impl Seen {
    /// The first header field of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The body as JSON; null if there is none.
    pub fn json(&self) -> serde_json::Value {
        let body = self.body.as_deref().unwrap_or_default();
        serde_json::from_slice(body).unwrap_or_default()
    }
}

/// A well-formed answer.
#[derive(Clone, Debug)]
pub struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    /// An answer without a body.
    pub fn new(status: u16) -> Self {
        Self {
            head: format!("HTTP/1.1 {status} Scripted\r\n"),
            body: Vec::new(),
        }
    }

    /// Adds a header field.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets a JSON body.
    pub fn json(self, body: &serde_json::Value) -> Self {
        self.header("Content-Type", "application/json")
            .body(body.to_string())
    }

    /// As bytes, with `Content-Length`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = self.body.len();
        let mut bytes = format!("{}Content-Length: {length}\r\n\r\n", self.head).into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// One request and the chance to answer it.
pub struct Exchange<'a> {
    /// What came in.
    pub request: Seen,
    stream: &'a mut BufReader<TcpStream>,
    stop: &'a AtomicBool,
    record: &'a Mutex<Vec<Seen>>,
    index: usize,
    close: bool,
    continued: bool,
}

impl Exchange<'_> {
    /// Reads the body, saying `100 Continue` first if the client waits for that.
    pub fn read_body(&mut self) -> io::Result<()> {
        let waits = self.request.header("Expect").is_some();
        if waits && !self.continued {
            self.send_continue()?;
        }
        self.read_body_silently()
    }

    /// Says `100 Continue`.
    pub fn send_continue(&mut self) -> io::Result<()> {
        self.continued = true;
        self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    }

    /// Reads the body without `100 Continue`, even if the client waits for that.
    pub fn read_body_silently(&mut self) -> io::Result<()> {
        if self.request.body.is_none() {
            let length = self.request.header("Content-Length").map(str::parse);
            let length = length.and_then(Result::ok).unwrap_or(0);
            self.request.body = Some(read_exact(self.stream, length)?);
            // Recorded before any answer, so that who has the answer finds the record.
            let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(seen) = record.get_mut(self.index) {
                seen.body.clone_from(&self.request.body);
            }
        }
        Ok(())
    }

    /// Reads the body and answers: what a good server does.
    pub fn reply(&mut self, answer: &Answer) -> io::Result<()> {
        self.read_body()?;
        self.write(&answer.to_bytes())
    }

    /// Answers without reading the body. The connection stays open.
    pub fn reply_early(&mut self, answer: &Answer) -> io::Result<()> {
        self.write(&answer.to_bytes())
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Sends bytes one by one with a pause before each.
    pub fn drip(&mut self, bytes: &[u8], pause: Duration) -> io::Result<()> {
        for byte in bytes {
            self.stall(pause)?;
            self.write(&[*byte])?;
        }
        Ok(())
    }

    /// Does nothing for that long. Ends early, with an error, when the server stops.
    pub fn stall(&mut self, time: Duration) -> io::Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if self.stop.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            thread::sleep(Duration::from_millis(10).min(time));
        }
        Ok(())
    }

    /// Closes the connection once the closure is done.
    pub fn close(&mut self) {
        self.close = true;
    }
}

/// What the test has the server do. An error closes the connection.
pub type Script = dyn Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync;

/// A running web server.
pub struct WebServer {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
    acceptor: Option<thread::JoinHandle<()>>,
}

impl WebServer {
    /// Starts a server that treats every request as `script` says.
    pub fn start(
        script: impl Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let address = port::free();
        let listener = TcpListener::bind(address).expect("the port was free a moment ago");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let worker = Worker {
            script: Arc::new(script),
            seen: Arc::clone(&seen),
            stop: Arc::clone(&stop),
        };
        let acceptor = thread::spawn(move || worker.accept(&listener));
        Self {
            address,
            seen,
            stop,
            acceptor: Some(acceptor),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An absolute URL.
    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// The requests so far, in the order of their beginnings.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

#[derive(Clone)]
struct Worker {
    script: Arc<Script>,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
}

impl Worker {
    fn accept(&self, listener: &TcpListener) {
        let count = AtomicU32::new(0);
        for stream in listener.incoming() {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let connection = count.fetch_add(1, Ordering::Relaxed) + 1;
            let worker = self.clone();
            thread::spawn(move || {
                // The client may do as it likes; what matters is what was recorded.
                let _ = worker.serve(stream, connection);
            });
        }
    }

    /// Adds the head of a request to the record, and tells its place there.
    fn record(&self, request: &Seen) -> usize {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(request.clone());
        seen.len() - 1
    }

    fn serve(&self, stream: TcpStream, connection: u32) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        let mut stream = BufReader::new(stream);
        for turn in 1.. {
            let line = read_line(&mut stream)?;
            let mut words = line.split(' ').map(str::to_owned);
            let request = Seen {
                method: words.next().unwrap_or_default(),
                target: words.next().unwrap_or_default(),
                headers: read_headers(&mut stream)?,
                body: None,
                connection,
                turn,
            };
            let index = self.record(&request);
            let mut exchange = Exchange {
                request,
                stream: &mut stream,
                stop: &self.stop,
                record: &self.seen,
                index,
                close: false,
                continued: false,
            };
            let outcome = (self.script)(&mut exchange);
            let close = exchange.close;
            outcome?;
            if close || self.stop.load(Ordering::Relaxed) {
                stream.get_ref().shutdown(Shutdown::Both)?;
                return Ok(());
            }
        }
        Ok(())
    }
}
