//! What is wrong with a configuration: where, why, and what to write instead.
//!
//! A diagnostic is complete in itself: it knows the file that it speaks of, and can be printed for
//! people (with the place underlined) or as JSON for tools.

use std::{fmt, sync::Arc};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan};
use serde::Serialize;

use super::source::{Source, Span};

/// Whether the configuration can be used all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but it is probably not what was meant.
    Warning,
}

/// One complaint.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file that it is about.
    pub source: Arc<Source>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Places and what is to be said about each; the first one is the place of the complaint. Empty
    /// when it is about the file as a whole.
    pub labels: Vec<(Span, String)>,
    /// Places in other files that belong to it.
    pub elsewhere: Vec<Elsewhere>,
    /// What to write instead.
    pub help: Option<String>,
}

/// A place in another file than the one that a complaint is about.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// The file.
    pub source: Arc<Source>,
    /// The place in it.
    pub span: Span,
    /// What is to be said about it.
    pub text: String,
}

impl Diagnostic {
    /// A complaint about a whole file, such as one that cannot be read.
    pub fn about_file(source: Arc<Source>, message: impl Into<String>, help: &str) -> Self {
        Self {
            severity: Severity::Error,
            source,
            message: message.into(),
            labels: Vec::new(),
            elsewhere: Vec::new(),
            help: (!help.is_empty()).then(|| help.to_owned()),
        }
    }

    /// Line and column of the complaint, from 1.
    pub fn position(&self) -> Option<(usize, usize)> {
        let (span, _) = self.labels.first()?;
        Some(self.source.position(span.start))
    }

    /// True if the configuration cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        (!self.labels.is_empty()).then_some(self.source.shown() as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let mut primary = true;
        Some(Box::new(self.labels.iter().map(move |(span, text)| {
            let text = (!text.is_empty()).then(|| text.clone());
            if std::mem::take(&mut primary) {
                LabeledSpan::new_primary_with_span(text, span.clone())
            } else {
                LabeledSpan::new_with_span(text, span.clone())
            }
        })))
    }
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::error::Error for Elsewhere {}

impl miette::Diagnostic for Elsewhere {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(self.source.shown() as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_primary_with_span(None, self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

/// Prints complaints for people, each with its place underlined, and a last line that counts them.
pub fn render(diagnostics: &[Diagnostic], colour: bool) -> String {
    let theme = if colour {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(100)
        .with_wrap_lines(false)
        .with_context_lines(1)
        .without_syntax_highlighting();
    let mut text = String::new();
    for diagnostic in diagnostics {
        let mut one = String::new();
        // Writing to a String cannot fail; a position that miette cannot show is reported in words.
        if handler.render_report(&mut one, diagnostic).is_err() {
            one = format!("  {}: {diagnostic}\n", diagnostic.source.name());
        }
        if diagnostic.labels.is_empty() {
            text.push_str(&format!("  {}:\n", diagnostic.source.name()));
        }
        for other in &diagnostic.elsewhere {
            // As above: what cannot be shown is said in words.
            if handler.render_report(&mut one, other).is_err() {
                one.push_str(&format!("  {}: {other}\n", other.source.name()));
            }
        }
        for line in one.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str(&count(diagnostics));
    text.push('\n');
    text
}

/// `2 errors, 1 warning`.
pub fn count(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|one| one.is_error()).count();
    let warnings = diagnostics.len() - errors;
    let number = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    match (errors, warnings) {
        (errors, 0) => number(errors, "error"),
        (0, warnings) => number(warnings, "warning"),
        _ => format!(
            "{}, {}",
            number(errors, "error"),
            number(warnings, "warning")
        ),
    }
}

/// A complaint for tools (`bulkhead check --json`).
#[derive(Serialize)]
struct Record<'a> {
    severity: Severity,
    file: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
    reason: Option<&'a str>,
    help: Option<&'a str>,
    also: Vec<OtherPlace<'a>>,
}

/// Another place that belongs to a complaint.
#[derive(Serialize)]
struct OtherPlace<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    reason: &'a str,
}

impl<'a> OtherPlace<'a> {
    fn new(source: &'a Source, span: &Span, reason: &'a str) -> Self {
        let (line, column) = source.position(span.start);
        Self {
            file: source.name(),
            line,
            column,
            reason,
        }
    }
}

/// Complaints as a JSON list of objects: `severity`, `file`, `line`, `column`, `message`, `reason`,
/// `help`, and `also`: other places that belong to it (`file`, `line`, `column`, `reason`).
pub fn to_json(diagnostics: &[Diagnostic]) -> serde_json::Value {
    let records: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| Record {
            severity: diagnostic.severity,
            file: diagnostic.source.name(),
            line: diagnostic.position().map(|(line, _)| line),
            column: diagnostic.position().map(|(_, column)| column),
            message: &diagnostic.message,
            reason: diagnostic
                .labels
                .first()
                .map(|(_, text)| text.as_str())
                .filter(|text| !text.is_empty()),
            help: diagnostic.help.as_deref(),
            also: diagnostic
                .labels
                .iter()
                .skip(1)
                .map(|(span, text)| OtherPlace::new(&diagnostic.source, span, text))
                .chain(
                    diagnostic
                        .elsewhere
                        .iter()
                        .map(|other| OtherPlace::new(&other.source, &other.span, &other.text)),
                )
                .collect(),
        })
        .collect();
    serde_json::to_value(records).unwrap_or_default()
}
