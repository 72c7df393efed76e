//! Connects the SDK's calls with the test host of the current thread.

use std::{cell::RefCell, time::Duration};

use super::host::{LogLine, TestHost};
use crate::{
    Header, Value,
    bindings::bulkhead::policy::{
        context,
        dns::{Answer, Question},
        geoip::Facts,
        http::IncomingResponse,
        http::OutgoingRequest,
        ldap::{ModifyRequest, PasswordCheck, SearchReply, SearchRequest},
        log::Level,
        metrics::Label,
        password::Verification,
        sql::{Piece, Table},
        store::Remaining,
    },
    dns, geoip,
    host::Host,
    http, ldap, metrics, password, sql, store,
};

thread_local! {
    /// Who answers. Outside `TestHost::run` a host that nobody looks at.
    static CURRENT: RefCell<TestHost> = RefCell::new(TestHost::new());
}

/// Puts the former host back, even when a test panics.
pub(super) struct Restore(Option<TestHost>);

impl Drop for Restore {
    fn drop(&mut self) {
        if let Some(former) = self.0.take() {
            CURRENT.set(former);
        }
    }
}

pub(super) fn install(host: TestHost) -> Restore {
    Restore(Some(CURRENT.replace(host)))
}

fn current() -> TestHost {
    CURRENT.with_borrow(Clone::clone)
}

/// The seam's native side.
pub(crate) struct Double;

impl Host for Double {
    fn log_write(level: Level, message: &str) {
        let message = message.to_owned();
        let line = LogLine { level, message };
        current().state.borrow_mut().log.push(line);
    }

    fn log_add_field(key: &str, value: &Value) {
        let field = (key.to_owned(), value.clone());
        current().state.borrow_mut().fields.push(field);
    }

    fn context_get(key: &str) -> Option<Vec<u8>> {
        current().state.borrow().context.get(key).cloned()
    }

    fn context_set(key: &str, value: &[u8]) -> Result<(), context::Error> {
        let host = current();
        let mut state = host.state.borrow_mut();
        state.context.insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn context_delete(key: &str) {
        current().state.borrow_mut().context.remove(key);
    }

    fn incoming_method() -> String {
        current().state.borrow().incoming_method.clone()
    }

    fn incoming_path() -> String {
        current().state.borrow().incoming_path.clone()
    }

    fn incoming_headers() -> Vec<Header> {
        current().state.borrow().incoming_headers.clone()
    }

    fn incoming_query_parameter(name: &str) -> Option<String> {
        let host = current();
        let state = host.state.borrow();
        let mut query = state.incoming_query.iter();
        query
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    }

    fn incoming_body() -> Vec<u8> {
        current().state.borrow().incoming_body.clone()
    }

    fn clock_now() -> Duration {
        current().state.borrow().store.now
    }

    fn clock_monotonic() -> u64 {
        let host = current();
        let state = host.state.borrow();
        let passed = state.store.now.saturating_sub(state.started);
        u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX)
    }

    fn random_bytes(length: u32) -> Vec<u8> {
        let host = current();
        let mut state = host.state.borrow_mut();
        // SplitMix64: the same in every test run, and never twice the same bytes in one.
        (0..length)
            .map(|_| {
                state.random = state.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut mixed = state.random;
                mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                (mixed >> 56) as u8
            })
            .collect()
    }

    fn store_get(key: &str) -> Result<Option<Vec<u8>>, store::Error> {
        current().state.borrow_mut().store.get(key)
    }

    fn store_set(key: &str, value: &[u8], seconds: Option<u32>) -> Result<(), store::Error> {
        current().state.borrow_mut().store.set(key, value, seconds)
    }

    fn store_delete(key: &str) -> Result<bool, store::Error> {
        current().state.borrow_mut().store.delete(key)
    }

    fn store_increment(key: &str, by: i64, seconds: Option<u32>) -> Result<i64, store::Error> {
        current()
            .state
            .borrow_mut()
            .store
            .increment(key, by, seconds)
    }

    fn store_expire(key: &str, seconds: u32) -> Result<bool, store::Error> {
        current().state.borrow_mut().store.expire(key, seconds)
    }

    fn store_time_to_live(key: &str) -> Result<Remaining, store::Error> {
        current().state.borrow_mut().store.time_to_live(key)
    }

    fn http_send(request: &OutgoingRequest) -> Result<IncomingResponse, http::Error> {
        let host = current();
        let mut state = host.state.borrow_mut();
        state.sent.push(request.clone());
        if let Some(answer) = state.answer_http.as_mut() {
            return answer(request);
        }
        state.replies.pop_front().unwrap_or_else(|| {
            let asked = format!("{} {}", request.method, request.url);
            Err(http::Error::Denied(format!(
                "the test host has no reply for {asked}"
            )))
        })
    }

