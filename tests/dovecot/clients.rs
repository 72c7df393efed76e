//! The Lua scripts that Dovecot runs in these tests, each pointed at a server.

use std::{fs, path::Path};

use bulkhead_harness::{Dovecot, DovecotSetup};

/// Credentials of the API that every test uses.
pub const API_USER: &str = "dovecot";
pub const API_PASSWORD: &str = "api-Secret-0123456789";

/// Which credentials the script sends.
#[derive(Clone, Copy, PartialEq)]
pub enum Credentials {
    Right,
    Wrong,
}

impl Credentials {
    fn line(self) -> String {
        match self {
            Self::Right => format!("{API_USER}:{API_PASSWORD}"),
            Self::Wrong => format!("{API_USER}:not-{API_PASSWORD}"),
        }
    }
}

/// Timeouts of our glue, in milliseconds.
#[derive(Clone, Copy)]
pub struct Timeouts {
    pub request: u32,
    pub total: u32,
}

/// Short enough for tests, long enough for a busy machine.
pub const SHORT: Timeouts = Timeouts {
    request: 1500,
    total: 2500,
};

/// The defaults of the glue.
pub const DEFAULT: Timeouts = Timeouts {
    request: 12_000,
    total: 15_000,
};

/// Dovecot with our glue.
pub fn glue(url: &str, credentials: Credentials, timeouts: Timeouts) -> Dovecot {
    with_glue(DovecotSetup::new(), url, credentials, timeouts).start("bulkhead.lua")
}

/// Dovecot with our glue, which takes the userdb fields from the answer to the login.
pub fn prefetching_glue(url: &str) -> Dovecot {
    let setup = DovecotSetup::new().prefetch();
    with_glue(setup, url, Credentials::Right, DEFAULT).start("bulkhead.lua")
}

/// Dovecot with our glue and further configuration text.
pub fn configured_glue(url: &str, configuration: &str) -> Dovecot {
    let setup = DovecotSetup::new().configuration(configuration);
    with_glue(setup, url, Credentials::Right, DEFAULT).start("bulkhead.lua")
}

fn with_glue(
    setup: DovecotSetup,
    url: &str,
    credentials: Credentials,
    timeouts: Timeouts,
) -> DovecotSetup {
    let text = include_str!("../../host/dovecot/bulkhead.lua");
    let secret = setup.file_path("api.secret");
    let text = set(text, "http://127.0.0.1:9080/api/v1/auth/json", url);
    let text = set(&text, "/etc/dovecot/bulkhead.secret", &secret);
    let text = set(
        &text,
        "request_timeout = 12000,",
        &format!("request_timeout = {},", timeouts.request),
    );
    let text = set(
        &text,
        "total_timeout = 15000,",
        &format!("total_timeout = {},", timeouts.total),
    );
    setup
        .file("bulkhead.lua", text)
        .file("api.secret", credentials.line() + "\n")
}

/// Dovecot with a script as Nauthilus' users have it: the published one, word for word, when the
/// folder that `BULKHEAD_PUBLISHED_SCRIPTS` names has it; else one of our own that does the same
/// over the wire. Only the URL and the path of the secret file are changed.
pub fn published(url: &str, credentials: Credentials) -> Dovecot {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = published_script();
    let setup = DovecotSetup::new();
    let secret = setup.file_path("http-auth.secret");
    let text = set(&text, "https://login.example.com/api/v1/auth/json", url);
    let text = set(&text, "/etc/dovecot/http-auth.secret", &secret);
    setup
        .file("nauthilus.lua", text)
        .file("http-auth.secret", STANDARD.encode(credentials.line()))
        .start("nauthilus.lua")
}

fn published_script() -> String {
    let folder = std::env::var_os("BULKHEAD_PUBLISHED_SCRIPTS");
    let found = folder.and_then(|folder| find_published(Path::new(&folder)));
    found.unwrap_or_else(|| include_str!("nauthilus_client.lua").to_owned())
}

/// The Lua part of the page on Dovecot, whose file name starts with 001.
fn find_published(folder: &Path) -> Option<String> {
    let entries = fs::read_dir(folder).expect("BULKHEAD_PUBLISHED_SCRIPTS cannot be read");
    let page = entries
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with("001"))?;
    let page = fs::read_to_string(page.path()).expect("the page cannot be read");
    let (_, rest) = page.split_once("```lua\n")?;
    let (script, _) = rest.split_once("\n```")?;
    Some(script.to_owned())
}

/// Replaces a text that must be there.
fn set(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "the script has no {old}");
    text.replace(old, new)
}
