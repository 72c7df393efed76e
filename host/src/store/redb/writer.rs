//! The one thread that changes the file.
//!
//! Takes the steps that wait, does them in order in one transaction, commits durably, then answers. A
//! command that cannot be done changes nothing and is refused alone; a failing disk fails the whole
//! batch, and the file is opened anew.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::Duration,
};

use ::redb::Database;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{
    super::{Clock, Command, Key, Limits, Procedure, Reply, StoreError, embedded},
    Slot,
    changing::Changing,
    stopped, unavailable,
};

/// Steps that share a commit.
const BATCH: usize = 512;
/// How long an idle writer waits before it looks for expired entries.
const IDLE: Duration = Duration::from_secs(30);
/// How long it waits for steps when it knows that there is something to remove.
const UNFINISHED: Duration = Duration::from_millis(1);

/// One step.
pub(super) enum Work {
    Run(Vec<Command>),
    Call {
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
    },
}

/// What a step replies: as many as it has commands, one for a procedure.
type Answer = Result<Vec<Reply>, StoreError>;

struct Job {
    work: Work,
    reply: oneshot::Sender<Answer>,
    /// Gives the place in the queue back when the job ends.
    _permit: OwnedSemaphorePermit,
}

/// The handle of the thread. Dropping it finishes the queued changes and waits for the thread, so
/// that the file can be opened again at once.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(
        database: Arc<Slot>,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&database, clock.as_ref(), &limits, &queue))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    pub(super) fn send(
        &self,
        work: Work,
        reply: oneshot::Sender<Answer>,
        permit: OwnedSemaphorePermit,
    ) -> Result<(), StoreError> {
        let job = Job {
            work,
            reply,
            _permit: permit,
        };
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(job).map_err(|_| stopped())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by the panic hook, and its callers got errors.
            let _ = thread.join();
        }
    }
}

fn run(database: &Slot, clock: &dyn Clock, limits: &Limits, queue: &mpsc::Receiver<Job>) {
    let mut patience = IDLE;
    loop {
        let mut jobs = Vec::new();
        match queue.recv_timeout(patience) {
            Ok(job) => jobs.push(job),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        while jobs.len() < BATCH {
            match queue.try_recv() {
                Ok(job) => jobs.push(job),
                Err(_) => break,
            }
        }
        let (replies, steps): (Vec<_>, Vec<_>) = jobs
            .into_iter()
            .map(|job| ((job.reply, job._permit), job.work))
            .unzip();
        let committed = database.get_or_open().and_then(|open| {
            let commit = || commit(&open, clock.now_ms(), limits, steps);
            // A procedure that panics takes its batch with it, not the store.
            std::panic::catch_unwind(AssertUnwindSafe(commit))
                .unwrap_or_else(|_| Err(unavailable("a step panicked")))
        });
        patience = IDLE;
        match committed {
            Ok((answers, unfinished)) => {
                for ((reply, _permit), answer) in replies.into_iter().zip(answers) {
                    // The caller may have gone away; the change stands.
                    let _ = reply.send(answer);
                }
                if unfinished {
                    patience = UNFINISHED;
                }
            }
            Err(error) => {
                tracing::error!(%error, "the store cannot write");
                database.close();
                for (reply, _permit) in replies {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }
}

/// Does the steps, and removes what has expired, in one durable transaction. Also says whether there is
/// more to remove.
fn commit(
    database: &Database,
    now: u64,
    limits: &Limits,
    steps: Vec<Work>,
) -> Result<(Vec<Answer>, bool), StoreError> {
    let transaction = database.begin_write().map_err(unavailable)?;
    let mut answers = Vec::with_capacity(steps.len());
    let (removed, changed);
    {
        let mut rows = Changing::open(&transaction, now).map_err(unavailable)?;
        for step in steps {
            let answer = run_step(&mut rows, limits, step);
            if rows.has_failed() {
                return Err(answer
                    .err()
                    .unwrap_or_else(|| unavailable("the disk failed")));
            }
            answers.push(answer);
        }
        removed = rows.sweep()?;
        changed = rows.has_changed();
    }
    // Who only looked, as most procedures do, waits for no disk.
    if !changed && removed == 0 {
        transaction.abort().map_err(unavailable)?;
    } else {
        transaction.commit().map_err(unavailable)?;
    }
    Ok((answers, Changing::is_unfinished(removed)))
}

fn run_step(rows: &mut Changing<'_>, limits: &Limits, step: Work) -> Answer {
    match step {
        Work::Run(commands) => commands
            .into_iter()
            .map(|command| embedded::run(rows, limits, command))
            .collect(),
        Work::Call {
            procedure,
            keys,
            arguments,
        } => embedded::call(rows, limits, procedure, &keys, &arguments).map(|reply| vec![reply]),
    }
}
