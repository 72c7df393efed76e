//! The import `incoming`: the HTTP request that brought the login.
//!
//! Whatever can carry the password is hidden from plugins that do not hold the grant `password`.

use super::{
    bindings::bulkhead::policy::{incoming, types},
    state::CallState,
};
use crate::auth::IncomingHttp;

impl incoming::Host for CallState {
    fn method(&mut self) -> wasmtime::Result<String> {
        self.charge(0)?;
        Ok(self
            .http()
            .map(|http| http.method.clone())
            .unwrap_or_default())
    }

    fn path(&mut self) -> wasmtime::Result<String> {
        self.charge(0)?;
        Ok(self
            .http()
            .map(|http| http.path.clone())
            .unwrap_or_default())
    }

    fn headers(&mut self) -> wasmtime::Result<Vec<types::Header>> {
        self.charge(0)?;
        let granted = self.rights.grants.password;
        let headers = self.http().map(|http| {
            http.headers
                .iter()
                .filter(|header| granted || !carries_credentials(&header.name))
                .map(|header| types::Header {
                    name: header.name.clone(),
                    value: header.value.clone(),
                })
                .collect()
        });
        Ok(headers.unwrap_or_default())
    }

    fn query_parameter(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        self.charge(name.len())?;
        if !self.rights.grants.password && carries_credentials(&name) {
            return Ok(None);
        }
        Ok(self.http().and_then(|http| {
            http.query
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.clone())
        }))
    }

    fn body(&mut self) -> wasmtime::Result<Vec<u8>> {
        self.charge(0)?;
        if !self.rights.grants.password {
            return Ok(Vec::new());
        }
        let body = self.http().and_then(|http| http.body.as_ref());
        Ok(body.map(|body| body.expose().to_vec()).unwrap_or_default())
    }
}

impl CallState {
    fn http(&self) -> Option<&IncomingHttp> {
        self.request.as_ref().map(|request| &request.http)
    }
}

/// Header fields and parameters that can hold a password or stand for one. The name of the header
/// that carries the password is configurable, so anything that is called a password counts.
fn carries_credentials(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "authorization",
        "cookie",
        "pass",
        "secret",
        "token",
        "credential",
        "api-key",
    ]
    .iter()
    .any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_can_carry_a_password_is_hidden() {
        let hidden = [
            "authorization",
            "Proxy-Authorization",
            "auth-pass",
            "cookie",
            "X-My-Password",
        ];
        for name in hidden {
            assert!(carries_credentials(name), "{name}");
        }
        for name in ["auth-user", "user-agent", "content-type", "auth-ssl-serial"] {
            assert!(!carries_credentials(name), "{name}");
        }
    }
}
