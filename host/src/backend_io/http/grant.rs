//! A grant, compiled: which hosts, methods and addresses it covers, and the connections under it.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ipnet::IpNet;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::sync::Semaphore;
use url::{Host, Url};

use super::{
    HEADERS, HttpError,
    address::{Refusal, check_always, check_public},
    destinations::Destinations,
    failure::denied_address,
    registry::Listener,
    resolve::{CheckedResolver, NameLookup},
};
use crate::config::HttpGrant;

/// Idle connections to one destination.
const IDLE_CONNECTIONS: usize = 32;
/// Name lookups of one grant at the same time, so that names that take for ever cannot use up the
/// threads that all plugins share.
const LOOKUPS: usize = 16;
/// How long a connection stays idle.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a grant is wrong.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// An entry of `hosts`.
    #[error(
        "`{0}` in `hosts` is wrong: {1}; write a name, name:port, *.name, an address, [v6]:port or a network"
    )]
    Host(String, &'static str),
    /// `ca_file`
    #[error("`ca_file` {0} cannot be used: {1}")]
    CaFile(PathBuf, String),
}

/// What one plugin may reach, and its connections.
pub struct HttpEgress {
    rules: Arc<Rules>,
    methods: Vec<String>,
    authorities: Option<Arc<RootCertStore>>,
    pub(super) response_bytes: u64,
    pub(super) request_bytes: u64,
    pub(super) timeout: Duration,
    pub(super) redirects: u8,
    /// One client per port, because a resolver must know the port whose addresses it checks. There
    /// are never more than the grant names.
    clients: Mutex<HashMap<u16, reqwest::Client>>,
    lookups: Arc<Semaphore>,
    pub(super) destinations: Arc<Destinations>,
}

/// What the connections of all plugins share.
pub(super) struct Connections {
    pub(super) denied: Arc<[SocketAddr]>,
    pub(super) lookup: Arc<dyn NameLookup>,
    pub(super) system_roots: Arc<RootCertStore>,
}

/// The hosts of a grant.
pub(super) struct Rules {
    names: Vec<NameRule>,
    networks: Vec<(IpNet, Option<u16>)>,
    private: bool,
}

struct NameRule {
    /// In lower case, without a final dot.
    name: String,
    /// Also (and only) names below it.
    below: bool,
    port: Option<u16>,
}

impl HttpEgress {
    /// Reads a grant.
    ///
    /// # Errors
    /// [`GrantError`], which names the wrong entry.
    pub fn compile(grant: &HttpGrant) -> Result<Self, GrantError> {
        Self::compile_for("", grant, None)
    }

    /// Reads the grant of the plugin of that name.
    pub(super) fn compile_for(
        plugin: &str,
        grant: &HttpGrant,
        listener: Option<Listener>,
    ) -> Result<Self, GrantError> {
        let mut rules = Rules {
            names: Vec::new(),
            networks: Vec::new(),
            private: grant.private,
        };
        for text in &grant.hosts {
            rules
                .add(text)
                .map_err(|why| GrantError::Host(text.clone(), why))?;
        }
        let authorities = match &grant.ca_file {
            Some(path) => {
                let wrong = |why: String| GrantError::CaFile(path.clone(), why);
                let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
                Some(Arc::new(read_authorities(&pem).map_err(wrong)?))
            }
            None => None,
        };
        Ok(Self {
            rules: Arc::new(rules),
            methods: grant.methods.clone(),
            authorities,
            response_bytes: grant.response_bytes,
            request_bytes: grant.request_bytes,
            timeout: grant.timeout,
            redirects: grant.redirects,
            clients: Mutex::default(),
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
            destinations: Arc::new(Destinations::new(
                plugin,
                (grant.breaker_failures, grant.breaker_cool_down),
                listener,
            )),
        })
    }

    /// Refuses methods and hosts that the grant does not cover. A name's addresses are checked when
    /// it is resolved.
    pub(super) fn check(
        &self,
        method: &str,
        url: &Url,
        connections: &Connections,
    ) -> Result<(), HttpError> {
        let granted = |allowed: &String| allowed.eq_ignore_ascii_case(method);
        if !self.methods.is_empty() && !self.methods.iter().any(granted) {
            return Err(HttpError::Denied(format!(
                "method {method} is not granted; to allow it, write: grants: {{ http: {{ methods: [{method}] }} }}"
            )));
        }
        let (host, port) = destination(url)?;
        match host {
            Host::Domain(name) if self.rules.covers_name(name, port) => Ok(()),
            Host::Domain(_) => Err(not_granted(url, port)),
            Host::Ipv4(ip) => {
                self.check_literal(url, SocketAddr::new(ip.into(), port), connections)
            }
            Host::Ipv6(ip) => {
                self.check_literal(url, SocketAddr::new(ip.into(), port), connections)
            }
        }
    }

