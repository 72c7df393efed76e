//! Why a listener cannot be opened: which key, which place, what to do.

use std::{io, net::SocketAddr, path::Path};

/// A listener that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The place is taken, forbidden or missing.
    #[error("cannot listen on {place} (`{key}`): {why}")]
    Place {
        /// The key, such as `server.listen[1].unix`.
        key: String,
        /// The address, path or name.
        place: String,
        /// What is wrong, and what helps.
        why: String,
    },
    /// Certificate or key cannot be used.
    #[error("`{key}`: {why}")]
    Tls {
        /// The key, such as `server.listen[0].tls.key`.
        key: String,
        /// What is wrong, with the name of the file.
        why: String,
    },
}

impl ListenError {
    /// The configuration is to be mended, rather than something outside.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::Tls { .. })
    }

    pub(super) fn address(key: String, address: SocketAddr, error: &io::Error) -> Self {
        let help = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "; another program listens there: stop it, or choose another port"
            }
            io::ErrorKind::PermissionDenied if address.port() < 1024 => {
                "; ports below 1024 need the capability CAP_NET_BIND_SERVICE: grant it, let systemd \
                 open the socket, or choose a higher port"
            }
            io::ErrorKind::AddrNotAvailable => "; this machine has no such address",
            _ => "",
        };
        Self::Place {
            key,
            place: address.to_string(),
            why: format!("{error}{help}"),
        }
    }

    pub(super) fn unix(key: String, path: &Path, why: impl std::fmt::Display) -> Self {
        Self::Place {
            key,
            place: path.display().to_string(),
            why: why.to_string(),
        }
    }
}
