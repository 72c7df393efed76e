//! The policy behind the API in these tests, as plain functions.
//!
//! * `alice` has the password [`PASSWORD`]; `down` cannot be looked up; `slow` takes a second; the
//!   server panics over `bug`; everybody else is unknown.
//! * `carol` has the password [`SECRET`], which the backend supplies for challenges; that of `lines`
//!   fits no header.
//! * A filter rejects `blocked`, who has the same password.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::HeaderValue;
use bulkhead::{
    api::{Hook, HookTable},
    auth::{Attribute, Event, Header, HookResponse, Request, Usage, Value},
    pipeline::{
        Answer, BackendAnswer, BackendUser, Call, Failure, FailureKind, FilterAnswer,
        FilterVerdict, Member, OnError, Operation, Plugin, Question, Ran, Stages,
    },
};
use futures_util::future::BoxFuture;

/// Characters that JSON and forms escape, so that every decoder is at work.
pub const PASSWORD: &str = "corr&ct h\u{f6}rse \"battery\"=staple";

/// Known from RFC 1939 and RFC 2195.
pub const SECRET: &str = "tanstaaftanstaaf";

/// What the policy saw: each request that came to the backend, and each post action.
#[derive(Default)]
pub struct Seen {
    pub requests: Mutex<Vec<Arc<Request>>>,
    pub posts: Mutex<Vec<(String, u16)>>,
}

pub struct FunctionPlugin {
    name: &'static str,
    run: Box<dyn Fn(Question, Call) -> BoxFuture<'static, Ran> + Send + Sync>,
}

impl FunctionPlugin {
    fn new(
        name: &'static str,
        run: impl Fn(Question, Call) -> BoxFuture<'static, Ran> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            name,
            run: Box::new(run),
        })
    }
}

impl Plugin for FunctionPlugin {
    fn name(&self) -> &str {
        self.name
    }
    fn on_error(&self) -> OnError {
        OnError::TemporaryFailure
    }
    fn run(&self, question: Question, call: Call) -> BoxFuture<'_, Ran> {
        (self.run)(question, call)
    }
}

fn ran(answer: Result<Answer, Failure>) -> Ran {
    Ran {
        answer,
        context: Vec::new(),
        log_fields: Vec::new(),
        usage: Usage::default(),
    }
}

fn failure(message: String) -> Failure {
    Failure {
        kind: FailureKind::Plugin,
        message,
    }
}

fn text(name: &str, values: &[&str]) -> Attribute {
    Attribute {
        name: name.to_owned(),
        values: values
            .iter()
            .map(|value| Value::Text((*value).to_owned()))
            .collect(),
    }
}

