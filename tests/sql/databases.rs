//! One table of users in each kind of database.

use bulkhead_harness::{Mariadb, Postgres, Scratch};
use sqlx::{Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};

/// Password of the account `bulkhead` at the servers.
pub(crate) const DATABASE_PASSWORD: &str = "the;database's \"own\"";

/// The table, in words that all three take.
const TABLE: &str = "CREATE TABLE users (name VARCHAR(190) PRIMARY KEY, account VARCHAR(190), \
    password TEXT, quota BIGINT, active BOOLEAN, ratio DOUBLE PRECISION);
INSERT INTO users VALUES
    ('alice', 'alice@example.org', '{SHA256.HEX}2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b', 1099511627776, true, 0.5),
    ('o''hara', 'ohara@example.org', '{PLAIN}it''s \"quoted\"', 5, false, NULL),
    ('jörg@例え.jp', 'jörg', '{PLAIN}pässwörd', 6, true, 1),
    ('locked', 'locked@example.org', NULL, 7, true, 1),
    ('empty', 'empty@example.org', '', 7, true, 1),
    ('broken', 'broken@example.org', '{ROT13}frperg', 8, true, 1),
    ('homeless', NULL, '{PLAIN}secret', 9, true, 1);";

/// A running database with the table in it.
pub(crate) enum Database {
    Postgres(Postgres),
    Mariadb(Mariadb),
    Sqlite(Scratch),
}

/// One of each kind.
pub(crate) fn all() -> Vec<Database> {
    vec![postgres(&[]), mariadb(&[]), sqlite()]
}

pub(crate) fn postgres(settings: &[&str]) -> Database {
    let postgres = Postgres::start(settings);
    let password = DATABASE_PASSWORD.replace('\'', "''");
    let role = format!("CREATE ROLE bulkhead LOGIN PASSWORD '{password}'");
    postgres.sql("postgres", &role);
    postgres.sql("postgres", "CREATE DATABASE mail");
    postgres.sql("mail", TABLE);
    postgres.sql("mail", "GRANT ALL ON users TO bulkhead");
    Database::Postgres(postgres)
}

pub(crate) fn mariadb(options: &[&str]) -> Database {
    let mariadb = Mariadb::start(options);
    let password = DATABASE_PASSWORD.replace('\'', "''");
    let account = format!(
        "CREATE DATABASE mail CHARACTER SET utf8mb4; \
         CREATE USER bulkhead@'%' IDENTIFIED BY '{password}'; \
         GRANT ALL ON mail.* TO bulkhead@'%'"
    );
    mariadb.sql("mysql", &account);
    mariadb.sql("mail", &format!("SET NAMES utf8mb4; {TABLE}"));
    Database::Mariadb(mariadb)
}

pub(crate) fn sqlite() -> Database {
    let scratch = Scratch::new("sqlite");
    let database = Database::Sqlite(scratch);
    database.sql(TABLE);
    database
}

impl Database {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgresql",
            Self::Mariadb(_) => "mysql",
            Self::Sqlite(_) => "sqlite",
        }
    }

    /// Where a client finds it.
    pub(crate) fn host(&self) -> String {
        match self {
            Self::Postgres(postgres) => postgres.address().to_string(),
            Self::Mariadb(mariadb) => mariadb.address().to_string(),
            Self::Sqlite(_) => panic!("a file has no host"),
        }
    }

    /// Its section of the configuration.
    pub(crate) fn section(&self) -> String {
        match self {
            Self::Sqlite(scratch) => {
                let path = scratch.file("mail.db");
                format!("kind: sqlite, path: \"{}\"", path.display())
            }
            Self::Postgres(_) | Self::Mariadb(_) => self.section_at(&self.host()),
        }
    }

    /// Its section, with another host.
    pub(crate) fn section_at(&self, host: &str) -> String {
        let kind = self.kind();
        let password = serde_json::to_string(DATABASE_PASSWORD).unwrap();
        format!(
            "kind: {kind}, hosts: [\"{host}\"], database: mail, username: bulkhead, password: {password}"
        )
    }

    /// Runs statements as the administrator.
    pub(crate) fn sql(&self, statements: &str) -> String {
        match self {
            Self::Postgres(postgres) => postgres.sql("mail", statements),
            Self::Mariadb(mariadb) => mariadb.sql("mail", statements),
            Self::Sqlite(scratch) => {
                let options = SqliteConnectOptions::new()
                    .filename(scratch.file("mail.db"))
                    .create_if_missing(true);
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(async {
                    let mut file = SqliteConnection::connect_with(&options).await.unwrap();
                    let statements = sqlx::AssertSqlSafe(statements.to_owned());
                    file.execute(sqlx::raw_sql(statements)).await.unwrap();
                    file.close().await.unwrap();
                });
                String::new()
            }
        }
    }

    /// How many users there are.
    pub(crate) fn users(&self) -> usize {
        match self {
            Self::Sqlite(scratch) => {
                let options = SqliteConnectOptions::new().filename(scratch.file("mail.db"));
                let runtime = tokio::runtime::Runtime::new().unwrap();
                let count: i64 = runtime.block_on(async {
                    let mut file = SqliteConnection::connect_with(&options).await.unwrap();
                    let count = sqlx::query_scalar("SELECT count(*) FROM users");
                    count.fetch_one(&mut file).await.unwrap()
                });
                usize::try_from(count).unwrap()
            }
            _ => self
                .sql("SELECT count(*) FROM users")
                .trim()
                .parse()
                .unwrap(),
        }
    }

    /// What the server logged.
    pub(crate) fn log(&self) -> String {
        match self {
            Self::Postgres(postgres) => postgres.log(),
            Self::Mariadb(mariadb) => mariadb.log(),
            Self::Sqlite(_) => String::new(),
        }
    }

    pub(crate) fn stop(&mut self) {
        match self {
            Self::Postgres(postgres) => postgres.stop(),
            Self::Mariadb(mariadb) => mariadb.stop(),
            Self::Sqlite(_) => {}
        }
    }

    pub(crate) fn restart(&mut self) {
        match self {
            Self::Postgres(postgres) => postgres.restart(),
            Self::Mariadb(mariadb) => mariadb.restart(),
            Self::Sqlite(_) => {}
        }
    }
}
