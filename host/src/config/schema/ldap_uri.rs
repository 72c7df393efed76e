//! Where a server of a directory is: `ldap://host:port`, `ldaps://host:port`, `ldapi:///path`.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// A server's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUri {
    /// As it was written; for logs and metrics.
    pub text: String,
    /// Where to connect.
    pub place: ServerPlace,
    /// TLS from the first byte (`ldaps`).
    pub encrypted: bool,
}

/// Where to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerPlace {
    /// A name or an address, without brackets.
    Host {
        /// Also the name in the certificate.
        host: String,
        /// 389 and 636 unless it is written.
        port: u16,
    },
    /// A Unix socket.
    Socket(PathBuf),
}

impl ServerUri {
    /// Reads a URI. Base, attributes and filters, which LDAP URLs may have (RFC 4516), have no place here.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or("it begins with `ldap://`, `ldaps://` or `ldapi://`")?;
        let place = match scheme {
            "ldap" => host(rest, 389)?,
            "ldaps" => host(rest, 636)?,
            "ldapi" => socket(rest)?,
            _ => return Err(format!("`{scheme}` is none of ldap, ldaps and ldapi")),
        };
        Ok(Self {
            text: text.to_owned(),
            place,
            encrypted: scheme == "ldaps",
        })
    }

    /// A Unix socket, or an address of this machine.
    pub fn is_local(&self) -> bool {
        match &self.place {
            ServerPlace::Socket(_) => true,
            ServerPlace::Host { host, .. } => {
                host == "localhost"
                    || host
                        .parse::<std::net::IpAddr>()
                        .is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

fn host(rest: &str, default: u16) -> Result<ServerPlace, String> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '@']) {
        return Err("only a host and a port may stand behind the scheme".to_owned());
    }
    let (host, port) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("the bracket is not closed")?;
            host.parse::<std::net::Ipv6Addr>()
                .map_err(|_| "no IPv6 address stands in the brackets")?;
            (host, port)
        }
        None => match rest.find(':') {
            Some(colon) => rest.split_at(colon),
            None => (rest, ""),
        },
    };
    let fits = |symbol: char| symbol.is_ascii_alphanumeric() || "-_.:".contains(symbol);
    if host.is_empty() || !host.chars().all(fits) {
        return Err("a host is a name or an address".to_owned());
    }
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => default,
        Some(digits) => match digits.parse() {
            Ok(port) if port != 0 => port,
            _ => return Err("the port must be a number from 1 to 65535".to_owned()),
        },
        None => return Err("a port stands behind a `:`".to_owned()),
    };
    Ok(ServerPlace::Host {
        host: host.to_owned(),
        port,
    })
}

/// `ldapi:///run/slapd/ldapi`, or the path percent-encoded where the host would be.
fn socket(rest: &str) -> Result<ServerPlace, String> {
    let path = percent_decode_str(rest)
        .decode_utf8()
        .map_err(|_| "the path is not UTF-8")?;
    if !path.starts_with('/') || path.len() < 2 {
        return Err("write the absolute path of the socket: `ldapi:///run/slapd/ldapi`".to_owned());
    }
    Ok(ServerPlace::Socket(PathBuf::from(&*path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_say_where_to_connect() {
        let host = |host: &str, port| ServerPlace::Host {
            host: host.to_owned(),
            port,
        };
        for (text, place, encrypted) in [
            ("ldap://a.example", host("a.example", 389), false),
            ("ldaps://a.example/", host("a.example", 636), true),
            ("ldap://192.0.2.1:1389", host("192.0.2.1", 1389), false),
            (
                "ldaps://[2001:db8::1]:1636",
                host("2001:db8::1", 1636),
                true,
            ),
            ("ldap://[::1]", host("::1", 389), false),
            (
                "ldapi:///run/ldapi",
                ServerPlace::Socket("/run/ldapi".into()),
                false,
            ),
            (
                "ldapi://%2Frun%2Fldapi",
                ServerPlace::Socket("/run/ldapi".into()),
                false,
            ),
        ] {
            let text = text.to_owned();
            let uri = ServerUri::parse(&text);
            assert_eq!(
                uri,
                Ok(ServerUri {
                    text,
                    place,
                    encrypted
                })
            );
        }
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for text in [
            "a.example",
            "http://a",
            "ldap://",
            "ldap://a:0",
            "ldap://a:65536",
            "ldap://a:x",
            "ldap://[::1",
            "ldap://[a]:1",
            "ldap://a/dc=org",
            "ldap://u@a",
            "ldapi://run/ldapi",
            "ldapi:///",
        ] {
            assert!(ServerUri::parse(text).is_err(), "{text}");
        }
    }
}
