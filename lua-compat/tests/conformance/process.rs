//! What the two sides have in common: a folder per block, and processes that are not waited for for ever.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::corpus::Block;

/// Longer than any block takes, on a loaded machine too.
const LIMIT: Duration = Duration::from_secs(20);

/// Waits for the end: the exit code, and the reason if the process had to be stopped.
pub fn wait(mut child: Child) -> (Option<i32>, Option<String>) {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), None);
        }
        if started.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            return (None, Some(format!("it ran for more than {LIMIT:?}")));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The line that tells how a block ended.
pub fn end(text: &mut Vec<u8>, code: Option<i32>, message: &str) {
    let code = code.map_or_else(|| "killed".to_owned(), |code| code.to_string());
    text.extend_from_slice(format!("(end of the block) => {code} {message}\n").as_bytes());
}

/// An empty folder.
pub fn folder(block: &Block) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut hasher = DefaultHasher::new();
    (block.version.name(), &block.name).hash(&mut hasher);
    let folder = std::env::temp_dir().join(format!(
        "bulkhead-conformance-{}-{}-{:x}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed),
        hasher.finish()
    ));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