    fn ldap_search(request: &SearchRequest) -> Result<SearchReply, ldap::Error> {
        let host = current();
        let mut state = host.state.borrow_mut();
        state.searches.push(request.clone());
        state.directory.search(request)
    }

    fn ldap_check_password(check: &PasswordCheck) -> Result<bool, ldap::Error> {
        let host = current();
        let mut state = host.state.borrow_mut();
        state.binds.push((check.pool.clone(), check.dn.clone()));
        state.directory.check_password(check)
    }

    fn ldap_modify(request: &ModifyRequest) -> Result<(), ldap::Error> {
        let host = current();
        let mut state = host.state.borrow_mut();
        state.modifications.push(request.clone());
        state.directory.modify(request)
    }

    fn password_verify(verification: &Verification) -> Result<bool, password::Error> {
        let host = current();
        let mut state = host.state.borrow_mut();
        state.verifications = state.verifications.saturating_add(1);
        if let Some(answer) = state.answer_password.as_mut() {
            return answer(verification);
        }
        let stored = &verification.stored;
        let plain = stored.strip_prefix(b"{PLAIN}").unwrap_or(stored);
        if plain.starts_with(b"{") {
            let text = String::from_utf8_lossy(plain).into_owned();
            return Err(password::Error::UnknownScheme(text));
        }
        Ok(plain == verification.password)
    }

    fn metrics_counter_add(name: &str, labels: &[Label], by: f64) -> Result<(), metrics::Error> {
        if by.is_nan() || by < 0.0 {
            return Err(metrics::Error::Invalid("a counter only grows".to_owned()));
        }
        Self::metrics_gauge_add(name, labels, by)
    }

    fn metrics_gauge_set(name: &str, labels: &[Label], to: f64) -> Result<(), metrics::Error> {
        *current().state.borrow_mut().series(name, labels) = vec![to];
        Ok(())
    }

    fn metrics_gauge_add(name: &str, labels: &[Label], by: f64) -> Result<(), metrics::Error> {
        current().state.borrow_mut().series(name, labels).push(by);
        Ok(())
    }

    fn metrics_histogram_observe(
        name: &str,
        labels: &[Label],
        observed: f64,
    ) -> Result<(), metrics::Error> {
        Self::metrics_gauge_add(name, labels, observed)
    }

    fn secret_get(name: &str) -> Option<Vec<u8>> {
        current().state.borrow().secrets.get(name).cloned()
    }

    fn dns_lookup(questions: &[Question], _timeout_ms: Option<u32>) -> Vec<Answer> {
        let host = current();
        let mut state = host.state.borrow_mut();
        let answer = |question: &Question| {
            state.asked.push(question.clone());
            let name = question.name.trim_end_matches('.').to_ascii_lowercase();
            let known = state.names.get(&(name, question.kind as u8)).cloned();
            Answer {
                records: known.unwrap_or(Err(dns::Error::NoSuchName)),
                elapsed_ms: 1.0,
            }
        };
        questions.iter().map(answer).collect()
    }

    fn geoip_lookup(database: &str, address: &str) -> Result<Option<Facts>, geoip::Error> {
        let host = current();
        let state = host.state.borrow();
        let known = state
            .places
            .get(&(database.to_owned(), address.to_owned()))
            .cloned();
        known.unwrap_or(Ok(None))
    }

    fn sql_query(database: &str, statement: &[Piece]) -> Result<Table, sql::Error> {
        match ask(database, statement)? {
            sql::Reply::Rows(table) => Ok(table),
            sql::Reply::Changed(_) => Err(sql::Error::Failed("this reply has no rows".to_owned())),
        }
    }

    fn sql_execute(database: &str, statement: &[Piece]) -> Result<u64, sql::Error> {
        match ask(database, statement)? {
            sql::Reply::Changed(rows) => Ok(rows),
            sql::Reply::Rows(_) => Err(sql::Error::Failed("this reply has rows".to_owned())),
        }
    }
}

/// Keeps the statement and takes the next scripted reply.
fn ask(database: &str, statement: &[Piece]) -> Result<sql::Reply, sql::Error> {
    let host = current();
    let mut state = host.state.borrow_mut();
    state.statements.push(sql::Statement {
        database: database.to_owned(),
        pieces: statement.to_vec(),
    });
    state.sql_replies.pop_front().unwrap_or_else(|| {
        let text = format!("the test host has no reply of the database `{database}`");
        Err(sql::Error::Denied(text))
    })
}
