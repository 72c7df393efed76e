//! Where users live: a directory or a database, each a real one with the same people.
//!
//! The policy has everything else that a mail platform has: failed logins are counted in a real Redis, where
//! the login cache is too, and a filter keeps `dora` out. The folder of the policy holds its secrets and
//! scripts.

use std::time::{Duration, Instant};

use bulkhead::{
    backend_io::ldap::{Change, ChangeKind, LdapClient, Modify, Unwatched},
    config,
};
use bulkhead_harness::{Policy, Redis, Slapd, SlapdSetup, slapd};

use crate::databases::{self, Database};

/// Keeps `dora` out.
pub const FILTER: &str = r#"
function nauthilus_call_filter(request)
  if request.authenticated and request.account == "dora" then
    nauthilus_builtin.status_message_set("Account not enabled")
    return nauthilus_builtin.FILTER_REJECT, nauthilus_builtin.FILTER_RESULT_OK
  end
  return nauthilus_builtin.FILTER_ACCEPT, nauthilus_builtin.FILTER_RESULT_OK
end
"#;

/// People whose passwords are their names with `-password`; there are two with the name `broken`, so that
/// nobody can say whose password is meant.
const TABLE: &str =
    "CREATE TABLE people (name VARCHAR(190), password VARCHAR(190), home VARCHAR(190), \
    quota_rule VARCHAR(190));
INSERT INTO people VALUES
    ('alice', '{PLAIN}alice-password', '/home/alice', '*:storage=1G'),
    ('bob', '{PLAIN}bob-password', '/home/bob', NULL),
    ('dora', '{PLAIN}dora-password', '/home/dora', NULL),
    ('broken', '{PLAIN}broken-password', '/home/one', NULL),
    ('broken', '{PLAIN}other-password', '/home/other', NULL);";

const SQL: &str = r#"
plugins:
  users:
    grants: { password: true, sql: { databases: [mail] } }
    configuration:
      database: mail
      search:
        - user: SELECT name AS account, password, home, quota_rule FROM people WHERE name = :username
      list_accounts: SELECT name FROM people WHERE name <> 'broken' ORDER BY name
"#;

const LDAP: &str = r#"
plugins:
  users:
    grants: { password: true, ldap: { pools: [main] } }
    configuration:
      search:
        - pool: main
          base: ou=people,dc=example,dc=org
          filter: "(&(objectClass=inetOrgPerson)(|(uid=%L{user})(mail=%L{user})))"
          list_filter: "(&(objectClass=inetOrgPerson)(!(mail=broken)))"
          mapping: { account: uid }
          attributes: [title]
"#;

/// One kind of home, running.
pub enum Home {
    Directory(Slapd),
    Database(Database),
}

/// One of each kind.
pub fn all() -> [fn() -> Home; 4] {
    [
        || Home::Directory(directory()),
        || database(databases::postgres(&[])),
        || database(databases::mariadb(&[])),
        || database(databases::sqlite()),
    ]
}

fn database(database: Database) -> Home {
    database.sql(TABLE);
    if database.kind() == "postgresql" {
        database.sql("GRANT SELECT ON people TO bulkhead");
    }
    Home::Database(database)
}

fn directory() -> Slapd {
    let mut entries =
        "dn: ou=people,dc=example,dc=org\nobjectClass: organizationalUnit\nou: people\n\n"
            .to_owned();
    for (uid, mail) in [
        ("alice", "alice@example.org"),
        ("bob", "bob@example.org"),
        ("dora", "dora@example.org"),
        ("one", "broken"),
        ("other", "broken"),
    ] {
        entries += &format!(
            "dn: {}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: {uid}\nmail: {mail}\n\
             title: head of mail\nuserPassword: {uid}-password\n\n",
            distinguished_name(uid)
        );
    }
    Slapd::start(&SlapdSetup {
        entries,
        ..SlapdSetup::default()
    })
}

