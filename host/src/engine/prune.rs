//! Keeps the folder of compiled code from growing without end: what nobody has used for long goes.
//!
//! A file's time of modification is when it was last used, give or take a day. Knows nothing of what is
//! in the files.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::fs::{
    AtFlags, Dir, FileType, Stat, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens, statat,
    unlinkat,
};

use super::aot::{CODE, NOTE};

/// How exact "last used" is: writing the time at each use would cost a write per start.
const EXACT: Duration = Duration::from_secs(24 * 60 * 60);

/// Notes that a file is used, if that was not noted today. Failing costs a compilation some day.
pub(super) fn mark_used(file: &OwnedFd, facts: &Stat) {
    if age(facts, SystemTime::now()) < EXACT {
        return;
    }
    let time = |nanoseconds| Timespec {
        tv_sec: 0,
        tv_nsec: nanoseconds,
    };
    let times = Timestamps {
        last_access: time(UTIME_OMIT),
        last_modification: time(UTIME_NOW),
    };
    if let Err(error) = futimens(file, &times) {
        tracing::debug!(%error, "the time of a compiled component cannot be set");
    }
}

/// Removes files of ours that were not used for that long. Says how many.
pub(super) fn prune(folder: &OwnedFd, unused: Duration) -> io::Result<usize> {
    let now = SystemTime::now();
    let mut removed = 0;
    for entry in Dir::read_from(folder.as_fd())? {
        let entry = entry?;
        let name = entry.file_name();
        if !is_ours(&name.to_string_lossy()) {
            continue;
        }
        // Another server with the same folder may have removed it.
        let Ok(facts) = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        let is_file = FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile;
        if is_file && age(&facts, now) > unused && unlinkat(folder, name, AtFlags::empty()).is_ok()
        {
            removed += 1;
        }
    }
    Ok(removed)
}

/// An entry, or what is left of writing one (`.NAME.RANDOM`). The key is neither.
fn is_ours(name: &str) -> bool {
    let mut parts = name.trim_start_matches('.').split('.');
    let hash = parts.next().unwrap_or_default();
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash
        && parts
            .next()
            .is_some_and(|ending| [CODE, NOTE].contains(&ending))
}

/// Since the last use; zero for times in the future.
fn age(facts: &Stat, now: SystemTime) -> Duration {
    let seconds = u64::try_from(facts.st_mtime).unwrap_or_default();
    let used = UNIX_EPOCH + Duration::from_secs(seconds);
    now.duration_since(used).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::File;

    use super::*;

    const DAY: Duration = EXACT;

    #[test]
    fn only_entries_that_nobody_used_for_long_go() {
        let folder = tempfile::tempdir().unwrap();
        let hash = "0123456789abcdef".repeat(4);
        let rows = [
            (format!("{hash}.cwasm"), 31, false),
            (format!("{hash}.note"), 31, false),
            (format!(".{hash}.cwasm.8899"), 31, false),
            (format!("a{}.cwasm", hash.split_at(1).1), 29, true),
            ("key".to_owned(), 99, true),
            ("notes.txt".to_owned(), 99, true),
            (format!("{hash}.txt"), 99, true),
        ];
        for (name, days, _) in &rows {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - DAY * *days).unwrap();
        }
        let opened = OwnedFd::from(File::open(folder.path()).unwrap());
        assert_eq!(prune(&opened, DAY * 30).unwrap(), 3);
        for (name, days, stays) in &rows {
            assert_eq!(folder.path().join(name).exists(), *stays, "{name}, {days}");
        }
    }

    #[test]
    fn a_use_is_noted_once_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry");
        for (hours, noted) in [(1, false), (25, true)] {
            let file = File::create(&path).unwrap();
            let before = SystemTime::now() - Duration::from_secs(hours * 3600);
            file.set_modified(before).unwrap();
            let opened = OwnedFd::from(File::open(&path).unwrap());
            mark_used(&opened, &rustix::fs::fstat(&opened).unwrap());
            let age =
                SystemTime::now().duration_since(file.metadata().unwrap().modified().unwrap());
            assert_eq!(age.unwrap() < Duration::from_secs(3000), noted, "{hours}");
        }
    }
}
