//! The yardstick of `tests/bench/compare.sh`: the login endpoint as a bare axum handler.
//!
//! It checks the API's credentials, parses the same JSON, compares user and password, and sends an
//! answer of the same size with the same headers, but has no policy, no sandbox, no trace and no log.
//! What Bulkhead takes longer than this is the price of its policy.
//!
//! Usage: `bare ADDRESS`

use std::{collections::HashMap, error::Error, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use subtle::ConstantTimeEq;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Users {
    authorization: String,
    passwords: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Login {
    username: String,
    #[serde(default)]
    password: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("usage: bare ADDRESS")?;
    let passwords = (0..1000).map(|number| (format!("user{number}"), format!("password{number}")));
    let users = Users {
        authorization: format!("Basic {}", STANDARD.encode("bench:bench-Secret-0123456789")),
        passwords: passwords.collect(),
    };
    let routes = Router::new()
        .route("/ping", get(|| async { "pong" }))
        .route("/api/v1/auth/json", post(login))
        .with_state(Arc::new(users));
    let listener = tokio::net::TcpListener::bind(&address).await?;
    axum::serve(listener, routes).await?;
    Ok(())
}

async fn login(State(users): State<Arc<Users>>, headers: HeaderMap, body: Bytes) -> Response {
    let given = headers.get(header::AUTHORIZATION);
    let expected = users.authorization.as_bytes();
    if !given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(expected))) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Ok(login) = serde_json::from_slice::<Login>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let session = (
        "X-Nauthilus-Session",
        "000000000000000000000000000".to_owned(),
    );
    let kind = ("Content-Type", "application/json".to_owned());
    let known = users.passwords.get(&login.username);
    if !known.is_some_and(|known| bool::from(known.as_bytes().ct_eq(login.password.as_bytes()))) {
        let status = ("Auth-Status", "Invalid login or password".to_owned());
        return (StatusCode::FORBIDDEN, [status, session, kind], "null").into_response();
    }
    let answer = serde_json::json!({
        "ok": true,
        "account_field": "account",
        "totp_secret_field": "",
        "backend": 3,
        "attributes": {
            "account": [login.username],
            "home": [format!("/home/{}", login.username)],
            "uid": [1000],
        },
    });
    let status = ("Auth-Status", "OK".to_owned());
    let account = ("Auth-User", login.username);
    (
        StatusCode::OK,
        [status, account, session, kind],
        answer.to_string(),
    )
        .into_response()
}