fn distinguished_name(uid: &str) -> String {
    format!("uid={uid},ou=people,{}", slapd::SUFFIX)
}

/// What the pool of directories says, on one line.
fn pool(slapd: &Slapd) -> String {
    format!(
        "{{ uris: [\"{}\"], bind_dn: \"{}\", bind_password: \"{}\", search_timeout: 2s, bind_timeout: 2s, \
         retries: 0, breaker_cool_down: 200ms, probe_interval: 100ms }}",
        slapd.uri(),
        slapd::ADMIN,
        slapd::ADMIN_PASSWORD
    )
}

impl Home {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Directory(_) => "ldap",
            Self::Database(database) => database.kind(),
        }
    }

    /// A policy for the people who live here. `server`: the section `server`; `limit`: so many failures ban an
    /// address.
    pub fn policy(&self, server: &str, redis: &Redis, limit: u32) -> Policy {
        let (component, section, plugin) = match self {
            Self::Directory(slapd) => (
                "ldap",
                format!("ldap: {{ pools: {{ main: {} }} }}", pool(slapd)),
                LDAP,
            ),
            Self::Database(database) => (
                "sql",
                format!(
                    "sql: {{ mail: {{ {}, connect_timeout: 2s, cool_down: 200ms, probe_interval: 100ms }} }}",
                    database.section()
                ),
                SQL,
            ),
        };
        let address = redis.address();
        let configuration = format!(
            r#"{server}
store: {{ kind: redis, redis: {{ primary: {{ address: "{address}" }} }} }}
cache: {{ secret: {{ file: cache.secret }} }}
brute_force:
  rwp_allowed_unique_hashes: 0
  buckets:
    - {{ name: hosts, ipv4: true, cidr: 32, period: 10m, failed_requests: {limit} }}
{section}
pipeline:
  backends:
    - {{ name: users, component: "builtin:{component}" }}
  filters:
    - {{ name: enabled, script: filter.lua, dialect: "5.1" }}
limits: {{ body_bytes: 4096 }}
{plugin}"#
        );
        Policy::new(&configuration)
            .file("cache.secret", "a secret of the cache that is long enough")
            .file("filter.lua", FILTER)
    }

    /// Gives a user another password, as an administrator does.
    pub fn set_password(&self, user: &str, password: &str) {
        match self {
            Self::Database(database) => {
                database.sql(&format!(
                    "UPDATE people SET password = '{{PLAIN}}{password}' WHERE name = '{user}'"
                ));
            }
            Self::Directory(slapd) => {
                let text = format!(
                    "ldap: {{ pools: {{ main: {} }} }}\n\
                     pipeline: {{ backends: [{{ name: b, component: \"builtin:users-file\" }}] }}\n",
                    pool(slapd)
                );
                let configured = config::parse("/etc/bulkhead.yaml".as_ref(), &text).unwrap();
                let change = Modify {
                    pool: "main".to_owned(),
                    dn: distinguished_name(user),
                    changes: vec![Change {
                        kind: ChangeKind::Replace,
                        attribute: "userPassword".to_owned(),
                        values: vec![password.as_bytes().to_vec()],
                    }],
                    timeout: None,
                };
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(async {
                    let ldap = &configured.config.ldap;
                    let client = LdapClient::new(ldap, std::sync::Arc::new(Unwatched)).unwrap();
                    let soon = Instant::now() + Duration::from_secs(20);
                    client.modify(&change, soon).await.unwrap();
                });
            }
        }
    }

    /// Whether it can be away: a file cannot.
    pub fn can_stop(&self) -> bool {
        self.kind() != "sqlite"
    }

    pub fn stop(&mut self) {
        match self {
            Self::Directory(slapd) => slapd.stop(),
            Self::Database(database) => database.stop(),
        }
    }

    pub fn restart(&mut self) {
        match self {
            Self::Directory(slapd) => slapd.restart(),
            Self::Database(database) => database.restart(),
        }
    }
}
