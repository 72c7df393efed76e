//! Where calls go that compute for long: threads of their own, below the server's in priority.
//!
//! A call starts on the thread that asks. If it uses up two time slices there, it moves to the slow
//! lane, so that the server's few threads are free for logins that are done in microseconds. The lane's
//! threads take turns between their calls at every tick, and yield to the server's threads when cores
//! are short. A hundred looping logins so cost the others nothing but their first two slices.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Condvar, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

use futures_util::future::BoxFuture;
use tokio::{runtime::Handle, sync::oneshot};

use crate::capability::Meter;

/// Time slices that a call may use up before it moves.
const SLICES: u32 = 2;
/// How much the lane's threads give way (`nice`): at 10 they get a tenth of a contended core.
const NICENESS: i32 = 10;

/// The slow lane. Its threads end when the last handle is gone.
pub(super) struct Lane {
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    tasks: Mutex<VecDeque<Arc<Task>>>,
    filled: Condvar,
    closed: AtomicBool,
}

struct Task {
    future: Mutex<Option<BoxFuture<'static, ()>>>,
    queued: AtomicBool,
    queue: Weak<Queue>,
    meter: Arc<Meter>,
    runtime: Option<Handle>,
}

impl Lane {
    /// Starts one thread per core.
    pub(super) fn start() -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for number in 0..cores {
            let queue = queue.clone();
            thread::Builder::new()
                .name(format!("bulkhead-lane-{number}"))
                .spawn(move || {
                    // Without the right to do it the lane still works, only less politely.
                    let _ = rustix::process::setpriority_process(None, NICENESS);
                    work(&queue);
                })?;
        }
        Ok(Self { queue })
    }

    /// Wraps a call: measures it, and moves it here when it computes for long.
    pub(super) fn watch<T: Send + 'static>(
        &self,
        future: BoxFuture<'static, T>,
        meter: Arc<Meter>,
    ) -> Watched<T> {
        Watched {
            place: Place::Here(future),
            slices: 0,
            meter,
            queue: self.queue.clone(),
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.queue.closed.store(true, SeqCst);
        self.queue.filled.notify_all();
    }
}

/// A call under way. Dropping it cancels the call, wherever it runs.
pub(super) struct Watched<T> {
    place: Place<T>,
    slices: u32,
    meter: Arc<Meter>,
    queue: Arc<Queue>,
}

enum Place<T> {
    Here(BoxFuture<'static, T>),
    Lane(Arc<Task>, oneshot::Receiver<T>),
    Over,
}

impl<T: Send + 'static> Future for Watched<T> {
    /// Nothing if the lane lost the call, which only a panic in it can do.
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Place::Here(future) = &mut this.place {
            this.meter.enter();
            let polled = future.as_mut().poll(context);
            this.meter.leave();
            if let Poll::Ready(done) = polled {
                this.place = Place::Over;
                return Poll::Ready(Some(done));
            }
            if !this.meter.take_yielded() {
                return Poll::Pending;
            }
            this.slices += 1;
            if this.slices < SLICES {
                return Poll::Pending;
            }
            if let Place::Here(future) = std::mem::replace(&mut this.place, Place::Over) {
                let (task, receiver) = Task::new(future, this.meter.clone(), &this.queue);
                task.clone().wake();
                this.place = Place::Lane(task, receiver);
            }
        }
        match &mut this.place {
            Place::Lane(_, receiver) => Pin::new(receiver).poll(context).map(Result::ok),
            Place::Here(_) | Place::Over => Poll::Ready(None),
        }
    }
}

impl<T> Drop for Watched<T> {
    fn drop(&mut self) {
        if let Place::Lane(task, _) = &self.place {
            self.meter.cancel();
            task.clone().wake();
        }
    }
}

impl Task {
    fn new<T: Send + 'static>(
        future: BoxFuture<'static, T>,
        meter: Arc<Meter>,
        queue: &Arc<Queue>,
    ) -> (Arc<Self>, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        let task = Self {
            future: Mutex::new(Some(Box::pin(async move {
                // Nobody may be waiting any more.
                let _ = sender.send(future.await);
            }))),
            queued: AtomicBool::new(false),
            queue: Arc::downgrade(queue),
            meter,
            runtime: Handle::try_current().ok(),
        };
        (Arc::new(task), receiver)
    }

    fn run(self: &Arc<Self>) {
        // Waiting host functions need the runtime that the call came from.
        let _entered = self.runtime.as_ref().map(Handle::enter);
        let mut slot = self.future.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(future) = slot.as_mut() else { return };
        let over = self.meter.is_cancelled() || {
            let waker = Waker::from(self.clone());
            self.meter.enter();
            let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
            self.meter.leave();
            polled.is_ready()
        };
        if over {
            *slot = None;
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if self.queued.swap(true, SeqCst) {
            return;
        }
        if let Some(queue) = self.queue.upgrade() {
            queue
                .tasks
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_back(self);
            queue.filled.notify_one();
        }
    }
}

fn work(queue: &Queue) {
    loop {
        let task = {
            let mut tasks = queue.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                if queue.closed.load(SeqCst) {
                    return;
                }
                if let Some(task) = tasks.pop_front() {
                    break task;
                }
                tasks = queue
                    .filled
                    .wait(tasks)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        };
        task.queued.store(false, SeqCst);
        // A call catches its own panics; this one keeps the thread alive if dropping it panics.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| task.run()));
    }
}
