//! `bulkhead lua run`: a plain Lua program, as the reference interpreter would run it.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use super::{
    super::{exit, report},
    dialect,
};
use crate::{
    capability::Services,
    config::{Dialect, Grants, Limits, ServerLimits, default_cache_directory},
    engine::{Engine, EngineError, EngineSettings, LoadError, ScriptError, ScriptRun},
};

/// Run a plain Lua script in the sandbox
///
/// `print` and `io.write` go to standard output. An uncaught error goes to standard error as
/// `lua: chunk:line: message`, with exit code 1; `os.exit` ends with the code that it is given. The
/// script can read what lies in its own folder and below, and what `--files` names, and nothing else.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  bulkhead lua run hello.lua
  bulkhead lua run --dialect 5.4 sum.lua 1 2 3
  bulkhead lua run --files /etc/passwd users.lua

Exit codes: 0 success, 1 the script ended with an error, 64 wrong command line, 66 the script cannot
be read; else what the script gave to os.exit")]
pub(in crate::cli) struct Arguments {
    /// The Lua that the script is written for: 5.1 (Nauthilus scripts) or 5.4 (Dovecot scripts)
    #[arg(long, default_value = "5.1", value_parser = dialect)]
    dialect: Dialect,
    /// A further file or folder that the script may read with `io.open`; may be given several times
    #[arg(long, value_name = "PATH")]
    files: Vec<PathBuf>,
    /// The script
    file: PathBuf,
    /// What the script finds in `arg` and `...`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// A program is no login: it may take its time, and still not the machine.
pub(super) fn limits() -> Limits {
    Limits {
        memory_bytes: 512 << 20,
        cpu: Duration::from_secs(600),
        wall_clock: Duration::from_secs(3600),
        boundary_bytes: u64::MAX,
        file_bytes: 128 << 20,
        host_calls: u32::MAX,
        ..Limits::default()
    }
}

pub(super) fn run(arguments: Arguments) -> ExitCode {
    let name = arguments.file.display().to_string();
    let source = match std::fs::read(&arguments.file) {
        Ok(source) => source,
        Err(why) => {
            report::error(&format!("cannot read {name}: {why}"));
            return ExitCode::from(exit::NO_INPUT);
        }
    };
    let runtime = match report::runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let file = std::path::absolute(&arguments.file).unwrap_or(arguments.file);
    let own_folder = file.with_file_name("?.lua").display().to_string();
    let folder = file.parent().map(Path::to_path_buf);
    let granted = arguments
        .files
        .into_iter()
        .map(|path| std::path::absolute(&path).unwrap_or(path));
    let grants = Grants {
        files: granted.chain(folder).collect(),
        ..Grants::default()
    };
    let run = ScriptRun {
        path: file,
        source,
        dialect: arguments.dialect,
        chunk_name: name,
        package_path: own_folder,
        arguments: arguments.arguments,
        output: Box::new(std::io::stdout()),
        limits: limits(),
        grants,
        services: Arc::new(Services::none()),
    };
    let ended = runtime.block_on(async {
        let engine = Engine::new(EngineSettings {
            cache_directory: Some(default_cache_directory()),
            limits: &ServerLimits::default(),
        })?;
        Ok::<_, EngineError>(engine.run_script(run).await)
    });
    // Where the reader has gone away there is nothing to flush to.
    let _ = std::io::stdout().flush();
    match ended {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => ExitCode::from(tell(&error)),
        Err(error) => {
            report::error(&error.to_string());
            ExitCode::from(exit::INTERNAL)
        }
    }
}

/// Says why a script did not end by itself, as the reference interpreter does.
fn tell(error: &ScriptError) -> u8 {
    let traceback = match error {
        ScriptError::Load(LoadError::Script { traceback, .. })
        | ScriptError::Uncaught { traceback, .. } => traceback.as_str(),
        ScriptError::Stopped(_) => "",
        ScriptError::Load(_) => {
            report::error(&error.to_string());
            return exit::INTERNAL;
        }
    };
    let mut text = format!("lua: {error}\n");
    if !traceback.is_empty() {
        text.push_str(traceback);
        text.push('\n');
    }
    report::error_text(&text);
    exit::REJECT
}
