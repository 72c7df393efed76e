//! The import `files`, for scripts: regular files, read-only, as they are at the moment of the call.
//!
//! The grant names files and folders. A path is first freed of `.` and `..`, as text; below a granted
//! folder the operating system then resolves it with an order to stay there, so neither `..` nor a
//! symbolic link leads out, whoever changes the folder meanwhile. Nothing is opened that could block
//! or act when it is opened: a FIFO or a device is unreadable. The script learns nothing about paths
//! that were not granted, not even whether they exist.

use std::{
    fs::File,
    io::Read,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2},
    io::Errno,
};

use super::{
    bindings::bulkhead::policy::files, log::printable, sources::lexical, state::CallState,
};

/// How often an opening is tried that a renaming elsewhere keeps from being judged.
const TRIES: usize = 8;

impl files::Host for CallState {
    async fn read(&mut self, path: String) -> wasmtime::Result<Result<Vec<u8>, files::Error>> {
        self.charge(path.len())?;
        self.touched_outside = true;
        let path = self.rights.sources.locate(&path);
        let granted = self.rights.grants.files.iter().map(|grant| lexical(grant));
        let Some(grant) = granted.filter(|grant| path.starts_with(grant)).max() else {
            let shown = serde_json::Value::from(path.to_string_lossy());
            self.deny_as("files", &format!("files: [ {shown} ]"));
            return Ok(Err(files::Error::Denied));
        };
        let limit = self.rights.limits.file_bytes;
        let reading = tokio::task::spawn_blocking({
            let path = path.clone();
            move || read(&grant, &path, limit)
        });
        // A disk that does not answer holds a thread, but neither the call nor other logins.
        let read = tokio::time::timeout_at(self.meter.deadline().into(), reading).await;
        let Ok(read) = read else {
            return Err(self.meter.late().into());
        };
        Ok(read
            .unwrap_or_else(|error| Err(Refusal::Failed(error.to_string())))
            .map_err(|refusal| self.refuse(&path, refusal)))
    }
}

/// Why a file that was granted cannot be had.
#[derive(Debug, PartialEq)]
enum Refusal {
    Missing,
    /// The operating system refuses it, or it lies outside the granted folder.
    Denied(String),
    NotRegular,
    TooLarge(u64),
    Failed(String),
}

impl CallState {
    /// Tells the operator what the script cannot be told.
    fn refuse(&mut self, path: &Path, refusal: Refusal) -> files::Error {
        let (error, reason) = match refusal {
            Refusal::Missing => return files::Error::Missing,
            Refusal::Denied(reason) => (files::Error::Denied, reason),
            Refusal::NotRegular => (files::Error::Unreadable, "it is not a file".to_owned()),
            Refusal::TooLarge(limit) => {
                let plugin = &self.rights.plugin;
                let reason = format!(
                    "it is larger than {limit} bytes, the limit `plugins.{plugin}.limits.file_bytes`"
                );
                (files::Error::Unreadable, reason)
            }
            Refusal::Failed(reason) => (files::Error::Unreadable, reason),
        };
        if self.may_log() {
            let plugin = self.rights.plugin.as_str();
            let path = path.to_string_lossy();
            tracing::warn!(target: "bulkhead::plugin", plugin, session = self.session(), capability = "files", "cannot read {}: {reason}", printable(&path));
        }
        error
    }
}

/// Reads a file that is, or lies below, what was granted.
fn read(grant: &Path, path: &Path, limit: u64) -> Result<Vec<u8>, Refusal> {
    let file = File::from(open(grant, path).map_err(refusal)?);
    let failed = |error: std::io::Error| Refusal::Failed(error.to_string());
    let facts = file.metadata().map_err(failed)?;
    if !facts.is_file() {
        return Err(Refusal::NotRegular);
    }
    if facts.len() > limit {
        return Err(Refusal::TooLarge(limit));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(facts.len()).unwrap_or(0));
    // One byte more shows that it has grown, or is one of those that do not know their size.
    let most = limit.saturating_add(1);
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(Refusal::TooLarge(limit));
    }
    Ok(bytes)
}

