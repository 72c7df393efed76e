//! Sockets that systemd opened (`sd_listen_fds(3)`), found by their `FileDescriptorName`.
//!
//! Promises: the environment is looked at only if a listener wants such a socket, and each socket is
//! given away once.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use listenfd::ListenFd;

/// The sockets that were passed and not yet taken.
pub(super) struct Inherited {
    sockets: ListenFd,
    names: Vec<Option<String>>,
}

/// One of them.
pub(super) enum InheritedSocket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Inherited {
    /// Takes them over. They belong to this process only if `LISTEN_PID` says so.
    pub(super) fn take() -> Self {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let sockets = ListenFd::from_env();
        let mut names: Vec<_> = names.split(':').map(|name| Some(name.to_owned())).collect();
        names.resize(sockets.len(), None);
        Self { sockets, names }
    }

    /// The socket of that name.
    ///
    /// # Errors
    /// What is wrong and what helps, as text.
    pub(super) fn socket(&mut self, name: &str) -> Result<InheritedSocket, String> {
        if self.names.is_empty() {
            let why = "systemd passed no socket: start the server through a socket unit, as in \
                       `systemctl start bulkhead.socket`";
            return Err(why.to_owned());
        }
        let found = self
            .names
            .iter()
            .position(|known| known.as_deref() == Some(name));
        let Some(index) = found else {
            let names: Vec<_> = self.names.iter().flatten().map(String::as_str).collect();
            return Err(format!(
                "systemd passed no such socket but: {}; the name is `FileDescriptorName=` in the \
                 socket unit",
                names.join(", ")
            ));
        };
        // Two sockets may have one name (IPv4 and IPv6); each is given away once.
        if let Some(known) = self.names.get_mut(index) {
            *known = None;
        }
        match self.sockets.take_tcp_listener(index) {
            Ok(Some(listener)) => return Ok(InheritedSocket::Tcp(listener)),
            Ok(None) => return Err("the socket is used twice".to_owned()),
            Err(_) => {}
        }
        match self.sockets.take_unix_listener(index) {
            Ok(Some(listener)) => Ok(InheritedSocket::Unix(listener)),
            Ok(None) => Err("the socket is used twice".to_owned()),
            Err(_) => Err(
                "the socket is neither TCP nor a unix stream socket: use `ListenStream=`"
                    .to_owned(),
            ),
        }
    }

    /// Names that no listener asked for.
    pub(super) fn unused(&self) -> impl Iterator<Item = &str> {
        self.names.iter().flatten().map(String::as_str)
    }
}
