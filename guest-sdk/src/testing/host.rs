//! The server that is not there, as tests see it: what it should answer, and what it was told.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use serde::de::DeserializeOwned;

use super::{clock::AgingStore, directory::Directory};
use crate::{
    Header, Value,
    bindings::bulkhead::policy::{metrics::Label, password::Verification},
    dns, geoip, http, ldap,
    log::Level,
    password, sql,
};

/// One line that a plugin wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// How grave.
    pub level: Level,
    /// The text.
    pub message: String,
}

type AnswerHttp = Box<dyn FnMut(&http::OutgoingRequest) -> Result<http::Response, http::Error>>;
type AnswerPassword = Box<dyn FnMut(&Verification) -> Result<bool, password::Error>>;

/// A metric's name and its labels, sorted.
pub(super) type SeriesKey = (String, Vec<(String, String)>);

/// What a server would keep.
pub(super) struct State {
    pub(super) log: Vec<LogLine>,
    pub(super) fields: Vec<(String, Value)>,
    pub(super) context: BTreeMap<String, Vec<u8>>,
    pub(super) store: AgingStore,
    pub(super) started: Duration,
    pub(super) sent: Vec<http::OutgoingRequest>,
    pub(super) replies: VecDeque<Result<http::Response, http::Error>>,
    pub(super) answer_http: Option<AnswerHttp>,
    pub(super) directory: Directory,
    pub(super) searches: Vec<ldap::SearchRequest>,
    pub(super) binds: Vec<(String, String)>,
    pub(super) modifications: Vec<ldap::ModifyRequest>,
    pub(super) statements: Vec<sql::Statement>,
    pub(super) sql_replies: VecDeque<Result<sql::Reply, sql::Error>>,
    pub(super) answer_password: Option<AnswerPassword>,
    pub(super) verifications: u32,
    pub(super) secrets: BTreeMap<String, Vec<u8>>,
    pub(super) series: BTreeMap<SeriesKey, Vec<f64>>,
    pub(super) incoming_method: String,
    pub(super) incoming_path: String,
    pub(super) incoming_headers: Vec<Header>,
    pub(super) incoming_query: Vec<(String, String)>,
    pub(super) incoming_body: Vec<u8>,
    pub(super) random: u64,
    pub(super) asked: Vec<dns::Question>,
    /// By name in lower case, without the final dot, and kind.
    pub(super) names: BTreeMap<(String, u8), Result<Vec<dns::Data>, dns::Error>>,
    /// By database and address.
    pub(super) places: BTreeMap<(String, String), Result<Option<geoip::Facts>, geoip::Error>>,
}

/// A server for tests: it answers the calls of the plugin that runs in [`TestHost::run`] on the same
/// thread, and remembers them. Everything is granted.
///
/// Clones share one state.
#[derive(Clone)]
pub struct TestHost {
    pub(super) state: Rc<RefCell<State>>,
}

impl Default for TestHost {
    fn default() -> Self {
        Self::new()
    }
}

impl TestHost {
    /// An empty server at 2026-01-01 00:00:00 UTC. Its passwords are compared as plain text, with
    /// or without `{PLAIN}`; its HTTP requests are denied until a reply is scripted.
    pub fn new() -> Self {
        let now = Duration::from_secs(1_767_225_600);
        Self {
            state: Rc::new(RefCell::new(State {
                log: Vec::new(),
                fields: Vec::new(),
                context: BTreeMap::new(),
                store: AgingStore::new(now),
                started: now,
                sent: Vec::new(),
                replies: VecDeque::new(),
                answer_http: None,
                directory: Directory::default(),
                searches: Vec::new(),
                binds: Vec::new(),
                modifications: Vec::new(),
                statements: Vec::new(),
                sql_replies: VecDeque::new(),
                answer_password: None,
                verifications: 0,
                secrets: BTreeMap::new(),
                series: BTreeMap::new(),
                incoming_method: String::new(),
                incoming_path: String::new(),
                incoming_headers: Vec::new(),
                incoming_query: Vec::new(),
                incoming_body: Vec::new(),
                random: 0,
                asked: Vec::new(),
                names: BTreeMap::new(),
                places: BTreeMap::new(),
            })),
        }
    }

