//! A trace as a table for people.

use std::{fmt::Write as _, time::Duration};

use super::escape::one_line;
use crate::auth::{Decision, Stage, Trace, Verdict};

/// The decision in one line, then one row per plugin: stage, plugin, verdict, time, CPU time and
/// memory. Ends with a line end. Safe to print: what plugins and clients wrote is escaped.
pub fn render_trace(decision: &Decision, trace: &Trace) -> String {
    let mut text = format!("decision: {}", decision.verdict.as_str());
    let detail = match decision.verdict {
        Verdict::Accept if decision.progress.account.is_empty() => String::new(),
        Verdict::Accept => format!(" (account {})", one_line(&decision.progress.account)),
        Verdict::Reject | Verdict::TemporaryFailure => {
            format!(" ({})", one_line(&decision.status_message))
        }
    };
    text.push_str(&detail);
    text.push('\n');

    let head = ["stage", "plugin", "verdict", "time", "cpu", "memory"];
    let mut rows: Vec<(Vec<String>, Option<String>)> =
        vec![(head.map(str::to_owned).to_vec(), None)];
    for stage in &trace.stages {
        for (position, plugin) in stage.plugins.iter().enumerate() {
            let stage_name = if position == 0 {
                stage_name(stage.stage)
            } else {
                ""
            };
            let ran = plugin.was_asked();
            let cells = vec![
                stage_name.to_owned(),
                one_line(&plugin.plugin),
                one_line(&plugin.verdict),
                shown(ran, || milliseconds(plugin.usage.elapsed)),
                shown(ran, || milliseconds(plugin.usage.cpu)),
                shown(plugin.usage.memory_bytes > 0, || {
                    kibibytes(plugin.usage.memory_bytes)
                }),
            ];
            rows.push((cells, plugin.error.as_deref().map(one_line)));
        }
    }
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            rows.iter()
                .filter_map(|(cells, _)| cells.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    for (cells, error) in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            // Words to the left, figures to the right. Writing to a String cannot fail.
            let _ = if column < 3 {
                write!(line, "  {cell:<width$}")
            } else {
                write!(line, "  {cell:>width$}")
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
        if let Some(error) = error {
            text.push_str("      error: ");
            text.push_str(error);
            text.push('\n');
        }
    }
    text
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::BruteForce => "brute force",
        Stage::Features => "features",
        Stage::Controls => "controls",
        Stage::Cache => "cache",
        Stage::CacheFlush => "cache-flush",
        Stage::Backends => "backends",
        Stage::Filters => "filters",
        Stage::Actions => "actions",
        Stage::PostActions => "post actions",
    }
}

fn shown(is_known: bool, figure: impl FnOnce() -> String) -> String {
    if is_known { figure() } else { "-".to_owned() }
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.3} ms", duration.as_secs_f64() * 1000.0)
}

fn kibibytes(bytes: u64) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{PluginTrace, Progress, StageTrace, Usage};

    #[test]
    fn every_plugin_has_a_row_and_errors_stand_below() {
        let plugin = |name: &str, verdict: &str, error: Option<&str>, micros| PluginTrace {
            plugin: name.to_owned(),
            verdict: verdict.to_owned(),
            error: error.map(str::to_owned),
            usage: Usage {
                elapsed: Duration::from_micros(micros),
                cpu: Duration::from_micros(micros / 2),
                memory_bytes: micros * 1024,
                ..Usage::default()
            },
            ..PluginTrace::default()
        };
        let trace = Trace {
            elapsed: Duration::from_millis(1),
            stages: vec![
                StageTrace {
                    stage: Stage::Features,
                    started: Duration::ZERO,
                    elapsed: Duration::from_micros(10),
                    plugins: vec![
                        plugin("tls-required", "pass", None, 12),
                        plugin("night", "skipped", None, 0),
                    ],
                },
                StageTrace {
                    stage: Stage::Backends,
                    started: Duration::from_micros(20),
                    elapsed: Duration::from_millis(1),
                    plugins: vec![plugin(
                        "users",
                        "temporary-failure",
                        Some("users.lua:3: a\nb"),
                        1234,
                    )],
                },
            ],
        };
        let decision = Decision {
            verdict: Verdict::TemporaryFailure,
            status_message: "Later".to_owned(),
            progress: Progress::default(),
            accounts: Vec::new(),
            response_headers: Vec::new(),
            recovered_password: None,
            from_memory: false,
        };
        insta::assert_snapshot!(render_trace(&decision, &trace), @r"
        decision: temporary-failure (Later)
          stage     plugin        verdict                time       cpu    memory
          features  tls-required  pass               0.012 ms  0.006 ms    12 KiB
                    night         skipped                   -         -         -
          backends  users         temporary-failure  1.234 ms  0.617 ms  1234 KiB
              error: users.lua:3: a\u000ab
        ");
    }
}
