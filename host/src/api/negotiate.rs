//! In which form a list of accounts goes out (RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, header::ACCEPT};

/// The forms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ListForm {
    /// One account per line, each ended by CRLF.
    Lines,
    /// A JSON array.
    Json,
}

/// The client's favourite among the forms; lines if it has none. `None` if it wants something else.
pub(super) fn list_form(headers: &HeaderMap) -> Option<ListForm> {
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
            "application/json" | "application/*" => ListForm::Json,
            "text/plain" | "text/*" | "*/*" | "application/x-www-form-urlencoded" => {
                ListForm::Lines
            }
            _ => continue,
        };
        let quality = parts.find_map(quality).unwrap_or(1000);
        if quality > 0 && best.is_none_or(|(known, _)| quality > known) {
            best = Some((quality, form));
        }
    }
    if asked {
        best.map(|(_, form)| form)
    } else {
        Some(ListForm::Lines)
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
        use ListForm::{Json, Lines};
        let rows = [
            (None, Some(Lines)),
            (Some("*/*"), Some(Lines)),
            (Some("text/plain"), Some(Lines)),
            (Some("application/json"), Some(Json)),
            (Some("Application/JSON; charset=utf-8"), Some(Json)),
            (Some("text/plain;q=0.5, application/json"), Some(Json)),
            (Some("application/json;q=0.2, */*;q=0.9"), Some(Lines)),
            (Some("application/json;q=0"), None),
            (Some("text/html"), None),
            (Some("application/xml, application/json;q=0.1"), Some(Json)),
            (Some("application/cbor"), None),
        ];
        for (accept, expected) in rows {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(list_form(&headers), expected, "{accept:?}");
        }
    }
}
