//! The decision log: a file with one JSON object per login, for audits and for replaying decisions.
//!
//! A thread of its own writes; logins only hand over a record. When the disk is slower than the
//! logins, records are dropped, counted and reported rather than holding logins up.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use super::LoginRecord;

/// Records that wait for the writer.
const QUEUE: usize = 4096;

/// The way to the writing thread, and the thread.
type Writer = (SyncSender<Arc<LoginRecord>>, JoinHandle<()>);

/// A decision log that is open.
pub struct DecisionLog {
    open: Mutex<Option<Writer>>,
    dropped: Arc<AtomicU64>,
}

impl DecisionLog {
    /// Opens the file for appending; creates it readable by its owner only.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let (sender, receiver) = sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&dropped);
        let writer = std::thread::Builder::new()
            .name("decision-log".to_owned())
            .spawn(move || write_all(&receiver, file, &counter))?;
        Ok(Self {
            open: Mutex::new(Some((sender, writer))),
            dropped,
        })
    }

    /// Hands a record to the writer, or drops and counts it. Never waits for the disk.
    pub fn write(&self, record: Arc<LoginRecord>) {
        let sent = match self.lock().as_ref() {
            Some((sender, _)) => sender.try_send(record).is_ok(),
            None => false,
        };
        if !sent {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Records that are not in the file, by lack of room or by write errors.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Writes what waits and closes the file. Later records are dropped. Blocks on the disk.
    pub fn close(&self) {
        let open = self.lock().take();
        if let Some((sender, writer)) = open {
            drop(sender);
            if writer.join().is_err() {
                tracing::error!("The writer of the decision log died");
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Writer>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for DecisionLog {
    fn drop(&mut self) {
        self.close();
    }
}

/// Writes until all senders are gone. Flushes whenever nothing waits, so that the file is up to date
/// when the server is idle.
fn write_all(receiver: &Receiver<Arc<LoginRecord>>, file: File, dropped: &AtomicU64) {
    let mut file = BufWriter::new(file);
    let mut reported = 0;
    while let Ok(record) = receiver.recv() {
        let mut next = Some(record);
        while let Some(record) = next {
            if let Err(error) = write_one(&mut file, &record) {
                count_lost(dropped, 1, &error);
            }
            next = receiver.try_recv().ok();
        }
        if let Err(error) = file.flush() {
            count_lost(dropped, 1, &error);
        }
        let so_far = dropped.load(Ordering::Relaxed);
        if so_far != reported {
            reported = so_far;
            tracing::warn!(
                dropped_so_far = so_far,
                "The decision log is not complete: records were dropped"
            );
        }
    }
}

fn write_one(file: &mut BufWriter<File>, record: &LoginRecord) -> io::Result<()> {
    serde_json::to_writer(&mut *file, record)?;
    file.write_all(b"\n")
}

fn count_lost(dropped: &AtomicU64, records: u64, error: &io::Error) {
    dropped.fetch_add(records, Ordering::Relaxed);
    tracing::error!(error = %error, "The decision log could not be written");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn record(session: &str) -> Arc<LoginRecord> {
        Arc::new(LoginRecord {
            session: session.to_owned(),
            username: "line\nbreak".to_owned(),
            ..LoginRecord::example()
        })
    }

    #[test]
    fn what_was_handed_over_is_in_the_file_after_closing_and_later_records_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "kept\n").unwrap();
        let log = DecisionLog::open(&path).unwrap();
        for session in ["a", "b"] {
            log.write(record(session));
        }
        log.close();
        assert_eq!(log.dropped(), 0);
        log.write(record("c"));
        assert_eq!(log.dropped(), 1);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines.first(), Some(&"kept"));
        assert!(text.contains("\"session\":\"b\"") && !text.contains("\"session\":\"c\""));
    }
}
