//! Hooks: they answer HTTP requests at a location of their own, outside any login.

use std::marker::PhantomData;

use crate::{Failure, Header, Plugin};

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
        inline: "package bulkhead:sdk; world hook { export bulkhead:policy/hook@0.1.0; }",
        world: "bulkhead:sdk/hook",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: {
            "bulkhead:policy/types@0.1.0": crate::bindings::bulkhead::policy::types,
            "bulkhead:policy/types@0.1.0/failure": crate::Failure,
        },
    });
}

pub use bindings::exports::bulkhead::policy::hook::{HookRequest, HookResponse, Parameter};

/// A plugin that answers HTTP requests.
pub trait Hook: Plugin {
    /// Answers one HTTP request.
    ///
    /// # Errors
    /// When the hook cannot do its work.
    fn run(&self, request: &HookRequest) -> Result<HookResponse, Failure>;
}

impl HookRequest {
    /// The first query parameter of that name.
    pub fn query_parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|parameter| parameter.name == name)
            .map(|parameter| parameter.value.as_str())
    }

    /// The first header field of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.as_slice())
    }
}

impl HookResponse {
    /// A response without headers and body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a header field.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push(Header::new(name, value));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// The component that [`export_hook!`](crate::export_hook) registers.
#[doc(hidden)]
pub struct Component<P>(PhantomData<P>);

impl<P: Hook> bindings::exports::bulkhead::policy::hook::Guest for Component<P> {
    fn run(request: HookRequest) -> Result<HookResponse, Failure> {
        crate::instance::with(|plugin: &P| plugin.run(&request))
    }
}

/// Compiles for plugins of this kind only.
#[doc(hidden)]
pub fn registered<P: Hook + crate::Described>(_: &P) {}

/// Makes the crate a hook component: `bulkhead_sdk::export_hook!(Type);`
#[macro_export]
macro_rules! export_hook {
    ($plugin:ty) => {
        $crate::describe!($plugin);
        // Natively too, a type without the trait is an error, and one with it is in use.
        const _: fn(&$plugin) = $crate::hook::registered::<$plugin>;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Lifecycle = $crate::instance::Lifecycle<$plugin>;
            type Component = $crate::hook::Component<$plugin>;
    $crate::bindings::export!(Lifecycle with_types_in $crate::bindings);
    $crate::hook::bindings::export!(Component with_types_in $crate::hook::bindings);
        };
    };
}