fn open(grant: &Path, path: &Path) -> rustix::io::Result<OwnedFd> {
    // Opening a FIFO would wait for a writer, and a terminal could become the server's own.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let below: PathBuf = match path.strip_prefix(grant) {
        Ok(below) if below.as_os_str().is_empty() => {
            return openat(CWD, grant, flags, Mode::empty());
        }
        Ok(below) => below.to_path_buf(),
        Err(_) => return Err(Errno::ACCESS),
    };
    let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = openat(CWD, grant, folder, Mode::empty())?;
    let stay = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let mut opened = Err(Errno::AGAIN);
    for _ in 0..TRIES {
        opened = openat2(&folder, &below, flags, Mode::empty(), stay);
        if !matches!(opened, Err(Errno::AGAIN)) {
            break;
        }
    }
    opened
}

fn refusal(error: Errno) -> Refusal {
    match error {
        Errno::NOENT | Errno::NOTDIR => Refusal::Missing,
        Errno::XDEV => {
            Refusal::Denied("a symbolic link leads out of the granted folder".to_owned())
        }
        Errno::ACCESS | Errno::PERM | Errno::LOOP => {
            Refusal::Denied(std::io::Error::from(error).to_string())
        }
        // A socket, or a device that is not there.
        Errno::NXIO | Errno::NODEV => Refusal::NotRegular,
        other => Refusal::Failed(std::io::Error::from(other).to_string()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn place() -> tempfile::TempDir {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("granted");
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        std::fs::write(folder.join("sub/users"), "alice").unwrap();
        std::fs::write(place.path().join("outside"), "secret").unwrap();
        symlink("sub/users", folder.join("inner")).unwrap();
        symlink("../outside", folder.join("upwards")).unwrap();
        symlink(place.path().join("outside"), folder.join("away")).unwrap();
        symlink("..", folder.join("parent")).unwrap();
        symlink("circle", folder.join("circle")).unwrap();
        let fifo = folder.join("fifo");
        rustix::fs::mknodat(
            CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .unwrap();
        std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
        place
    }

    #[test]
    fn below_a_granted_folder_are_its_regular_files_and_nothing_else() {
        let place = place();
        let folder = place.path().join("granted");
        let kind = |name: &str| match read(&folder, &folder.join(name), 100) {
            Ok(bytes) => String::from_utf8(bytes).unwrap(),
            Err(Refusal::Missing) => "missing".to_owned(),
            Err(Refusal::Denied(_)) => "denied".to_owned(),
            Err(Refusal::NotRegular) => "not regular".to_owned(),
            Err(other) => format!("{other:?}"),
        };
        let table = [
            ("sub/users", "alice"),
            ("inner", "alice"),
            ("absent", "missing"),
            ("sub/users/below", "missing"),
            ("upwards", "denied"),
            ("away", "denied"),
            ("parent/outside", "denied"),
            ("parent/granted/sub/users", "denied"),
            ("circle", "denied"),
            ("sub", "not regular"),
            ("fifo", "not regular"),
            ("socket", "not regular"),
        ];
        for (name, expected) in table {
            assert_eq!(kind(name), expected, "{name}");
        }
    }

    #[test]
    fn a_granted_file_is_the_one_that_the_administrator_named_wherever_a_link_leads() {
        let place = place();
        let link = place.path().join("granted/away");
        assert_eq!(read(&link, &link, 100), Ok(b"secret".to_vec()));
        let fifo = place.path().join("granted/fifo");
        assert_eq!(read(&fifo, &fifo, 100), Err(Refusal::NotRegular));
        let beside = place.path().join("outside");
        assert!(matches!(read(&link, &beside, 100), Err(Refusal::Denied(_))));
    }

    #[test]
    fn a_device_is_no_file_and_a_file_without_a_size_ends_at_the_limit() {
        let null = Path::new("/dev/null");
        assert_eq!(read(null, null, 100), Err(Refusal::NotRegular));
        let endless = Path::new("/proc/self/maps");
        assert_eq!(read(endless, endless, 100), Err(Refusal::TooLarge(100)));
    }

    #[test]
    fn the_limit_itself_is_allowed_and_one_byte_more_is_not() {
        let place = place();
        let file = place.path().join("outside");
        assert_eq!(read(&file, &file, 6), Ok(b"secret".to_vec()));
        assert_eq!(read(&file, &file, 5), Err(Refusal::TooLarge(5)));
    }
}
