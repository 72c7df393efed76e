//! What the pipeline needs of a plugin, whoever runs it.
//!
//! The engine implements [`Plugin`] for loaded components and scripts; tests implement it with plain
//! functions. Whatever goes wrong inside is a [`Failure`], never a panic and never an accept.

use std::{sync::Arc, time::Instant};

use futures_util::future::BoxFuture;

use super::{CacheFlushAnswer, Context, ContextChange};
use crate::auth::{
    Attribute, Event, Header, HookRequest, HookResponse, Progress, Request, TraceContext, Usage,
    Value,
};

/// A loaded plugin.
pub trait Plugin: Send + Sync {
    /// The name that the configuration gives it.
    fn name(&self) -> &str;

    /// What a failure of it means.
    fn on_error(&self) -> OnError;

    /// Whether it holds the grant `may-accept`.
    fn may_accept(&self) -> bool {
        false
    }

    /// Whether it holds the grant `password`. The password is kept until the last post action that
    /// says so has ended; saying true without need keeps it longer, never shows it.
    fn sees_password(&self) -> bool {
        true
    }

    /// Calls that run at this moment, for metrics.
    fn running(&self) -> usize {
        0
    }

    /// Whether it can answer. One that cannot fails with [`FailureKind::NotReady`].
    fn is_ready(&self) -> bool {
        true
    }

    /// Asks one question. Returns by `call.deadline` at the latest, and within the plugin's own
    /// limits; dropping the future cancels the call.
    fn run(&self, question: Question, call: Call) -> BoxFuture<'_, Ran>;
}

/// What a failing plugin means for the login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// A temporary failure.
    #[default]
    TemporaryFailure,
    /// A reject. Does not count as a wrong password.
    Reject,
    /// As if the plugin were not configured.
    Skip,
}

/// Everything a call may see.
#[derive(Clone)]
pub struct Call {
    /// The question's subject.
    pub request: Arc<Request>,
    /// What is known so far.
    pub progress: Arc<Progress>,
    /// What earlier stages left.
    pub context: Context,
    /// When the whole request must be answered.
    pub deadline: Instant,
    /// When the pipeline began; the trace counts from here.
    pub began: Instant,
    /// The call's own span, if the request is in a trace.
    pub trace: Option<TraceContext>,
}

/// What is asked.
#[derive(Clone)]
pub enum Question {
    /// Before the password check.
    Feature,
    /// Check a password, find an account, list accounts.
    Backend(Operation),
    /// After it.
    Filter,
    /// React.
    Action(Event),
    /// Answer an HTTP request. `Call` carries an empty request then.
    Hook(Arc<HookRequest>),
    /// What else is to be forgotten of the request's user.
    CacheFlush,
}

/// What a backend is asked (`wit/backend.wit`).
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Check the password.
    Verify,
    /// Find the account.
    LookUp,
    /// List all accounts.
    ListAccounts,
    /// Store a TOTP secret.
    AddTotp(String),
    /// Remove it.
    DeleteTotp,
    /// Store recovery codes.
    AddRecoveryCodes(Vec<String>),
    /// Remove them.
    DeleteRecoveryCodes,
    /// Return WebAuthn credentials.
    GetWebauthnCredentials,
    /// Store one.
    SaveWebauthnCredential(String),
    /// Replace one.
    UpdateWebauthnCredential {
        /// To be replaced.
        old: String,
        /// The replacement.
        new: String,
    },
    /// Remove one.
    DeleteWebauthnCredential(String),
}

/// How one call ended.
pub struct Ran {
    /// The answer, or why there is none.
    pub answer: Result<Answer, Failure>,
    /// Changes to the context; to be dropped when the call failed.
    pub context: Vec<ContextChange>,
    /// Pairs for the login's log line, in order.
    pub log_fields: Vec<(String, Value)>,
    /// What the call used.
    pub usage: Usage,
}

/// An answer, of the kind that was asked for.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To `Question::Feature`.
    Feature(FeatureAnswer),
    /// To `Question::Backend`.
    Backend(BackendAnswer),
    /// To `Question::Filter`.
    Filter(FilterAnswer),
    /// To `Question::Action`.
    Action,
    /// To `Question::Hook`.
    Hook(HookResponse),
    /// To `Question::CacheFlush`.
    CacheFlush(CacheFlushAnswer),
}

/// A feature's say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureVerdict {
    /// No objection.
    Pass,
    /// Skip the remaining features and controls.
    Abort,
    /// Reject.
    Reject,
    /// Temporary failure.
    TemporaryFailure,
}

/// A feature's answer (`wit/feature.wit`).
#[derive(Clone, Debug)]
pub struct FeatureAnswer {
    /// Its say.
    pub verdict: FeatureVerdict,
    /// Whose actions run on reject and temporary failure.
    pub event: Event,
    /// Text for the client.
    pub status_message: Option<String>,
    /// For the response.
    pub response_headers: Vec<Header>,
}

/// A backend's answer (`wit/backend.wit`).
#[derive(Clone, Debug)]
pub enum BackendAnswer {
    /// To verify and look-up.
    User(Box<BackendUser>),
    /// To list-accounts.
    Accounts(Vec<String>),
    /// To get-webauthn-credentials.
    Credentials(Vec<String>),
    /// To operations that change something.
    Done,
    /// Not this backend's business; ask the next.
    Unsupported,
}

/// What a backend knows about one user.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct BackendUser {
    pub found: bool,
    pub authenticated: bool,
    pub account_field: String,
    pub totp_secret_field: String,
    pub totp_recovery_field: String,
    pub unique_user_id_field: String,
    pub display_name_field: String,
    pub attributes: Vec<Attribute>,
    pub groups: Vec<String>,
    pub group_dns: Vec<String>,
}

/// A filter's say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterVerdict {
    /// Leave the result.
    Keep,
    /// Accept, if it may.
    Accept,
    /// Reject.
    Reject,
    /// Temporary failure.
    TemporaryFailure,
}

/// A filter's answer (`wit/filter.wit`).
#[derive(Clone, Debug)]
pub struct FilterAnswer {
    /// Its say.
    pub verdict: FilterVerdict,
    /// Text for the client.
    pub status_message: Option<String>,
    /// Added where absent.
    pub add_attributes: Vec<Attribute>,
    /// Removed first.
    pub remove_attributes: Vec<String>,
    /// For the response.
    pub response_headers: Vec<Header>,
}

/// Why a plugin has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// For metrics and tests.
    pub kind: FailureKind,
    /// For the log and the trace.
    pub message: String,
}

/// The ways in which a plugin can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// It said so itself, or its script raised an error.
    Plugin,
    /// It trapped: panic, unreachable code, stack overflow.
    Trap,
    /// It used more than `cpu`.
    CpuTime,
    /// It took longer than `wall_clock`, or than the request had left.
    WallClock,
    /// It wanted more than `memory`.
    Memory,
    /// It moved more than `boundary_bytes`.
    Boundary,
    /// It made more than `host_calls` calls.
    HostCalls,
    /// More than `concurrency` calls run and `queue` wait.
    Overloaded,
    /// It answered something else than was asked, or broke a rule of the contract.
    Contract,
    /// It is not loaded: its init failed.
    NotReady,
}

impl FailureKind {
    /// The word for logs, traces and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Trap => "trap",
            Self::CpuTime => "cpu-time",
            Self::WallClock => "wall-clock",
            Self::Memory => "memory",
            Self::Boundary => "boundary",
            Self::HostCalls => "host-calls",
            Self::Overloaded => "overloaded",
            Self::Contract => "contract",
            Self::NotReady => "not-ready",
        }
    }
}
