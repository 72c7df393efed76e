//! Runs a block in the interpreter from PUC-Rio.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use super::corpus::{Block, Version};
use super::process::{self, end};

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
    let folder = process::folder(block);
    std::fs::write(folder.join(&block.chunk), &block.source).unwrap();
    for (name, content) in &block.files {
        std::fs::write(folder.join(name), content).unwrap();
    }
    let mut child = Command::new(program(block.version))
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
    let out = reader(child.stdout.take().unwrap());
    let err = reader(child.stderr.take().unwrap());
    let (code, stopped) = process::wait(child);
    if let Some(reason) = stopped {
        panic!("{}: {reason} in the real interpreter", block.name);
    }
    let mut text = out.join().unwrap();
    let message = String::from_utf8_lossy(&err.join().unwrap()).into_owned();
    let message = message.lines().next().unwrap_or_default();
    let message = message.split_once(": ").map_or(message, |(_, rest)| rest);
    end(&mut text, code, message);
    std::fs::remove_dir_all(folder).unwrap();
    text
}

fn reader(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        bytes
    })
}
