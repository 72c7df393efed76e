//! A host that records what scripts ask of it, and short ways to run one.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use bulkhead_lua::wit::bulkhead::policy::{
    clock, context, files, http, log, metrics, password, store, types,
};
use bulkhead_lua::wit::exports::bulkhead::policy::backend::{Answer, Operation, User};
use bulkhead_lua::wit::exports::bulkhead::policy::script::{Bundle, Dialect, Kind, ScriptError};
use bulkhead_lua::{Host, Runtime};

/// Answers from what a test put in, and remembers what was asked.
#[derive(Default)]
pub struct FakeHost {
    pub log: RefCell<Vec<(log::Level, String)>>,
    pub fields: RefCell<Vec<(String, types::Value)>>,
    pub context: RefCell<HashMap<String, Vec<u8>>>,
    pub method: RefCell<String>,
    pub path: RefCell<String>,
    pub headers: RefCell<Vec<types::Header>>,
    pub query: RefCell<Vec<(String, String)>>,
    pub body: RefCell<Vec<u8>>,
    pub seconds: Cell<u64>,
    pub random: Cell<u64>,
    pub sent: RefCell<Vec<http::OutgoingRequest>>,
    /// Answers to HTTP requests, first one first.
    pub responses: RefCell<Vec<Result<http::IncomingResponse, http::Error>>>,
    pub verified: RefCell<Vec<password::Verification>>,
    pub verdict: RefCell<Option<Result<bool, password::Error>>>,
    pub secrets: RefCell<HashMap<String, Vec<u8>>>,
    pub files: RefCell<HashMap<String, Vec<u8>>>,
    /// What `io.open` finds.
    pub granted: RefCell<HashMap<String, Vec<u8>>>,
    pub read: RefCell<Vec<String>>,
    pub environment: RefCell<HashMap<String, String>>,
    pub output: RefCell<Vec<u8>>,
    /// Output goes to standard output, and files are read from the disk.
    pub straight_out: Cell<bool>,
    pub context_error: RefCell<Option<context::Error>>,
}

impl FakeHost {
    pub fn output_text(&self) -> String {
        String::from_utf8(self.output.borrow().clone()).unwrap()
    }

    pub fn with_file(self, path: &str, source: &str) -> Self {
        self.files
            .borrow_mut()
            .insert(path.to_owned(), source.as_bytes().to_vec());
        self
    }
}

