//! Where stored passwords are compared: a bounded number of threads, and a bounded queue before them.
//!
//! Hashing a password is made to be slow, so it must neither stop the async threads nor pile up.
//! A verification that outlives its deadline keeps its thread until it ends: the bound holds even
//! against values that are as expensive as the limits allow. Knows nothing of WebAssembly.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use tokio::sync::Semaphore;

use crate::{
    auth::{
        Password,
        scheme::{self, CostLimits, SchemeError},
    },
    config::ServerLimits,
};

/// One question (`wit/password.wit`).
pub struct Verification {
    /// `{SCHEME}data`, `{SCHEME.ENCODING}data` or a crypt(3) string.
    pub stored: Vec<u8>,
    /// What the user typed.
    pub password: Password,
    /// Needed by DIGEST-MD5 only.
    pub username: String,
    /// For a value without a prefix; `PLAIN` when empty.
    pub default_scheme: String,
}

/// Why there is no answer. None of these means "wrong password".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The scheme or its encoding is not known.
    #[error("unknown password scheme {0}")]
    UnknownScheme(String),
    /// The stored value cannot be decoded.
    #[error("malformed {0}")]
    Malformed(String),
    /// The stored value asks for more memory or rounds than the server allows.
    #[error("too expensive: {0}")]
    TooExpensive(String),
    /// The queue is full (`limits.password_queue`).
    #[error("too many password verifications are waiting")]
    Overloaded,
    /// The deadline passed.
    #[error("the password verification took too long")]
    TimedOut,
}

impl From<SchemeError> for PasswordError {
    fn from(error: SchemeError) -> Self {
        match error {
            SchemeError::UnknownScheme(text) => Self::UnknownScheme(text),
            SchemeError::Malformed(text) => Self::Malformed(text),
            SchemeError::TooExpensive(text) => Self::TooExpensive(text),
        }
    }
}

/// The pool. One per server; share it in an `Arc`.
pub struct PasswordPool {
    slots: Arc<Semaphore>,
    queue: u32,
    waiting: AtomicU32,
    limits: CostLimits,
}

impl PasswordPool {
    /// A pool that runs `threads` verifications at the same time (at least one), and lets `queue`
    /// more wait.
    pub fn new(threads: u32, queue: u32, limits: CostLimits) -> Self {
        let threads = usize::try_from(threads.max(1)).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            slots: Arc::new(Semaphore::new(threads.min(Semaphore::MAX_PERMITS))),
            queue,
            waiting: AtomicU32::new(0),
            limits,
        }
    }

    /// The pool that the server's limits describe.
    pub fn for_server(limits: &ServerLimits) -> Self {
        let costs = CostLimits {
            memory_bytes: limits.password_memory_bytes,
            rounds: limits.password_rounds,
            ..CostLimits::default()
        };
        Self::new(limits.password_threads, limits.password_queue, costs)
    }

    /// True if the password matches.
    ///
    /// Schemes that take microseconds are compared at once, whatever the queue's length. Must be
    /// called within a tokio runtime.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn verify(
        &self,
        verification: Verification,
        deadline: Instant,
    ) -> Result<bool, PasswordError> {
        if scheme::is_cheap(&verification.stored, &verification.default_scheme) {
            return compare(&verification, &self.limits);
        }
        let limits = self.limits;
        self.run(deadline, move || compare(&verification, &limits))
            .await
    }

    /// Verifications that wait for a thread.
    pub fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    async fn run(
        &self,
        deadline: Instant,
        work: impl FnOnce() -> Result<bool, PasswordError> + Send + 'static,
    ) -> Result<bool, PasswordError> {
        let deadline = tokio::time::Instant::from_std(deadline);
        let permit = match self.slots.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let _place = Place::take(&self.waiting, self.queue)?;
                tokio::time::timeout_at(deadline, self.slots.clone().acquire_owned())
                    .await
                    .map_err(|_| PasswordError::TimedOut)?
                    .map_err(|_| PasswordError::Overloaded)?
            }
        };
        if deadline <= tokio::time::Instant::now() {
            return Err(PasswordError::TimedOut);
        }
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        match tokio::time::timeout_at(deadline, task).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(PasswordError::Malformed(
                "value: comparing it failed".to_owned(),
            )),
            Err(_) => Err(PasswordError::TimedOut),
        }
    }
}

fn compare(verification: &Verification, limits: &CostLimits) -> Result<bool, PasswordError> {
    Ok(scheme::verify(
        &verification.stored,
        verification.password.expose(),
        &verification.username,
        &verification.default_scheme,
        limits,
    )?)
}

