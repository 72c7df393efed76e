//! Which path goes where. A method that a path does not know is an unknown page, as in the peer.

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get},
};

use super::{State, health, hooks, login, openapi, refusal::Refusal, response};

/// All routes.
pub fn router(state: Arc<State>) -> Router {
    let not_found = || async { response::refuse(&Refusal::NotFound) };
    Router::new()
        .route("/api/v1/auth/json", get(login::handle).post(login::handle))
        .route("/api/v1/custom/{*location}", any(hooks::handle))
        .route("/ping", get(health::ping))
        .route("/healthz", get(health::check))
        .route("/api/v1/openapi.json", get(openapi::serve_json))
        .route("/api/v1/openapi.yaml", get(openapi::serve_yaml))
        .route("/.well-known/openapi.json", get(openapi::serve_json))
        .route("/.well-known/openapi.yaml", get(openapi::serve_yaml))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .with_state(state)
}
