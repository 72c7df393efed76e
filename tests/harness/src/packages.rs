//! Real servers and tools come from the distribution.
//!
//! Promises: a test that asks for a server gets it or fails, naming the packages; it is never
//! skipped in silence. As root on Debian missing packages are installed, once per test process.

use std::{
    collections::BTreeSet,
    path::Path,
    process::Command,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::command;

/// What a test can ask for: name, a file that is there when it is installed, Debian packages.
const KNOWN: &[(&str, &[&str], &[&str])] = &[
    (
        "dovecot",
        &[
            "/usr/sbin/dovecot",
            "/usr/bin/doveadm",
            "/usr/lib/dovecot/imap",
            "/usr/lib/dovecot/modules/auth/libauthdb_lua.so",
            "/usr/share/lua/5.4/cjson",
        ],
        &[
            "dovecot-core",
            "dovecot-imapd",
            "dovecot-auth-lua",
            "lua-cjson",
        ],
    ),
    (
        "lua5.1",
        &["/usr/bin/lua5.1", "/usr/share/lua/5.1/cjson"],
        &["lua5.1", "lua-cjson"],
    ),
    (
        "lua5.4",
        &["/usr/bin/lua5.4", "/usr/share/lua/5.4/cjson"],
        &["lua5.4", "lua-cjson"],
    ),
    (
        "dovecot-mail",
        &[
            "/usr/lib/dovecot/pop3-login",
            "/usr/lib/dovecot/submission-login",
        ],
        &["dovecot-pop3d", "dovecot-submissiond"],
    ),
    (
        "dovecot-delivery",
        &[
            "/usr/lib/dovecot/lmtp",
            "/usr/lib/dovecot/managesieve-login",
        ],
        &["dovecot-lmtpd", "dovecot-managesieved"],
    ),
    (
        "nginx",
        &[
            "/usr/sbin/nginx",
            "/usr/lib/nginx/modules/ngx_mail_module.so",
        ],
        &["nginx", "libnginx-mod-mail"],
    ),
    ("haproxy", &["/usr/sbin/haproxy"], &["haproxy"]),
    ("caddy", &["/usr/bin/caddy"], &["caddy"]),
    ("nsd", &["/usr/sbin/nsd"], &["nsd"]),
    ("postfix", &["/usr/sbin/postfix"], &["postfix"]),
    (
        "redis",
        &[
            "/usr/bin/redis-server",
            "/usr/bin/redis-sentinel",
            "/usr/bin/redis-cli",
        ],
        &["redis-server", "redis-sentinel", "redis-tools"],
    ),
    (
        "saslauthd",
        &["/usr/sbin/saslauthd", "/usr/sbin/testsaslauthd"],
        &["sasl2-bin", "libsasl2-modules"],
    ),
    (
        "slapd",
        &[
            "/usr/sbin/slapd",
            "/usr/sbin/slapadd",
            "/usr/lib/ldap/back_mdb.so",
        ],
        &["slapd"],
    ),
    (
        "postgresql",
        &["/usr/lib/postgresql", "/usr/share/postgresql"],
        &["postgresql"],
    ),
    (
        "mariadb",
        &[
            "/usr/sbin/mariadbd",
            "/usr/bin/mariadb-install-db",
            "/usr/bin/mariadb",
        ],
        &["mariadb-server"],
    ),
    ("wrk", &["/usr/bin/wrk"], &["wrk"]),
    ("curl", &["/usr/bin/curl"], &["curl"]),
];

/// Makes sure that a server or tool is there, installing it if that is possible.
///
/// # Panics
/// When it is missing and cannot be installed. The text names the packages. A missing server is
/// a failure always; `BULKHEAD_REQUIRE_SERVERS=1` (set by `tests/run`) makes the text say so.
pub fn require_server(name: &str) {
    static DONE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    // The lock is held while installing: other tests that need the package wait for it.
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    if done.contains(name) {
        return;
    }
    let (_, files, packages) = KNOWN
        .iter()
        .find(|(known, _, _)| *known == name)
        .unwrap_or_else(|| panic!("the harness does not know the server {name}"));
    let missing = || files.iter().find(|file| !Path::new(file).exists());
    if missing().is_some() && rustix::process::geteuid().is_root() && is_debian() {
        install(packages);
    }
    if let Some(file) = missing() {
        let required = std::env::var_os("BULKHEAD_REQUIRE_SERVERS").is_some();
        panic!(
            "{name} is not installed ({file} is missing){}; Debian packages: {}",
            if required {
                " and this run requires it"
            } else {
                ""
            },
            packages.join(" ")
        );
    }
    done.insert(name.to_owned());
}

fn is_debian() -> bool {
    Path::new("/usr/bin/apt-get").exists()
}

fn install(packages: &[&str]) {
    let limit = Duration::from_secs(300);
    let mut update = Command::new("apt-get");
    update.args(["-q", "update"]);
    command::run(update, limit);
    let mut install = Command::new("apt-get");
    install
        .args(["-q", "install", "-y", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    let output = command::run(install, limit);
    assert_eq!(output.code, Some(0), "apt-get failed: {output:?}");
}
