//! A server process: started in a process group of its own, with its output in a file.
//!
//! Promises: on drop, also during a panic, the server is asked to stop, then killed with its whole
//! group, and waited for until nothing of it is left.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal};

use crate::wait;

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(30);

/// How long a server may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `command`; standard output and standard error go to the file `log`.
    ///
    /// # Panics
    /// When the program cannot be started.
    pub fn start(mut command: Command, log: &Path) -> Self {
        let output = File::create(log).expect("cannot create a log file");
        let errors = output.try_clone().expect("cannot share a log file");
        let shown = format!("{command:?}");
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// Everything printed so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The id of the process that was started.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// True once the process has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until something listens at all the addresses. False when the server has ended, or half a
    /// minute has passed.
    pub fn await_listening(&mut self, addresses: &[SocketAddr]) -> bool {
        let mut up = false;
        wait::until(START, || {
            up = addresses
                .iter()
                .all(|address| TcpStream::connect(address).is_ok());
            up || self.has_ended()
        });
        up
    }

    /// Sends a signal to the process, not to its group.
    pub fn signal(&self, signal: Signal) {
        if let Some(id) = pid(&self.child) {
            // It may have ended by itself in the meantime.
            let _ = rustix::process::kill_process(id, signal);
        }
    }

    /// Has the whole group sleep, or go on.
    pub fn freeze(&self, frozen: bool) {
        let signal = if frozen { Signal::STOP } else { Signal::CONT };
        if let Some(group) = pid(&self.child) {
            // It may have ended by itself in the meantime.
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }

    /// Asks the server to end and waits for it; kills it after ten seconds.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.signal(Signal::TERM);
        wait::until(PATIENCE, || self.has_ended());
        kill_group(&mut self.child);
        self.child.wait().ok()
    }

    /// Ends the server without giving it a chance to tidy up.
    pub fn kill(&mut self) {
        kill_group(&mut self.child);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Kills the child and everything in its group, and waits until the group is gone.
pub(crate) fn kill_group(child: &mut Child) {
    let Some(group) = pid(child) else { return };
    // ESRCH is the good case: nothing is left of the group.
    let _ = rustix::process::kill_process_group(group, Signal::KILL);
    let _ = child.wait();
    wait::until(PATIENCE, || {
        rustix::process::test_kill_process_group(group).is_err()
    });
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}