/// A place in the queue, given back when dropped, also by a caller that goes away.
struct Place<'pool>(&'pool AtomicU32);

impl<'pool> Place<'pool> {
    fn take(waiting: &'pool AtomicU32, queue: u32) -> Result<Self, PasswordError> {
        waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| {
                (waiting < queue).then_some(waiting + 1)
            })
            .map(|_| Self(waiting))
            .map_err(|_| PasswordError::Overloaded)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    fn question(stored: &str) -> Verification {
        Verification {
            stored: stored.into(),
            password: Password::new(b"test".to_vec()),
            username: String::new(),
            default_scheme: String::new(),
        }
    }

    const SHA512_CRYPT: &str = "{SHA512-CRYPT}$6$GDEtQvrYdLMINoqp$.qVLQdM7jAfCzreD2D8rG192VtAUMMIRCGikC/uWX.Aw5Am/YMeGh0239e92yDPBKg6mUpl6T0JT5sf0elrxn.";

    /// Work that ends when the returned sender is dropped or used.
    fn blocker() -> (
        mpsc::Sender<()>,
        impl FnOnce() -> Result<bool, PasswordError> + Send + 'static,
    ) {
        let (release, wait) = mpsc::channel();
        (release, move || {
            let _ = wait.recv();
            Ok(true)
        })
    }

    async fn until(condition: impl Fn() -> bool) {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn right_and_wrong_passwords_are_told_apart() {
        let pool = PasswordPool::new(1, 0, CostLimits::default());
        assert_eq!(pool.verify(question(SHA512_CRYPT), soon()).await, Ok(true));
        let mut wrong = question(SHA512_CRYPT);
        wrong.password = Password::new(b"Test".to_vec());
        assert_eq!(pool.verify(wrong, soon()).await, Ok(false));
        let unknown = pool.verify(question("{ROT13}grfg"), soon()).await;
        assert_eq!(
            unknown,
            Err(PasswordError::UnknownScheme("ROT13".to_owned()))
        );
    }

    #[tokio::test]
    async fn the_queue_is_full_one_past_its_limit_and_free_again_after() {
        let pool = Arc::new(PasswordPool::new(1, 2, CostLimits::default()));
        let (release, work) = blocker();
        let running = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(soon(), work).await }
        });
        until(|| pool.slots.available_permits() == 0).await;
        let mut queued = tokio::task::JoinSet::new();
        for _ in 0..2 {
            let pool = pool.clone();
            queued.spawn(async move { pool.verify(question(SHA512_CRYPT), soon()).await });
        }
        until(|| pool.waiting() == 2).await;

        let refused = pool.verify(question(SHA512_CRYPT), soon()).await;
        assert_eq!(refused, Err(PasswordError::Overloaded));
        let cheap = pool.verify(question("{PLAIN}test"), soon()).await;
        assert_eq!(cheap, Ok(true), "cheap schemes do not queue");

        release.send(()).unwrap();
        assert_eq!(running.await.unwrap(), Ok(true));
        assert_eq!(queued.join_all().await, [Ok(true), Ok(true)]);
        assert_eq!(pool.waiting(), 0);
        assert_eq!(pool.verify(question(SHA512_CRYPT), soon()).await, Ok(true));
    }

    #[tokio::test]
    async fn work_past_its_deadline_keeps_its_thread_until_it_ends() {
        let pool = Arc::new(PasswordPool::new(1, 1, CostLimits::default()));
        let (release, work) = blocker();
        let deadline = Instant::now() + Duration::from_millis(20);
        assert_eq!(pool.run(deadline, work).await, Err(PasswordError::TimedOut));
        assert_eq!(pool.slots.available_permits(), 0);

        let deadline = Instant::now() + Duration::from_millis(20);
        let waited = pool.verify(question(SHA512_CRYPT), deadline).await;
        assert_eq!(waited, Err(PasswordError::TimedOut));
        assert_eq!(pool.waiting(), 0, "a caller that gave up left the queue");

        release.send(()).unwrap();
        assert_eq!(pool.verify(question(SHA512_CRYPT), soon()).await, Ok(true));
    }

    #[tokio::test]
    async fn a_panic_while_comparing_is_an_error_and_frees_the_thread() {
        let pool = PasswordPool::new(1, 0, CostLimits::default());
        let result = pool.run(soon(), || panic!("a test")).await;
        assert!(matches!(result, Err(PasswordError::Malformed(_))));
        assert_eq!(pool.verify(question(SHA512_CRYPT), soon()).await, Ok(true));
    }
}
