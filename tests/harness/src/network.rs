//! A network between servers, parts of which can be cut off from others.
//!
//! A server announces the address of its *link* to all others, so that nobody reaches it in another way. Who
//! opened a connection is known by the address that it comes from (a server that was given one of
//! [`Network::source`]), or by the name under which it logs in to Redis. While two are apart, nothing of
//! what one sends reaches the other: no byte, no end of a connection, no new connection. As on a real line,
//! where the sender tries again, what waits arrives once they are together again, if both still listen.
//!
//! What differs from a real line: a connection into the void seems to open, and the sender's own system
//! believes that the first bytes have arrived. Whoever waits for an answer waits in vain all the same.

use std::{
    collections::{HashMap, HashSet},
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use crate::port;

/// All links, and who is apart from whom.
pub struct Network(Arc<State>);

#[derive(Default)]
struct State {
    rules: Mutex<Rules>,
    changed: Condvar,
    connections: AtomicUsize,
}

#[derive(Default)]
struct Rules {
    /// Names by the address that their connections come from.
    sources: HashMap<IpAddr, String>,
    /// What these send does not reach those.
    cut: HashSet<(String, String)>,
    /// Those on the smaller side of a partition.
    apart: HashSet<String>,
    /// Addresses of links, to wake them.
    links: Vec<SocketAddr>,
    open: Vec<TcpStream>,
    over: bool,
}

impl Rules {
    fn passes(&self, from: &str, to: &str) -> bool {
        self.apart.contains(from) == self.apart.contains(to)
            && !self.cut.contains(&(from.to_owned(), to.to_owned()))
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl Network {
    /// Who has neither an address of its own nor logs in with a name.
    pub const STRANGER: &str = "somebody";

    /// Everybody reaches everybody.
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// The address from which the connections of `name` come: other servers know it by that.
    pub fn source(&self, name: &str) -> IpAddr {
        let mut rules = self.0.rules();
        let number = u8::try_from(rules.sources.len() + 1).expect("fewer than 255 servers");
        let address = IpAddr::V4(Ipv4Addr::new(127, 0, 77, number));
        rules.sources.insert(address, name.to_owned());
        address
    }

    /// Opens a link to `target`, which is `name`'s. Returns where it listens.
    ///
    /// # Panics
    /// When it cannot listen.
    pub fn link(&self, name: &str, target: SocketAddr) -> SocketAddr {
        let address = port::free();
        let listener = TcpListener::bind(address).expect("cannot listen");
        self.0.rules().links.push(address);
        let (state, name) = (Arc::clone(&self.0), name.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if state.rules().over {
                    return;
                }
                state.connections.fetch_add(1, SeqCst);
                let (state, name) = (Arc::clone(&state), name.clone());
                thread::spawn(move || state.serve(client, &name, target));
            }
        });
        address
    }

    /// Cuts these off from all others. They go on reaching each other.
    pub fn split(&self, names: &[&str]) {
        let names = names.iter().map(|name| (*name).to_owned());
        self.0.change(|rules| rules.apart = names.collect());
    }

    /// What `from` sends does not reach `to` any more; the other way round everything does.
    pub fn cut(&self, from: &str, to: &str) {
        let pair = (from.to_owned(), to.to_owned());
        self.0.change(|rules| {
            rules.cut.insert(pair);
        });
    }

    /// Everybody reaches everybody again.
    pub fn heal(&self) {
        self.0.change(|rules| {
            rules.apart.clear();
            rules.cut.clear();
        });
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.0.connections.load(SeqCst)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let mut links = Vec::new();
        self.0.change(|rules| {
            rules.over = true;
            links.append(&mut rules.links);
            for connection in rules.open.drain(..) {
                let _ = connection.shutdown(Shutdown::Both);
            }
        });
        for link in links {
            // Wakes the listener.
            let _ = TcpStream::connect(link);
        }
    }
}

impl State {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, how: impl FnOnce(&mut Rules)) {
        how(&mut self.rules());
        self.changed.notify_all();
    }

    /// Waits while the two are apart. False when the network is over.
    fn passes(&self, from: &str, to: &str) -> bool {
        let rules = self.rules();
        let apart = |rules: &mut Rules| !rules.over && !rules.passes(from, to);
        let rules = self.changed.wait_while(rules, apart);
        !rules.unwrap_or_else(PoisonError::into_inner).over
    }

    fn serve(self: Arc<Self>, mut client: TcpStream, to: &str, target: SocketAddr) {
        {
            let mut rules = self.rules();
            if rules.over {
                return;
            }
            rules.open.extend(client.try_clone());
        }
        let known = client.peer_addr().ok().and_then(|address| {
            let rules = self.rules();
            rules.sources.get(&address.ip()).cloned()
        });
        let mut first = vec![0; 16 << 10];
        let from = match known {
            Some(name) => {
                first.clear();
                name
            }
            None => {
                // Clients of Redis speak first.
                let Ok(count @ 1..) = client.read(&mut first) else {
                    return;
                };
                first.truncate(count);
                login_name(&first).unwrap_or_else(|| Network::STRANGER.to_owned())
            }
        };
        if !self.passes(&from, to) {
            return;
        }
        let Ok(mut server) = TcpStream::connect(target) else {
            return;
        };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        if server.write_all(&first).is_err() {
            return;
        }
        let (Ok(back_from), Ok(back_to)) = (server.try_clone(), client.try_clone()) else {
            return;
        };
        self.rules().open.extend(server.try_clone());
        let (state, answerer, asker) = (Arc::clone(&self), to.to_owned(), from.clone());
        thread::spawn(move || state.pump(back_from, back_to, &answerer, &asker));
        self.pump(client, server, &from, to);
    }

    /// Moves bytes one way until one end is closed and the other may learn of it.
    fn pump(&self, mut source: TcpStream, mut target: TcpStream, from: &str, to: &str) {
        let mut bytes = [0; 16 << 10];
        loop {
            let count = source.read(&mut bytes).unwrap_or(0);
            if !self.passes(from, to) {
                return;
            }
            let Some(sent) = bytes.get(..count).filter(|sent| !sent.is_empty()) else {
                let _ = target.shutdown(Shutdown::Both);
                return;
            };
            if target.write_all(sent).is_err() {
                break;
            }
        }
        // Nobody takes it: the sender is told, if it can be.
        if self.passes(to, from) {
            let _ = source.shutdown(Shutdown::Both);
        }
    }
}

