//! The `request` table that Nauthilus scripts get.
//!
//! All keys exist, with empty values when nothing is known. The table with the defaults is made at
//! load, so a call only writes what differs.

use piccolo::table::RawTable;
use piccolo::{Context, Table, Value};

use crate::arguments::new_string;
use crate::convert::{put, string_array};
use crate::wit::bulkhead::policy::types::Request;
use crate::wit::exports::bulkhead::policy::backend::Operation;
use crate::wit::exports::bulkhead::policy::hook::HookRequest;

/// Prefix of the peer's Redis keys, as its default configuration has it.
const REDIS_PREFIX: &str = "nt:";

/// Room for all keys.
const CAPACITY: usize = 80;

const TEXTS: &[&str] = &[
    "account",
    "account_field",
    "brute_force_bucket",
    "client_host",
    "client_hostname",
    "client_id",
    "client_ip",
    "client_net",
    "client_port",
    "display_name",
    "environment",
    "external_session",
    "feature",
    "grant_type",
    "local_ip",
    "local_port",
    "method",
    "mfa_method",
    "oidc_cid",
    "oidc_client_name",
    "password",
    "protocol",
    "redirect_uri",
    "saml_entity_id",
    "service",
    "session",
    "ssl",
    "ssl_cipher",
    "ssl_client_cn",
    "ssl_client_dn",
    "ssl_client_issuer_dn",
    "ssl_client_not_after",
    "ssl_client_not_before",
    "ssl_client_subject_dn",
    "ssl_client_verify",
    "ssl_fingerprint",
    "ssl_issuer",
    "ssl_issuer_dn",
    "ssl_protocol",
    "ssl_serial",
    "ssl_session_id",
    "ssl_subject_dn",
    "status_message",
    "totp_secret",
    "unique_user_id",
    "user_agent",
    "username",
    "webauthn_credential",
    "webauthn_old_credential",
];

const BOOLEANS: &[&str] = &[
    "authenticated",
    "debug",
    "environment_rejected",
    "environment_stage_expected",
    "health_check",
    "mfa_completed",
    "no_auth",
    "repeating",
    "rwp",
    "subject_stage_expected",
    "user_found",
];

const NUMBERS: &[&str] = &[
    "auth_login_attempt",
    "brute_force_counter",
    "http_status",
    "latency",
];

const LISTS: &[&str] = &[
    "allowed_client_grant_types",
    "allowed_client_scopes",
    "requested_scopes",
    "totp_recovery_codes",
    "user_groups",
];

/// A request table in which nothing is known yet.
pub(crate) fn template(ctx: Context<'_>) -> Table<'_> {
    let table = Table::new(&ctx);
    let empty = Value::String(ctx.intern_static(b""));
    for key in TEXTS {
        table.set_field(ctx, key, empty);
    }
    for key in BOOLEANS {
        table.set_field(ctx, key, false);
    }
    for key in NUMBERS {
        table.set_field(ctx, key, 0);
    }
    for key in LISTS {
        table.set_field(ctx, key, Table::new(&ctx));
    }
    table.set_field(ctx, "redis_prefix", REDIS_PREFIX);
    table.set_field(ctx, "log_format", "default");
    table.set_field(ctx, "log_level", "info");
    let logging = Table::new(&ctx);
    logging.set_field(ctx, "log_format", "default");
    logging.set_field(ctx, "log_level", "info");
    table.set_field(ctx, "logging", logging);
    table
}

/// A new request table with the values of one that [`template`] made.
pub(crate) fn copy<'gc>(ctx: Context<'gc>, defaults: Table<'gc>) -> Table<'gc> {
    let raw = RawTable::with_capacity(&ctx, 0, CAPACITY);
    let table = Table::from_parts(&ctx, raw, None);
    for (key, value) in defaults {
        let value = match value {
            // Scripts may write into these.
            Value::Table(inner) => {
                let fresh = Table::new(&ctx);
                for (key, value) in inner {
                    put(ctx, fresh, key, value);
                }
                fresh.into()
            }
            other => other,
        };
        put(ctx, table, key, value);
    }
    table
}

struct Writer<'gc> {
    ctx: Context<'gc>,
    table: Table<'gc>,
}

impl<'gc> Writer<'gc> {
    fn text(&self, key: &'static str, value: &str) {
        if !value.is_empty() {
            self.table
                .set_field(self.ctx, key, new_string(self.ctx, value));
        }
    }

    fn truth(&self, key: &'static str, value: bool) {
        if value {
            self.table.set_field(self.ctx, key, true);
        }
    }

    fn number(&self, key: &'static str, value: u32) {
        if value != 0 {
            self.table.set_field(self.ctx, key, value);
        }
    }

    fn list(&self, key: &'static str, values: &[String]) {
        if !values.is_empty() {
            self.table
                .set_field(self.ctx, key, string_array(self.ctx, values));
        }
    }

    fn debug(&self) {
        self.table.set_field(self.ctx, "log_level", "debug");
        let logging = Table::new(&self.ctx);
        logging.set_field(self.ctx, "log_format", "default");
        logging.set_field(self.ctx, "log_level", "debug");
        self.table.set_field(self.ctx, "logging", logging);
    }
}

