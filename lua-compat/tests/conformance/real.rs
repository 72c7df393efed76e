//! Runs a block in the interpreter from PUC-Rio.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::corpus::{Block, Version};

/// Longer than any block takes, on a loaded machine too.
const LIMIT: Duration = Duration::from_secs(20);

pub fn program(version: Version) -> &'static str {
    match version {
        Version::Lua51 => "lua5.1",
        Version::Lua54 => "lua5.4",
    }
}

/// Fails with the package's name if the interpreter is missing.
pub fn require(version: Version) {
    let program = program(version);
    let found = Command::new(program)
        .arg("-v")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if found.is_err() {
        let required = std::env::var_os("BULKHEAD_REQUIRE_SERVERS").is_some();
        panic!(
            "{program} is not installed{}; Debian package: {program}",
            if required {
                " and this run requires it"
            } else {
                ""
            }
        );
    }
}

/// What a program printed and how it ended, as text that can be compared.
pub fn run(block: &Block) -> Vec<u8> {
    let folder = temporary(block);
    std::fs::write(folder.join(&block.chunk), &block.source).unwrap();
    for (name, content) in &block.files {
        std::fs::write(folder.join(name), content).unwrap();
    }
    let child = Command::new(program(block.version))
        .arg(&block.chunk)
        .current_dir(&folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TZ", "UTC")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = output(child, &block.name);
    std::fs::remove_dir_all(folder).unwrap();
    text
}

/// Waits for the end, but not for ever.
fn output(mut child: Child, name: &str) -> Vec<u8> {
    let mut stdout = child.stdout.take().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let out = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stdout.read_to_end(&mut bytes);
        bytes
    });
    let err = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stderr.read_to_end(&mut bytes);
        bytes
    });
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{name}: the real interpreter ran for more than {LIMIT:?}");
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let mut text = out.join().unwrap();
    let message = String::from_utf8_lossy(&err.join().unwrap()).into_owned();
    let message = message.lines().next().unwrap_or_default();
    let message = message.split_once(": ").map_or(message, |(_, rest)| rest);
    end(&mut text, status.code(), message);
    text
}

/// The line that tells how a block ended. A block that ends well prints none of this.
pub fn end(text: &mut Vec<u8>, code: Option<i32>, message: &str) {
    let code = code.map_or_else(|| "killed".to_owned(), |code| code.to_string());
    text.extend_from_slice(format!("(end of the block) => {code} {message}\n").as_bytes());
}

fn temporary(block: &Block) -> PathBuf {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    block.name.hash(&mut hasher);
    let folder = std::env::temp_dir().join(format!(
        "bulkhead-conformance-{}-{}-{:x}",
        std::process::id(),
        block.version.name(),
        hasher.finish()
    ));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
