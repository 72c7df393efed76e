//! The engine's clock: one thread that advances the epoch every millisecond while calls run.
//!
//! It sleeps when the server is idle, and is woken by the first call after that; under load nobody
//! has to wake it.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, Thread},
    time::Duration,
};

use wasmtime::{Engine, EngineWeak};

/// Length of a time slice, and precision of all limits in time. Shorter slices cost more switches
/// (about 1 µs each), longer ones make others wait.
pub(super) const TICK: Duration = Duration::from_millis(1);
/// Ticks without a call after which the thread goes to sleep.
const QUIET_TICKS: u32 = 100;

/// A handle on the thread, which ends some time after the engine is gone.
pub(super) struct Ticker {
    shared: Arc<Shared>,
}

struct Shared {
    running: AtomicUsize,
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

/// As long as it lives, the epoch advances.
pub(super) struct Running(Arc<Shared>);

impl Ticker {
    /// Starts the thread.
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            running: AtomicUsize::new(0),
            asleep: AtomicBool::new(false),
            thread: OnceLock::new(),
        });
        let weak = engine.weak();
        let handle = thread::Builder::new()
            .name("bulkhead-ticker".to_owned())
            .spawn({
                let shared = shared.clone();
                move || tick(&weak, &shared)
            })?;
        let _ = shared.thread.set(handle.thread().clone());
        Ok(Self { shared })
    }

    /// Announces a call.
    pub(super) fn run(&self) -> Running {
        self.shared.running.fetch_add(1, SeqCst);
        if self.shared.asleep.load(SeqCst)
            && let Some(thread) = self.shared.thread.get()
        {
            thread.unpark();
        }
        Running(self.shared.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}

fn tick(engine: &EngineWeak, shared: &Shared) {
    let mut quiet = 0;
    while let Some(engine) = engine.upgrade() {
        engine.increment_epoch();
        drop(engine);
        if shared.running.load(SeqCst) > 0 {
            quiet = 0;
        } else {
            quiet += 1;
        }
        if quiet <= QUIET_TICKS {
            thread::sleep(TICK);
            continue;
        }
        // Announce the sleep before the last look, so that a call in between wakes us.
        shared.asleep.store(true, SeqCst);
        if shared.running.load(SeqCst) == 0 {
            thread::park_timeout(Duration::from_secs(1));
        }
        shared.asleep.store(false, SeqCst);
    }
}
