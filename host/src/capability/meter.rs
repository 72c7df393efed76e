//! Counts what one call uses while it runs, and says when it is too much.
//!
//! Shared between the store that runs the guest and the future that polls it: the store is out of
//! reach while the guest runs, and gone when the call was cut off. All counters are relaxed atomics of
//! one call; nobody else writes them.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use super::stop::Stop;

/// One call's counters.
pub struct Meter {
    start: Instant,
    /// When the call must be over, and which limit that is.
    deadline: Instant,
    late: Stop,
    cpu_limit: Duration,
    /// Nanoseconds of polls that are over.
    spent: AtomicU64,
    /// Nanoseconds from `start` to the beginning of the current poll; `u64::MAX` outside.
    polling_since: AtomicU64,
    /// The guest gave way because its time slice was over.
    yielded: AtomicBool,
    cancelled: AtomicBool,
    memory: AtomicU64,
    host_calls: AtomicU32,
}

const NOT_POLLING: u64 = u64::MAX;

impl Meter {
    /// Starts now. `late` is what a call is told that passes `deadline`.
    pub fn new(cpu_limit: Duration, deadline: Instant, late: Stop) -> Self {
        Self {
            start: Instant::now(),
            deadline,
            late,
            cpu_limit,
            spent: AtomicU64::new(0),
            polling_since: AtomicU64::new(NOT_POLLING),
            yielded: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            memory: AtomicU64::new(0),
            host_calls: AtomicU32::new(0),
        }
    }

    /// When the call must be over.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// What a call is told that passes its deadline.
    pub fn late(&self) -> Stop {
        self.late.clone()
    }

    /// A poll begins.
    pub fn enter(&self) {
        self.polling_since.store(self.since_start(), Relaxed);
    }

    /// A poll ends.
    pub fn leave(&self) {
        let since = self.polling_since.swap(NOT_POLLING, Relaxed);
        let lasted = self.since_start().saturating_sub(since);
        self.spent.fetch_add(lasted, Relaxed);
    }

    /// Time inside polls so far, the current one included.
    pub fn cpu(&self) -> Duration {
        let spent = self.spent.load(Relaxed);
        let since = self.polling_since.load(Relaxed);
        let current = match since {
            NOT_POLLING => 0,
            since => self.since_start().saturating_sub(since),
        };
        Duration::from_nanos(spent.saturating_add(current))
    }

    /// Whether the call has to end now.
    pub fn check(&self) -> Result<(), Stop> {
        if self.cancelled.load(Relaxed) {
            return Err(Stop::Cancelled);
        }
        if self.cpu() > self.cpu_limit {
            return Err(Stop::CpuTime(self.cpu_limit));
        }
        if Instant::now() >= self.deadline {
            return Err(self.late());
        }
        Ok(())
    }

    /// The guest's time slice is over and it gives way.
    pub fn set_yielded(&self) {
        self.yielded.store(true, Relaxed);
    }

    /// Whether it gave way since the last question.
    pub fn take_yielded(&self) -> bool {
        self.yielded.swap(false, Relaxed)
    }

    /// Nobody waits for the call any more.
    pub fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// Whether nobody waits for it.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Relaxed)
    }

    /// Counts one call of the host and returns how many there were.
    pub fn count_host_call(&self) -> u32 {
        self.host_calls.fetch_add(1, Relaxed).saturating_add(1)
    }

    /// How many calls of the host there were.
    pub fn host_calls(&self) -> u32 {
        self.host_calls.load(Relaxed)
    }

    /// Linear memory in bytes, as last set.
    pub fn memory(&self) -> u64 {
        self.memory.load(Relaxed)
    }

    /// Notes the linear memory in bytes.
    pub fn set_memory(&self, bytes: u64) {
        self.memory.store(bytes, Relaxed);
    }

    fn since_start(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(NOT_POLLING - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(cpu: Duration, wall: Duration) -> Meter {
        Meter::new(cpu, Instant::now() + wall, Stop::WallClock(wall))
    }

    #[test]
    fn only_time_inside_polls_counts() {
        let meter = meter(Duration::from_secs(1), Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(meter.cpu(), Duration::ZERO);
        meter.enter();
        std::thread::sleep(Duration::from_millis(5));
        meter.leave();
        let spent = meter.cpu();
        assert!(spent >= Duration::from_millis(5));
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(meter.cpu(), spent);
    }

    #[test]
    fn each_cause_has_its_own_stop() {
        let fresh = meter(Duration::from_secs(1), Duration::from_secs(60));
        assert_eq!(fresh.check(), Ok(()));
        fresh.cancel();
        assert_eq!(fresh.check(), Err(Stop::Cancelled));

        let late = meter(Duration::from_secs(1), Duration::ZERO);
        assert_eq!(late.check(), Err(Stop::WallClock(Duration::ZERO)));

        let busy = meter(Duration::ZERO, Duration::from_secs(60));
        busy.enter();
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(busy.check(), Err(Stop::CpuTime(Duration::ZERO)));
    }
}
