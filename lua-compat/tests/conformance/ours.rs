//! Runs a block in the runtime, on a thread of its own: neither a panic nor an endless loop takes the others along.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use bulkhead_lua::Runtime;
use bulkhead_lua::wit::exports::bulkhead::policy::script::{Bundle, Dialect, Kind, ScriptError};

use super::corpus::{Block, Version};
use super::real::end;
use super::support::FakeHost;

const LIMIT: Duration = Duration::from_secs(20);
/// Debug builds need far more stack than the component has.
const STACK: usize = 256 * 1024 * 1024;

/// What a program printed and how it ended, as text that can be compared.
pub fn run(block: &Block) -> Vec<u8> {
    let (sender, receiver) = mpsc::channel();
    let block = block.clone();
    std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || sender.send(output(&block)))
        .unwrap();
    receiver.recv_timeout(LIMIT).unwrap_or_else(|_| {
        // The thread is left to itself; it ends with the process.
        let mut text = Vec::new();
        end(&mut text, None, &format!("it ran for more than {LIMIT:?}"));
        text
    })
}

fn output(block: &Block) -> Vec<u8> {
    let host = Rc::new(FakeHost::default());
    host.granted.borrow_mut().extend(block.files.clone());
    // `require` finds what the real interpreter finds in its working directory.
    for (name, content) in &block.files {
        let path = format!("./{name}");
        host.files.borrow_mut().insert(path, content.clone());
    }
    let ended = catch_unwind(AssertUnwindSafe(|| execute(&host, block)));
    let mut text = host.output.take();
    match ended {
        Ok(Ok(code)) => end(&mut text, Some(i32::from(code)), ""),
        Ok(Err(error)) => end(
            &mut text,
            Some(1),
            error.message.lines().next().unwrap_or_default(),
        ),
        Err(_) => end(&mut text, None, "a panic"),
    }
    text
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
