//! The module `glua_http`: HTTP requests through the host.
//!
//! Every function returns a response, or nil and a text. The response is a userdata that can be
//! indexed.

use std::collections::BTreeMap;

use piccolo::{Callback, CallbackReturn, Context, Error, Stack, Table, UserData, Value};

use super::http_options::request;
use crate::arguments::{bad, lossy, new_string, table, text};
use crate::convert::put;
use crate::host;
use crate::wit::bulkhead::policy::http::{self, IncomingResponse, OutgoingRequest};

/// More requests in one batch than this are refused.
const BATCH: i64 = 100;

pub(super) fn module(ctx: Context<'_>) -> Table<'_> {
    let module = Table::new(&ctx);
    for (name, method) in [
        ("get", "GET"),
        ("delete", "DELETE"),
        ("head", "HEAD"),
        ("patch", "PATCH"),
        ("post", "POST"),
        ("put", "PUT"),
    ] {
        module.set_field(
            ctx,
            name,
            Callback::from_fn(&ctx, move |ctx, _, mut stack| {
                let url = text(ctx, &stack, 0, name)?;
                let request = request(ctx, method, &url, stack.get(1))?;
                answer(ctx, &mut stack, &request);
                Ok(CallbackReturn::Return)
            }),
        );
    }
    module.set_field(
        ctx,
        "request",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let method = text(ctx, &stack, 0, "request")?;
            let url = text(ctx, &stack, 1, "request")?;
            let request = request(ctx, &method, &url, stack.get(2))?;
            answer(ctx, &mut stack, &request);
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "request_batch",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            batch(ctx, &mut stack)?;
            Ok(CallbackReturn::Return)
        }),
    );
    module
}

fn answer<'gc>(ctx: Context<'gc>, stack: &mut Stack<'gc, '_>, request: &OutgoingRequest) {
    match send(request) {
        Ok(response) => stack.replace(ctx, (userdata(ctx, &response), Value::Nil)),
        Err(problem) => stack.replace(ctx, (Value::Nil, problem)),
    }
}

/// `request_batch({{method, url, options}, …})` → responses, errors by position (nil without any).
fn batch<'gc>(ctx: Context<'gc>, stack: &mut Stack<'gc, '_>) -> Result<(), Error<'gc>> {
    let list = table(ctx, stack, 0, "request_batch")?;
    if list.length() > BATCH {
        return Err(bad(
            ctx,
            0,
            "request_batch",
            format!("at most {BATCH} requests expected"),
        ));
    }
    let mut requests = Vec::new();
    for index in 1..=list.length() {
        let Value::Table(entry) = list.get_raw(Value::Integer(index)) else {
            return Err(bad(ctx, 0, "request_batch", "table of tables expected"));
        };
        let part = |index| entry.get_raw(Value::Integer(index));
        let (Value::String(method), Value::String(url)) = (part(1), part(2)) else {
            return Err(bad(
                ctx,
                0,
                "request_batch",
                "tables {method, url, options} expected",
            ));
        };
        requests.push(request(ctx, &lossy(method), &lossy(url), part(3))?);
    }
    let responses = Table::new(&ctx);
    let errors = Table::new(&ctx);
    let mut failed = false;
    for (index, request) in (1_i64..).zip(&requests) {
        match send(request) {
            Ok(response) => put(
                ctx,
                responses,
                Value::Integer(index),
                userdata(ctx, &response).into(),
            ),
            Err(problem) => {
                failed = true;
                put(ctx, errors, Value::Integer(index), new_string(ctx, problem));
            }
        }
    }
    let errors = if failed { errors.into() } else { Value::Nil };
    stack.replace(ctx, (responses, errors));
    Ok(())
}

fn send(request: &OutgoingRequest) -> Result<IncomingResponse, String> {
    match host::try_with(|host| host.http_send(request)) {
        Some(Ok(response)) => Ok(response),
        Some(Err(problem)) => Err(format!(
            "{} \"{}\": {}",
            request.method,
            request.url,
            wording(&problem)
        )),
        None => Err("there is no host".to_owned()),
    }
}

fn wording(problem: &http::Error) -> String {
    match problem {
        http::Error::Denied(text) => format!("denied: {text}"),
        http::Error::Invalid(text) => format!("invalid request: {text}"),
        http::Error::NameLookup(text) => format!("lookup failed: {text}"),
        http::Error::Connect(text) => format!("connect failed: {text}"),
        http::Error::Tls(text) => format!("tls: {text}"),
        http::Error::TimedOut => "timeout exceeded".to_owned(),
        http::Error::TooLarge(text) => format!("response too large: {text}"),
        http::Error::TooManyRedirects => "stopped after 10 redirects".to_owned(),
        http::Error::Protocol(text) => format!("protocol error: {text}"),
    }
}

fn userdata<'gc>(ctx: Context<'gc>, response: &IncomingResponse) -> UserData<'gc> {
    let fields = Table::new(&ctx);
    fields.set_field(ctx, "status_code", response.status);
    fields.set_field(ctx, "body", new_string(ctx, &response.body));
    fields.set_field(
        ctx,
        "body_size",
        i64::try_from(response.body.len()).unwrap_or(i64::MAX),
    );
    fields.set_field(ctx, "url", new_string(ctx, &response.url));

    let mut first: BTreeMap<String, &[u8]> = BTreeMap::new();
    let cookies = Table::new(&ctx);
    for header in &response.headers {
        first
            .entry(canonical(&header.name))
            .or_insert(&header.value);
        if header.name.eq_ignore_ascii_case("set-cookie") {
            let value = String::from_utf8_lossy(&header.value);
            let pair = value.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                let value = new_string(ctx, value.trim().trim_matches('"'));
                put(ctx, cookies, new_string(ctx, name.trim()), value);
            }
        }
    }
    let headers = Table::new(&ctx);
    for (name, value) in first {
        put(ctx, headers, new_string(ctx, name), new_string(ctx, value));
    }
    fields.set_field(ctx, "headers", headers);
    fields.set_field(ctx, "cookies", cookies);

    let metatable = Table::new(&ctx);
    metatable.set_field(ctx, "__index", fields);
    metatable.set_field(ctx, "__name", "http.response");
    let data = UserData::new_static(&ctx, ());
    data.set_metatable(&ctx, Some(metatable));
    data
}

/// `content-type` as `Content-Type`, the way Go shows header names.
fn canonical(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let mut characters = word.chars();
            match characters.next() {
                Some(first) => {
                    first.to_ascii_uppercase().to_string()
                        + &characters.as_str().to_ascii_lowercase()
                }
                None => String::new(),
            }
        })
        .collect::<Vec<_>>()
        .join("-")
}
