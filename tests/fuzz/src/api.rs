//! As `bulkhead::api`, as far as it parses, and the doors to it.

#[path = "../../../host/src/api/client.rs"]
mod client;
#[path = "../../../host/src/api/dovecot.rs"]
mod dovecot;
#[path = "../../../host/src/api/fields.rs"]
mod fields;
#[path = "../../../host/src/api/form.rs"]
mod form;
#[path = "../../../host/src/api/json.rs"]
mod json;
#[path = "../../../host/src/api/json_errors.rs"]
mod json_errors;
#[path = "../../../host/src/api/refusal.rs"]
mod refusal;

use crate::auth::Mode;

/// Whatever was read must become a request, or be refused.
fn build(fields: fields::Fields) {
    let _ = fields.into_request(fields::Origin {
        session: String::new(),
        external_session: String::new(),
        mode: Mode::Verify,
        service: "fuzz",
        client_address: [192, 0, 2, 1].into(),
        client_port: None,
        user_agent: String::new(),
        http: crate::auth::IncomingHttp::default(),
    });
}

pub fn json(data: &[u8]) {
    if let Ok(fields) = json::parse(data) {
        build(fields);
    }
}

pub fn form(data: &[u8]) {
    if let Ok(fields) = form::parse(data) {
        build(fields);
    }
}
