//! Which path goes where. A method that a path does not know is an unknown page, as in the peer.

use std::sync::Arc;

use axum::{
    Router, extract, middleware,
    routing::{any, delete, get, post},
};

use super::{
    State, admin, brute_force, cache_flush, health, hooks, jobs, login, metrics, openapi,
    route::ROUTES,
};

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
        .route("/api/v1/admin/reload", post(admin::reload))
        .route(
            "/api/v1/bruteforce/list",
            get(brute_force::list).post(brute_force::list),
        )
        .route("/api/v1/bruteforce/flush", delete(brute_force::flush))
        .route(
            "/api/v1/bruteforce/flush/async",
            delete(brute_force::flush_later),
        )
        .route("/api/v1/async/jobs/{jobId}", get(jobs::status))
        .route("/api/v1/cache/flush", delete(cache_flush::flush))
        .route(
            "/api/v1/cache/flush/async",
            delete(cache_flush::flush_async),
        )
        .route("/ping", get(health::ping))
        .route("/healthz", get(health::check))
        .route("/metrics", get(metrics::page))
        .route("/api/v1/openapi.json", get(openapi::serve_json))
        .route("/api/v1/openapi.yaml", get(openapi::serve_yaml))
        .route("/.well-known/openapi.json", get(openapi::serve_json))
        .route("/.well-known/openapi.yaml", get(openapi::serve_yaml))
        .fallback(hooks::handle_alias)
        .method_not_allowed_fallback(hooks::handle_alias)
        // Outermost: it sees every request and every answer.
        .layer(middleware::from_fn_with_state(
            Arc::clone(&state),
            metrics::count,
        ))
        .with_state(state)
}
