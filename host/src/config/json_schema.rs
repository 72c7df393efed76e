//! The JSON Schema (draft 2020-12) of a configuration file, made from the table of keys.
//!
//! It refuses nothing that the readers accept, so that an editor never complains without a reason; the
//! readers know more than it does (files that exist, names that refer to each other). An included file
//! may leave out what another one says: `pipeline` is not required here.

use serde_json::{Map, Value, json};

use super::{
    keys::{self, DefaultValue, Key, Keys, Kind},
    units, yaml,
};

/// The schema.
pub fn json_schema() -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Bulkhead configuration",
        "description": "What `bulkhead serve` reads, and each file that it includes.",
    });
    let definitions: Map<String, Value> = keys::ALL
        .iter()
        .filter(|keys| !keys.section.is_empty())
        .map(|keys| (keys.section.to_owned(), section(keys)))
        .collect();
    if let (Some(schema), Value::Object(top)) = (schema.as_object_mut(), section(&keys::TOP)) {
        schema.extend(top);
        schema.insert("$defs".to_owned(), definitions.into());
    }
    schema
}

fn section(keys: &Keys) -> Value {
    let properties: Map<String, Value> = keys
        .keys
        .iter()
        .map(|key| (key.name.to_owned(), property(key)))
        .collect();
    let is_top = keys.section.is_empty();
    let required: Vec<_> = keys
        .keys
        .iter()
        .filter(|key| !is_top && matches!(key.default, DefaultValue::Required))
        .map(|key| key.name)
        .collect();
    let dependent: Map<String, Value> = keys
        .keys
        .iter()
        .filter_map(|key| Some((key.name.to_owned(), json!([key.with?]))))
        .collect();
    // A section whose lines are all comments is nothing.
    let may_be_empty = required.is_empty() && keys.one_of.is_empty();
    let mut schema = Map::new();
    let kind = match may_be_empty {
        true => json!(["object", "null"]),
        false => json!("object"),
    };
    schema.insert("type".to_owned(), kind);
    schema.insert("properties".to_owned(), properties.into());
    if is_top {
        // A place for anchors.
        schema.insert("patternProperties".to_owned(), json!({ "^x-": {} }));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if !dependent.is_empty() {
        schema.insert("dependentRequired".to_owned(), dependent.into());
    }
    if !keys.one_of.is_empty() {
        let choices: Vec<_> = keys
            .one_of
            .iter()
            .map(|name| json!({ "required": [name] }))
            .collect();
        schema.insert("oneOf".to_owned(), choices.into());
    }
    schema.into()
}

fn property(key: &Key) -> Value {
    let mut schema = kind(&key.kind);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), json!(key.explained()));
        if let DefaultValue::Written(text) = key.default {
            schema.insert("default".to_owned(), yaml::value(text));
        }
    }
    schema
}

fn kind(kind: &Kind) -> Value {
    match kind {
        Kind::Text | Kind::Path | Kind::Templates => text(),
        Kind::Header => json!({ "type": ["string", "number", "boolean", "null"] }),
        Kind::Texts | Kind::Paths => list(&text()),
        Kind::Whole(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Size(least, most) => json!({
            "anyOf": [
                { "type": "integer", "minimum": least, "maximum": most },
                { "type": "string", "pattern": units::size_pattern() },
            ],
        }),
        Kind::Duration(..) => json!({ "type": "string", "pattern": units::duration_pattern() }),
        Kind::FlagOrTexts => json!({ "anyOf": [{ "type": "boolean" }, list(&text())] }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Choice(words) => json!({ "enum": choices(words) }),
        Kind::Choices(words) => list(&json!({ "enum": choices(words) })),
        Kind::Share => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Kind::Decimal(least, most) => {
            json!({ "type": "number", "minimum": least, "maximum": most })
        }
        Kind::Address => address(),
        Kind::Ip => json!({ "type": "string", "pattern": "^[0-9A-Fa-f:.]+$" }),
        Kind::Networks => {
            list(&json!({ "type": "string", "pattern": "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$" }))
        }
        Kind::Mode => json!({
            "anyOf": [
                { "type": "string", "pattern": "^(0o)?0*[0-7]{1,3}$" },
                { "type": "integer", "minimum": 0, "maximum": 777 },
            ],
        }),
        Kind::Password => json!({ "anyOf": [text(), reference(&keys::SECRET)] }),
        Kind::Includes => json!({ "anyOf": [text(), list(&text())] }),
        Kind::Listen(keys) => {
            let one = json!({ "anyOf": [address(), reference(keys)] });
            let several = json!({ "type": "array", "minItems": 1, "items": one });
            json!({ "anyOf": [address(), reference(keys), several] })
        }
        Kind::Section(keys) => reference(keys),
        Kind::Sections(keys) => list(&reference(keys)),
        Kind::Named(keys) => json!({
            "type": ["object", "null"],
            "additionalProperties": reference(keys),
        }),
        Kind::Anything => json!({}),
    }
}

/// Numbers and truth values count as the text that is written.
fn text() -> Value {
    json!({ "type": ["string", "number", "boolean"], "minLength": 1 })
}

fn address() -> Value {
    let pattern = "^(\\[[0-9A-Fa-f:.]+(%[0-9]+)?\\]|[0-9]{1,3}(\\.[0-9]{1,3}){3}):[0-9]{1,5}$";
    json!({ "type": "string", "pattern": pattern })
}

fn list(items: &Value) -> Value {
    json!({ "type": ["array", "null"], "items": items })
}

fn reference(keys: &Keys) -> Value {
    json!({ "$ref": format!("#/$defs/{}", keys.section) })
}

/// A word that looks like a number may be written without quotes.
fn choices(words: &[&str]) -> Vec<Value> {
    let mut choices: Vec<_> = words.iter().map(|word| json!(word)).collect();
    choices.extend(
        words
            .iter()
            .map(|word| yaml::value(word))
            .filter(Value::is_number),
    );
    choices
}