    /// Runs a piece of code whose calls this host answers.
    pub fn run<R>(&self, code: impl FnOnce() -> R) -> R {
        let _restore = super::double::install(self.clone());
        code()
    }

    /// Moves the clock on. Store entries age with it.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state.borrow_mut();
        state.store.now = state.store.now.saturating_add(by);
    }

    /// Keeps a secret.
    #[must_use]
    pub fn with_secret(self, name: &str, value: &str) -> Self {
        self.state
            .borrow_mut()
            .secrets
            .insert(name.to_owned(), value.as_bytes().to_vec());
        self
    }

    /// Answers the next HTTP request that no closure answers; replies are used up in order.
    #[must_use]
    pub fn with_reply(self, reply: Result<http::Response, http::Error>) -> Self {
        self.state.borrow_mut().replies.push_back(reply);
        self
    }

    /// Answers the next HTTP request with a status and a body.
    #[must_use]
    pub fn with_status(self, status: u16, body: &str) -> Self {
        self.with_reply(Ok(http::Response {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            url: String::new(),
        }))
    }

    /// Answers every HTTP request with a closure.
    #[must_use]
    pub fn with_http(
        self,
        answer: impl FnMut(&http::OutgoingRequest) -> Result<http::Response, http::Error> + 'static,
    ) -> Self {
        self.state.borrow_mut().answer_http = Some(Box::new(answer));
        self
    }

    /// Answers the next LDAP search, whatever it looks for; replies are used up in order. Without one, a
    /// search finds nothing.
    #[must_use]
    pub fn with_search(self, reply: Result<ldap::SearchReply, ldap::Error>) -> Self {
        self.state.borrow_mut().directory.replies.push_back(reply);
        self
    }

    /// Answers the next LDAP search with one entry, in the pool's own order of attributes.
    #[must_use]
    pub fn with_entry(self, dn: &str, attributes: &[(&str, &str)]) -> Self {
        self.with_search(Ok(ldap::SearchReply {
            entries: vec![ldap::Entry::new(dn, attributes)],
            more: false,
        }))
    }

    /// Gives an entry a password. Binds as any other name answer that the password is wrong, as a
    /// directory does.
    #[must_use]
    pub fn with_directory_password(self, dn: &str, password: &str) -> Self {
        let mut state = self.state.borrow_mut();
        let password = password.as_bytes().to_vec();
        state.directory.passwords.insert(dn.to_owned(), password);
        drop(state);
        self
    }

    /// Makes every LDAP call fail, until called with `None`.
    pub fn set_directory_outage(&self, error: Option<ldap::Error>) {
        self.state.borrow_mut().directory.outage = error;
    }

    /// Lets every directory answer so to a password, whatever it is.
    pub fn fail_binds(&self, error: ldap::Error) {
        self.state.borrow_mut().directory.refusal = Some(error);
    }

    /// Answers the next statement of any database; replies are used up in order.
    #[must_use]
    pub fn with_sql(self, reply: Result<sql::Reply, sql::Error>) -> Self {
        self.state.borrow_mut().sql_replies.push_back(reply);
        self
    }

    /// Answers the next statement of any database with rows.
    #[must_use]
    pub fn with_rows(self, columns: &[&str], rows: Vec<Vec<sql::Value>>) -> Self {
        self.with_sql(Ok(sql::Reply::Rows(sql::Table {
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            rows,
            truncated: false,
        })))
    }

    /// Answers every password verification with a closure, instead of comparing plain text.
    #[must_use]
    pub fn with_passwords(
        self,
        answer: impl FnMut(&Verification) -> Result<bool, password::Error> + 'static,
    ) -> Self {
        self.state.borrow_mut().answer_password = Some(Box::new(answer));
        self
    }

    /// Makes every store call fail, until called with `None`.
    pub fn set_store_outage(&self, reason: Option<&str>) {
        self.state.borrow_mut().store.outage = reason.map(str::to_owned);
    }

    /// Answers every question of that kind about a name. Names that have no answer do not exist.
    #[must_use]
    pub fn with_name(
        self,
        name: &str,
        kind: dns::Kind,
        answer: Result<Vec<dns::Data>, dns::Error>,
    ) -> Self {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.state
            .borrow_mut()
            .names
            .insert((name, kind as u8), answer);
        self
    }

    /// Lets a database know an address, or fail. Other addresses are in no database.
    #[must_use]
    pub fn with_place(
        self,
        database: &str,
        address: &str,
        answer: Result<geoip::Facts, geoip::Error>,
    ) -> Self {
        self.state
            .borrow_mut()
            .places
            .insert((database.to_owned(), address.to_owned()), answer.map(Some));
        self
    }

    /// The HTTP request that brought the login.
    #[must_use]
    pub fn with_incoming(
        self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Self {
        let mut state = self.state.borrow_mut();
        state.incoming_method = method.to_owned();
        state.incoming_path = path.to_owned();
        state.incoming_headers = headers
            .iter()
            .map(|(name, value)| Header::new(*name, value))
            .collect();
        state.incoming_body = body.to_vec();
        drop(state);
        self
    }

    /// A query parameter of the HTTP request that brought the login.
    #[must_use]
    pub fn with_query_parameter(self, name: &str, value: &str) -> Self {
        self.state
            .borrow_mut()
            .incoming_query
            .push((name.to_owned(), value.to_owned()));
        self
    }

    /// The lines that were logged.
    pub fn log(&self) -> Vec<LogLine> {
        self.state.borrow().log.clone()
    }

    /// The pairs that were added to the login's line.
    pub fn log_fields(&self) -> Vec<(String, Value)> {
        self.state.borrow().fields.clone()
    }

    /// A context value; none if absent or of another type.
    pub fn context<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let state = self.state.borrow();
        ciborium::from_reader(state.context.get(key)?.as_slice()).ok()
    }

    /// A stored value; none if absent or expired.
    pub fn stored(&self, key: &str) -> Option<Vec<u8>> {
        self.state.borrow_mut().store.get(key).ok().flatten()
    }

    /// The HTTP requests that were sent.
    pub fn sent(&self) -> Vec<http::OutgoingRequest> {
        self.state.borrow().sent.clone()
    }

    /// The questions to the domain name system.
    pub fn asked(&self) -> Vec<dns::Question> {
        self.state.borrow().asked.clone()
    }

    /// The LDAP searches that were made.
    pub fn searches(&self) -> Vec<ldap::SearchRequest> {
        self.state.borrow().searches.clone()
    }

    /// Pools and names whose passwords directories were asked about.
    pub fn binds(&self) -> Vec<(String, String)> {
        self.state.borrow().binds.clone()
    }

    /// The changes that directories were asked to make.
    pub fn modifications(&self) -> Vec<ldap::ModifyRequest> {
        self.state.borrow().modifications.clone()
    }

    /// The statements that databases were sent.
    pub fn statements(&self) -> Vec<sql::Statement> {
        self.state.borrow().statements.clone()
    }

    /// How many passwords were verified.
    pub fn verifications(&self) -> u32 {
        self.state.borrow().verifications
    }

    /// The sum of a counter, the value of a gauge or the sum of a histogram's observations.
    pub fn metric(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let key = (
            name.to_owned(),
            sorted(labels.iter().map(|(name, value)| (*name, *value))),
        );
        let state = self.state.borrow();
        state.series.get(&key).map(|values| values.iter().sum())
    }
}

impl State {
    pub(super) fn series(&mut self, name: &str, labels: &[Label]) -> &mut Vec<f64> {
        let labels = labels
            .iter()
            .map(|label| (label.name.as_str(), label.value.as_str()));
        self.series
            .entry((name.to_owned(), sorted(labels)))
            .or_default()
    }
}

fn sorted<'a>(labels: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    let mut labels: Vec<_> = labels
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    labels.sort();
    labels
}
