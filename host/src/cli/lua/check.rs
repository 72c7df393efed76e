//! `bulkhead lua check`: what is wrong with scripts, and what they need.
//!
//! The runtime says whether a script is Lua, in its own words; `lua_check` says the rest.

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde_json::{Value, json};

use super::{
    super::{exit, report},
    dialect,
    run::limits,
};
use crate::{
    capability::{Services, Sources},
    config::{
        Diagnostic, Dialect, Grants, ServerLimits, Severity, Source, default_cache_directory,
    },
    engine::{Engine, EngineSettings, LoadError, ScriptError, ScriptRun},
    lua_check::{self, Finding, Place, Report, Script, Span, Surroundings},
};

/// Check Lua scripts without running them
///
/// Reports syntax errors in the runtime's words, globals that are read and never set, misspelt names of
/// libraries and interfaces, forbidden functions, modules that are not there, and mistakes that are
/// known from published scripts. Then it lists the modules that each script requires, and the grants
/// that it needs, as far as its text tells. Modules are searched where the server searches them.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  bulkhead lua check backend.lua
  bulkhead lua check --dialect 5.4 /etc/dovecot/*.lua
  bulkhead lua check --json - < filter.lua

Exit codes: 0 no errors (there may be warnings), 64 wrong command line, 65 there are errors, 66 a script
cannot be read")]
pub(in crate::cli) struct Arguments {
    /// The Lua that the scripts are written for: 5.1 (Nauthilus) or 5.4 (Dovecot). Default: 5.4 for
    /// scripts that name a function of Dovecot's, else 5.1
    #[arg(long, value_parser = dialect)]
    dialect: Option<Dialect>,
    /// Further templates for `package.path`, joined by `;`
    #[arg(
        long,
        value_name = "TEMPLATES",
        default_value = "",
        hide_default_value = true
    )]
    package_path: String,
    /// Print a JSON object with `ok`, `files` and `findings` to standard output
    #[arg(long)]
    json: bool,
    /// The scripts; `-` is standard input
    #[arg(required = true)]
    file: Vec<PathBuf>,
}

/// A script on the command line.
struct Subject {
    name: String,
    path: PathBuf,
    bytes: Vec<u8>,
    text: String,
    source: Arc<Source>,
    dialect: Dialect,
    /// The name that speaks for the dialect.
    telling: Option<String>,
    script: Script,
    /// Where its modules are.
    sources: Sources,
    templates: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let mut subjects = Vec::new();
    for file in &arguments.file {
        match Subject::read(file, arguments) {
            Ok(subject) => subjects.push(subject),
            Err(why) => {
                report::error(&format!("cannot read {}: {why}", file.display()));
                return ExitCode::from(exit::NO_INPUT);
            }
        }
    }
    let runtime = match report::runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let engine = Engine::new(EngineSettings {
        cache_directory: Some(default_cache_directory()),
        limits: &ServerLimits::default(),
    });
    let engine = match engine {
        Ok(engine) => engine,
        Err(error) => {
            report::error(&error.to_string());
            return ExitCode::from(exit::INTERNAL);
        }
    };
    let mut around = Surroundings::default();
    for subject in &subjects {
        around.add(&subject.script, subject.dialect, &|name| subject.find(name));
    }
    let mut reports = Vec::new();
    for subject in &subjects {
        let mut found = subject.check(&around);
        match runtime.block_on(engine.compile_script(subject.as_run(arguments))) {
            Ok(()) => found.findings.extend(subject.not_understood()),
            Err(ScriptError::Load(LoadError::Script { message, line, .. })) => {
                found
                    .findings
                    .insert(0, subject.syntax_error(message, line, &found));
            }
            Err(error) => {
                report::error(&format!("{}: {error}", subject.name));
                return ExitCode::from(exit::INTERNAL);
            }
        }
        reports.push(found);
    }
    let all = || reports.iter().flat_map(|report| &report.findings);
    let ok = all().all(|finding| finding.severity != Severity::Error);
    if arguments.json {
        print_json(ok, &subjects, &reports);
    } else {
        print_text(arguments.dialect.is_some(), &subjects, &reports);
    }
    if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::DATA)
    }
}

impl Subject {
    fn read(file: &Path, arguments: &Arguments) -> std::io::Result<Self> {
        let mut bytes = Vec::new();
        let (name, path) = if file == Path::new("-") {
            std::io::stdin().read_to_end(&mut bytes)?;
            ("stdin".to_owned(), PathBuf::from("stdin"))
        } else {
            bytes = std::fs::read(file)?;
            (file.display().to_string(), file.to_path_buf())
        };
        let path = std::path::absolute(&path)?;
        let sources = Sources::collect(&path, &arguments.package_path)?;
        // The runtime names modules by this path; so that both say the same it has no `..`.
        let path = sources.locate(&path.to_string_lossy());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (guessed, telling) = lua_check::guess(&text);
        let dialect = arguments.dialect.unwrap_or(guessed);
        let folder = path.with_file_name("?").display().to_string();
        let templates = [format!("{folder}.lua"), format!("{folder}/init.lua")];
        let more = arguments.package_path.split(';').map(str::to_owned);
        Ok(Self {
            name: name.clone(),
            sources,
            script: Script::read(&text, dialect),
            source: Source::plain(&name, &text),
            templates: templates.into_iter().chain(more).collect(),
            path,
            bytes,
            text,
            dialect,
            telling: telling.filter(|_| arguments.dialect.is_none()),
        })
    }

    fn as_run(&self, arguments: &Arguments) -> ScriptRun {
        ScriptRun {
            path: self.path.clone(),
            source: self.bytes.clone(),
            dialect: self.dialect,
            chunk_name: self.name.clone(),
            package_path: arguments.package_path.clone(),
            arguments: Vec::new(),
            output: Box::new(std::io::sink()),
            limits: limits(),
            grants: Grants::default(),
            services: Arc::new(Services::none()),
        }
    }

    /// The file of a module, and its text.
    fn find(&self, module: &str) -> Option<(PathBuf, String)> {
        let relative = module.replace('.', "/");
        let mut templates = self.templates.iter().filter(|one| !one.is_empty());
        templates.find_map(|template| {
            let file = template.replace('?', &relative);
            let bytes = self.sources.read(&file)?;
            Some((
                self.sources.locate(&file),
                String::from_utf8_lossy(bytes).into_owned(),
            ))
        })
    }

    fn check(&self, around: &Surroundings) -> Report {
        let find = |name: &str| self.find(name);
        let mut report = lua_check::check(&self.script, &self.text, self.dialect, around, &find);
        // A grant's relative paths start at the configuration, a script's at the script.
        let files = std::mem::take(&mut report.grants.files).into_iter();
        let absolute = files.map(|file| self.sources.locate(&file).display().to_string());
        report.grants.files = absolute.collect();
        report
    }

    /// The runtime's complaint, at its place in this script, or at the `require` of the module that it
    /// is about.
    fn syntax_error(&self, message: String, line: u32, report: &Report) -> Finding {
        let line = usize::try_from(line).unwrap_or(0);
        let own = message.starts_with(&format!("{}:", self.name));
        let in_module = report.modules.iter().find(|module| match &module.place {
            Place::File(file) => message.starts_with(&format!("{}:", file.display())),
            _ => false,
        });
        let span = match (own, in_module) {
            (false, Some(module)) => module.span.clone().unwrap_or(0..0),
            (false, None) => 0..0,
            (true, _) => match &self.script.stopped {
                Some(place) if self.source.position(place.start).0 == line => place.clone(),
                _ => self.line(line),
            },
        };
        Finding::error("syntax", &span, message, None)
    }

    /// For a script that only the runtime understands.
    fn not_understood(&self) -> Option<Finding> {
        let place = self.script.stopped.as_ref()?;
        let message = "this was not understood, so the script was compiled and not checked further";
        let mut finding = Finding::error("not-checked", place, message.to_owned(), None);
        finding.severity = Severity::Warning;
        Some(finding)
    }

    /// What stands in a line, counted from 1, without the blanks around it.
    fn line(&self, number: usize) -> Span {
        let mut start = 0;
        for (index, line) in self.text.split_inclusive('\n').enumerate() {
            if index + 1 == number {
                let indent = line.len() - line.trim_start().len();
                return start + indent..start + line.trim_end().len().max(indent);
            }
            start += line.len();
        }
        let end = self.text.trim_end().len();
        end..end
    }

    fn as_diagnostic(&self, finding: &Finding) -> Diagnostic {
        Diagnostic {
            severity: finding.severity,
            source: self.source.clone(),
            message: finding.message.clone(),
            labels: vec![(finding.span.clone(), String::new())],
            elsewhere: Vec::new(),
            help: finding.help.clone(),
        }
    }

    /// A file as the command line would name it.
    fn shown(&self, file: &Path) -> String {
        let below = self
            .path
            .parent()
            .and_then(|own| file.strip_prefix(own).ok());
        let shown = match below {
            Some(below) => Path::new(&self.name).with_file_name(below),
            None => file.to_path_buf(),
        };
        shown.display().to_string()
    }
}

fn version(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Lua51 => "5.1",
        Dialect::Lua54 => "5.4",
    }
}

/// Findings to standard error, modules and grants to standard output.
fn print_text(chosen: bool, subjects: &[Subject], reports: &[Report]) {
    let mut diagnostics = Vec::new();
    for (subject, report) in subjects.iter().zip(reports) {
        let why = match &subject.telling {
            Some(name) => format!(", guessed from `{name}`"),
            None if chosen => String::new(),
            None => ", guessed: it names nothing of Dovecot's".to_owned(),
        };
        let mut text = format!("{}: Lua {}{why}\n", subject.name, version(subject.dialect));
        for module in &report.modules {
            let place = match &module.place {
                Place::BuiltIn => "built in".to_owned(),
                Place::File(file) => subject.shown(file),
                Place::Later => "not there yet".to_owned(),
                Place::Missing => "not found".to_owned(),
            };
            text.push_str(&format!("  module {}: {place}\n", module.name));
        }
        if !report.grants.is_empty() {
            text.push_str("  needs, under plugins.NAME.grants:\n");
            for line in report.grants.yaml() {
                text.push_str(&format!("    {line}\n"));
            }
        }
        if report.findings.is_empty() {
            text.push_str("  no problems\n");
        }
        report::output(&text);
        let findings = report.findings.iter();
        diagnostics.extend(findings.map(|finding| subject.as_diagnostic(finding)));
    }
    if !diagnostics.is_empty() {
        report::diagnostics(&diagnostics);
    }
}

fn print_json(ok: bool, subjects: &[Subject], reports: &[Report]) {
    let both = || subjects.iter().zip(reports);
    let files: Vec<_> = both()
        .map(|(subject, report)| {
            json!({
                "file": subject.name,
                "dialect": version(subject.dialect),
                "dialect_guessed_from": subject.telling,
                "modules": report.modules.iter().map(module).collect::<Vec<_>>(),
                "grants": report.grants.to_json(),
            })
        })
        .collect();
    let findings: Vec<_> = both()
        .flat_map(|(subject, report)| {
            let findings = report.findings.iter();
            findings.map(|finding| as_json(subject, finding))
        })
        .collect();
    report::json(&json!({ "ok": ok, "files": files, "findings": findings }));
}

fn module(module: &lua_check::Module) -> Value {
    let (place, file) = match &module.place {
        Place::BuiltIn => ("built-in", None),
        Place::File(file) => ("file", Some(file.display().to_string())),
        Place::Later => ("later", None),
        Place::Missing => ("missing", None),
    };
    json!({ "name": module.name, "place": place, "file": file })
}

fn as_json(subject: &Subject, finding: &Finding) -> Value {
    let (line, column) = subject.source.position(finding.span.start);
    let (end_line, end_column) = subject.source.position(finding.span.end);
    json!({
        "file": subject.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "severity": finding.severity,
        "code": finding.code,
        "message": finding.message,
        "help": finding.help,
    })
}
