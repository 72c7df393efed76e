//! The module `nauthilus_http_response`: what a script adds to the answer.
//!
//! Features and filters may add headers, all but those that carry the decision (`Auth-…`). Status and
//! body are a hook's own.

use piccolo::{Callback, CallbackReturn, Context, Error, Stack, Table};

use crate::arguments::{bad, error, integer, string, text};
use crate::call;
use crate::wit::bulkhead::policy::types::Header;
use crate::wit::exports::bulkhead::policy::script::Kind;

const STATUSES: [(&str, i64); 24] = [
    ("STATUS_OK", 200),
    ("STATUS_CREATED", 201),
    ("STATUS_ACCEPTED", 202),
    ("STATUS_NO_CONTENT", 204),
    ("STATUS_MOVED_PERMANENTLY", 301),
    ("STATUS_FOUND", 302),
    ("STATUS_SEE_OTHER", 303),
    ("STATUS_NOT_MODIFIED", 304),
    ("STATUS_TEMPORARY_REDIRECT", 307),
    ("STATUS_PERMANENT_REDIRECT", 308),
    ("STATUS_BAD_REQUEST", 400),
    ("STATUS_UNAUTHORIZED", 401),
    ("STATUS_FORBIDDEN", 403),
    ("STATUS_NOT_FOUND", 404),
    ("STATUS_METHOD_NOT_ALLOWED", 405),
    ("STATUS_CONFLICT", 409),
    ("STATUS_GONE", 410),
    ("STATUS_UNPROCESSABLE_ENTITY", 422),
    ("STATUS_TOO_MANY_REQUESTS", 429),
    ("STATUS_INTERNAL_SERVER_ERROR", 500),
    ("STATUS_NOT_IMPLEMENTED", 501),
    ("STATUS_BAD_GATEWAY", 502),
    ("STATUS_SERVICE_UNAVAILABLE", 503),
    ("STATUS_GATEWAY_TIMEOUT", 504),
];

const CONTENT_TYPE: &str = "Content-Type";

type Function = for<'gc> fn(Context<'gc>, &Stack<'gc, '_>) -> Result<(), Error<'gc>>;

const FUNCTIONS: [(&str, Function); 10] = [
    ("set_http_response_header", |ctx, stack| {
        let (name, value) = field(ctx, stack, "set_http_response_header")?;
        set(&name, value);
        Ok(())
    }),
    ("add_http_response_header", |ctx, stack| {
        let (name, value) = field(ctx, stack, "add_http_response_header")?;
        add(name, value);
        Ok(())
    }),
    ("remove_http_response_header", |ctx, stack| {
        let name = text(ctx, stack, 0, "remove_http_response_header")?;
        remove(&name);
        Ok(())
    }),
    ("set_http_status", |ctx, stack| {
        set_status(ctx, stack, "set_http_status")
    }),
    ("set_http_content_type", |ctx, stack| {
        hook_only(ctx, "set_http_content_type")?;
        let content_type = string(ctx, stack, 0, "set_http_content_type")?;
        set(CONTENT_TYPE, content_type.as_bytes().to_vec());
        Ok(())
    }),
    ("write_http_response_body", |ctx, stack| {
        hook_only(ctx, "write_http_response_body")?;
        let text = string(ctx, stack, 0, "write_http_response_body")?;
        write(text.as_bytes());
        Ok(())
    }),
    ("string", |ctx, stack| {
        set_status(ctx, stack, "string")?;
        let text = string(ctx, stack, 1, "string")?;
        answer(b"text/plain; charset=utf-8", text.as_bytes());
        Ok(())
    }),
    ("html", |ctx, stack| {
        set_status(ctx, stack, "html")?;
        let text = string(ctx, stack, 1, "html")?;
        answer(b"text/html; charset=utf-8", text.as_bytes());
        Ok(())
    }),
    ("data", |ctx, stack| {
        set_status(ctx, stack, "data")?;
        let content_type = string(ctx, stack, 1, "data")?;
        let bytes = string(ctx, stack, 2, "data")?;
        answer(content_type.as_bytes(), bytes.as_bytes());
        Ok(())
    }),
    ("redirect", |ctx, stack| {
        set_status(ctx, stack, "redirect")?;
        let location = string(ctx, stack, 1, "redirect")?;
        set("Location", location.as_bytes().to_vec());
        Ok(())
    }),
];

pub(super) fn module(ctx: Context<'_>) -> Table<'_> {
    let module = Table::new(&ctx);
    for (name, value) in STATUSES {
        module.set_field(ctx, name, value);
    }
    for (name, function) in FUNCTIONS {
        let callback = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
            function(ctx, &stack)?;
            stack.clear();
            Ok(CallbackReturn::Return)
        });
        module.set_field(ctx, name, callback);
    }
    module
}

/// Name and value of a header that the script may set.
fn field<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    function: &str,
) -> Result<(String, Vec<u8>), Error<'gc>> {
    let name = text(ctx, stack, 0, function)?;
    let value = string(ctx, stack, 1, function)?.as_bytes().to_vec();
    let decides = name
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("auth-"));
    if decides {
        return Err(bad(
            ctx,
            0,
            function,
            format!("`{name}` carries the decision, which a script makes by its result"),
        ));
    }
    Ok((name, value))
}

fn set_status<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    function: &str,
) -> Result<(), Error<'gc>> {
    hook_only(ctx, function)?;
    let status = integer(ctx, stack, 0, function)?;
    let status = u16::try_from(status)
        .ok()
        .filter(|status| (200..=599).contains(status))
        .ok_or_else(|| bad(ctx, 0, function, "a status is a number from 200 to 599"))?;
    call::with(|call| call.response_status = Some(status));
    Ok(())
}

fn hook_only<'gc>(ctx: Context<'gc>, function: &str) -> Result<(), Error<'gc>> {
    if call::with(|call| call.kind) == Some(Kind::Hook) {
        Ok(())
    } else {
        let text = format!("'{function}' works in hooks only: the decision makes status and body");
        Err(error(ctx, text))
    }
}

fn answer(content_type: &[u8], body: &[u8]) {
    set(CONTENT_TYPE, content_type.to_vec());
    write(body);
}

fn write(bytes: &[u8]) {
    call::with(|call| {
        call.response_body
            .get_or_insert_default()
            .extend_from_slice(bytes);
    });
}

fn set(name: &str, value: Vec<u8>) {
    remove(name);
    add(name.to_owned(), value);
}

fn add(name: String, value: Vec<u8>) {
    call::with(|call| call.response_headers.push(Header { name, value }));
}

fn remove(name: &str) {
    call::with(|call| {
        call.response_headers
            .retain(|header| !header.name.eq_ignore_ascii_case(name));
    });
}
