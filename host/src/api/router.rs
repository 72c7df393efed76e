//! Which path goes where. A method that a path does not know is an unknown page, as in the peer.

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{any, get},
};

use super::{State, health, hooks, login, metrics, refusal::Refusal, response};

/// All routes.
pub fn router(state: Arc<State>) -> Router {
    let not_found = || async { response::refuse(&Refusal::NotFound) };
    Router::new()
        .route("/api/v1/auth/json", get(login::handle).post(login::handle))
        .route("/api/v1/custom/{*location}", any(hooks::handle))
        .route("/ping", get(health::ping))
        .route("/healthz", get(health::check))
        .route("/metrics", get(metrics::page))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        // Outermost: it sees every request and every answer.
        .layer(middleware::from_fn_with_state(
            Arc::clone(&state),
            metrics::count,
        ))
        .with_state(state)
}
