//! Cache-flush plugins: asked what else to forget when an administrator flushes a user.

use std::marker::PhantomData;

use crate::{Failure, Plugin, Request};

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
        inline: "package bulkhead:sdk; world cache-flush { export bulkhead:policy/cache-flush@0.1.0; }",
        world: "bulkhead:sdk/cache-flush",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: {
            "bulkhead:policy/types@0.1.0": crate::bindings::bulkhead::policy::types,
            "bulkhead:policy/types@0.1.0/failure": crate::Failure,
        },
    });
}

pub use bindings::exports::bulkhead::policy::cache_flush::Answer;

/// A plugin that knows what else belongs to a user.
pub trait CacheFlush: Plugin {
    /// Answers for `request.username`.
    ///
    /// # Errors
    /// When the plugin cannot do its work.
    fn run(&self, request: &Request) -> Result<Answer, Failure>;
}

/// The component that [`export_cache_flush!`](crate::export_cache_flush) registers.
#[doc(hidden)]
pub struct Component<P>(PhantomData<P>);

impl<P: CacheFlush> bindings::exports::bulkhead::policy::cache_flush::Guest for Component<P> {
    fn run(request: crate::bindings::bulkhead::policy::types::Request) -> Result<Answer, Failure> {
        crate::instance::with(|plugin: &P| plugin.run(&Request::from(request)))
    }
}

/// Compiles for plugins of this kind only.
#[doc(hidden)]
pub fn registered<P: CacheFlush + crate::Described>(_: &P) {}

/// Makes the crate a cache-flush component: `bulkhead_sdk::export_cache_flush!(Type);`
#[macro_export]
macro_rules! export_cache_flush {
    ($plugin:ty) => {
        $crate::describe!($plugin);
        // Natively too, a type without the trait is an error, and one with it is in use.
        const _: fn(&$plugin) = $crate::cache_flush::registered::<$plugin>;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Lifecycle = $crate::instance::Lifecycle<$plugin>;
            type Component = $crate::cache_flush::Component<$plugin>;
            $crate::bindings::export!(Lifecycle with_types_in $crate::bindings);
            $crate::cache_flush::bindings::export!(Component with_types_in $crate::cache_flush::bindings);
        };
    };
}
