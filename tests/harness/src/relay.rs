//! A relay between a client and a TCP server, through which the line between them can fail.
//!
//! Promises: it listens at one address for as long as it lives; what it is told holds for connections that
//! are open and for new ones from then on.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use crate::port;

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Line {
    /// They arrive.
    Works = 0,
    /// Connections stay open, and nothing arrives any more.
    Silent = 1,
    /// Open connections are cut, new ones are closed at once.
    Cut = 2,
    /// Open connections are cut; new ones get an answer that is no protocol's.
    Garbage = 3,
}

#[derive(Debug)]
struct State {
    line: AtomicU8,
    over: AtomicBool,
    connections: AtomicUsize,
    open: Mutex<Vec<TcpStream>>,
}

/// A running relay.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    state: Arc<State>,
}

impl Relay {
    /// Relays to `target`.
    ///
    /// # Panics
    /// When it cannot listen.
    pub fn start(target: SocketAddr) -> Self {
        let address = port::free();
        let listener = TcpListener::bind(address).expect("cannot listen");
        let state = Arc::new(State {
            line: AtomicU8::new(Line::Works as u8),
            over: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            open: Mutex::default(),
        });
        let of_thread = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if of_thread.over.load(SeqCst) {
                    return;
                }
                of_thread.accept(client, target);
            }
        });
        Self { address, state }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(SeqCst)
    }

    /// Changes the line.
    pub fn set(&self, line: Line) {
        self.state.line.store(line as u8, SeqCst);
        if matches!(line, Line::Cut | Line::Garbage) {
            self.state.cut();
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.state.over.store(true, SeqCst);
        self.state.cut();
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
    }
}

impl State {
    fn is(&self, line: Line) -> bool {
        self.line.load(SeqCst) == line as u8
    }

    fn accept(self: &Arc<Self>, mut client: TcpStream, target: SocketAddr) {
        self.connections.fetch_add(1, SeqCst);
        if self.is(Line::Cut) {
            return;
        }
        if self.is(Line::Garbage) {
            let _ = client.write_all(b"\xFF\xFE this is no answer at all \x00\x01\r\n");
            let _ = client.shutdown(Shutdown::Write);
            return;
        }
        let Ok(server) = TcpStream::connect(target) else {
            return;
        };
        let mut open = self.open.lock().expect("a thread has panicked");
        for (from, to) in [(&client, &server), (&server, &client)] {
            let (from, to) = (from.try_clone(), to.try_clone());
            let (Ok(from), Ok(to)) = (from, to) else {
                return;
            };
            open.extend(from.try_clone());
            let state = Arc::clone(self);
            thread::spawn(move || state.copy(from, to));
        }
    }

    fn copy(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = [0; 16 << 10];
        while let Ok(count) = from.read(&mut bytes) {
            while self.is(Line::Silent) && !self.over.load(SeqCst) {
                thread::sleep(Duration::from_millis(10));
            }
            let sent = bytes.get(..count).filter(|some| !some.is_empty());
            if sent.is_none_or(|some| to.write_all(some).is_err()) {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    fn cut(&self) {
        let mut open = self.open.lock().expect("a thread has panicked");
        for connection in open.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}
