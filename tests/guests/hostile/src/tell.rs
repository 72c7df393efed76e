//! Tells all that a plugin gets to see.

use bulkhead_sdk::{Request, incoming};

/// Everything that the request and the HTTP request behind it hold, the password included.
pub(crate) fn everything(request: &Request) -> String {
    let password = match &request.password {
        Some(password) => String::from_utf8_lossy(password.as_bytes()).into_owned(),
        None => "(none)".to_owned(),
    };
    let headers: Vec<String> = incoming::headers()
        .iter()
        .map(|header| {
            format!(
                "{}: {}",
                header.name,
                String::from_utf8_lossy(&header.value)
            )
        })
        .collect();
    format!(
        "{request:?}\npassword {password}\n{} {}\n{}\n{}",
        incoming::method(),
        incoming::path(),
        headers.join("\n"),
        String::from_utf8_lossy(&incoming::body()),
    )
}