/// Writes what is known about a login into a table that [`template`] made.
pub(crate) fn fill<'gc>(ctx: Context<'gc>, table: Table<'gc>, request: &Request) {
    let to = Writer { ctx, table };
    to.text("session", &request.session);
    to.text("external_session", &request.external_session);
    to.text("service", &request.service);
    to.text("protocol", &request.protocol);
    to.text("method", &request.method);
    to.text("username", &request.username);
    if let Some(password) = &request.password {
        table.set_field(ctx, "password", new_string(ctx, password));
    }
    to.truth("no_auth", request.no_auth);
    to.number("auth_login_attempt", request.login_attempt);
    if request.debug {
        to.truth("debug", true);
        to.debug();
    }

    let client = &request.client;
    to.text("client_ip", &client.address);
    to.text("client_port", &client.port);
    to.text("client_host", &client.hostname);
    to.text("client_hostname", &client.hostname);
    to.text("client_id", &client.id);
    to.text("client_net", &client.network);
    to.text("user_agent", &client.user_agent);
    to.text("local_ip", &request.local.address);
    to.text("local_port", &request.local.port);

    if let Some(tls) = &request.tls {
        to.text("ssl", &tls.secured);
        to.text("ssl_protocol", &tls.protocol);
        to.text("ssl_cipher", &tls.cipher);
        to.text("ssl_session_id", &tls.session_id);
        to.text("ssl_client_verify", &tls.client_verify);
        to.text("ssl_client_dn", &tls.client_dn);
        to.text("ssl_client_cn", &tls.client_cn);
        to.text("ssl_issuer", &tls.issuer);
        to.text("ssl_client_not_before", &tls.client_not_before);
        to.text("ssl_client_not_after", &tls.client_not_after);
        to.text("ssl_subject_dn", &tls.subject_dn);
        to.text("ssl_issuer_dn", &tls.issuer_dn);
        to.text("ssl_client_subject_dn", &tls.client_subject_dn);
        to.text("ssl_client_issuer_dn", &tls.client_issuer_dn);
        to.text("ssl_serial", &tls.serial);
        to.text("ssl_fingerprint", &tls.fingerprint);
    }

    if let Some(identity) = &request.identity {
        to.text("oidc_cid", &identity.client_id);
        to.text("oidc_client_name", &identity.client_name);
        to.text("grant_type", &identity.grant_type);
        to.text("redirect_uri", &identity.redirect_uri);
        to.text("saml_entity_id", &identity.saml_entity_id);
        to.truth("mfa_completed", identity.mfa_completed);
        to.text("mfa_method", &identity.mfa_method);
        to.list("requested_scopes", &identity.requested_scopes);
        to.list("user_groups", &identity.user_groups);
        to.list("allowed_client_scopes", &identity.allowed_client_scopes);
        to.list(
            "allowed_client_grant_types",
            &identity.allowed_client_grant_types,
        );
    }

    let progress = &request.progress;
    to.truth("authenticated", progress.authenticated);
    to.truth("user_found", progress.user_found);
    to.text("account", &progress.account);
    to.text("account_field", &progress.account_field);
    to.text("unique_user_id", &progress.unique_user_id);
    to.text("display_name", &progress.display_name);
    to.text("feature", &progress.feature);
    to.text("environment", &progress.feature);
    to.truth("environment_rejected", !progress.feature.is_empty());
    to.text("status_message", &progress.status_message);
    to.text("brute_force_bucket", &progress.brute_force_bucket);
    to.number("brute_force_counter", progress.brute_force_counter);
    to.truth("repeating", progress.repeating);
    to.truth("rwp", progress.repeated_wrong_password);
    if progress.latency_ms != 0.0 {
        table.set_field(ctx, "latency", progress.latency_ms);
    }
    to.number("http_status", u32::from(progress.http_status));
}

/// Writes what a backend operation carries besides the request.
pub(crate) fn fill_operation<'gc>(ctx: Context<'gc>, table: Table<'gc>, operation: &Operation) {
    let to = Writer { ctx, table };
    match operation {
        Operation::LookUp => to.truth("no_auth", true),
        Operation::AddTotp(secret) => to.text("totp_secret", secret),
        Operation::AddRecoveryCodes(codes) => to.list("totp_recovery_codes", codes),
        Operation::SaveWebauthnCredential(credential)
        | Operation::DeleteWebauthnCredential(credential) => {
            to.text("webauthn_credential", credential);
        }
        Operation::UpdateWebauthnCredential(change) => {
            to.text("webauthn_credential", &change.new);
            to.text("webauthn_old_credential", &change.old);
        }
        Operation::Verify
        | Operation::ListAccounts
        | Operation::DeleteTotp
        | Operation::DeleteRecoveryCodes
        | Operation::GetWebauthnCredentials => {}
    }
}

/// Writes what a hook knows: it is not part of a login.
pub(crate) fn fill_hook<'gc>(ctx: Context<'gc>, table: Table<'gc>, request: &HookRequest) {
    let to = Writer { ctx, table };
    to.text("session", &request.session);
    to.text("client_ip", &request.client_address);
    to.text("method", &request.method);
    put(
        ctx,
        table,
        Value::String(ctx.intern_static(b"service")),
        Value::String(ctx.intern_static(b"custom")),
    );
}
