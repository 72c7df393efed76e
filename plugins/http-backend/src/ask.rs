//! A question to the service: from the configuration and the facts of a login to a request.
//!
//! Facts are escaped for the place where they stand, so that what is asked is what is configured.

use std::{collections::BTreeMap, time::Duration};

use bulkhead_sdk::{Failure, Problem, Request, http, parameter::Parameter, secret};
use serde_json::Value as Json;

use crate::{
    configuration::Question,
    template::{Piece, Template},
};

/// A question.
#[derive(Debug)]
pub(crate) struct Ask {
    method: String,
    url: Template,
    headers: Vec<(String, Template)>,
    body: Body,
    secret: Option<String>,
    timeout: Duration,
}

#[derive(Debug)]
enum Body {
    None,
    Json(Tree),
    Form(Vec<(String, Template)>),
}

/// JSON whose texts have places.
#[derive(Debug)]
enum Tree {
    Text(Template),
    List(Vec<Tree>),
    Object(BTreeMap<String, Tree>),
    Other(Json),
}

impl Ask {
    /// Reads what is configured under `path`.
    pub(crate) fn new(
        path: &str,
        question: Question,
        secret: Option<String>,
        timeout_ms: u32,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut read = |key: String, text: &str| match Template::new(text) {
            Ok(template) => Some(template),
            Err(message) => {
                problems.push(Problem::at(format!("{path}.{key}"), message));
                None
            }
        };
        let url = read("url".to_owned(), &question.url);
        let mut pairs = |key: &str, texts: &BTreeMap<String, String>| -> Vec<_> {
            let pair = |(name, text): (&String, &String)| {
                Some((name.clone(), read(format!("{key}.{name}"), text)?))
            };
            texts.iter().filter_map(pair).collect()
        };
        let headers = pairs("headers", &question.headers);
        let form = question.form.as_ref().map(|form| pairs("form", form));
        let json = question
            .json
            .map(|json| tree("json".to_owned(), json, &mut read));
        let mut wrong = |key: &str, message: &str| {
            problems.push(Problem::at(format!("{path}.{key}"), message));
        };
        if question.method.is_empty()
            || !question
                .method
                .bytes()
                .all(|byte| byte.is_ascii_uppercase())
        {
            wrong("method", "must be capital letters, such as `POST`");
        }
        if let Some(url) = &url {
            check(url, &mut wrong);
        }
        for name in question.headers.keys() {
            if !is_token(name) {
                wrong(&format!("headers.{name}"), "is no name of a header field");
            }
        }
        let body = match (json, form) {
            (None, None) => Body::None,
            (Some(json), None) => Body::Json(json),
            (None, Some(form)) => Body::Form(form),
            (Some(_), Some(_)) => {
                wrong("form", "there is a body already: `json`");
                Body::None
            }
        };
        match url {
            Some(url) if problems.is_empty() => Ok(Self {
                method: question.method,
                url,
                headers,
                body,
                secret,
                timeout: Duration::from_millis(timeout_ms.into()),
            }),
            _ => Err(problems),
        }
    }

    /// Sends the question. Nothing if a fact has no place where it should stand.
    pub(crate) fn send(&self, request: &Request) -> Result<Option<http::Response>, Failure> {
        let Some(mut message) = self.message(request) else {
            return Ok(None);
        };
        if let Some(name) = &self.secret {
            let key = secret::get(name).ok_or_else(|| {
                Failure::new(format!(
                    "there is no secret `{name}`; define it in `secrets` and grant it with `grants: {{secret: [{name}]}}`"
                ))
            })?;
            message = message.header("Authorization", [b"Bearer ".as_slice(), &key].concat());
        }
        Ok(Some(message.timeout(self.timeout).send()?))
    }

