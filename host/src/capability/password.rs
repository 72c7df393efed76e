//! The import `password`: verification against stored hashes, on the host and in a bounded pool.

use super::{
    bindings::bulkhead::policy::password,
    grant::Grant,
    services::{PasswordError, Verification},
    state::CallState,
};
use crate::auth::Password;

impl password::Host for CallState {
    async fn verify(
        &mut self,
        verification: password::Verification,
    ) -> wasmtime::Result<Result<bool, password::Error>> {
        // Wrapped first, so that it is wiped whatever happens next.
        let typed = Password::new(verification.password);
        let bytes = verification.stored.len()
            + typed.expose().len()
            + verification.username.len()
            + verification.default_scheme.len();
        self.charge(bytes)?;
        self.touched_outside = true;
        if !self.rights.grants.password {
            return Ok(Err(password::Error::Malformed(self.deny(Grant::Password))));
        }
        let verification = Verification {
            stored: verification.stored,
            password: typed,
            username: verification.username,
            default_scheme: verification.default_scheme,
        };
        let deadline = self.meter.deadline();
        let verdict = self
            .rights
            .services
            .passwords
            .verify(verification, deadline)
            .await;
        Ok(verdict.map_err(|error| match error {
            PasswordError::UnknownScheme(text) => password::Error::UnknownScheme(text),
            PasswordError::Malformed(text) => password::Error::Malformed(text),
            PasswordError::TooExpensive(text) => password::Error::TooExpensive(text),
            PasswordError::Overloaded => password::Error::Overloaded,
        }))
    }
}
