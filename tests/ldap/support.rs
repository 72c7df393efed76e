//! A directory with a few people in it, and clients of it.

use std::{
    fmt::Write as _,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bulkhead::{
    auth::Password,
    backend_io::ldap::{Found, LdapClient, LdapError, Scope, Search, Template, Unwatched},
    config,
};
use bulkhead_harness::{Slapd, SlapdSetup};

pub(crate) const PEOPLE: &str = "ou=people,dc=example,dc=org";

/// Alice has everything, bob little, and two people share the mail address `both@example.org`.
pub(crate) const ENTRIES: &str = "\
dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: uid=alice,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: A
displayName: Alice A
mail: alice@example.org
mail: both@example.org
employeeNumber: 8d1f
userPassword: secret of alice

dn: uid=bob,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: B
mail: both@example.org
userPassword: secret of bob

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

dn: cn=staff,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: staff
member: uid=alice,ou=people,dc=example,dc=org

";

/// Starts a directory with [`ENTRIES`].
pub(crate) fn slapd() -> Slapd {
    slapd_with(SlapdSetup::default())
}

/// The same with more, such as limits.
pub(crate) fn slapd_with(setup: SlapdSetup) -> Slapd {
    let entries = format!("{ENTRIES}{}", setup.entries);
    Slapd::start(&SlapdSetup { entries, ..setup })
}

/// So many people more: `user0`, `user1` …
pub(crate) fn crowd(people: u32) -> String {
    let mut entries = String::new();
    for number in 0..people {
        let uid = format!("user{number}");
        write!(
            entries,
            "dn: uid={uid},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: U\n\n"
        )
        .unwrap();
    }
    entries
}

/// A client with one pool, `main`, of which this is the YAML.
pub(crate) fn client(pool: &str) -> Arc<LdapClient> {
    Arc::new(LdapClient::new(&configured(pool), Arc::new(Unwatched)).unwrap())
}

/// The section `ldap` with a pool `main`.
pub(crate) fn configured(pool: &str) -> config::Ldap {
    let text = format!(
        "ldap: {{pools: {{main: {{{pool}}}}}}}\n\
         pipeline: {{backends: [{{name: b, component: \"builtin:users-file\"}}]}}\n"
    );
    config::parse(Path::new("/etc/bulkhead.yaml"), &text)
        .unwrap_or_else(|problems| panic!("{}", config::render(&problems, false)))
        .config
        .ldap
}

/// The pool's YAML for a server, bound as the administrator, without retries.
pub(crate) fn pool(uri: &str) -> String {
    format!("uris: [\"{uri}\"], {ADMIN}, retries: 0")
}

/// Binds as the administrator.
pub(crate) const ADMIN: &str =
    "bind_dn: \"cn=admin,dc=example,dc=org\", bind_password: \"admin password\"";

/// Looks for a user below [`PEOPLE`].
pub(crate) fn by_uid(uid: &str) -> Search {
    Search {
        pool: "main".to_owned(),
        base: Template::plain(PEOPLE),
        scope: Scope::Subtree,
        filter: Template {
            text: "(uid=%{0})".to_owned(),
            values: vec![uid.as_bytes().to_vec()],
        },
        attributes: vec!["uid".to_owned()],
        size_limit: 0,
        page_size: 0,
        timeout: None,
        is_low: false,
    }
}

/// Looks for everybody.
pub(crate) fn everybody() -> Search {
    Search {
        filter: Template::plain("(uid=*)"),
        ..by_uid("")
    }
}

/// Far enough away.
pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// The names of what was found.
pub(crate) fn names(found: &Found) -> Vec<&str> {
    found
        .entries
        .iter()
        .map(|entry| entry.dn.as_str())
        .collect()
}

/// Asks for alice's password.
pub(crate) async fn check(client: &LdapClient, password: &str) -> Result<bool, LdapError> {
    let dn = format!("uid=alice,{PEOPLE}");
    let password = Password::new(password.as_bytes().to_vec());
    client.check_password("main", &dn, &password, soon()).await
}
