//! One login question, whole way: access, reading, decision, answer. The same for every route; what
//! differs is in the route's row.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract,
    http::{Method, Response},
};

use super::{
    State, access, body, decide,
    negotiate::list_form,
    origin::{self, Origin},
    read,
    refusal::Refusal,
    response,
    route::{Route, Shape},
};
use crate::auth::{Mode, Password};

/// Handles every method of the route's path.
pub(super) async fn handle(
    route: &'static Route,
    state: Arc<State>,
    request: extract::Request,
) -> Response<Body> {
    let arrived = Instant::now();
    let peer = origin::peer(request.extensions());
    let request_id = origin::request_id(request.headers()).cloned();
    let mut response = match answer(route, &state, request, arrived).await {
        Ok(response) => response,
        Err(refusal) => {
            refusal.report(peer);
            response::refuse_login(route.shape, &refusal)
        }
    };
    if let Some(id) = request_id {
        response.headers_mut().insert(origin::REQUEST_ID, id);
    }
    response
}

async fn answer(
    route: &'static Route,
    state: &Arc<State>,
    request: extract::Request,
    arrived: Instant,
) -> Result<Response<Body>, Refusal> {
    // Nothing up to here and down to `body::read` may touch the body.
    let generation = state.generation.load_full();
    let server = &generation.server;
    if server.disabled_endpoints.contains(&route.endpoint)
        || !route.methods.contains(&request.method().as_str())
    {
        return Err(Refusal::NotFound);
    }
    let peer = origin::peer(request.extensions());
    access::check(route.access, state, &generation, request.headers(), peer).await?;
    let place = state.concurrency.enter()?;
    let (parts, body) = request.into_parts();
    let query = origin::query(&parts.uri);
    let mode = route.mode(&query);
    let list_form = match mode {
        Mode::ListAccounts => Some(list_form(&parts.headers, route.shape == Shape::Cbor)?),
        Mode::Verify | Mode::LookUp => None,
    };
    let form = read::form(route, &parts, mode)?;
    let deadline = arrived + server.request_timeout;
    let mut bytes = if parts.method == Method::POST {
        let limit = form.body_bytes(&generation.limits);
        body::read(body, &parts.headers, limit, deadline).await?
    } else {
        zeroize::Zeroizing::default()
    };
    let fields = read::fields(form, mode, &parts.headers, &bytes, &generation)?;
    let needs = form.needs(route);
    let body = (!bytes.is_empty()).then(|| Arc::new(Password::new(std::mem::take(&mut *bytes))));
    let origin = Origin::new(route, server, &parts, query, mode, body);
    let request = fields.into_request(origin, needs)?;
    let question = decide::Question {
        route,
        request,
        arrived,
        deadline,
        place,
        list_form,
        idempotency_key: parts.headers.get("idempotency-key"),
    };
    Ok(decide::decide(state, generation, question).await)
}
