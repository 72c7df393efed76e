//! Runs a block in the runtime, in a process of its own: neither a panic, nor an abort, nor an endless loop takes the
//! others along. The process is this test program again, asked for the one test that runs a block.

use std::fs::File;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;

use bulkhead_lua::Runtime;
use bulkhead_lua::wit::exports::bulkhead::policy::script::{Bundle, Dialect, Kind, ScriptError};

use super::corpus::{self, Block, Version};
use super::process::{self, end};
use super::support::FakeHost;

/// Debug builds need far more stack than the component has.
const STACK: usize = 256 * 1024 * 1024;
/// Of address space, in KiB: a block that eats memory ends before the machine does.
const MEMORY: u32 = 4 * 1024 * 1024;

/// Where the block's output begins and ends.
const BEGIN: &[u8] = b"\n(the block begins)\n";
const END: &[u8] = b"(the block has ended)\n";

/// What a program printed and how it ended, as text that can be compared.
pub fn run(block: &Block) -> Vec<u8> {
    let folder = process::folder(block);
    std::fs::write(folder.join("source"), &block.source).unwrap();
    let printed = folder.join("printed");
    let child = Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\""))
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "one_block", "--nocapture"])
        .env("CONFORMANCE_BLOCK", &folder)
        .env("CONFORMANCE_CHUNK", &block.chunk)
        .env("CONFORMANCE_VERSION", block.version.name())
        .stdin(Stdio::null())
        .stdout(File::create(&printed).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (_, stopped) = process::wait(child);
    let printed = std::fs::read(printed).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    let (mut text, whole) = between_marks(&printed);
    if !whole {
        let reason = stopped.unwrap_or_else(|| "the process died".to_owned());
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        end(&mut text, None, &reason);
    }
    text
}

/// The block's own output, and whether it came to its end. Around it stands what the test program says.
fn between_marks(printed: &[u8]) -> (Vec<u8>, bool) {
    let find = |mark: &[u8]| printed.windows(mark.len()).position(|part| part == mark);
    let from = find(BEGIN).map_or(printed.len(), |place| place + BEGIN.len());
    match find(END) {
        Some(to) => (printed[from..to].to_vec(), true),
        None => (printed[from..].to_vec(), false),
    }
}

/// The other side: runs the block of that folder and leaves there what it prints.
pub fn child(folder: &Path) {
    let version = match &*std::env::var("CONFORMANCE_VERSION").unwrap() {
        "5.1" => Version::Lua51,
        _ => Version::Lua54,
    };
    let block = Block {
        version,
        name: String::new(),
        chunk: std::env::var("CONFORMANCE_CHUNK").unwrap(),
        source: std::fs::read_to_string(folder.join("source")).unwrap(),
        files: corpus::granted(),
    };
    let running = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || output(&block))
        .unwrap();
    running.join().unwrap();
}

fn output(block: &Block) {
    let host = Rc::new(FakeHost::default());
    host.straight_out.set(true);
    host.seconds.set(1_700_000_000);
    host.granted.borrow_mut().extend(block.files.clone());
    // `require` finds what the real interpreter finds in its working directory.
    for (name, content) in &block.files {
        let path = format!("./{name}");
        host.files.borrow_mut().insert(path, content.clone());
    }
    std::io::stdout().write_all(BEGIN).unwrap();
    let ended = catch_unwind(AssertUnwindSafe(|| execute(&host, block)));
    let mut text = Vec::new();
    match ended {
        Ok(Ok(code)) => end(&mut text, Some(i32::from(code)), ""),
        Ok(Err(error)) => end(
            &mut text,
            Some(1),
            error.message.lines().next().unwrap_or_default(),
        ),
        Err(_) => end(&mut text, None, "a panic"),
    }
    text.extend_from_slice(END);
    std::io::stdout().write_all(&text).unwrap();
    std::io::stdout().flush().unwrap();
}

fn execute(host: &Rc<FakeHost>, block: &Block) -> Result<u8, ScriptError> {
    let bundle = Bundle {
        dialect: match block.version {
            Version::Lua51 => Dialect::Lua51,
            Version::Lua54 => Dialect::Lua54,
        },
        kind: Kind::Plain,
        chunk_name: block.chunk.clone(),
        source: block.source.as_bytes().to_vec(),
        package_path: "./?.lua".to_owned(),
    };
    Runtime::load(host.clone(), bundle)?.run_plain(&[])
}
