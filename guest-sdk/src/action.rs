//! Actions: they react to an event. Actions of the event `post` run after the answer was sent and
//! cannot change it; the request waits for all others.

use std::marker::PhantomData;

use crate::{Event, Failure, Plugin, Request};

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
        inline: "package bulkhead:sdk; world action { export bulkhead:policy/action@0.1.0; }",
        world: "bulkhead:sdk/action",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: {
            "bulkhead:policy/types@0.1.0": crate::bindings::bulkhead::policy::types,
            "bulkhead:policy/types@0.1.0/failure": crate::Failure,
        },
    });
}

/// A plugin that reacts to an event.
pub trait Action: Plugin {
    /// Does its work.
    ///
    /// # Errors
    /// When the work could not be done. A failing action never changes the decision.
    fn run(&self, request: &Request, event: Event) -> Result<(), Failure>;
}

/// The component that [`export_action!`](crate::export_action) registers.
#[doc(hidden)]
pub struct Component<P>(PhantomData<P>);

impl<P: Action> bindings::exports::bulkhead::policy::action::Guest for Component<P> {
    fn run(
        request: crate::bindings::bulkhead::policy::types::Request,
        event: Event,
    ) -> Result<(), Failure> {
        crate::instance::with(|plugin: &P| plugin.run(&Request::from(request), event))
    }
}

/// Compiles for plugins of this kind only.
#[doc(hidden)]
pub fn registered<P: Action + crate::Described>(_: &P) {}

/// Makes the crate an action component: `bulkhead_sdk::export_action!(Type);`
#[macro_export]
macro_rules! export_action {
    ($plugin:ty) => {
        $crate::describe!($plugin);
        // Natively too, a type without the trait is an error, and one with it is in use.
        const _: fn(&$plugin) = $crate::action::registered::<$plugin>;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Lifecycle = $crate::instance::Lifecycle<$plugin>;
            type Component = $crate::action::Component<$plugin>;
    $crate::bindings::export!(Lifecycle with_types_in $crate::bindings);
    $crate::action::bindings::export!(Component with_types_in $crate::action::bindings);
        };
    };
}
