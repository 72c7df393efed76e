//! The section `secrets`, and values elsewhere that may stand in a file or a variable.

use std::{collections::BTreeMap, os::unix::ffi::OsStringExt, path::Path};

use zeroize::Zeroizing;

use super::{
    keys,
    reader::Reader,
    schema::SecretSource,
    section::Section,
    source::Span,
    yaml::{Content, Node},
};

impl SecretSource {
    /// The value, without one line end at its end.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or the variable is not set.
    pub fn read(&self) -> std::io::Result<Zeroizing<Vec<u8>>> {
        let mut value = match self {
            Self::File(file) => Zeroizing::new(std::fs::read(file)?),
            Self::Environment(name) => match std::env::var_os(name) {
                Some(value) => Zeroizing::new(value.into_vec()),
                None => {
                    let text = format!("the environment variable `{name}` is not set");
                    return Err(std::io::Error::new(std::io::ErrorKind::NotFound, text));
                }
            },
        };
        let length = value
            .strip_suffix(b"\r\n")
            .or_else(|| value.strip_suffix(b"\n"))
            .map_or(value.len(), <[u8]>::len);
        value.truncate(length);
        Ok(value)
    }
}

/// What `bulkhead config show` prints instead of a secret.
pub(super) const MASK: &str = "(masked)";

/// A secret that is written out; complains if it is plainly none.
pub(super) fn written_secret<'a>(
    reader: &mut Reader,
    node: &'a Node,
    path: &str,
) -> Option<&'a str> {
    let text = reader.text(node, path)?;
    if let Some(source) = variable(text) {
        let message = format!("`{path}` looks like a variable, but would be this text itself");
        let help = format!(
            "write `{source}`; if this text really is the secret, put it into a file: `{{file: NAME}}`"
        );
        reader.error(
            &node.span,
            message,
            &format!("did you mean `{source}`?"),
            &help,
        );
        return None;
    }
    if text == MASK {
        let message = format!("`{path}` is what `bulkhead config show` prints instead of a secret");
        let help = "write `{file: NAME}`, `{env: VARIABLE}` or the secret itself";
        reader.error(&node.span, message, "", help);
        return None;
    }
    Some(text)
}

/// What was meant by `${NAME}`, `$(NAME)` or `$NAME`. Without brackets it may be a password after all,
/// and is not repeated. Stored hashes, `$6$…`, are none.
fn variable(text: &str) -> Option<String> {
    let rest = text.strip_prefix('$')?;
    let bracketed = [('{', '}'), ('(', ')')]
        .into_iter()
        .find_map(|(open, close)| rest.strip_prefix(open)?.strip_suffix(close));
    let name = bracketed.unwrap_or(rest);
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let fits = |symbol: char| symbol.is_ascii_alphanumeric() || symbol == '_';
    (begins && name.chars().all(fits)).then(|| match bracketed {
        Some(name) => format!("{{env: {name}}}"),
        None => "{env: NAME}".to_owned(),
    })
}

/// The value of a secret that is written out, or stands in a file or an environment variable.
pub(super) fn secret_value(
    reader: &mut Reader,
    node: &Node,
    span: &Span,
    path: &str,
) -> Option<Zeroizing<Vec<u8>>> {
    let value = match &node.content {
        Content::Scalar { .. } => written_secret(reader, node, path)
            .map(|text| Zeroizing::new(text.as_bytes().to_vec()))?,
        _ => secret_source(reader, node, span, path)?.read().ok()?,
    };
    if value.is_empty() {
        reader.error(
            span,
            format!("`{path}` is empty"),
            "",
            "put the secret there",
        );
        return None;
    }
    Some(value)
}

pub(super) fn secrets(reader: &mut Reader, top: &Section<'_>) -> BTreeMap<String, SecretSource> {
    let mut secrets = BTreeMap::new();
    let Some(node) = top.value("secrets") else {
        return secrets;
    };
    let Content::Mapping(entries) = &node.content else {
        if !node.is_null() {
            let help = "write one line per secret: `hook-token: {file: hook.token}`";
            reader.wrong_type(node, "secrets", "a section with one key per secret", help);
        }
        return secrets;
    };
    for entry in entries {
        let path = format!("secrets.{}", entry.key);
        if let Some(source) = secret_source(reader, &entry.value, &entry.key_span, &path) {
            secrets.insert(entry.key.clone(), source);
        }
    }
    secrets
}

/// Where a secret is; complains if it is not there.
pub(super) fn secret_source(
    reader: &mut Reader,
    node: &Node,
    span: &Span,
    path: &str,
) -> Option<SecretSource> {
    if let (Content::Scalar { text, .. }, false) = (&node.content, node.is_null()) {
        let (label, help) = match variable(text) {
            Some(source) => (
                format!("did you mean `{source}`?"),
                format!("write `{source}`"),
            ),
            None => (
                "secrets are not written into the configuration".to_owned(),
                "write `{file: NAME}` or `{env: VARIABLE}`".to_owned(),
            ),
        };
        let message = format!("`{path}` must say where the secret is");
        reader.error(span, message, &label, &help);
        return None;
    }
    let section = Section::open(reader, node, span, path, &keys::SECRET);
    match (section.value("file"), section.value("env")) {
        (Some(node), None) => {
            let file = reader.existing_file(node, &section.path_of("file"))?;
            warn_if_public(reader, &file, &node.span);
            reader.secret_files.push(file.clone());
            Some(SecretSource::File(file))
        }
        (None, Some(node)) => {
            let name = reader.text(node, &section.path_of("env"))?;
            if std::env::var(name).is_err() {
                reader.error(
                    &node.span,
                    format!("the environment variable `{name}` is not set"),
                    "",
                    "set it before the server starts, or use `{file: NAME}`",
                );
                return None;
            }
            Some(SecretSource::Environment(name.to_owned()))
        }
        (Some(_), Some(env)) => {
            let message = format!("`{path}` has two sources");
            reader.error(&env.span, message, "and `file`", "keep `file` or `env`");
            None
        }
        (None, None) => {
            section.missing(reader, "file", "write `{file: NAME}` or `{env: VARIABLE}`");
            None
        }
    }
}

/// A secret that every user of the machine may read is hardly one.
pub(super) fn warn_if_public(reader: &mut Reader, file: &Path, span: &Span) {
    use std::os::unix::fs::PermissionsExt;
    let public = std::fs::metadata(file)
        .map(|metadata| metadata.permissions().mode() & 0o004 != 0)
        .unwrap_or(false);
    if public {
        let help = format!("run `chmod o-rwx {}`", file.display());
        let message = "every user of this machine can read this secret".to_owned();
        reader.warning(span, message, "", &help);
    }
}
