//! The section `reload`.

use std::sync::Arc;

use super::{
    keys,
    reader::Reader,
    schema::{ExampleLogin, ExamplePassword, Reload},
    secrets::{secret_source, written_secret},
    section::Section,
    yaml::{Content, Node},
};
use crate::auth::{Mode, Password, Verdict};

pub(super) fn reload(reader: &mut Reader, top: &Section<'_>) -> Reload {
    let section = top.section(reader, "reload", &keys::RELOAD);
    let default = Reload::default();
    let path = section.path_of("logins");
    let logins = section.value("logins").map_or_else(Vec::new, |node| {
        reader
            .items(node, &path)
            .iter()
            .enumerate()
            .filter_map(|(index, item)| login(reader, item, &format!("{path}[{index}]")))
            .collect()
    });
    Reload {
        watch: section.boolean(reader, "watch", default.watch),
        settle: section.duration(reader, "settle", default.settle),
        logins,
    }
}

fn login(reader: &mut Reader, node: &Node, path: &str) -> Option<ExampleLogin> {
    let section = Section::open(reader, node, &node.span, path, &keys::EXAMPLE_LOGIN);
    let password = section.entry("password").and_then(|entry| {
        let path = section.path_of("password");
        match &entry.value.content {
            Content::Scalar { .. } => {
                let text = written_secret(reader, &entry.value, &path)?;
                let password = Password::new(text.as_bytes().to_vec());
                Some(ExamplePassword::Written(Arc::new(password)))
            }
            _ => secret_source(reader, &entry.value, &entry.key_span, &path)
                .map(ExamplePassword::Source),
        }
    });
    let client_ip = client_ip(reader, &section);
    let outcomes = [
        ("accept", Verdict::Accept),
        ("reject", Verdict::Reject),
        ("temporary-failure", Verdict::TemporaryFailure),
    ];
    let expect = section.choice(reader, "expect", &outcomes, Verdict::Accept);
    let tls = section.boolean(reader, "tls", true);
    let protocol = section
        .text(reader, "protocol")
        .unwrap_or("imap")
        .to_owned();
    if section.value("username").is_none() {
        section.missing(reader, "username", "write `username: alice`");
    }
    Some(ExampleLogin {
        username: section.text(reader, "username")?.to_owned(),
        mode: if section.entry("password").is_some() {
            Mode::Verify
        } else {
            Mode::LookUp
        },
        password,
        protocol,
        client_ip,
        tls,
        expect,
    })
}

fn client_ip(reader: &mut Reader, section: &Section<'_>) -> String {
    let default = "127.0.0.1".to_owned();
    let Some(node) = section.value("client_ip") else {
        return default;
    };
    let path = section.path_of("client_ip");
    let Some(text) = reader.text(node, &path) else {
        return default;
    };
    match text.parse::<std::net::IpAddr>() {
        Ok(address) => address.to_canonical().to_string(),
        Err(_) => {
            let message = format!("`{path}` is not an IP address");
            reader.error(&node.span, message, "", "write it like `192.0.2.1`");
            default
        }
    }
}
