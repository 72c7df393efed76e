//! Servers that refuse to run as root: as an account of the system, in folders that belong to it.
//!
//! Promises: where the tests do not run as root, everything stays the own account's.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
};

use crate::Scratch;

/// An account of the system; nobody in particular if the tests do not run as root.
#[derive(Clone, Copy, Debug)]
pub struct Account(Option<(u32, u32)>);

impl Account {
    /// The account of that name.
    ///
    /// # Panics
    /// When there is none, as root.
    pub fn named(name: &str) -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").expect("cannot read the accounts");
        let ids = accounts.lines().find_map(|line| {
            let fields: Vec<_> = line.split(':').collect();
            (fields.first() == Some(&name))
                .then(|| Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?)))?
        });
        Self(Some(
            ids.unwrap_or_else(|| panic!("there is no account {name}")),
        ))
    }

    /// Has a program run as this account, without the rights of its groups.
    pub fn run(self, command: &mut Command) {
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
    }

    /// Gives a file or folder to this account.
    ///
    /// # Panics
    /// When that fails.
    pub fn own(self, path: &Path) {
        if let Some((user, group)) = self.0 {
            chown(path, Some(user), Some(group)).expect("cannot change the owner");
        }
    }

    /// Writes a file that only this account may read, and returns its path.
    ///
    /// # Panics
    /// When that fails.
    pub fn private_file(self, scratch: &Scratch, name: &str, content: &str) -> PathBuf {
        let path = scratch.write(name, content);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
            .expect("cannot change the mode");
        self.own(&path);
        path
    }
}
