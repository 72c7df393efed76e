//! Programs that run to their end and print something, such as `doveadm` or `lua5.4`.
//!
//! Promises: no call outlasts its limit; what ran too long is killed with all its children.

use std::{
    io::Read,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{server::kill_group, wait};

/// What a program printed, and how it ended.
#[derive(Clone, Debug)]
pub struct Output {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// From start to end.
    pub took: Duration,
}

/// Runs a program to its end.
///
/// # Panics
/// When it cannot be started, or still runs after `limit`.
pub fn run(mut command: Command, limit: Duration) -> Output {
    let start = Instant::now();
    let shown = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let ended = wait::until(limit, || has_ended(&mut child));
    if !ended {
        kill_group(&mut child);
    }
    let status = child.wait().expect("cannot wait for a child");
    let took = start.elapsed();
    let output = Output {
        code: status.code(),
        stdout: stdout.join().unwrap_or_default(),
        stderr: stderr.join().unwrap_or_default(),
        took,
    };
    assert!(ended, "{shown} still ran after {limit:?}: {output:?}");
    output
}

fn has_ended(child: &mut Child) -> bool {
    child
        .try_wait()
        .expect("cannot ask for a child's state")
        .is_some()
}

fn collect(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // A broken pipe ends the text; what was read so far is still worth showing.
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
