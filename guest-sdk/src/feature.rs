//! Features: asked **before** any password check; a feature may end the login.

use std::marker::PhantomData;

use crate::{Event, Failure, Header, Plugin, Request};

#[doc(hidden)]
pub mod bindings {
    #![allow(
        unsafe_code,
        missing_docs,
        unreachable_pub,
        clippy::all,
        reason = "generated"
    )]
    wit_bindgen::generate!({
        path: "../wit",
        inline: "package bulkhead:sdk; world feature { export bulkhead:policy/feature@0.1.0; }",
        world: "bulkhead:sdk/feature",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: {
            "bulkhead:policy/types@0.1.0": crate::bindings::bulkhead::policy::types,
            "bulkhead:policy/types@0.1.0/failure": crate::Failure,
        },
    });
}

pub use bindings::exports::bulkhead::policy::feature::{Answer, Verdict};

/// A plugin that looks at a login before the password check.
pub trait Feature: Plugin {
    /// Answers one request.
    ///
    /// # Errors
    /// When the feature cannot do its work; the plugin's `on_error` verdict applies.
    fn run(&self, request: &Request) -> Result<Answer, Failure>;
}

impl Answer {
    fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            event: None,
            status_message: None,
            response_headers: Vec::new(),
        }
    }

    /// Has nothing to object to.
    pub fn pass() -> Self {
        Self::new(Verdict::Pass)
    }

    /// Skips the remaining features and controls, and goes on to the backends.
    pub fn abort() -> Self {
        Self::new(Verdict::Abort)
    }

    /// Rejects the login.
    pub fn reject() -> Self {
        Self::new(Verdict::Reject)
    }

    /// Answers with a temporary failure.
    pub fn temporary_failure() -> Self {
        Self::new(Verdict::TemporaryFailure)
    }

    /// Whose actions run on reject and temporary failure; `lua` unless set.
    #[must_use]
    pub fn with_event(mut self, event: Event) -> Self {
        self.event = Some(event);
        self
    }

    /// What the client is told, instead of the default text.
    #[must_use]
    pub fn with_status_message(mut self, message: impl Into<String>) -> Self {
        self.status_message = Some(message.into());
        self
    }

    /// Adds a header to the response. Names that start with `Auth-` and hop-by-hop names are refused.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.response_headers.push(Header::new(name, value));
        self
    }
}

/// The component that [`export_feature!`](crate::export_feature) registers.
#[doc(hidden)]
pub struct Component<P>(PhantomData<P>);

impl<P: Feature> bindings::exports::bulkhead::policy::feature::Guest for Component<P> {
    fn run(request: crate::bindings::bulkhead::policy::types::Request) -> Result<Answer, Failure> {
        crate::instance::with(|plugin: &P| plugin.run(&Request::from(request)))
    }
}

/// Compiles for plugins of this kind only.
#[doc(hidden)]
pub fn registered<P: Feature + crate::Described>(_: &P) {}

/// Makes the crate a feature component: `bulkhead_sdk::export_feature!(Type);`
#[macro_export]
macro_rules! export_feature {
    ($plugin:ty) => {
        $crate::describe!($plugin);
        // Natively too, a type without the trait is an error, and one with it is in use.
        const _: fn(&$plugin) = $crate::feature::registered::<$plugin>;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Lifecycle = $crate::instance::Lifecycle<$plugin>;
            type Component = $crate::feature::Component<$plugin>;
    $crate::bindings::export!(Lifecycle with_types_in $crate::bindings);
    $crate::feature::bindings::export!(Component with_types_in $crate::feature::bindings);
        };
    };
}
