//! Which path goes where. A method that a path does not know is an unknown page, as in the peer.

use std::sync::Arc;

use axum::{
    Router, extract,
    routing::{any, get},
};

use super::{State, health, hooks, login, route::ROUTES};

/// All routes.
pub fn router(state: Arc<State>) -> Router {
    let mut router = Router::new();
    for (path, route) in &ROUTES {
        let handle = move |extract::State(state): extract::State<Arc<State>>,
                           request: extract::Request| {
            login::handle(route, state, request)
        };
        router = router.route(path, any(handle));
    }
    router
        .route("/api/v1/custom/{*location}", any(hooks::handle))
        .route("/ping", get(health::ping))
        .route("/healthz", get(health::check))
        .fallback(hooks::handle_alias)
        .method_not_allowed_fallback(hooks::handle_alias)
        .with_state(state)
}
