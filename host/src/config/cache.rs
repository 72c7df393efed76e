//! The sections `cache` and `pipeline.master_users`.

use std::sync::Arc;

use super::{
    keys,
    reader::Reader,
    schema::{Cache, MasterUsers},
    secrets::secret_value,
    section::Section,
    server::networks,
};
use crate::auth::Password;

/// The shortest secret in bytes, as in Nauthilus.
const SECRET_BYTES: usize = 16;

pub(super) fn cache(reader: &mut Reader, top: &Section<'_>) -> Option<Cache> {
    top.entry("cache")?;
    let section = top.section(reader, "cache", &keys::CACHE);
    let default = Cache::default();
    let secret = section.entry("secret").and_then(|entry| {
        let path = section.path_of("secret");
        let value = secret_value(reader, &entry.value, &entry.key_span, &path)?;
        if value.len() < SECRET_BYTES {
            let message = format!("`{path}` has {} bytes", value.len());
            let help = format!(
                "use {SECRET_BYTES} bytes or more, such as the output of `openssl rand -hex 32`"
            );
            reader.error(&entry.key_span, message, "too short for a key", &help);
            return None;
        }
        Some(Arc::new(Password::new(value.to_vec())))
    });
    if secret.is_none() && !section.malformed && section.entry("secret").is_none() {
        for key in ["store_ttl", "negative_in_store", "by_client_address"] {
            if let Some(entry) = section.entry(key) {
                let message = format!("`cache.{key}` has no use without `cache.secret`");
                let label = "nothing is kept in the store";
                let help = "add `secret: {file: cache.secret}`, the same on all nodes";
                reader.warning(&entry.key_span, message, label, help);
            }
        }
    }
    Some(Cache {
        memory_ttl: section.duration(reader, "memory_ttl", default.memory_ttl),
        memory_bytes: section.size(reader, "memory_bytes", default.memory_bytes),
        store_ttl: section.duration(reader, "store_ttl", default.store_ttl),
        store_timeout: section.duration(reader, "store_timeout", default.store_timeout),
        negative_ttl: section.duration(reader, "negative_ttl", default.negative_ttl),
        negative_in_store: section.boolean(reader, "negative_in_store", default.negative_in_store),
        by_client_address: section.boolean(reader, "by_client_address", default.by_client_address),
        secret,
    })
}

pub(super) fn master_users(reader: &mut Reader, pipeline: &Section<'_>) -> Option<MasterUsers> {
    let entry = pipeline.entry("master_users")?;
    let section = pipeline.section(reader, "master_users", &keys::MASTER_USERS);
    let format = match (section.entry("format"), section.text(reader, "delimiter")) {
        (Some(entry), Some(_)) => {
            let message = "`format` and `delimiter` say the same thing".to_owned();
            reader.error(&entry.key_span, message, "", "keep one of them");
            None
        }
        (None, Some(delimiter)) => Some(format!(
            "{}{delimiter}{}",
            MasterUsers::USER,
            MasterUsers::MASTER
        )),
        (Some(_), None) => section.text(reader, "format").map(str::to_owned),
        (None, None) => Some(format!("{}*{}", MasterUsers::USER, MasterUsers::MASTER)),
    };
    let path = section.path_of("accounts");
    let accounts: Vec<String> = section.value("accounts").map_or_else(Vec::new, |node| {
        let texts = reader.texts(node, &path);
        texts.into_iter().map(|(text, _)| text.to_owned()).collect()
    });
    if accounts.is_empty() && !section.malformed {
        section.missing(
            reader,
            "accounts",
            "name the accounts that may log in as others: `accounts: [postmaster@example.org]`",
        );
    }
    let users = MasterUsers {
        format: format?,
        accounts,
        networks: networks(reader, &section, "networks").unwrap_or_default(),
    };
    if users.parts().is_none() {
        let span = section
            .entry("format")
            .or(section.entry("delimiter"))
            .map_or(&entry.key_span, |entry| &entry.value.span);
        let message = format!("`{}` cannot be taken apart", users.format);
        let help = "write each of `{user}` and `{master_user}` once, with something between them: \
                    `\"{user}*{master_user}\"`";
        reader.error(span, message, "", help);
        return None;
    }
    Some(users)
}
