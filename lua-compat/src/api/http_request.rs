//! The module `nauthilus_http_request`: the HTTP request behind a login, or the one that a hook
//! answers.

use piccolo::{Callback, CallbackReturn, Context, Table};

use crate::arguments::{new_string, text};
use crate::call;
use crate::convert::{put, string_array};
use crate::host;
use crate::wit::bulkhead::policy::types::Header;

pub(super) fn module(ctx: Context<'_>) -> Table<'_> {
    let module = Table::new(&ctx);
    module.set_field(
        ctx,
        "get_all_http_request_headers",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let headers = headers();
            let all = Table::new(&ctx);
            for header in &headers {
                let name = header.name.to_ascii_lowercase();
                let key = new_string(ctx, &name);
                if all.get_raw(key).is_nil() {
                    put(ctx, all, key, values(ctx, &headers, &name).into());
                }
            }
            stack.replace(ctx, all);
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "get_http_request_header",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let name = text(ctx, &stack, 0, "get_http_request_header")?;
            stack.replace(ctx, values(ctx, &headers(), &name));
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "get_http_request_body",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let body = call::with(|call| call.hook.as_ref().map(|hook| hook.body.clone()))
                .unwrap_or_else(|| host::with(|host| host.incoming_body()));
            stack.replace(ctx, new_string(ctx, body));
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "get_http_method",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let method = call::with(|call| call.hook.as_ref().map(|hook| hook.method.clone()))
                .unwrap_or_else(|| host::with(|host| host.incoming_method()));
            stack.replace(ctx, new_string(ctx, method));
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "get_http_path",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let path = call::with(|call| call.hook.as_ref().map(|hook| hook.path.clone()))
                .unwrap_or_else(|| host::with(|host| host.incoming_path()));
            stack.replace(ctx, new_string(ctx, path));
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "get_http_query_param",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let name = text(ctx, &stack, 0, "get_http_query_param")?;
            let value = call::with(|call| {
                call.hook.as_ref().map(|hook| {
                    hook.query
                        .iter()
                        .find(|parameter| parameter.name == name)
                        .map(|parameter| parameter.value.clone())
                        .unwrap_or_default()
                })
            })
            .unwrap_or_else(|| {
                host::with(|host| host.incoming_query_parameter(&name)).unwrap_or_default()
            });
            stack.replace(ctx, new_string(ctx, value));
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "url_partial_decode",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let encoded = crate::arguments::string(ctx, &stack, 0, "url_partial_decode")?;
            let decoded = new_string(ctx, partial_decode(encoded.as_bytes()));
            stack.replace(ctx, decoded);
            Ok(CallbackReturn::Return)
        }),
    );
    module
}

fn headers() -> Vec<Header> {
    call::with(|call| call.hook.as_ref().map(|hook| hook.headers.clone()))
        .unwrap_or_else(|| host::with(|host| host.incoming_headers()))
}

fn values<'gc>(ctx: Context<'gc>, headers: &[Header], name: &str) -> Table<'gc> {
    let values: Vec<&[u8]> = headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value.as_slice())
        .collect();
    string_array(ctx, &values)
}

/// Decodes `%41` and leaves alone what is no such escape, a `+` among it.
fn partial_decode(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, left @ ..]) => digit(*high)
                .zip(digit(*low))
                .map(|(high, low)| (high * 16 + low, left)),
            _ => None,
        };
        match escaped {
            Some((byte, left)) => {
                decoded.push(byte);
                rest = left;
            }
            None => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    decoded
}

fn digit(character: u8) -> Option<u8> {
    char::from(character)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}
