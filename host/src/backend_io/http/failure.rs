//! From the HTTP library's errors to ours. The cause decides, not the library's wording.

use std::{error::Error, io, net::IpAddr};

use url::Url;

use super::{
    HttpError,
    address::Refusal,
    resolve::{AddressDenied, LookupFailed},
};

/// What went wrong on the way to `url`.
pub(super) fn failure(error: &reqwest::Error, url: &Url) -> HttpError {
    let host = url.host_str().unwrap_or_default();
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut last = String::new();
    while let Some(current) = cause {
        if let Some(found) = known(current, url, host) {
            return found;
        }
        last = current.to_string();
        cause = current.source();
    }
    if error.is_timeout() {
        HttpError::TimedOut
    } else if error.is_connect() {
        HttpError::Connect(format!("{host}: {last}"))
    } else if last.contains("message head is too large") {
        HttpError::TooLarge("the headers exceed what is accepted".to_owned())
    } else {
        HttpError::Protocol(format!("{host}: {last}"))
    }
}

/// The error, if this link of the chain says enough.
fn known(current: &(dyn Error + 'static), url: &Url, host: &str) -> Option<HttpError> {
    if let Some(AddressDenied(ip, refusal)) = current.downcast_ref() {
        return Some(denied_address(url, *ip, *refusal));
    }
    if let Some(LookupFailed(why)) = current.downcast_ref() {
        return Some(HttpError::NameLookup(format!("{host}: {why}")));
    }
    if let Some(error) = current.downcast_ref::<rustls::Error>() {
        return Some(HttpError::Tls(format!("{host}: {error}")));
    }
    // An input/output error does not show what it wraps as its source.
    let inner = current.downcast_ref::<io::Error>()?.get_ref()?;
    known(inner, url, host)
}

/// The error for an address that may not be reached, with the grant to paste if there is one.
pub(super) fn denied_address(url: &Url, ip: IpAddr, refusal: Refusal) -> HttpError {
    let host = url.host_str().unwrap_or_default();
    HttpError::Denied(match refusal {
        Refusal::Metadata => {
            format!("{host} leads to {ip}, a cloud metadata service; no grant opens it")
        }
        Refusal::Own => format!("{host} leads to this server itself; no grant opens it"),
        Refusal::Private => {
            let port = url.port_or_known_default().unwrap_or_default();
            let host = host.trim_end_matches('.');
            let shown = match ip {
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            };
            format!(
                "{host} leads to the private address {ip}; to allow it, write: grants: {{ http: {{ hosts: [\"{host}:{port}\", \"{shown}:{port}\"] }} }}"
            )
        }
    })
}
