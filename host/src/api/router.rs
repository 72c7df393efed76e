//! Which path goes where. A method that a path does not know is an unknown page, as in the peer.

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get, post},
};

use super::{State, admin, health, hooks, login, refusal::Refusal, response};

/// All routes.
pub fn router(state: Arc<State>) -> Router {
    let not_found = || async { response::refuse(&Refusal::NotFound) };
    Router::new()
        .route("/api/v1/auth/json", get(login::handle).post(login::handle))
        .route("/api/v1/custom/{*location}", any(hooks::handle))
        .route("/api/v1/admin/reload", post(admin::reload))
        .route("/ping", get(health::ping))
        .route("/healthz", get(health::check))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .with_state(state)
}
