//! A name server that does whatever a test tells it to: answer late, lie, talk rubbish, or say nothing.
//!
//! For faults only; what a proper server does is [`crate::Nsd`]'s business. Knows of the wire format
//! (RFC 1035 4) what it takes to answer one question.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::port;

/// The code of a server that failed.
pub const SERVER_FAILURE: u8 = 2;
/// The code of a name that does not exist.
pub const NO_SUCH_NAME: u8 = 3;
/// The code of a server that will not answer.
pub const REFUSED: u8 = 5;

/// How often sockets look whether the server has ended.
const TICK: Duration = Duration::from_millis(20);

/// What a resolver asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// In lower case, without the final dot.
    pub name: String,
    /// Over TCP.
    pub is_tcp: bool,
    message: Vec<u8>,
    /// Where the question ends.
    end: usize,
}

impl Asked {
    fn read(message: &[u8], is_tcp: bool) -> Option<Self> {
        let mut labels = Vec::new();
        let mut at = 12;
        loop {
            let length = usize::from(*message.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            let label = message.get(at..at + length)?;
            labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
            at += length;
        }
        let end = at + 4;
        message.get(..end)?;
        Some(Self {
            name: labels.join("."),
            is_tcp,
            message: message.to_owned(),
            end,
        })
    }

    /// An answer with these addresses, all of the name that was asked for.
    pub fn addresses(&self, addresses: &[[u8; 4]]) -> Vec<u8> {
        let mut answer = self.head(0, addresses.len());
        for address in addresses {
            // A pointer to the question's name.
            record(&mut answer, &[0xc0, 12], address);
        }
        answer
    }

    /// An answer with an address of another name: a lie.
    pub fn address_of(&self, name: &str, address: [u8; 4]) -> Vec<u8> {
        let mut answer = self.head(0, 1);
        let mut wire = Vec::new();
        for label in name.split('.') {
            wire.push(u8::try_from(label.len()).expect("a label has at most 63 characters"));
            wire.extend_from_slice(label.as_bytes());
        }
        wire.push(0);
        record(&mut answer, &wire, &address);
        answer
    }

    /// An answer with a code and no records.
    pub fn code(&self, code: u8) -> Vec<u8> {
        self.head(code, 0)
    }

    /// An answer that says that it does not fit and should be asked for over TCP.
    pub fn truncated(&self) -> Vec<u8> {
        let mut answer = self.head(0, 0);
        answer[2] |= 0x02;
        answer
    }

    /// The answer to another question than this one.
    pub fn with_other_question(&self, mut answer: Vec<u8>) -> Vec<u8> {
        // The first letter of the first label.
        answer[13] = b'z';
        answer
    }

    /// An answer with another number than the question has.
    pub fn with_other_number(&self, mut answer: Vec<u8>) -> Vec<u8> {
        answer[0] ^= 0xff;
        answer
    }

    fn head(&self, code: u8, answers: usize) -> Vec<u8> {
        let mut head = self.message[..self.end].to_vec();
        head[2] = 0x81;
        head[3] = 0x80 | code;
        let answers = u8::try_from(answers).expect("few answers");
        head[4..12].copy_from_slice(&[0, 1, 0, answers, 0, 0, 0, 0]);
        head
    }
}

fn record(answer: &mut Vec<u8>, name: &[u8], address: &[u8; 4]) {
    answer.extend_from_slice(name);
    // Type A, class IN, a minute to live, four bytes.
    answer.extend_from_slice(&[0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
    answer.extend_from_slice(address);
}

/// What to send back: any number of messages, none for silence.
pub type Behaviour = dyn Fn(&Asked) -> Vec<Vec<u8>> + Send + Sync;

/// From a message to replies; true if it came over TCP.
type Answering = dyn Fn(&[u8], bool) -> Vec<Vec<u8>> + Send + Sync;

/// A running server.
pub struct FalseDns {
    address: SocketAddr,
    behaviour: Arc<Mutex<Arc<Behaviour>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    ended: Arc<AtomicBool>,
}

impl FalseDns {
    /// Listens on UDP and TCP. Each question runs in a thread of its own: a behaviour may wait.
    ///
    /// # Panics
    /// When it cannot listen.
    pub fn start(behaviour: impl Fn(&Asked) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        let address = port::free();
        let udp = UdpSocket::bind(address).expect("cannot listen on UDP");
        let tcp = TcpListener::bind(address).expect("cannot listen on TCP");
        let server = Self {
            address,
            behaviour: Arc::new(Mutex::new(Arc::new(behaviour))),
            asked: Arc::default(),
            ended: Arc::default(),
        };
        server.serve_datagrams(udp);
        server.serve_connections(tcp);
        server
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Behaves in another way from now on.
    pub fn behave(&self, behaviour: impl Fn(&Asked) -> Vec<Vec<u8>> + Send + Sync + 'static) {
        *self
            .behaviour
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(behaviour);
    }

    /// Every question so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn serve_datagrams(&self, socket: UdpSocket) {
        socket
            .set_read_timeout(Some(TICK))
            .expect("a socket has a time limit");
        let answer = self.answering();
        let ended = Arc::clone(&self.ended);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while !ended.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                let message = buffer[..length].to_vec();
                let (answer, socket) = (answer.clone(), socket.try_clone().unwrap());
                thread::spawn(move || {
                    for reply in answer(&message, false) {
                        let _ = socket.send_to(&reply, from);
                    }
                });
            }
        });
    }

    fn serve_connections(&self, listener: TcpListener) {
        listener
            .set_nonblocking(true)
            .expect("a listener need not wait");
        let answer = self.answering();
        let ended = Arc::clone(&self.ended);
        thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let answer = answer.clone();
                        thread::spawn(move || serve(stream, answer.as_ref()));
                    }
                    Err(_) => thread::sleep(TICK),
                }
            }
        });
    }

    fn answering(&self) -> Arc<Answering> {
        let behaviour = Arc::clone(&self.behaviour);
        let all = Arc::clone(&self.asked);
        Arc::new(move |message, is_tcp| {
            let Some(asked) = Asked::read(message, is_tcp) else {
                return Vec::new();
            };
            all.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(asked.clone());
            let behaviour = Arc::clone(&behaviour.lock().unwrap_or_else(PoisonError::into_inner));
            behaviour(&asked)
        })
    }
}

impl Drop for FalseDns {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// Messages over TCP have their length before them.
fn serve(mut stream: TcpStream, answer: &Answering) {
    let _ = stream.set_nonblocking(false);
    let mut length = [0; 2];
    while stream.read_exact(&mut length).is_ok() {
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        if stream.read_exact(&mut message).is_err() {
            return;
        }
        for reply in answer(&message, true) {
            let length = u16::try_from(reply.len())
                .expect("a message fits")
                .to_be_bytes();
            if stream.write_all(&[&length[..], &reply].concat()).is_err() {
                return;
            }
        }
    }
}
