//! The keys of `pipeline.hooks` that only hooks have: where they answer, and with what.

use std::collections::BTreeMap;

use super::{pipeline::Placed, reader::Reader, schema::HookEntry, section::Section, source::Span};

/// Where a method and a path were first taken.
type Taken = BTreeMap<(String, String), Span>;

pub(super) fn hooks(reader: &mut Reader, placed: Vec<Placed<'_>>) -> Vec<HookEntry> {
    let mut taken = Taken::new();
    let mut taken_aliases = Taken::new();
    let mut hooks = Vec::new();
    for Placed { entry, section } in placed {
        let Some(node) = section.value("location") else {
            let help = "write `location: status` to answer at `/api/v1/custom/status`";
            section.missing(reader, "location", help);
            continue;
        };
        let Some(location) = reader.text(node, &section.path_of("location")) else {
            continue;
        };
        let location = location.trim_matches('/');
        if location.is_empty() || !location.chars().all(fits_path) || location.contains("..") {
            reader.error(
                &node.span,
                format!("`{}` is not a path", section.path_of("location")),
                "",
                "use letters, digits, `-`, `_`, `.`, `~` and `/`, such as `status` or `users/list`",
            );
            continue;
        }
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        let method = section.choice(reader, "method", &methods.map(|name| (name, name)), "GET");
        let key = (location.to_owned(), method.to_owned());
        if let Some(first) = taken.get(&key) {
            let message = format!("two hooks answer `{method} {location}`");
            reader.error(
                &node.span,
                message,
                "this one",
                "give one of them another location",
            );
            reader.and_there(first, "and this one");
            continue;
        }
        taken.insert(key, node.span.clone());
        let content_type = content_type(reader, &section);
        hooks.push(HookEntry {
            location: location.to_owned(),
            method: method.to_owned(),
            alias: alias(reader, &section, method, &mut taken_aliases),
            content_type,
            plugin: entry,
        });
    }
    hooks
}

/// Characters of a path that need no escape here.
fn fits_path(symbol: char) -> bool {
    symbol.is_ascii_alphanumeric() || "-_./~".contains(symbol)
}

fn alias(
    reader: &mut Reader,
    section: &Section<'_>,
    method: &str,
    taken: &mut Taken,
) -> Option<String> {
    let node = section.value("alias")?;
    let path = section.path_of("alias");
    let alias = reader.text(node, &path)?;
    let fits = alias.starts_with('/')
        && alias.len() > 1
        && alias.chars().all(fits_path)
        && !alias.contains("..");
    if !fits {
        let message = format!("`{path}` is not an absolute path");
        let help = "write it like `/.well-known/status`";
        reader.error(&node.span, message, "", help);
        return None;
    }
    if alias.starts_with("/api/v1/") {
        let message = format!("`{path}` lies among Bulkhead's own routes");
        let help = "choose a path outside `/api/v1/`; hooks below it have a `location`";
        reader.error(&node.span, message, "", help);
        return None;
    }
    let key = (alias.to_owned(), method.to_owned());
    if let Some(first) = taken.get(&key) {
        let message = format!("two hooks answer `{method} {alias}`");
        let help = "give one of them another alias";
        reader.error(&node.span, message, "this one", help);
        reader.and_there(first, "and this one");
        return None;
    }
    taken.insert(key, node.span.clone());
    Some(alias.to_owned())
}

fn content_type(reader: &mut Reader, section: &Section<'_>) -> Option<String> {
    let node = section.value("content_type")?;
    let path = section.path_of("content_type");
    let text = reader.text(node, &path)?;
    let fits = text.contains('/') && http::HeaderValue::from_str(text).is_ok();
    if !fits {
        let message = format!("`{path}` is not a media type");
        let help = "write it like `application/json` or `text/html; charset=utf-8`";
        reader.error(&node.span, message, "", help);
        return None;
    }
    Some(text.to_owned())
}
