//! Backend: asks a web service about users.
//!
//! ```yaml
//! pipeline:
//!   backends:
//!     - name: service
//!       component: builtin:http-backend
//! secrets:
//!   service-key: {file: /etc/bulkhead/service.key}
//! plugins:
//!   service:
//!     grants:
//!       password: true
//!       http: {hosts: [users.example.org]}
//!       secret: [service-key]
//!     configuration:
//!       secret: service-key            # default: none; sent as `Authorization: Bearer …`
//!       timeout_ms: 3000               # default; per request, 1 to 30000
//!       verify:
//!         method: POST                 # default
//!         url: https://users.example.org/check/{domain}
//!         headers: {X-Session: "{session}"}
//!         json: {user: "{username}", password: "{password}", tls: "{encrypted}"}   # or `form: {…}`, or none
//!       look_up: {method: GET, url: "https://users.example.org/user/{username}"}   # default: not done
//!       list_accounts: {method: GET, url: https://users.example.org/users}         # default: not done
//!       reply:
//!         authenticated: /ok           # must be true or false there; or the word `status`
//!         password: /password          # instead: the stored password, in any scheme of Dovecot
//!         accept: [200, 204]           # default; with these a reply says something about the user
//!         reject: [403]                # default; the password is wrong
//!         unknown: [404]               # default; there is no such user
//!         account: /mail               # default: the name that was asked for
//!         account_field: account       # default; the attribute that holds the account
//!         attributes: {quota: /quota}  # default: none; attribute to place
//!         all_attributes: /attributes  # default: none; the object there, each member an attribute
//!         groups: /groups              # default: none
//!         display_name_field: cn       # default: none; as unique_user_id_field, totp_secret_field,
//!                                      # totp_recovery_field: the attribute that holds it
//!         accounts: ""                 # default; the list of names in the reply to `list_accounts`
//! ```
//!
//! `{username}`, `{local_part}`, `{domain}`, `{protocol}`, `{service}`, `{method}`, `{client_address}`,
//! `{client_port}`, `{local_address}`, `{local_port}`, `{encrypted}` and `{session}` stand for facts of the
//! login, `{password}` too, but not in an address; `{{` and `}}` are braces. Each is escaped for the place
//! where it stands: none can change what is asked. A login whose facts cannot be sent there (a name that
//! would be an empty or a dotted part of a path, a line feed in a header field, a password in JSON that is
//! not UTF-8) is that of an unknown user. Places in replies are JSON Pointers (RFC 6901).
//!
//! Any other status, a reply that is too long, late, or not what is configured, is a failure, never a wrong
//! password. 401 is no usual `reject`, because a service says it to a server whose own key is wrong.

mod ask;
mod configuration;
mod reply;
mod template;

use bulkhead_sdk::{
    Failure, Password, Plugin, Problem, Request,
    backend::{Answer, Backend, Operation, User},
    http, password,
};

use ask::Ask;
pub use configuration::{Configuration, Question, Reply};
use reply::{Meaning, Reader};

/// The configured backend.
#[derive(Debug)]
pub struct HttpBackend {
    verify: Ask,
    look_up: Option<Ask>,
    list_accounts: Option<Ask>,
    reply: Reader,
}

impl Plugin for HttpBackend {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        if !(1..=30_000).contains(&configuration.timeout_ms) {
            problems.push(Problem::at("timeout_ms", "must be 1 to 30000"));
        }
        if configuration.secret.as_deref() == Some("") {
            let message = "must be the name of a secret; leave it out to send none";
            problems.push(Problem::at("secret", message));
        }
        let (secret, timeout) = (configuration.secret, configuration.timeout_ms);
        let mut read = |path: &str, question: Question| {
            Ask::new(path, question, secret.clone(), timeout)
                .map_err(|found| problems.extend(found))
                .ok()
        };
        let verify = read("verify", configuration.verify);
        let look_up = configuration.look_up.and_then(|one| read("look_up", one));
        let list_accounts = configuration
            .list_accounts
            .and_then(|one| read("list_accounts", one));
        let reply = Reader::new(configuration.reply)
            .map_err(|found| problems.extend(found))
            .ok();
        match (verify, reply) {
            (Some(verify), Some(reply)) if problems.is_empty() => Ok(Self {
                verify,
                look_up,
                list_accounts,
                reply,
            }),
            _ => Err(problems),
        }
    }
}

impl HttpBackend {
    fn verify(&self, request: &Request) -> Result<User, Failure> {
        let Some(given) = &request.password else {
            return Err(Failure::new(
                "there is no password to check; grant it with `grants: {password: true}`",
            ));
        };
        let Some(response) = self.verify.send(request)? else {
            return Ok(User::unknown());
        };
        Ok(match self.reply.meaning(&response)? {
            Meaning::Unknown => User::unknown(),
            Meaning::Rejected => self.reply.known_only(&request.username),
            Meaning::Content(body) => {
                let is_right = match self.reply.stored_password(&body)? {
                    Some(stored) => matches(stored, request, given)?,
                    None => self.reply.is_authenticated(&body)?,
                };
                let user = self.reply.user(&body, &request.username);
                match user {
                    Ok(user) if is_right => User {
                        authenticated: true,
                        ..user
                    },
                    Ok(user) => user,
                    Err(failure) if is_right => return Err(failure),
                    // Services say little of a user whose password is wrong.
                    Err(_) => self.reply.known_only(&request.username),
                }
            }
        })
    }

    fn look_up(&self, ask: &Ask, request: &Request) -> Result<User, Failure> {
        let Some(response) = ask.send(request)? else {
            return Ok(User::unknown());
        };
        match self.reply.meaning(&response)? {
            Meaning::Unknown => Ok(User::unknown()),
            Meaning::Rejected => Err(refused(&response)),
            Meaning::Content(body) => self.reply.user(&body, &request.username),
        }
    }

    fn accounts(&self, ask: &Ask, request: &Request) -> Result<Vec<String>, Failure> {
        let Some(response) = ask.send(request)? else {
            return Err(Failure::new("the facts of this request cannot be sent"));
        };
        match self.reply.meaning(&response)? {
            Meaning::Unknown | Meaning::Rejected => Err(refused(&response)),
            Meaning::Content(body) => self.reply.accounts(&body),
        }
    }
}

/// A status that says nothing about what was asked.
fn refused(response: &http::Response) -> Failure {
    Failure::new(format!(
        "the service answered with status {}",
        response.status
    ))
}

/// Compares with the stored password; an empty one matches nothing.
fn matches(stored: &str, request: &Request, given: &Password) -> Result<bool, Failure> {
    if stored.is_empty() {
        return Ok(false);
    }
    Ok(password::verify_with(password::Verification {
        stored: stored.as_bytes().to_vec(),
        password: given.as_bytes().to_vec(),
        username: request.username.clone(),
        default_scheme: String::new(),
    })?)
}

impl Backend for HttpBackend {
    fn run(&self, request: &Request, operation: Operation) -> Result<Answer, Failure> {
        Ok(match (operation, &self.look_up, &self.list_accounts) {
            (Operation::Verify, _, _) => self.verify(request)?.into(),
            (Operation::LookUp, Some(ask), _) => self.look_up(ask, request)?.into(),
            (Operation::ListAccounts, _, Some(ask)) => {
                Answer::Accounts(self.accounts(ask, request)?)
            }
            _ => Answer::Unsupported,
        })
    }
}

bulkhead_sdk::export_backend!(HttpBackend);

#[cfg(test)]
mod tests;
