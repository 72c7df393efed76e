//! From the configuration's JSON text to a plugin, or to problems that a person can act on.
//!
//! Serde stops at the first mistake. To report more at once, a key that is unknown or has a wrong
//! value is noted, taken out, and the rest is tried again, as long as that cannot cause complaints
//! about the key's absence.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::{Plugin, Problem};

/// Most problems that are reported at once.
const LIMIT: usize = 32;

/// Builds a plugin from JSON text.
///
/// `null` means that the user wrote no configuration: it is as good as an empty mapping.
///
/// # Errors
/// All problems that could be found.
pub(crate) fn build<P: Plugin>(json: &str) -> Result<P, Vec<Problem>> {
    let value: Value = serde_json::from_str(json)
        .map_err(|error| vec![Problem::at("", format!("not JSON: {error}"))])?;
    P::new(read(value)?)
}

fn read<T: DeserializeOwned>(mut value: Value) -> Result<T, Vec<Problem>> {
    if value.is_null() {
        if let Ok(configuration) = T::deserialize(Value::Null) {
            return Ok(configuration);
        }
        value = Value::Object(serde_json::Map::new());
    }
    let mut problems = Vec::new();
    let mut removed: Vec<String> = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(configuration) if problems.is_empty() => return Ok(configuration),
            Ok(_) => return Err(problems),
            Err(error) => error,
        };
        let segments: Vec<Segment> = error.path().iter().cloned().collect();
        let message = error.inner().to_string();
        let missing = message.starts_with("missing field");
        if missing && removed.contains(&shown(&segments)) {
            // Our own doing: a key with a wrong value was taken out here.
            return Err(problems);
        }
        problems.push(Problem::at(shown(&segments), explained(&message)));
        let parent = segments.split_last().map(|(_, parent)| parent);
        if problems.len() >= LIMIT || missing || !remove(&mut value, &segments) {
            return Err(problems);
        }
        removed.extend(parent.map(shown));
    }
}

/// `networks[2].name`
fn shown(segments: &[Segment]) -> String {
    let mut path = String::new();
    for segment in segments {
        match segment {
            Segment::Seq { index } => path.push_str(&format!("[{index}]")),
            Segment::Map { key } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    path
}

/// Takes the key at the end of the path out. False if the path does not end in a key.
fn remove(value: &mut Value, segments: &[Segment]) -> bool {
    let Some((last, parents)) = segments.split_last() else {
        return false;
    };
    let mut place = value;
    for segment in parents {
        let next = match segment {
            Segment::Seq { index } => place.get_mut(*index),
            Segment::Map { key } => place.get_mut(key),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        let Some(next) = next else { return false };
        place = next;
    }
    match (last, place) {
        (Segment::Map { key }, Value::Object(map)) => map.remove(key).is_some(),
        _ => false,
    }
}

/// Serde's message, with a suggestion for a misspelt word.
fn explained(message: &str) -> String {
    let unknown = ["unknown field `", "unknown variant `"]
        .iter()
        .find_map(|prefix| message.strip_prefix(prefix));
    let Some((word, rest)) = unknown.and_then(|text| text.split_once('`')) else {
        return message.to_owned();
    };
    // The known words are those between backticks.
    let known = rest.split('`').skip(1).step_by(2);
    let nearest = known
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1));
    match nearest {
        Some((_, candidate)) => format!("{message}; did you mean `{candidate}`?"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Outer {
        networks: Vec<String>,
        status_message: Option<String>,
        depth: u8,
        users: Vec<Inner>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        name: String,
    }

    fn problems(value: Value) -> Vec<(String, String)> {
        read::<Outer>(value)
            .unwrap_err()
            .into_iter()
            .map(|problem| (problem.path, problem.message))
            .collect()
    }

    #[test]
    fn no_configuration_is_an_empty_one() {
        assert_eq!(read::<Outer>(Value::Null), Ok(Outer::default()));
        assert_eq!(read::<()>(Value::Null), Ok(()));
        assert_eq!(read::<Option<u8>>(Value::Null), Ok(None));
    }

    #[test]
    fn no_configuration_where_one_is_needed_names_the_missing_key() {
        let problems = read::<Inner>(Value::Null).unwrap_err();
        assert_eq!(problems, [Problem::at("", "missing field `name`")]);
    }

    #[test]
    fn a_misspelt_key_is_named_with_the_nearest_known_one() {
        let found = problems(json!({"netwroks": []}));
        assert_eq!(found.len(), 1, "{found:?}");
        let (path, message) = found.first().unwrap();
        assert_eq!(path, "netwroks");
        assert!(message.ends_with("did you mean `networks`?"), "{message}");
    }

    #[test]
    fn a_misspelt_word_gets_the_nearest_known_one_if_it_is_near() {
        let cases = [
            ("unknown field `dp`, expected `do` or `x`", Some("do")),
            (
                "unknown variant `sat`, expected one of `sun`, `set`",
                Some("set"),
            ),
            ("unknown field `zzz`, expected `networks`", None),
            ("unknown field `a`, there are no fields", None),
        ];
        for (message, nearest) in cases {
            let wanted = nearest.map(|word| format!("{message}; did you mean `{word}`?"));
            assert_eq!(explained(message), wanted.unwrap_or(message.to_owned()));
        }
    }

    #[test]
    fn a_strange_key_gets_no_suggestion() {
        let found = problems(json!({"zzz": 1}));
        assert!(!found.iter().any(|(_, text)| text.contains("did you mean")));
    }

    #[test]
    fn several_problems_are_reported_at_once() {
        let found = problems(json!({"depth": "deep", "zzz": 1, "status_message": 7}));
        let mut paths: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["depth", "status_message", "zzz"]);
    }

    #[test]
    fn a_wrong_list_element_is_named_by_its_position() {
        let found = problems(json!({"networks": ["a", 7]}));
        assert_eq!(found.first().unwrap().0, "networks[1]");
    }

    #[test]
    fn a_key_that_was_taken_out_is_not_called_missing() {
        let found = problems(json!({"users": [{"name": 7}]}));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found.first().unwrap().0, "users[0].name");
    }
}
