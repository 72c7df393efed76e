//! Backend: finds users in an SQL database (PostgreSQL, MariaDB, MySQL, SQLite) with configured statements.
//!
//! ```yaml
//! sql:
//!   mail: {kind: postgresql, hosts: [db.example.org], database: mail, username: bulkhead, password: {file: db.secret}}
//! pipeline:
//!   backends:
//!     - name: mailboxes
//!       component: builtin:sql
//! plugins:
//!   mailboxes:
//!     grants:
//!       password: true
//!       sql: {databases: [mail]}
//!     configuration:
//!       database: mail
//!       list_accounts: SELECT address FROM mailbox   # default: none; the first column is the account
//!       decoy: "{BLF-CRYPT}$2y$…"          # default: none; verified for users that are not there
//!       search:                            # one entry, or one for each group of protocols
//!         - protocols: [imap, pop3]        # default: every protocol that no other entry names
//!           user: SELECT address AS account, password, quota FROM mailbox WHERE address = lower(:username)
//!           password_column: password      # default; any scheme of Dovecot
//!           default_scheme: PLAIN          # default; of stored passwords without one
//!           account_field: account         # default; the attribute that holds the account
//!           attributes: {quota_bytes: quota}   # attribute to column; default: every column, by its own name
//!           groups_column: group           # default: none
//!           unique_user_id_field: uuid     # default: none; as display_name_field, totp_secret_field,
//!                                          # totp_recovery_field: the attribute that holds it
//!         - protocols: [smtp]
//!           user: SELECT address AS account FROM mailbox WHERE address = :username
//!           # Instead of a column: a statement whose one value says whether the password is right.
//!           verify: SELECT password = crypt(:password, password) FROM mailbox WHERE address = :username
//! ```
//!
//! A statement names values as `:username`, `:local_part`, `:domain`, `:protocol`, `:service`, `:method`,
//! `:client_address`, `:client_port`, `:local_address`, `:local_port`, `:encrypted`, `:session` and, in
//! `verify`, `:password`. The database gets them apart from the text: none can change what a statement means.
//!
//! `user` yields no row for a user that is not there. Several rows are one user with several values, as
//! a join gives them; they must agree on account and password. A value that is `NULL` is no value, and a user
//! whose password is `NULL` or empty cannot log in. `verify` must yield a truth value (or 1 or 0); no row
//! is a wrong password, and anything else is a failure. A failure of the database is never a wrong password.
//!
//! A statement that compares names with a collation that ignores case or spaces finds `Alice ` for `alice`;
//! what counts from then on is the account that it returns.

mod configuration;
mod found;
mod statement;

use bulkhead_sdk::{
    Failure, Password, Plugin, Problem, Request,
    backend::{Answer, Backend, Operation, User},
    log, password,
    sql::{self, Table, Value},
};

pub use configuration::{Configuration, Search};
use found::Found;
use statement::Statement;

/// The configured backend.
#[derive(Debug)]
pub struct Sql {
    database: String,
    entries: Vec<Entry>,
    list_accounts: Option<Statement>,
    decoy: Option<String>,
}

/// An entry of `search`, its statements read.
#[derive(Debug)]
struct Entry {
    search: Search,
    user: Statement,
    verify: Option<Statement>,
}

impl Plugin for Sql {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        let mut problems = configuration.problems();
        let mut read = |path: &str, text: &str, with_password: bool| {
            Statement::new(text, with_password)
                .map_err(|message| problems.push(Problem::at(path, message)))
                .ok()
        };
        let list_accounts = configuration
            .list_accounts
            .as_deref()
            .and_then(|text| read("list_accounts", text, false));
        let mut entries = Vec::new();
        for (index, search) in configuration.search.into_iter().enumerate() {
            let user = read(&format!("search[{index}].user"), &search.user, false);
            let path = format!("search[{index}].verify");
            let verify = search
                .verify
                .as_deref()
                .and_then(|text| read(&path, text, true));
            entries.extend(user.map(|user| Entry {
                search,
                user,
                verify,
            }));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            database: configuration.database,
            entries,
            list_accounts,
            decoy: configuration.decoy,
        })
    }
}

impl Sql {
    /// The entry for a protocol: the one that names it, else the one that names none.
    fn entry(&self, protocol: &str) -> Option<&Entry> {
        let names = |entry: &&Entry| entry.search.names(protocol);
        let open = |entry: &&Entry| entry.search.protocols.is_empty();
        let mut entries = self.entries.iter();
        let named = entries.find(names);
        named.or_else(|| self.entries.iter().find(open))
    }

