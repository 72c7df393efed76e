//! `CONFIGURATION.md`: its tables are made from the table of keys; everything else in it is written by
//! hand. `BULKHEAD_UPDATE=1 cargo test -p bulkhead --test cli reference` writes the tables anew.

use std::path::Path;

use bulkhead::config::keys::{self, Keys};

const FILE: &str = "CONFIGURATION.md";

fn table(keys: &Keys) -> String {
    let mut text = "| Key | Default | Meaning |\n|---|---|---|\n".to_owned();
    for key in keys.keys {
        let default = match key.default.shown() {
            default if default.is_empty() => String::new(),
            default => format!("{default} "),
        };
        text += &format!("| `{}` | {default}| {} |\n", key.name, key.explained());
    }
    text
}

/// The text with the table of each section replaced by what the table of keys says.
fn regenerated(text: &str) -> String {
    let mut text = text.to_owned();
    for keys in keys::ALL {
        let heading = match keys.section {
            "" => "## The file\n".to_owned(),
            name => format!("## `{name}`\n"),
        };
        let section = text
            .find(&heading)
            .unwrap_or_else(|| panic!("{FILE} has no heading `{}`", heading.trim_end()));
        let start = section + text[section..].find("\n|").expect("a table") + 1;
        let end = start
            + text[start..]
                .find("\n\n")
                .map_or(text.len() - start, |at| at + 1);
        text.replace_range(start..end, &table(keys));
    }
    text
}

#[test]
fn the_reference_says_what_the_table_of_keys_says() {
    let written = std::fs::read_to_string(FILE).unwrap();
    let expected = regenerated(&written);
    if std::env::var_os("BULKHEAD_UPDATE").is_some() {
        std::fs::write(FILE, expected).unwrap();
    } else {
        assert!(
            written == expected,
            "the tables of {FILE} are out of date; run \
             `BULKHEAD_UPDATE=1 cargo test -p bulkhead --test cli reference`"
        );
    }
}

#[test]
fn every_key_is_explained() {
    for keys in keys::ALL {
        for key in keys.keys {
            let text = key.explained();
            assert!(text.ends_with('.'), "{}.{}: {text}", keys.section, key.name);
        }
    }
}

#[test]
fn the_reference_has_a_section_for_nothing_else() {
    let text = std::fs::read_to_string(Path::new(FILE)).unwrap();
    let known = |name: &str| keys::ALL.iter().any(|keys| keys.section == name);
    for heading in text.lines().filter_map(|line| line.strip_prefix("## `")) {
        let name = heading.trim_end_matches('`');
        assert!(known(name), "there is no section `{name}`");
    }
}
