//! The component's exports. Each hands its question to the one [`Runtime`] of this instance.
//!
//! The runtime lives in a thread-local, which on `wasm32` is plain memory: that is what a snapshot
//! freezes after `load`.

use std::cell::RefCell;
use std::rc::Rc;

use crate::runtime::Runtime;
use crate::wasm_host::Imports;
use crate::wit::bulkhead::policy::log;
use crate::wit::bulkhead::policy::types::{Event, Failure, Request};
use crate::wit::export;
use crate::wit::exports::bulkhead::policy::{
    action, backend, cache_flush, feature, filter, hook, init, lifecycle, script,
};

struct Component;

thread_local! {
    static RUNTIME: RefCell<Option<Runtime>> = const { RefCell::new(None) };
}

fn with<T>(ask: impl FnOnce(&mut Runtime) -> Result<T, Failure>) -> Result<T, Failure> {
    RUNTIME.with_borrow_mut(|runtime| match runtime {
        Some(runtime) => ask(runtime),
        None => Err(Failure {
            message: "no script is loaded".to_owned(),
        }),
    })
}

impl lifecycle::Guest for Component {
    fn describe() -> lifecycle::Description {
        lifecycle::Description {
            name: "lua".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Runs Lua scripts written for Nauthilus.".to_owned(),
        }
    }

    fn configure(_configuration: String) -> Result<(), Vec<lifecycle::Problem>> {
        // Scripts have no configuration of their own: they read the environment and their modules.
        Ok(())
    }
}

impl script::Guest for Component {
    fn load(bundle: script::Bundle) -> Result<(), script::ScriptError> {
        std::panic::set_hook(Box::new(|information| {
            log::write(
                log::Level::Error,
                &format!("the Lua runtime failed: {information}"),
            );
        }));
        let runtime = Runtime::load(Rc::new(Imports), bundle)?;
        RUNTIME.set(Some(runtime));
        Ok(())
    }

    fn run(arguments: Vec<String>) -> Result<u8, script::ScriptError> {
        RUNTIME.with_borrow_mut(|runtime| match runtime {
            Some(runtime) => runtime.run_plain(&arguments),
            None => Err(script::ScriptError {
                message: "no script is loaded".to_owned(),
                line: 0,
                traceback: String::new(),
            }),
        })
    }
}

impl feature::Guest for Component {
    fn run(request: Request) -> Result<feature::Answer, Failure> {
        with(|runtime| runtime.run_feature(&request))
    }
}

impl backend::Guest for Component {
    fn run(request: Request, operation: backend::Operation) -> Result<backend::Answer, Failure> {
        with(|runtime| runtime.run_backend(&request, &operation))
    }
}

impl filter::Guest for Component {
    fn run(request: Request) -> Result<filter::Answer, Failure> {
        with(|runtime| runtime.run_filter(&request))
    }
}

impl action::Guest for Component {
    fn run(request: Request, event: Event) -> Result<(), Failure> {
        with(|runtime| runtime.run_action(&request, event))
    }
}

impl hook::Guest for Component {
    fn run(request: hook::HookRequest) -> Result<hook::HookResponse, Failure> {
        with(|runtime| runtime.run_hook(request))
    }
}

impl init::Guest for Component {
    fn run() -> Result<(), Failure> {
        with(Runtime::run_init)
    }
}

impl cache_flush::Guest for Component {
    fn run(request: Request) -> Result<cache_flush::Answer, Failure> {
        with(|runtime| runtime.run_cache_flush(&request))
    }
}

export!(Component with_types_in crate::wit);
