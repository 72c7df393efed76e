//! Opens what `server.listen` names, all or nothing.

use std::{
    fmt, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpSocket, UnixListener};

use super::{
    error::ListenError,
    inherited::{Inherited, InheritedSocket},
    stream::Socket,
    tls::{self, CurrentTls},
    unix::{self, SocketFile},
};
use crate::config::{ListenAt, Listener, Server};

/// A socket that is open, and how connections to it begin.
#[derive(Debug)]
pub struct Bound {
    socket: BoundSocket,
    /// Where, as configured. `None` if the socket was handed in.
    pub(super) at: Option<ListenAt>,
    pub(super) tls: Option<CurrentTls>,
    pub(super) proxy_protocol: bool,
}

#[derive(Debug)]
enum BoundSocket {
    Tcp(TcpListener),
    Unix {
        listener: UnixListener,
        path: Option<PathBuf>,
        /// Removes the file at the end; not if it is systemd's.
        _file: Option<SocketFile>,
    },
}

/// Opens all listeners. Must be called within a tokio runtime.
///
/// Raises the limit of open files as far as the system lets it, since `limits.connections` means
/// nothing otherwise.
///
/// # Errors
/// Names the key, the place and what helps.
pub fn open(server: &Server) -> Result<Vec<Bound>, ListenError> {
    raise_file_limit();
    let mut inherited = server
        .listeners
        .iter()
        .any(|listener| matches!(listener.at, ListenAt::Systemd(_)))
        .then(Inherited::take);
    let mut bound = Vec::with_capacity(server.listeners.len());
    for (index, listener) in server.listeners.iter().enumerate() {
        let key = format!("server.listen[{index}]");
        // Files first: a broken certificate shall not leave a socket file behind.
        let tls = match &listener.tls {
            Some(files) => Some(tls::current(&format!("{key}.tls"), files)?),
            None => None,
        };
        bound.push(Bound {
            socket: socket(server, listener, &key, inherited.as_mut())?,
            at: Some(listener.at.clone()),
            tls,
            proxy_protocol: listener.proxy_protocol,
        });
    }
    for name in inherited.iter().flat_map(Inherited::unused) {
        tracing::warn!(name, "systemd passed a socket that no listener uses");
    }
    Ok(bound)
}

fn socket(
    server: &Server,
    listener: &Listener,
    key: &str,
    inherited: Option<&mut Inherited>,
) -> Result<BoundSocket, ListenError> {
    match &listener.at {
        ListenAt::Address(address) => tcp(*address)
            .map(BoundSocket::Tcp)
            .map_err(|error| ListenError::address(format!("{key}.address"), *address, &error)),
        ListenAt::Unix { path, mode } => {
            let (listener, file) = unix::listen(path, *mode)
                .map_err(|why| ListenError::unix(format!("{key}.unix"), path, why))?;
            Ok(BoundSocket::Unix {
                listener,
                path: Some(path.clone()),
                _file: Some(file),
            })
        }
        ListenAt::Systemd(name) => {
            let failed = |why: String| ListenError::Place {
                key: format!("{key}.systemd"),
                place: format!("systemd's socket `{name}`"),
                why,
            };
            let inherited = inherited.ok_or_else(|| failed("none was passed".to_owned()))?;
            let socket = inherited.socket(name).map_err(failed)?;
            let socket = adopt(socket).map_err(|error| failed(error.to_string()))?;
            let guarded = server.open || server.basic_auth.is_some();
            match socket.tcp_address() {
                Some(address) if !guarded && !address.ip().is_loopback() => Err(failed(format!(
                    "{address} can be reached from other machines, and the API asks for no \
                     credentials: configure `server.basic_auth`, or write `server.auth: none` if \
                     that is meant"
                ))),
                _ => Ok(socket),
            }
        }
    }
}

fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restarted server need not wait for its predecessor's connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(unix::BACKLOG)
}

fn adopt(socket: InheritedSocket) -> io::Result<BoundSocket> {
    match socket {
        InheritedSocket::Tcp(listener) => {
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener).map(BoundSocket::Tcp)
        }
        InheritedSocket::Unix(listener) => {
            listener.set_nonblocking(true)?;
            let path = listener
                .local_addr()
                .ok()
                .and_then(|address| address.as_pathname().map(Path::to_owned));
            Ok(BoundSocket::Unix {
                listener: UnixListener::from_std(listener)?,
                path,
                _file: None,
            })
        }
    }
}

fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(error = %error, "The limit of open files could not be raised");
    }
}

impl BoundSocket {
    fn tcp_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix { .. } => None,
        }
    }
}

impl Bound {
    /// Where it listens, if that is an address; with the port that the system chose for port 0.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        self.socket.tcp_address()
    }

    /// The next connection and the address of its other end. That of a unix socket is 127.0.0.1 with
    /// port 0, which no TCP connection has: whoever may open the socket is on this machine.
    pub(in crate::api) async fn accept(&self) -> io::Result<(Socket, SocketAddr)> {
        match &self.socket {
            BoundSocket::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Socket::Tcp(stream), peer))
            }
            BoundSocket::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                Ok((Socket::Unix(stream), UNIX_PEER))
            }
        }
    }

    /// How connections begin, for the log.
    pub(in crate::api) fn protocol(&self) -> &'static str {
        match (&self.tls, self.proxy_protocol) {
            (None, false) => "http",
            (Some(_), false) => "https",
            (None, true) => "PROXY, http",
            (Some(_), true) => "PROXY, https",
        }
    }

    /// What a connection needs to know after the socket was accepted.
    pub(in crate::api) fn opening(&self) -> Opening {
        Opening {
            tls: self.tls.clone(),
            proxy_protocol: self.proxy_protocol,
        }
    }
}

/// The other end of a unix socket.
const UNIX_PEER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// How connections to one listener begin.
#[derive(Clone)]
pub(in crate::api) struct Opening {
    pub(super) tls: Option<CurrentTls>,
    pub(super) proxy_protocol: bool,
}

impl From<TcpListener> for Bound {
    /// Plain HTTP.
    fn from(listener: TcpListener) -> Self {
        Self {
            socket: BoundSocket::Tcp(listener),
            at: None,
            tls: None,
            proxy_protocol: false,
        }
    }
}

impl fmt::Display for Bound {
    /// `127.0.0.1:9080`, `unix:/run/bulkhead/http.sock`, or `unix` for a socket without a name.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            BoundSocket::Tcp(listener) => match listener.local_addr() {
                Ok(address) => address.fmt(formatter),
                Err(_) => formatter.write_str("tcp"),
            },
            BoundSocket::Unix {
                path: Some(path), ..
            } => write!(formatter, "unix:{}", path.display()),
            BoundSocket::Unix { path: None, .. } => formatter.write_str("unix"),
        }
    }
}

impl Bound {
    /// The TLS settings in force and where they belong, for [`super::Certificates`].
    pub(super) fn tls_slot(&self) -> Option<(ListenAt, CurrentTls)> {
        Some((self.at.clone()?, Arc::clone(self.tls.as_ref()?)))
    }
}
