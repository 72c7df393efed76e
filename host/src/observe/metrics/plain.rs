//! The metrics page in the older Prometheus text format (0.0.4), made of the OpenMetrics one.
//!
//! Scrapers that do not ask for OpenMetrics get this. The two differ in few lines: a counter's family is
//! called `x_total` instead of `x`, an info is a gauge called `x_info`, and there is no end mark.

/// `Content-Type` of the OpenMetrics page.
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// `Content-Type` of the plain page.
pub const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Turns an OpenMetrics page into a plain one.
pub fn plain(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    // Help comes before type, so the line waits for what its family turns out to be.
    let mut help = None;
    for line in page.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), Some(name), words) => {
                help = Some((name, words.unwrap_or_default()));
            }
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                let (suffix, kind) = match kind {
                    "counter" => ("_total", "counter"),
                    "info" => ("_info", "gauge"),
                    "unknown" => ("", "untyped"),
                    other => ("", other),
                };
                if let Some((_, words)) = help.take().filter(|(helped, _)| *helped == name) {
                    text.push_str(&format!("# HELP {name}{suffix} {words}\n"));
                }
                text.push_str(&format!("# TYPE {name}{suffix} {kind}\n"));
            }
            (Some("#"), ..) => {}
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

/// Whether a client that sent this `Accept` field wants the OpenMetrics page.
pub fn wants_open_metrics(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_it = parts
            .next()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("application/openmetrics-text"));
        let quality = parts.find_map(|part| part.strip_prefix("q="));
        let is_refused = quality.is_some_and(|quality| quality.parse() == Ok(0.0));
        is_it && !is_refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_get_the_names_that_the_older_format_wants() {
        let page = "# HELP logins Checks.\n# TYPE logins counter\nlogins_total{a=\"# EOF\"} 1\n\
                    # HELP v_seconds Time.\n# TYPE v_seconds histogram\n# UNIT v_seconds seconds\n\
                    v_seconds_sum 1.0\n# HELP b Build.\n# TYPE b info\nb_info{v=\"1\"} 1\n# EOF\n";
        assert_eq!(
            plain(page),
            "# HELP logins_total Checks.\n# TYPE logins_total counter\nlogins_total{a=\"# EOF\"} 1\n\
             # HELP v_seconds Time.\n# TYPE v_seconds histogram\nv_seconds_sum 1.0\n\
             # HELP b_info Build.\n# TYPE b_info gauge\nb_info{v=\"1\"} 1\n"
        );
    }

    #[test]
    fn who_asks_for_open_metrics_gets_it() {
        let rows = [
            (
                "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2",
                true,
            ),
            ("text/plain, Application/OpenMetrics-Text", true),
            ("application/openmetrics-text;q=0", false),
            ("application/openmetrics-text; q=0.0, text/plain", false),
            ("text/plain;version=0.0.4", false),
            ("*/*", false),
            ("", false),
        ];
        for (accept, expected) in rows {
            assert_eq!(wants_open_metrics(accept), expected, "{accept}");
        }
    }
}