    fn message(&self, request: &Request) -> Option<http::Request> {
        let mut message = http::Request::new(&self.method, url(&self.url, request)?);
        let has = |wanted: &str| {
            let mut headers = self.headers.iter();
            headers.any(|(name, _)| name.eq_ignore_ascii_case(wanted))
        };
        if !has("Accept") {
            message = message.header("Accept", "application/json");
        }
        for (name, template) in &self.headers {
            let value = template.bytes(request)?;
            // Anything below a space ends a field or is refused by somebody on the way.
            if value.iter().any(|byte| *byte < b' ' || *byte == 0x7F) {
                return None;
            }
            message = message.header(name, value);
        }
        let (media_type, body) = match &self.body {
            Body::None => return Some(message),
            Body::Json(tree) => (
                "application/json",
                tree.filled(request)?.to_string().into_bytes(),
            ),
            Body::Form(fields) => (
                "application/x-www-form-urlencoded",
                form(fields, request)?.into_bytes(),
            ),
        };
        if !has("Content-Type") {
            message = message.header("Content-Type", media_type);
        }
        Some(message.body(body))
    }
}

impl Tree {
    fn filled(&self, request: &Request) -> Option<Json> {
        Some(match self {
            Self::Text(template) => template.json(request)?,
            Self::List(list) => {
                let list = list.iter().map(|element| element.filled(request));
                Json::Array(list.collect::<Option<_>>()?)
            }
            Self::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, member)| Some((name.clone(), member.filled(request)?)));
                Json::Object(members.collect::<Option<_>>()?)
            }
            Self::Other(json) => json.clone(),
        })
    }
}

fn tree(key: String, json: Json, read: &mut impl FnMut(String, &str) -> Option<Template>) -> Tree {
    match json {
        Json::String(text) => match read(key, &text) {
            Some(template) => Tree::Text(template),
            None => Tree::Other(Json::Null),
        },
        Json::Array(list) => {
            let list = list.into_iter().enumerate();
            Tree::List(
                list.map(|(index, one)| tree(format!("{key}[{index}]"), one, read))
                    .collect(),
            )
        }
        Json::Object(members) => {
            let members = members.into_iter();
            Tree::Object(
                members
                    .map(|(name, one)| {
                        let member = tree(format!("{key}.{name}"), one, read);
                        (name, member)
                    })
                    .collect(),
            )
        }
        other => Tree::Other(other),
    }
}

/// Whom to ask must stand there, and no password: addresses are written into logs on the way.
fn check(url: &Template, wrong: &mut impl FnMut(&str, &str)) {
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| url.head().strip_prefix(scheme));
    let host = rest.map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    let is_absolute = host.is_some_and(|host| !host.is_empty());
    // Without one of these the first place would be in the host's name.
    let ends = rest.is_some_and(|rest| rest.contains(['/', '?']));
    let has_places = Parameter::ALL.iter().any(|(_, one)| url.names(*one));
    if !is_absolute || (has_places && !ends) {
        wrong(
            "url",
            "must be absolute, with the host written out, such as `https://users.example.org/check`",
        );
    }
    if url.names(Parameter::Password) {
        wrong(
            "url",
            "a password has no place in an address: logs hold addresses",
        );
    }
}

/// The address. Nothing if a fact would make another path of it: an empty, `.` or `..` segment.
fn url(template: &Template, request: &Request) -> Option<String> {
    let mut url = String::new();
    for piece in template.pieces(request)? {
        match piece {
            Piece::Text(text) => url.push_str(text),
            Piece::Fact(fact) => {
                if fact.is_empty() && !url.contains('?') {
                    return None;
                }
                escape(&mut url, &fact);
            }
        }
    }
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let is_dotted = |segment: &str| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == "." || segment == ".."
    };
    (!path.split('/').any(is_dotted)).then_some(url)
}

fn form(fields: &[(String, Template)], request: &Request) -> Option<String> {
    let mut text = String::new();
    for (name, template) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        escape(&mut text, name.as_bytes());
        text.push('=');
        escape(&mut text, &template.bytes(request)?);
    }
    Some(text)
}

/// Everything but unreserved characters (RFC 3986, section 2.3) as `%XX`.
fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(fits)
}