    /// The rows; none for a value that no database holds.
    fn ask(&self, statement: &Statement, request: &Request) -> Result<Table, Failure> {
        let Some(pieces) = statement.pieces(request) else {
            return Ok(Table {
                columns: Vec::new(),
                rows: Vec::new(),
                truncated: false,
            });
        };
        let table = sql::query(&self.database, &pieces)?;
        if table.truncated {
            return Err(Failure::new(
                "the answer is longer than `rows` and `result_bytes` of the database allow",
            ));
        }
        Ok(table)
    }

    fn find(&self, entry: &Entry, request: &Request) -> Result<Option<Found>, Failure> {
        let table = self.ask(&entry.user, request)?;
        Found::new(&entry.search, table)
    }

    fn verify(&self, entry: &Entry, request: &Request) -> Result<User, Failure> {
        let Some(given) = &request.password else {
            return Err(Failure::new(
                "there is no password to check; grant it with `grants: {password: true}`",
            ));
        };
        let Some(found) = self.find(entry, request)? else {
            return self.unknown(given);
        };
        let is_right = match &entry.verify {
            Some(statement) => is_true(&self.ask(statement, request)?)?,
            None => match found.password() {
                Some(stored) => matches(&entry.search, stored, request, given)?,
                None => {
                    self.unknown(given)?;
                    false
                }
            },
        };
        let user = if is_right {
            User::authenticated()
        } else {
            User::known()
        };
        Ok(found.describe(user, &entry.search))
    }

    /// Takes as long as for a user that is there, if there is something to verify.
    fn unknown(&self, given: &Password) -> Result<User, Failure> {
        let outcome = self
            .decoy
            .as_ref()
            .map(|decoy| password::verify(decoy, given));
        match outcome {
            Some(Err(error @ password::Error::Overloaded)) => Err(error.into()),
            _ => Ok(User::unknown()),
        }
    }

    fn accounts(&self, statement: &Statement, request: &Request) -> Result<Vec<String>, Failure> {
        let table = self.ask(statement, request)?;
        let firsts = table
            .rows
            .into_iter()
            .filter_map(|row| row.into_iter().next());
        let names = firsts.filter_map(found::attribute);
        let names = names.map(|value| value.to_string());
        Ok(names.filter(|name| !name.is_empty()).collect())
    }
}

/// Compares with the stored password.
fn matches(
    search: &Search,
    stored: &[u8],
    request: &Request,
    given: &Password,
) -> Result<bool, Failure> {
    password::verify_with(password::Verification {
        stored: stored.to_vec(),
        password: given.as_bytes().to_vec(),
        username: request.username.clone(),
        default_scheme: search.default_scheme.clone(),
    })
    .map_err(|error| {
        let name = &request.username;
        if !matches!(error, password::Error::Overloaded) {
            log::error(format_args!("the stored password of {name} is unusable"));
        }
        Failure::from(error)
    })
}

/// What `verify` said.
fn is_true(table: &Table) -> Result<bool, Failure> {
    let value = match table.rows.as_slice() {
        [] => return Ok(false),
        [row] => match row.as_slice() {
            [value] => value,
            _ => return Err(Failure::new("`verify` must yield one column")),
        },
        _ => return Err(Failure::new("`verify` yields more than one row")),
    };
    match value {
        Value::Boolean(truth) => Ok(*truth),
        Value::Integer(1) => Ok(true),
        Value::Integer(0) | Value::Null => Ok(false),
        _ => Err(Failure::new("`verify` must yield a truth value, or 1 or 0")),
    }
}

impl Backend for Sql {
    fn run(&self, request: &Request, operation: Operation) -> Result<Answer, Failure> {
        if operation == Operation::ListAccounts {
            return Ok(match &self.list_accounts {
                Some(statement) => Answer::Accounts(self.accounts(statement, request)?),
                None => Answer::Unsupported,
            });
        }
        let Some(entry) = self.entry(&request.protocol) else {
            return Ok(Answer::Unsupported);
        };
        Ok(match operation {
            Operation::Verify => self.verify(entry, request)?.into(),
            Operation::LookUp => self
                .find(entry, request)?
                .map_or_else(User::unknown, |found| {
                    found.describe(User::known(), &entry.search)
                })
                .into(),
            _ => Answer::Unsupported,
        })
    }
}

bulkhead_sdk::export_backend!(Sql);

#[cfg(test)]
mod tests;
