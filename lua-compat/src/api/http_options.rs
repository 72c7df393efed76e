//! From the arguments of `glua_http` to a request of the contract.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use piccolo::{Context, Error, Table, Value};

use crate::arguments::{error, lossy};
use crate::convert::name;
use crate::wit::bulkhead::policy::http::OutgoingRequest;
use crate::wit::bulkhead::policy::types::Header;

/// The peer's own limit for an exchange whose script names none.
const DEFAULT_TIMEOUT_MS: u32 = 60_000;
/// As Go's client does.
const REDIRECTS: u8 = 10;

/// A request from a method, an address and the table of options.
pub(super) fn request<'gc>(
    ctx: Context<'gc>,
    method: &str,
    url: &str,
    options: Value<'gc>,
) -> Result<OutgoingRequest, Error<'gc>> {
    let mut request = OutgoingRequest {
        method: method.to_uppercase(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        timeout_ms: Some(DEFAULT_TIMEOUT_MS),
        redirects: REDIRECTS,
    };
    let options = match options {
        Value::Table(options) => options,
        Value::Nil => return Ok(request),
        other => {
            return Err(error(
                ctx,
                format!("options must be a table, not a {}", other.type_name()),
            ));
        }
    };
    if let Value::String(query) = options.get_value(ctx, "query") {
        let separator = if request.url.contains('?') { '&' } else { '?' };
        request.url.push(separator);
        request.url.push_str(&lossy(query));
    }
    if let Value::Table(headers) = options.get_value(ctx, "headers") {
        for (key, value) in sorted(headers) {
            request.headers.push(header(&key, value));
        }
    }
    if let Value::Table(cookies) = options.get_value(ctx, "cookies") {
        let pairs: Vec<String> = sorted(cookies)
            .into_iter()
            .map(|(key, value)| format!("{key}={}", String::from_utf8_lossy(&value)))
            .collect();
        if !pairs.is_empty() {
            request
                .headers
                .push(header("Cookie", pairs.join("; ").into_bytes()));
        }
    }
    if let Value::String(body) = options.get_value(ctx, "body") {
        request.body = Some(body.as_bytes().to_vec());
    } else if let Value::String(form) = options.get_value(ctx, "form") {
        request.body = Some(form.as_bytes().to_vec());
        if !has_header(&request, "content-type") {
            request.headers.push(header(
                "Content-Type",
                b"application/x-www-form-urlencoded".to_vec(),
            ));
        }
    }
    if let Value::Table(credentials) = options.get_value(ctx, "auth") {
        authorize(ctx, &mut request, credentials)?;
    }
    request.timeout_ms = timeout(ctx, options.get_value(ctx, "timeout"))?;
    Ok(request)
}

fn header(name: &str, value: Vec<u8>) -> Header {
    Header {
        name: name.to_owned(),
        value,
    }
}

fn has_header(request: &OutgoingRequest, name: &str) -> bool {
    request
        .headers
        .iter()
        .any(|header| header.name.eq_ignore_ascii_case(name))
}

/// Pairs of a table of texts, in the order of the keys, so that requests repeat exactly.
fn sorted(table: Table<'_>) -> Vec<(String, Vec<u8>)> {
    let mut pairs: Vec<_> = table
        .iter()
        .filter_map(|(key, value)| {
            let value = match value {
                Value::String(text) => text.as_bytes().to_vec(),
                other => name(other)?.into_bytes(),
            };
            Some((name(key)?, value))
        })
        .collect();
    pairs.sort();
    pairs
}

fn authorize<'gc>(
    ctx: Context<'gc>,
    request: &mut OutgoingRequest,
    credentials: Table<'gc>,
) -> Result<(), Error<'gc>> {
    let part = |key: &'static str| match credentials.get_value(ctx, key) {
        Value::String(text) => Ok(text.as_bytes().to_vec()),
        Value::Nil => Err(error(
            ctx,
            format!("auth table must contain the key '{key}'"),
        )),
        other => Err(error(
            ctx,
            format!("auth.{key} must be a string, not a {}", other.type_name()),
        )),
    };
    let mut pair = part("user")?;
    pair.push(b':');
    pair.extend(part("pass")?);
    let value = format!("Basic {}", STANDARD.encode(pair));
    request
        .headers
        .push(header("Authorization", value.into_bytes()));
    Ok(())
}

/// A number counts seconds, a text is a Go duration.
fn timeout<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> Result<Option<u32>, Error<'gc>> {
    let milliseconds = match value {
        Value::Nil => return Ok(Some(DEFAULT_TIMEOUT_MS)),
        Value::Integer(seconds) => seconds as f64 * 1000.0,
        Value::Number(seconds) => seconds * 1000.0,
        Value::String(text) => {
            let text = lossy(text);
            go_duration(&text)
                .ok_or_else(|| error(ctx, format!("time: invalid duration \"{text}\"")))?
        }
        other => {
            return Err(error(
                ctx,
                format!(
                    "timeout must be a number or a duration, not a {}",
                    other.type_name()
                ),
            ));
        }
    };
    // Zero and less mean no limit in Go; the call's own deadline holds anyway.
    if milliseconds > 0.0 {
        Ok(Some(milliseconds.ceil().min(f64::from(u32::MAX)) as u32))
    } else {
        Ok(None)
    }
}

/// Milliseconds of a Go duration such as `1m30s` or `250ms`.
fn go_duration(text: &str) -> Option<f64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0.0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at_checked(end)?;
        let number: f64 = number.parse().ok()?;
        let (unit, after) = [
            ("ns", 1e-6),
            ("us", 1e-3),
            ("µs", 1e-3),
            ("ms", 1.0),
            ("s", 1e3),
            ("m", 6e4),
            ("h", 3.6e6),
        ]
        .into_iter()
        .find_map(|(unit, size)| after.strip_prefix(unit).map(|after| (size, after)))?;
        total += number * unit;
        rest = after;
    }
    Some(sign * total)
}

#[cfg(test)]
mod tests {
    use super::go_duration;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, wanted) in [
            ("10s", Some(10_000.0)),
            ("1m30s", Some(90_000.0)),
            ("250ms", Some(250.0)),
            ("1.5h", Some(5_400_000.0)),
            ("0", Some(0.0)),
            ("-1s", Some(-1000.0)),
            ("2m5ms", Some(120_005.0)),
            ("", None),
            ("10", None),
            ("s", None),
            ("1x", None),
        ] {
            assert_eq!(go_duration(text), wanted, "{text}");
        }
    }
}
