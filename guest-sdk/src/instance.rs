//! Holds the configured plugin between `configure` and `run`.
//!
//! The server freezes a component's memory after `configure`, so what lies here is in the image from
//! which every call starts. Used by the generated exports only.

use std::{any::Any, cell::RefCell, marker::PhantomData, rc::Rc};

use crate::{
    Described, Description, Failure, Plugin, Problem,
    bindings::exports::bulkhead::policy::lifecycle::Guest, configuration,
};

/// The export `lifecycle` of a plugin's component.
pub struct Lifecycle<P>(PhantomData<P>);

impl<P: Described + Plugin> Guest for Lifecycle<P> {
    fn describe() -> Description {
        P::description()
    }

    fn configure(configuration: String) -> Result<(), Vec<Problem>> {
        configure::<P>(&configuration)
    }
}

thread_local! {
    /// The configured plugin. Components have one thread.
    static INSTANCE: RefCell<Option<Rc<dyn Any>>> = const { RefCell::new(None) };
}

/// Builds the plugin from JSON text and keeps it.
///
/// # Errors
/// What is wrong with the configuration; an earlier plugin is forgotten then.
pub fn configure<P: Plugin>(json: &str) -> Result<(), Vec<Problem>> {
    #[cfg(target_arch = "wasm32")]
    crate::panic::install();
    INSTANCE.set(None);
    let plugin = configuration::build::<P>(json)?;
    INSTANCE.set(Some(Rc::new(plugin)));
    Ok(())
}

/// Asks the configured plugin.
///
/// # Errors
/// Those of the plugin, and a failure when `configure` did not succeed before.
pub fn with<P: Plugin, T>(ask: impl FnOnce(&P) -> Result<T, Failure>) -> Result<T, Failure> {
    #[cfg(target_arch = "wasm32")]
    crate::panic::install();
    let plugin = INSTANCE
        .with_borrow(Clone::clone)
        .and_then(|instance| instance.downcast::<P>().ok())
        .ok_or_else(|| Failure::new("the plugin was not configured"))?;
    ask(&plugin)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Even(u32);
    impl Plugin for Even {
        type Configuration = u32;
        fn new(number: u32) -> Result<Self, Vec<Problem>> {
            if number.is_multiple_of(2) {
                Ok(Self(number))
            } else {
                Err(vec![Problem::at("", "must be even")])
            }
        }
    }

    #[test]
    fn a_call_before_configure_fails() {
        let failure = with::<Even, ()>(|_| Ok(())).err();
        assert_eq!(failure, Some(Failure::new("the plugin was not configured")));
    }

    #[test]
    fn a_call_sees_the_configured_plugin() {
        assert_eq!(configure::<Even>("4"), Ok(()));
        assert_eq!(with::<Even, _>(|plugin| Ok(plugin.0)), Ok(4));
    }

    #[test]
    fn a_wrong_configuration_leaves_no_plugin_behind() {
        assert_eq!(configure::<Even>("4"), Ok(()));
        assert!(configure::<Even>("5").is_err());
        assert!(with::<Even, _>(|plugin| Ok(plugin.0)).is_err());
    }
}
