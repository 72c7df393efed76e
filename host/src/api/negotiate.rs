//! In which form a list of accounts goes out (RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, header::ACCEPT};

use super::refusal::Refusal;

/// The forms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ListForm {
    /// One account per line, each ended by CRLF.
    Lines,
    /// A JSON array.
    Json,
    /// The same in CBOR.
    Cbor,
}

/// The client's favourite among the forms; if it has none, lines, or CBOR where that is spoken.
pub(super) fn list_form(headers: &HeaderMap, speaks_cbor: bool) -> Result<ListForm, Refusal> {
    let (anything, any_application) = if speaks_cbor {
        (ListForm::Cbor, ListForm::Cbor)
    } else {
        (ListForm::Lines, ListForm::Json)
    };
    let mut best: Option<(u16, ListForm)> = None;
    let mut asked = false;
    for range in headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
    {
        asked = true;
        let mut parts = range.split(';');
        let form = match parts
            .next()
            .unwrap_or("")
            .trim()
            .to_ascii_lowercase()
            .as_str()
        {
            "application/json" => ListForm::Json,
            "application/cbor" => ListForm::Cbor,
            "application/*" => any_application,
            "text/plain" | "text/*" | "application/x-www-form-urlencoded" => ListForm::Lines,
            "*/*" => anything,
            _ => continue,
        };
        let quality = parts.find_map(quality).unwrap_or(1000);
        if quality > 0 && best.is_none_or(|(known, _)| quality > known) {
            best = Some((quality, form));
        }
    }
    match best {
        Some((_, form)) => Ok(form),
        None if asked => Err(Refusal::NotAcceptable),
        None => Ok(anything),
    }
}

/// `q=0.5` as thousandths.
fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let quality: f64 = value.trim().parse().ok()?;
    // In range after the clamp; NaN becomes 0.
    Some((quality.clamp(0.0, 1.0) * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_favourite_form_wins() {
        use ListForm::{Cbor, Json, Lines};
        let rows = [
            (None, Some(Lines)),
            (Some("application/*"), Some(Json)),
            (Some("*/*"), Some(Lines)),
            (Some("text/plain"), Some(Lines)),
            (Some("application/json"), Some(Json)),
            (Some("Application/JSON; charset=utf-8"), Some(Json)),
            (Some("text/plain;q=0.5, application/json"), Some(Json)),
            (Some("application/json;q=0.2, */*;q=0.9"), Some(Lines)),
            (Some("application/json;q=0"), None),
            (Some("text/html"), None),
            (Some("application/xml, application/json;q=0.1"), Some(Json)),
            (Some("application/cbor"), Some(Cbor)),
            (Some("*/*, application/cbor;q=0.9"), Some(Lines)),
        ];
        for (accept, expected) in rows {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(list_form(&headers, false).ok(), expected, "{accept:?}");
        }
    }

    #[test]
    fn where_cbor_is_spoken_it_is_the_default() {
        let rows = [
            (None, Some(ListForm::Cbor)),
            (Some("*/*"), Some(ListForm::Cbor)),
            (Some("application/*"), Some(ListForm::Cbor)),
            (Some("application/json"), Some(ListForm::Json)),
            (Some("text/plain"), Some(ListForm::Lines)),
            (Some("text/html"), None),
        ];
        for (accept, expected) in rows {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(list_form(&headers, true).ok(), expected, "{accept:?}");
        }
    }
}
