//! The answer to a login question.

use super::{Attribute, Header, Progress, RecoveredPassword};

/// The three possible outcomes of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The login may pass.
    Accept,
    /// It may not, and the client can know that.
    Reject,
    /// Nobody can say now. Never counts as a wrong password.
    TemporaryFailure,
}

impl Verdict {
    /// The word for logs, traces and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::TemporaryFailure => "temporary-failure",
        }
    }
}

/// What the pipeline decided, ready to be turned into a response.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The outcome.
    pub verdict: Verdict,
    /// Text for the client when the verdict is not accept; the default text for the verdict if the
    /// plugins gave none.
    pub status_message: String,
    /// What was found out, including the attributes that the client gets.
    pub progress: Progress,
    /// Accounts, for `Mode::ListAccounts` only.
    pub accounts: Vec<String>,
    /// Headers that plugins add to the response.
    pub response_headers: Vec<Header>,
    /// The password behind a challenge that the client has answered, on accept only.
    pub recovered_password: Option<RecoveredPassword>,
    /// The cache in memory answered in place of the backends.
    pub from_memory: bool,
}

impl Decision {
    /// Text of a reject for which no plugin set a message (Nauthilus' wording).
    pub const DEFAULT_REJECT: &'static str = "Invalid login or password";
    /// Text of a temporary failure for which no plugin set a message (Nauthilus' wording).
    pub const DEFAULT_TEMPORARY_FAILURE: &'static str = "Temporary server problem, try again later";

    /// The attributes that a client may see: all but TOTP secrets and recovery codes.
    pub fn public_attributes(&self) -> impl Iterator<Item = &Attribute> {
        let hidden = [
            self.progress.totp_secret_field.as_str(),
            self.progress.totp_recovery_field.as_str(),
        ];
        self.progress.attributes.iter().filter(move |attribute| {
            !hidden
                .iter()
                .any(|name| !name.is_empty() && *name == attribute.name)
        })
    }
}
