//! A hook that does to the store what each line of the body tells it, and answers with a line for each.
//!
//! A line is an operation, a key, and its arguments, with tabs between them: `get K`, `set K VALUE [TTL]`,
//! `delete K`, `increment K BY [TTL]`, `expire K TTL`, `ttl K`. A word `hex:…` stands for those bytes (of a
//! value) or `*N` for `N` letters. Times are seconds. A time that is left is answered as `some`, since no two
//! stores are asked at the same moment.

use std::time::Duration;

use bulkhead_sdk::{
    Failure, Hook, Plugin, Problem,
    hook::{HookRequest, HookResponse},
    store::{self, Error, Remaining},
};

struct Storekeeper;

impl Plugin for Storekeeper {
    type Configuration = ();

    fn new((): ()) -> Result<Self, Vec<Problem>> {
        Ok(Self)
    }
}

impl Hook for Storekeeper {
    fn run(&self, request: &HookRequest) -> Result<HookResponse, Failure> {
        let text = String::from_utf8_lossy(&request.body);
        let answers: Vec<String> = text.lines().map(answer).collect();
        Ok(HookResponse::new(200).with_body(answers.join("\n")))
    }
}

/// What came of one line.
fn answer(line: &str) -> String {
    match obey(line) {
        Ok(answer) => answer,
        Err(Error::Invalid(why)) => format!("invalid: {why}"),
        Err(Error::NotANumber) => "not a number".to_owned(),
        Err(Error::Unavailable(_)) => "unavailable".to_owned(),
    }
}

fn obey(line: &str) -> Result<String, Error> {
    let words: Vec<&str> = line.split('\t').collect();
    Ok(match *words.as_slice() {
        ["get", key] => match store::get(&text(key))? {
            Some(value) if value.len() > 100 => format!("{} bytes", value.len()),
            Some(value) => format!("“{}”", value.escape_ascii()),
            None => "nothing".to_owned(),
        },
        ["set", key, value] => done(store::set(&text(key), bytes(value), None)?),
        ["set", key, value, ttl] => done(store::set(&text(key), bytes(value), Some(time(ttl)?))?),
        ["delete", key] => store::delete(&text(key))?.to_string(),
        ["increment", key, by] => store::increment(&text(key), number(by)?, None)?.to_string(),
        ["increment", key, by, ttl] => {
            store::increment(&text(key), number(by)?, Some(time(ttl)?))?.to_string()
        }
        ["expire", key, ttl] => store::expire(&text(key), time(ttl)?)?.to_string(),
        ["ttl", key] => match store::time_to_live(&text(key))? {
            Remaining::Missing => "missing".to_owned(),
            Remaining::Unlimited => "unlimited".to_owned(),
            Remaining::Seconds(_) => "some".to_owned(),
        },
        _ => return Err(Error::Invalid(format!("no such line: {line}"))),
    })
}

fn done((): ()) -> String {
    "done".to_owned()
}

fn bytes(word: &str) -> Vec<u8> {
    let digits = |hex: &str| {
        let pairs = hex.as_bytes().chunks(2);
        let pairs = pairs.filter_map(|pair| std::str::from_utf8(pair).ok());
        pairs
            .filter_map(|pair| u8::from_str_radix(pair, 16).ok())
            .collect()
    };
    let many = word.strip_prefix('*').and_then(|count| count.parse().ok());
    match (word.strip_prefix("hex:"), many) {
        (Some(hex), _) => digits(hex),
        (None, Some(count)) => vec![b'x'; count],
        (None, None) => word.as_bytes().to_vec(),
    }
}

fn text(word: &str) -> String {
    String::from_utf8_lossy(&bytes(word)).into_owned()
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, Error> {
    word.parse()
        .map_err(|_| Error::Invalid(format!("no number: {word}")))
}

fn time(word: &str) -> Result<Duration, Error> {
    number(word).map(Duration::from_secs)
}

bulkhead_sdk::export_hook!(Storekeeper);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_for_bytes() {
        assert_eq!(bytes("hex:00ff"), [0, 255]);
        assert_eq!(bytes("*3"), b"xxx");
        assert_eq!(bytes("*"), b"*");
        assert_eq!(bytes("plain"), b"plain");
    }
}