impl Host for FakeHost {
    fn log_write(&self, level: log::Level, message: &str) {
        self.log.borrow_mut().push((level, message.to_owned()));
    }
    fn log_add_field(&self, key: &str, value: &types::Value) {
        self.fields
            .borrow_mut()
            .push((key.to_owned(), value.clone()));
    }
    fn context_get(&self, key: &str) -> Option<Vec<u8>> {
        self.context.borrow().get(key).cloned()
    }
    fn context_set(&self, key: &str, value: &[u8]) -> Result<(), context::Error> {
        if let Some(error) = self.context_error.borrow().clone() {
            return Err(error);
        }
        self.context
            .borrow_mut()
            .insert(key.to_owned(), value.to_vec());
        Ok(())
    }
    fn context_delete(&self, key: &str) {
        self.context.borrow_mut().remove(key);
    }
    fn incoming_method(&self) -> String {
        self.method.borrow().clone()
    }
    fn incoming_path(&self) -> String {
        self.path.borrow().clone()
    }
    fn incoming_headers(&self) -> Vec<types::Header> {
        self.headers.borrow().clone()
    }
    fn incoming_query_parameter(&self, name: &str) -> Option<String> {
        self.query
            .borrow()
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    }
    fn incoming_body(&self) -> Vec<u8> {
        self.body.borrow().clone()
    }
    fn clock_now(&self) -> clock::Instant {
        clock::Instant {
            seconds: self.seconds.get(),
            nanoseconds: 0,
        }
    }
    fn clock_monotonic(&self) -> u64 {
        1_500_000_000
    }
    fn random_bytes(&self, length: u32) -> Vec<u8> {
        self.random.set(self.random.get() + 1);
        (0..length)
            .map(|index| (self.random.get() * 31 + u64::from(index)) as u8)
            .collect()
    }
    fn store_get(&self, _: &str) -> Result<Option<Vec<u8>>, store::Error> {
        Ok(None)
    }
    fn store_set(&self, _: &str, _: &[u8], _: Option<u32>) -> Result<(), store::Error> {
        Ok(())
    }
    fn store_delete(&self, _: &str) -> Result<bool, store::Error> {
        Ok(false)
    }
    fn store_increment(&self, _: &str, by: i64, _: Option<u32>) -> Result<i64, store::Error> {
        Ok(by)
    }
    fn store_expire(&self, _: &str, _: u32) -> Result<bool, store::Error> {
        Ok(false)
    }
    fn store_time_to_live(&self, _: &str) -> Result<store::Remaining, store::Error> {
        Ok(store::Remaining::Missing)
    }
    fn http_send(
        &self,
        request: &http::OutgoingRequest,
    ) -> Result<http::IncomingResponse, http::Error> {
        self.sent.borrow_mut().push(request.clone());
        let mut responses = self.responses.borrow_mut();
        if responses.is_empty() {
            return Err(http::Error::Connect("connection refused".to_owned()));
        }
        responses.remove(0)
    }
    fn password_verify(
        &self,
        verification: &password::Verification,
    ) -> Result<bool, password::Error> {
        self.verified.borrow_mut().push(verification.clone());
        self.verdict.borrow().clone().unwrap_or(Ok(false))
    }
    fn metrics_counter_add(
        &self,
        _: &str,
        _: &[metrics::Label],
        _: f64,
    ) -> Result<(), metrics::Error> {
        Ok(())
    }
    fn metrics_gauge_set(
        &self,
        _: &str,
        _: &[metrics::Label],
        _: f64,
    ) -> Result<(), metrics::Error> {
        Ok(())
    }
    fn metrics_gauge_add(
        &self,
        _: &str,
        _: &[metrics::Label],
        _: f64,
    ) -> Result<(), metrics::Error> {
        Ok(())
    }
    fn metrics_histogram_observe(
        &self,
        _: &str,
        _: &[metrics::Label],
        _: f64,
    ) -> Result<(), metrics::Error> {
        Ok(())
    }
    fn secret_get(&self, name: &str) -> Option<Vec<u8>> {
        self.secrets.borrow().get(name).cloned()
    }
    fn sources_read(&self, path: &str) -> Option<Vec<u8>> {
        self.read.borrow_mut().push(path.to_owned());
        self.files.borrow().get(path).cloned()
    }
    fn files_read(&self, path: &str) -> Result<Vec<u8>, files::Error> {
        if self.straight_out.get() && self.granted.borrow().is_empty() {
            return std::fs::read(path).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => files::Error::Missing,
                std::io::ErrorKind::PermissionDenied => files::Error::Denied,
                _ => files::Error::Unreadable,
            });
        }
        let granted = self.granted.borrow();
        granted.get(path).cloned().ok_or(files::Error::Missing)
    }
    fn environment_get(&self, name: &str) -> Option<String> {
        self.environment.borrow().get(name).cloned()
    }
    fn output_write(&self, bytes: &[u8]) {
        if self.straight_out.get() {
            std::io::Write::write_all(&mut std::io::stdout(), bytes).unwrap();
        } else {
            self.output.borrow_mut().extend_from_slice(bytes);
        }
    }
}

pub fn bundle(kind: Kind, dialect: Dialect, source: &str) -> Bundle {
    Bundle {
        dialect,
        kind,
        chunk_name: "script.lua".to_owned(),
        source: source.as_bytes().to_vec(),
        package_path: "lib/?.lua".to_owned(),
    }
}