    fn check_literal(
        &self,
        url: &Url,
        address: SocketAddr,
        connections: &Connections,
    ) -> Result<(), HttpError> {
        check_always(address, &connections.denied)
            .map_err(|refusal| denied_address(url, address.ip(), refusal))?;
        if self.rules.covers_address(address) {
            Ok(())
        } else {
            Err(not_granted(url, address.port()))
        }
    }

    /// The client for the URL's port.
    pub(super) fn client(
        &self,
        url: &Url,
        connections: &Connections,
    ) -> Result<reqwest::Client, HttpError> {
        let (_, port) = destination(url)?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&port) {
            return Ok(client.clone());
        }
        let client = self.connect(port, connections)?;
        clients.insert(port, client.clone());
        Ok(client)
    }

    fn connect(&self, port: u16, connections: &Connections) -> Result<reqwest::Client, HttpError> {
        let roots = self
            .authorities
            .as_ref()
            .unwrap_or(&connections.system_roots);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| HttpError::Tls(error.to_string()))?
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::new(CheckedResolver {
                lookup: connections.lookup.clone(),
                rules: self.rules.clone(),
                own: connections.denied.clone(),
                port,
                lookups: self.lookups.clone(),
            }))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .gzip(true)
            .http1_max_headers(HEADERS)
            .http2_max_header_list_size(64 << 10)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!("bulkhead/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| HttpError::Connect(error.to_string()))
    }
}

impl Rules {
    fn add(&mut self, text: &str) -> Result<(), &'static str> {
        if let Ok(network) = text.parse::<IpNet>() {
            self.networks.push((network.trunc(), None));
            return Ok(());
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            self.networks.push((IpNet::from(ip.to_canonical()), None));
            return Ok(());
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                let port = port.parse().map_err(|_| "its port is not a number")?;
                (host, Some(port))
            }
            _ => (text, None),
        };
        if port == Some(0) {
            return Err("there is no port 0");
        }
        let (host, below) = match host.strip_prefix("*.") {
            Some(host) => (host, true),
            None => (host, false),
        };
        if host.contains('*') {
            return Err("`*` may only stand for the first labels, as in *.example.org");
        }
        match Host::parse(host).map_err(|_| "it is not a host")? {
            Host::Domain(name) => self.names.push(NameRule {
                name: name.trim_end_matches('.').to_owned(),
                below,
                port,
            }),
            _ if below => return Err("`*.` stands before names, not addresses"),
            Host::Ipv4(ip) => self.networks.push((IpNet::from(IpAddr::from(ip)), port)),
            Host::Ipv6(ip) => {
                let ip = IpAddr::from(ip).to_canonical();
                self.networks.push((IpNet::from(ip), port));
            }
        }
        Ok(())
    }

    fn covers_name(&self, name: &str, port: u16) -> bool {
        let name = name.trim_end_matches('.');
        self.names.iter().any(|rule| {
            let matches = if rule.below {
                name.strip_suffix(rule.name.as_str())
                    .is_some_and(|front| front.len() > 1 && front.ends_with('.'))
            } else {
                name == rule.name
            };
            matches && covers_port(rule.port, port)
        })
    }

    fn covers_address(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.networks
            .iter()
            .any(|(network, port)| network.contains(&ip) && covers_port(*port, address.port()))
    }

    /// Whether a granted name may lead to this address.
    pub(super) fn check_address(
        &self,
        address: SocketAddr,
        own: &[SocketAddr],
    ) -> Result<(), Refusal> {
        check_always(address, own)?;
        if self.private || self.covers_address(address) {
            return Ok(());
        }
        check_public(address.ip())
    }
}

fn covers_port(granted: Option<u16>, port: u16) -> bool {
    match granted {
        Some(granted) => granted == port,
        None => port == 80 || port == 443,
    }
}

fn destination(url: &Url) -> Result<(Host<&str>, u16), HttpError> {
    let host = url.host();
    let port = url.port_or_known_default();
    host.zip(port)
        .ok_or_else(|| HttpError::Invalid("the URL has no host".to_owned()))
}

/// The error with the grant to paste.
fn not_granted(url: &Url, port: u16) -> HttpError {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let entry = match port {
        80 | 443 => host.to_owned(),
        port => format!("{host}:{port}"),
    };
    HttpError::Denied(format!(
        "{host} port {port} is not granted; to allow it, write: grants: {{ http: {{ hosts: [\"{entry}\"] }} }}"
    ))
}

fn read_authorities(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    Ok(roots)
}
