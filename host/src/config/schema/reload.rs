//! The section `reload`.

use std::{sync::Arc, time::Duration};

use crate::{
    auth::{Mode, Password, Verdict},
    config::SecretSource,
};

/// `reload`
#[derive(Clone)]
pub struct Reload {
    /// `watch`: load the next generation when a file that the running one was made of changes.
    /// Default true.
    pub watch: bool,
    /// `settle`: how long files must have been left alone before that. Default 300 ms.
    pub settle: Duration,
    /// `logins`: each generation must decide these as expected before it serves.
    pub logins: Vec<ExampleLogin>,
}

impl Default for Reload {
    fn default() -> Self {
        Self {
            watch: true,
            settle: Duration::from_millis(300),
            logins: Vec::new(),
        }
    }
}

/// `reload.logins`
#[derive(Clone)]
pub struct ExampleLogin {
    /// `username`
    pub username: String,
    /// `password`: written out, or in a file or variable. Without one, the user is looked up.
    pub password: Option<ExamplePassword>,
    /// `protocol`: default `imap`.
    pub protocol: String,
    /// `client_ip`: default `127.0.0.1`.
    pub client_ip: String,
    /// `tls`: the client's connection counts as encrypted. Default true.
    pub tls: bool,
    /// `mode`: looked up if no password is given.
    pub mode: Mode,
    /// `expect`: `accept` (default), `reject` or `temporary-failure`.
    pub expect: Verdict,
}

/// Where the password of an example login is.
#[derive(Clone)]
pub enum ExamplePassword {
    /// Written out in the configuration.
    Written(Arc<Password>),
    /// Read when the generation is tested.
    Source(SecretSource),
}
