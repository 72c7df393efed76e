//! The section `observe`.

use std::path::Path;

use super::{
    keys,
    reader::Reader,
    schema::{Observe, Traces},
    section::Section,
};

pub(super) fn observe(reader: &mut Reader, top: &Section<'_>) -> Observe {
    let section = top.section(reader, "observe", &keys::OBSERVE);
    let levels = ["error", "warn", "info", "debug"].map(|level| (level, level));
    let log_level = section.choice(reader, "log_level", &levels, "info");
    let formats = [("text", false), ("json", true)];
    let log_json = section.choice(reader, "log_format", &formats, false);
    let decision_log = section.path(reader, "decision_log");
    if let (Some(file), Some(node)) = (&decision_log, section.value("decision_log"))
        && !file.parent().is_some_and(Path::is_dir)
    {
        reader.error(
            &node.span,
            "the folder of `observe.decision_log` does not exist".to_owned(),
            "",
            "make the folder first, or write another path",
        );
    }
    Observe {
        log_level: log_level.to_owned(),
        log_json,
        decision_log,
        decision_sample: section.share(reader, "decision_sample", 1.0),
        traces: traces(reader, &section),
    }
}

fn traces(reader: &mut Reader, observe: &Section<'_>) -> Option<Traces> {
    observe.value("traces")?;
    let section = observe.section(reader, "traces", &keys::TRACES);
    let sample = section.share(reader, "sample", 1.0);
    let service_name = section.text(reader, "service_name").unwrap_or("bulkhead");
    let help = "write it like `http://127.0.0.1:4318/v1/traces`";
    let Some(node) = section.value("endpoint") else {
        section.missing(reader, "endpoint", help);
        return None;
    };
    let endpoint = reader.text(node, &section.path_of("endpoint"))?;
    let is_web =
        url::Url::parse(endpoint).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
    if !is_web {
        let message = format!("`{}` is not a URL", section.path_of("endpoint"));
        reader.error(&node.span, message, "", help);
        return None;
    }
    Some(Traces {
        endpoint: endpoint.to_owned(),
        sample,
        service_name: service_name.to_owned(),
    })
}
