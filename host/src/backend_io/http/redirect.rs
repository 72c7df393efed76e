//! Where a redirect leads, and what may be taken along (RFC 9110, section 15.4).

use http::{HeaderMap, Method, StatusCode, header};
use url::Url;

use super::{
    HttpError,
    request::{Hop, parse_url, take_credentials},
};

/// Words in names of headers that hold credentials, standard ones or not.
const CREDENTIALS: [&str; 6] = ["auth", "cookie", "token", "key", "secret", "password"];

/// The next request, or nothing if the response is no redirect.
pub(super) fn follow(hop: &Hop, response: &reqwest::Response) -> Result<Option<Hop>, HttpError> {
    let status = response.status();
    let redirects = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(header::LOCATION);
    let (true, Some(location)) = (redirects, location) else {
        return Ok(None);
    };
    let wrong = || HttpError::Protocol("the redirect's Location is not a URL".to_owned());
    let location = std::str::from_utf8(location.as_bytes()).map_err(|_| wrong())?;
    let joined = hop.url.join(location).map_err(|_| wrong())?;
    let mut url = parse_url(joined.as_str())?;
    take_credentials(&mut url);
    if hop.url.scheme() == "https" && url.scheme() == "http" {
        return Err(HttpError::Denied(format!(
            "{} redirects from https to http, which is never followed",
            hop.url.host_str().unwrap_or_default()
        )));
    }
    Ok(Some(next(hop, status, url)))
}

fn next(hop: &Hop, status: StatusCode, url: Url) -> Hop {
    let mut next = hop.clone();
    let becomes_get = match status.as_u16() {
        303 => hop.method != Method::HEAD,
        301 | 302 => hop.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        next.method = Method::GET;
        next.body = None;
        for name in [
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
            header::CONTENT_LANGUAGE,
        ] {
            next.headers.remove(name);
        }
    }
    if url.origin() != hop.url.origin() {
        next.headers = without_credentials(&next.headers);
    }
    next.url = url;
    next
}

/// Headers for another origin: the guest gave its credentials to the first one only.
fn without_credentials(headers: &HeaderMap) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, _)| !CREDENTIALS.iter().any(|word| name.as_str().contains(word)))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
