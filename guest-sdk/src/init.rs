//! Init plugins: they run once when a generation of plugins is loaded, before its first request.

use std::marker::PhantomData;

use crate::{Failure, Plugin};

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
        inline: "package bulkhead:sdk; world init { export bulkhead:policy/init@0.1.0; }",
        world: "bulkhead:sdk/init",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: {
            "bulkhead:policy/types@0.1.0": crate::bindings::bulkhead::policy::types,
            "bulkhead:policy/types@0.1.0/failure": crate::Failure,
        },
    });
}

/// A plugin that runs once per load.
pub trait Init: Plugin {
    /// Does its work.
    ///
    /// # Errors
    /// A failure keeps the generation from being used.
    fn run(&self) -> Result<(), Failure>;
}

/// The component that [`export_init!`](crate::export_init) registers.
#[doc(hidden)]
pub struct Component<P>(PhantomData<P>);

impl<P: Init> bindings::exports::bulkhead::policy::init::Guest for Component<P> {
    fn run() -> Result<(), Failure> {
        crate::instance::with(|plugin: &P| plugin.run())
    }
}

/// Compiles for plugins of this kind only.
#[doc(hidden)]
pub fn registered<P: Init + crate::Described>(_: &P) {}

/// Makes the crate an init component: `bulkhead_sdk::export_init!(Type);`
#[macro_export]
macro_rules! export_init {
    ($plugin:ty) => {
        $crate::describe!($plugin);
        // Natively too, a type without the trait is an error, and one with it is in use.
        const _: fn(&$plugin) = $crate::init::registered::<$plugin>;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Lifecycle = $crate::instance::Lifecycle<$plugin>;
            type Component = $crate::init::Component<$plugin>;
    $crate::bindings::export!(Lifecycle with_types_in $crate::bindings);
    $crate::init::bindings::export!(Component with_types_in $crate::init::bindings);
        };
    };
}
