//! The login routes, as a table: who may ask, where the login is written, how the answer is.
//!
//! Adding a path is adding a row. What a column means is written where it is used: `access`, `read`,
//! `response`.

use super::access::Access;
use crate::{auth::Mode, config::EndpointName};

/// A login route.
#[derive(Clone)]
pub(super) struct Route {
    /// The door's name, in the request (`service`) and in logs.
    pub(super) service: &'static str,
    /// Its name in `server.disabled_endpoints`.
    pub(super) endpoint: EndpointName,
    /// Other methods are unknown pages, as in the peer.
    pub(super) methods: &'static [&'static str],
    pub(super) access: Access,
    pub(super) source: Source,
    pub(super) needs: Needs,
    pub(super) shape: Shape,
    /// The protocol of a login that names none.
    pub(super) protocol: &'static str,
}

/// Where a login is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    /// In the body: JSON, CBOR or a form, by its content type. A GET has none.
    Body,
    /// In the body, as a form.
    Form,
    /// In header fields whose names are configured.
    Headers,
    /// In the field `Authorization`, which is the end user's here.
    Authorization,
}

/// What a login must have to get a decision at all. What it lacks beyond that is the pipeline's
/// business.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Needs {
    /// Name and password must be given; they may be empty.
    Members,
    /// They must not be empty.
    Values,
    /// Nothing.
    Nothing,
}

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    Json,
    Cbor,
    /// Attributes as header fields.
    Header,
    /// nginx' mail proxy: always 200, the upstream as header fields.
    Nginx,
    /// For browsers: 401 asks for a password again.
    Basic,
    /// Texts.
    Text,
}

const GET_AND_POST: &[&str] = &["GET", "POST"];

const JSON: Route = Route {
    service: "json",
    endpoint: EndpointName::AuthJson,
    methods: GET_AND_POST,
    access: Access::Credentials,
    source: Source::Body,
    needs: Needs::Members,
    shape: Shape::Json,
    protocol: "default",
};

const CBOR: Route = Route {
    service: "cbor",
    endpoint: EndpointName::AuthCbor,
    shape: Shape::Cbor,
    ..JSON
};

const HEADER: Route = Route {
    service: "header",
    endpoint: EndpointName::AuthHeader,
    source: Source::Headers,
    needs: Needs::Values,
    shape: Shape::Header,
    ..JSON
};

/// nginx takes any answer without `Auth-Status` for a broken server, so that everything that an end
/// user can get wrong goes to the pipeline.
const NGINX: Route = Route {
    service: "nginx",
    endpoint: EndpointName::AuthNginx,
    needs: Needs::Nothing,
    shape: Shape::Nginx,
    ..HEADER
};

const BASIC: Route = Route {
    service: "basic",
    endpoint: EndpointName::AuthBasic,
    methods: &["GET"],
    access: Access::Networks,
    source: Source::Authorization,
    needs: Needs::Nothing,
    shape: Shape::Basic,
    protocol: "http",
};

const SASLAUTHD: Route = Route {
    service: "saslauthd",
    endpoint: EndpointName::AuthSaslauthd,
    methods: &["POST"],
    source: Source::Form,
    shape: Shape::Text,
    ..JSON
};

/// Every path of a login. Those of the first releases of Nauthilus follow the present ones; there,
/// `dovecot` and `user` read and answered header fields.
pub(super) static ROUTES: [(&str, Route); 13] = [
    ("/api/v1/auth/json", JSON),
    ("/api/v1/auth/cbor", CBOR),
    ("/api/v1/auth/header", HEADER),
    ("/api/v1/auth/nginx", NGINX),
    ("/api/v1/auth/basic", BASIC),
    ("/api/v1/auth/saslauthd", SASLAUTHD),
    ("/api/v1/mail/json", JSON),
    ("/api/v1/mail/nginx", NGINX),
    ("/api/v1/mail/saslauthd", SASLAUTHD),
    (
        "/api/v1/mail/dovecot",
        Route {
            service: "dovecot",
            ..HEADER
        },
    ),
    ("/api/v1/generic/json", JSON),
    (
        "/api/v1/generic/user",
        Route {
            service: "user",
            ..HEADER
        },
    ),
    ("/api/v1/http/basicauth", BASIC),
];

impl Route {
    /// What the caller wants to know. Who has not shown the API's credentials learns about no user but
    /// the one whose password he has.
    pub(super) fn mode(&self, query: &[(String, String)]) -> Mode {
        if self.access == Access::Networks {
            return Mode::Verify;
        }
        match query.iter().find(|(name, _)| name == "mode") {
            Some((_, value)) if value == "no-auth" => Mode::LookUp,
            Some((_, value)) if value == "list-accounts" => Mode::ListAccounts,
            _ => Mode::Verify,
        }
    }
}
