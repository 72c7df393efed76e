//! Unix sockets: made with their mode, taken over from a dead server, removed at the end.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixSocket};

/// Connections that wait to be accepted.
pub(super) const BACKLOG: u32 = 4096;

/// A socket file; removed when dropped, unless somebody else's has taken its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

/// Opens the socket. Must be called within a tokio runtime.
///
/// # Errors
/// What is wrong and what helps, as text.
pub(super) fn listen(path: &Path, mode: u32) -> Result<(UnixListener, SocketFile), String> {
    make_room(path)?;
    let text = |error: io::Error| match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("{error}; the server's user must be able to write to the folder")
        }
        _ => error.to_string(),
    };
    let socket = UnixSocket::new_stream().map_err(text)?;
    socket.bind(path).map_err(text)?;
    // Nobody can connect before `listen`, so the mode holds from the first connection on.
    let file = SocketFile::of(path).map_err(text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(text)?;
    let listener = socket.listen(BACKLOG).map_err(text)?;
    Ok((listener, file))
}

/// Removes what a server left that did not end cleanly.
fn make_room(path: &Path) -> Result<(), String> {
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    if !kind.is_socket() {
        return Err(
            "there is a file that is no socket: remove it, or choose another path".to_owned(),
        );
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err("another program listens there: stop it, or choose another path".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)
            .map_err(|error| format!("a dead server's socket cannot be removed: {error}")),
        Err(error) => Err(format!("there is a socket that cannot be tried: {error}")),
    }
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            identity: identity(path)?,
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), error = %error, "A socket could not be removed");
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}
