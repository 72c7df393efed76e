//! Whom a deep check logs in, and how.

use std::{net::IpAddr, sync::Arc};

use super::LONGEST;
use crate::{
    auth::Password,
    config::{
        keys,
        reader::Reader,
        schema::{AuthMechanism, DeepCheck, ServerProtocol},
        secrets::secret_value,
        section::Section,
        source::Span,
    },
};

pub(super) fn deep_check(
    reader: &mut Reader,
    section: &Section<'_>,
    protocol: Option<ServerProtocol>,
) -> Option<DeepCheck> {
    if !section.boolean(reader, "deep_check", false) {
        return None;
    }
    let mechanism = mechanism(reader, section, protocol);
    let username = match section.value("test_username") {
        Some(_) => credential(reader, section, "test_username"),
        None => {
            section.missing(reader, "test_username", "write `test_username: monitor`");
            None
        }
    };
    let password = match section.entry("test_password") {
        Some(entry) => {
            let path = section.path_of("test_password");
            let value = secret_value(reader, &entry.value, &entry.key_span, &path);
            value.and_then(|value| {
                let text = std::str::from_utf8(&value).unwrap_or("\0");
                fits_a_line(reader, text, &entry.key_span, &path).then(|| value.to_vec())
            })
        }
        // Few servers ask for a login before mail is delivered locally.
        None if protocol == Some(ServerProtocol::Lmtp) => Some(Vec::new()),
        None => {
            let help = "write `test_password: {file: monitor.secret}`";
            section.missing(reader, "test_password", help);
            None
        }
    };
    Some(DeepCheck {
        username: username?,
        password: Arc::new(Password::new(password?)),
        mechanism,
    })
}

fn mechanism(
    reader: &mut Reader,
    section: &Section<'_>,
    protocol: Option<ServerProtocol>,
) -> AuthMechanism {
    let chosen = section.choice(
        reader,
        "auth_mechanism",
        &AuthMechanism::ALL,
        AuthMechanism::Auto,
    );
    let (Some(protocol), Some(node)) = (protocol, section.value("auth_mechanism")) else {
        return chosen;
    };
    let known = protocol.mechanisms();
    if chosen != AuthMechanism::Auto && !known.contains(&chosen) {
        let message = format!("{} has no `{}`", protocol.as_str(), chosen.as_str());
        let names = known.iter().map(|mechanism| mechanism.as_str());
        let help = format!("write `auto`, or one of {}", keys::list(names));
        reader.error(&node.span, message, "", &help);
    }
    chosen
}

fn credential(reader: &mut Reader, section: &Section<'_>, key: &str) -> Option<String> {
    let node = section.value(key)?;
    let path = section.path_of(key);
    let text = reader.text(node, &path)?;
    fits_a_line(reader, text, &node.span, &path).then(|| text.to_owned())
}

fn fits_a_line(reader: &mut Reader, text: &str, span: &Span, path: &str) -> bool {
    let fits = text.len() <= LONGEST && !text.contains(char::is_control);
    if !fits {
        let message = format!("`{path}` cannot be sent");
        let help = "use at most 255 bytes of UTF-8 without control characters";
        reader.error(span, message, "", help);
    }
    fits
}

pub(super) fn warn_of_plain_password(reader: &mut Reader, section: &Section<'_>, host: &str) {
    let is_local = match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    };
    if let (false, Some(entry)) = (is_local, section.entry("test_password")) {
        let message = "the test password goes over the network unencrypted".to_owned();
        let help = "write `tls: implicit` or `tls: starttls`";
        reader.warning(&entry.key_span, message, "", help);
    }
}