/// The user whom the first command of a Redis client (`AUTH`, or `HELLO … AUTH`) names.
fn login_name(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut words = text.split("\r\n").skip_while(|word| *word != "AUTH");
    let name = words.nth(2)?;
    // A password alone is the default user's.
    words
        .next()
        .is_some_and(|next| next.starts_with('$'))
        .then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(200);
    const PATIENCE: Duration = Duration::from_secs(20);

    /// Sends back what it gets.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut to = stream.try_clone().unwrap();
                thread::spawn(move || std::io::copy(&mut { stream }, &mut to));
            }
        });
        address
    }

    fn log_in(link: SocketAddr, name: &str) -> TcpStream {
        let mut stream = TcpStream::connect(link).unwrap();
        let length = name.len();
        let text = format!("*3\r\n$4\r\nAUTH\r\n${length}\r\n{name}\r\n$1\r\nx\r\n");
        stream.write_all(text.as_bytes()).unwrap();
        stream
    }

    fn hears(stream: &mut TcpStream, within: Duration) -> bool {
        stream.set_read_timeout(Some(within)).unwrap();
        matches!(stream.read(&mut [0; 1000]), Ok(1..))
    }

    #[test]
    fn a_side_that_is_cut_off_hears_itself_alone_and_later_what_waited() {
        let network = Network::new();
        let link = network.link("server", echo());
        let (mut near, mut far) = (log_in(link, "near"), log_in(link, "far"));
        assert!(hears(&mut near, PATIENCE) && hears(&mut far, PATIENCE));
        network.split(&["server", "near"]);
        near.write_all(b"x").unwrap();
        far.write_all(b"x").unwrap();
        let mut new = log_in(link, "far");
        assert!(hears(&mut near, PATIENCE));
        assert!(!hears(&mut far, MOMENT) && !hears(&mut new, MOMENT));
        network.heal();
        assert!(hears(&mut far, PATIENCE) && hears(&mut new, PATIENCE));
        assert_eq!(network.connections(), 3);
    }

    #[test]
    fn one_way_may_be_cut_alone_and_an_end_waits_too() {
        let network = Network::new();
        let link = network.link("server", echo());
        let mut stream = log_in(link, "near");
        assert!(hears(&mut stream, PATIENCE));
        network.cut("server", "near");
        stream.write_all(b"x").unwrap();
        assert!(!hears(&mut stream, MOMENT));
        stream.shutdown(Shutdown::Write).unwrap();
        assert!(!hears(&mut stream, MOMENT));
        network.heal();
        assert!(hears(&mut stream, PATIENCE));
    }

    #[test]
    fn who_asks_is_known_by_the_name_of_the_login() {
        for (bytes, name) in [
            (
                "*3\r\n$4\r\nAUTH\r\n$4\r\nnear\r\n$1\r\nx\r\n",
                Some("near"),
            ),
            ("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n", None),
            ("*1\r\n$4\r\nPING\r\n", None),
            ("", None),
        ] {
            assert_eq!(login_name(bytes.as_bytes()).as_deref(), name);
        }
    }
}