pub fn load(host: &Rc<FakeHost>, kind: Kind, source: &str) -> Result<Runtime, ScriptError> {
    Runtime::load(host.clone(), bundle(kind, Dialect::Lua51, source))
}

pub fn loaded(host: &Rc<FakeHost>, kind: Kind, source: &str) -> Runtime {
    load(host, kind, source).unwrap_or_else(|error| panic!("{}", error.message))
}

/// What a plain script prints, or its message.
pub fn output(dialect: Dialect, source: &str) -> Result<String, String> {
    output_with(&Rc::new(FakeHost::default()), dialect, source)
}

pub fn output_with(host: &Rc<FakeHost>, dialect: Dialect, source: &str) -> Result<String, String> {
    let mut runtime = Runtime::load(host.clone(), bundle(Kind::Plain, dialect, source))
        .map_err(|error| error.message)?;
    runtime.run_plain(&[]).map_err(|error| error.message)?;
    Ok(host.output_text())
}

pub fn expect_output(source: &str, wanted: &str) {
    match output(Dialect::Lua51, source) {
        Ok(text) => assert_eq!(text.trim_end_matches('\n'), wanted, "{source}"),
        Err(message) => panic!("{message}\nin {source}"),
    }
}

pub const BOTH: &[Dialect] = &[Dialect::Lua51, Dialect::Lua54];

/// Each of these scripts prints that, in each of these dialects.
pub fn expect(dialects: &[Dialect], cases: &[(&str, &str)]) {
    for dialect in dialects {
        for (source, wanted) in cases {
            let text =
                output(*dialect, source).unwrap_or_else(|error| panic!("{error}\nin {source}"));
            assert_eq!(text.trim_end_matches('\n'), *wanted, "{source}");
        }
    }
}

/// What a script of this kind prints to the log.
pub fn logged(host: &FakeHost) -> Vec<String> {
    host.log
        .borrow()
        .iter()
        .map(|(_, text)| text.clone())
        .collect()
}

pub fn request() -> types::Request {
    types::Request {
        session: "2abcdefghijklmnopqrstuvwxyz".to_owned(),
        external_session: String::new(),
        service: "json".to_owned(),
        protocol: "imap".to_owned(),
        method: "plain".to_owned(),
        username: "anna".to_owned(),
        password: Some(b"secret".to_vec()),
        no_auth: false,
        debug: false,
        login_attempt: 0,
        client: types::Client {
            address: "192.0.2.1".to_owned(),
            port: "4711".to_owned(),
            hostname: String::new(),
            id: String::new(),
            user_agent: String::new(),
            network: String::new(),
        },
        local: types::Endpoint {
            address: "198.51.100.1".to_owned(),
            port: "993".to_owned(),
        },
        tls: None,
        identity: None,
        dovecot: None,
        progress: types::Progress {
            authenticated: false,
            user_found: false,
            account: String::new(),
            account_field: String::new(),
            unique_user_id: String::new(),
            display_name: String::new(),
            backend: String::new(),
            attributes: Vec::new(),
            feature: String::new(),
            status_message: String::new(),
            brute_force_bucket: String::new(),
            brute_force_counter: 0,
            repeating: false,
            repeated_wrong_password: false,
            latency_ms: 0.0,
            http_status: 0,
        },
    }
}

/// What a backend script says to a password check.
pub fn verified(host: &Rc<FakeHost>, source: &str) -> Result<User, String> {
    let mut runtime = load(host, Kind::Backend, source).map_err(|error| error.message)?;
    match runtime.run_backend(&request(), &Operation::Verify) {
        Ok(Answer::User(user)) => Ok(user),
        Ok(_) => panic!("not an answer to verify"),
        Err(failure) => Err(failure.message),
    }
}

/// The values of an attribute, in debug form.
pub fn attribute(user: &User, name: &str) -> String {
    user.attributes
        .iter()
        .find(|attribute| attribute.name == name)
        .map_or_else(
            || "absent".to_owned(),
            |attribute| format!("{:?}", attribute.values),
        )
}
