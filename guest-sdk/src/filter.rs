//! Filters: asked **after** the backends have answered. A filter may reject what they accepted, and
//! change the attributes that the client gets.

use std::marker::PhantomData;

use crate::{Attribute, Failure, Header, Plugin, Request, Value};

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
        inline: "package bulkhead:sdk; world filter { export bulkhead:policy/filter@0.1.0; }",
        world: "bulkhead:sdk/filter",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: {
            "bulkhead:policy/types@0.1.0": crate::bindings::bulkhead::policy::types,
            "bulkhead:policy/types@0.1.0/failure": crate::Failure,
        },
    });
}

pub use bindings::exports::bulkhead::policy::filter::{Answer, Verdict};

/// A plugin that looks at a login after the password check. What the backends found out is in
/// `request.progress`.
pub trait Filter: Plugin {
    /// Answers one request.
    ///
    /// # Errors
    /// When the filter cannot do its work; the plugin's `on_error` verdict applies.
    fn run(&self, request: &Request) -> Result<Answer, Failure>;
}

impl Answer {
    fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            status_message: None,
            add_attributes: Vec::new(),
            remove_attributes: Vec::new(),
            response_headers: Vec::new(),
        }
    }

    /// Leaves the result as it is.
    pub fn keep() -> Self {
        Self::new(Verdict::Keep)
    }

    /// Accepts. On a login that the backends rejected this changes nothing, unless the plugin holds
    /// the grant `may-accept`.
    pub fn accept() -> Self {
        Self::new(Verdict::Accept)
    }

    /// Rejects.
    pub fn reject() -> Self {
        Self::new(Verdict::Reject)
    }

    /// Answers with a temporary failure.
    pub fn temporary_failure() -> Self {
        Self::new(Verdict::TemporaryFailure)
    }

    /// What the client is told on a reject, instead of the default text.
    #[must_use]
    pub fn with_status_message(mut self, message: impl Into<String>) -> Self {
        self.status_message = Some(message.into());
        self
    }

    /// Adds an attribute where the backend gave none of that name. To replace one, remove it too.
    #[must_use]
    pub fn with_attribute(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.add_attributes.push(Attribute::new(name, value));
        self
    }

    /// Takes an attribute away. Removals of all filters come first.
    #[must_use]
    pub fn without_attribute(mut self, name: impl Into<String>) -> Self {
        self.remove_attributes.push(name.into());
        self
    }

    /// Adds a header to the response. Names that start with `Auth-` and hop-by-hop names are refused.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.response_headers.push(Header::new(name, value));
        self
    }
}

/// The component that [`export_filter!`](crate::export_filter) registers.
#[doc(hidden)]
pub struct Component<P>(PhantomData<P>);

impl<P: Filter> bindings::exports::bulkhead::policy::filter::Guest for Component<P> {
    fn run(request: crate::bindings::bulkhead::policy::types::Request) -> Result<Answer, Failure> {
        crate::instance::with(|plugin: &P| plugin.run(&Request::from(request)))
    }
}

/// Compiles for plugins of this kind only.
#[doc(hidden)]
pub fn registered<P: Filter + crate::Described>(_: &P) {}

/// Makes the crate a filter component: `bulkhead_sdk::export_filter!(Type);`
#[macro_export]
macro_rules! export_filter {
    ($plugin:ty) => {
        $crate::describe!($plugin);
        // Natively too, a type without the trait is an error, and one with it is in use.
        const _: fn(&$plugin) = $crate::filter::registered::<$plugin>;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Lifecycle = $crate::instance::Lifecycle<$plugin>;
            type Component = $crate::filter::Component<$plugin>;
    $crate::bindings::export!(Lifecycle with_types_in $crate::bindings);
    $crate::filter::bindings::export!(Component with_types_in $crate::filter::bindings);
        };
    };
}