pub fn stages(seen: &Arc<Seen>) -> Stages {
    let backend = {
        let seen = Arc::clone(seen);
        FunctionPlugin::new("users", move |question, call| {
            seen.requests
                .lock()
                .unwrap()
                .push(Arc::clone(&call.request));
            Box::pin(async move {
                if call.request.username == "slow" {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                assert_ne!(call.request.username, "bug");
                answer(&question, &call)
            })
        })
    };
    let filter = FunctionPlugin::new("gate", |_, call| {
        let is_blocked = call.progress.account == "blocked@example.org";
        let answer = FilterAnswer {
            verdict: if is_blocked {
                FilterVerdict::Reject
            } else {
                FilterVerdict::Keep
            },
            status_message: is_blocked.then(|| "Account not enabled".to_owned()),
            add_attributes: Vec::new(),
            remove_attributes: Vec::new(),
            response_headers: vec![
                Header {
                    name: "x-policy".to_owned(),
                    value: b"gate".to_vec(),
                },
                Header {
                    name: "auth-status".to_owned(),
                    value: b"forged".to_vec(),
                },
                Header {
                    name: "content-length".to_owned(),
                    value: b"0".to_vec(),
                },
                Header {
                    name: "content-type".to_owned(),
                    value: b"text/html".to_vec(),
                },
            ],
        };
        Box::pin(async { ran(Ok(Answer::Filter(answer))) })
    });
    let post = {
        let seen = Arc::clone(seen);
        FunctionPlugin::new("reporter", move |_, call| {
            let row = (call.request.username.clone(), call.progress.http_status);
            seen.posts.lock().unwrap().push(row);
            Box::pin(async { ran(Ok(Answer::Action)) })
        })
    };
    Stages {
        password_attribute: Some("secret".to_owned()),
        backends: vec![Member::new(backend)],
        filters: vec![Member::new(filter)],
        actions: vec![(Event::Post, Member::new(post))],
        ..Stages::default()
    }
}

fn answer(question: &Question, call: &Call) -> Ran {
    let request = &call.request;
    let Question::Backend(operation) = question else {
        return ran(Err(failure("not a question for a backend".to_owned())));
    };
    if *operation == Operation::ListAccounts {
        if request.protocol == "broken" {
            return ran(Err(failure("no list today".to_owned())));
        }
        let accounts = vec![
            "alice@example.org".to_owned(),
            "blocked@example.org".to_owned(),
        ];
        return ran(Ok(Answer::Backend(BackendAnswer::Accounts(accounts))));
    }
    let password = request
        .password
        .as_ref()
        .map(|password| String::from_utf8_lossy(password.expose()).into_owned());
    let user = match request.username.as_str() {
        "carol" | "lines" => BackendUser {
            found: true,
            authenticated: password.as_deref() == Some(SECRET),
            account_field: "uid".to_owned(),
            attributes: vec![
                text("uid", &["carol@example.org"]),
                text("dn", &["uid=carol,ou=people", "uid=carol,ou=staff"]),
                text("proxy-HOST", &["192.0.2.80"]),
                text("no header", &["x"]),
                text("note", &["two\r\nlines"]),
                text("session", &["forged"]),
                Attribute {
                    name: "key".to_owned(),
                    values: vec![Value::Bytes(vec![0xff, b'k'])],
                },
                text(
                    "secret",
                    &[if request.username == "carol" {
                        "{PLAIN}tanstaaftanstaaf"
                    } else {
                        "two\nlines"
                    }],
                ),
            ],
            ..BackendUser::default()
        },
        "alice" | "alice@example.org" | "blocked" | "slow" => BackendUser {
            found: true,
            authenticated: password.as_deref() == Some(PASSWORD),
            account_field: "uid".to_owned(),
            totp_secret_field: "totp".to_owned(),
            attributes: vec![
                text(
                    "uid",
                    &[if request.username == "blocked" {
                        "blocked@example.org"
                    } else {
                        "alice@example.org"
                    }],
                ),
                text("mail", &["a@example.org", "b@example.org"]),
                text("totp", &["SECRET"]),
                Attribute {
                    name: "quota".to_owned(),
                    values: vec![Value::Integer(1024)],
                },
                Attribute {
                    name: "flags".to_owned(),
                    values: vec![Value::Boolean(true), Value::Decimal(0.5)],
                },
            ],
            ..BackendUser::default()
        },
        // Says more than it should: the server has to keep it from the log.
        "down" => {
            let shown = password.unwrap_or_default();
            let mut failed = ran(Err(failure(format!("cannot check {shown}"))));
            failed
                .log_fields
                .push(("tried".to_owned(), Value::Text(shown)));
            return failed;
        }
        _ => BackendUser::default(),
    };
    ran(Ok(Answer::Backend(BackendAnswer::User(Box::new(user)))))
}

/// The hook `echo`, at `POST /api/v1/custom/echo/here` and at `/.well-known/echo`; and one that says
/// nothing of its answer's type, at `GET plain`.
pub fn hooks() -> HookTable {
    let at = |method: &str, path: &str| (method.to_owned(), path.to_owned());
    let echo = Hook {
        plugin: echo_hook(),
        content_type: Some(HeaderValue::from_static("text/x-configured")),
    };
    let plain = Hook {
        plugin: FunctionPlugin::new("plain", |_, _| {
            Box::pin(async {
                ran(Ok(Answer::Hook(HookResponse {
                    status: 200,
                    headers: Vec::new(),
                    body: b"plain".to_vec(),
                })))
            })
        }),
        content_type: echo.content_type.clone(),
    };
    HookTable {
        locations: HashMap::from([
            (at("POST", "echo/here"), echo.clone()),
            (at("GET", "plain"), plain.clone()),
            (at("HEAD", "plain"), plain.clone()),
        ]),
        aliases: HashMap::from([
            (at("POST", "/.well-known/echo"), echo),
            (at("GET", "/ping"), plain.clone()),
            (at("DELETE", "/ping"), plain),
        ]),
    }
}

/// A hook that answers with what it was asked.
fn echo_hook() -> Arc<dyn Plugin> {
    FunctionPlugin::new("echo", |question, _| {
        Box::pin(async move {
            let Question::Hook(asked) = question else {
                return ran(Err(failure("not a question for a hook".to_owned())));
            };
            if asked.body == b"fail" {
                return ran(Err(failure("hook.lua:3: no".to_owned())));
            }
            let names: Vec<_> = asked
                .headers
                .iter()
                .map(|header| header.name.clone())
                .collect();
            let body = format!(
                "{} {} {:?} {:?} {} from {}",
                asked.method,
                asked.path,
                asked.query,
                names,
                String::from_utf8_lossy(&asked.body),
                asked.client_address
            );
            ran(Ok(Answer::Hook(HookResponse {
                status: 418,
                headers: vec![
                    Header {
                        name: "content-type".to_owned(),
                        value: b"text/x-echo".to_vec(),
                    },
                    Header {
                        name: "transfer-encoding".to_owned(),
                        value: b"chunked".to_vec(),
                    },
                ],
                body: body.into_bytes(),
            })))
        })
    })
}
