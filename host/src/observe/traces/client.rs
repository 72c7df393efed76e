//! Posts spans to the collector: the OTLP library's HTTP client, over ours.
//!
//! Bounded in everything: time, redirects (none), size of the answer. Names no URL in its errors,
//! because one may hold credentials.

use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError, ResponseBodyTooLarge};
use rustls::{ClientConfig, RootCertStore};

/// What connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// What one exchange may take.
pub(super) const EXCHANGE: Duration = Duration::from_secs(10);
/// Largest answer that is read. An honest one has a few bytes.
const ANSWER: usize = 64 << 10;

/// The way to the collector.
#[derive(Clone)]
pub(super) struct Client {
    client: reqwest::Client,
    /// The library keeps the cause of a failure to itself; the operator wants it.
    problem: Arc<Mutex<String>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Client")
    }
}

impl Client {
    /// A client that trusts the system's certificate authorities. The text says why there is none.
    pub(super) fn new() -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(EXCHANGE)
            .pool_max_idle_per_host(1)
            .user_agent(concat!("bulkhead/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            client,
            problem: Arc::default(),
        })
    }

    /// Why the last exchange failed; empty if it did not.
    pub(super) fn problem(&self) -> String {
        self.problem
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, problem: String) {
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let failed = |error: reqwest::Error| {
            let error = error.without_url();
            self.note(innermost(&error));
            HttpError::from(error)
        };
        self.note(String::new());
        let request = request.try_into().map_err(failed)?;
        let mut response = self.client.execute(request).await.map_err(failed)?;
        let status = response.status();
        if !status.is_success() {
            self.note(format!("it answered {}", status.as_u16()));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > ANSWER {
                self.note("its answer is too large".to_owned());
                return Err(Box::new(ResponseBodyTooLarge::new()));
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(body.freeze());
        *answer.status_mut() = status;
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}

/// The error that caused the others.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

impl HttpClient for Client {
    fn send_bytes<'client, 'exchange>(
        &'client self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'exchange>>
    where
        'client: 'exchange,
        Self: 'exchange,
    {
        Box::pin(self.exchange(request))
    }
}
