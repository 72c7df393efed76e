//! What Redis answered, as the store's replies.
//!
//! Pure functions. An error is a refusal of that one command (`WRONGTYPE`, `ERR`), or it says something
//! about the server, and then the whole batch failed.

use redis::{ServerError, Value};

use super::{
    encode::Shape,
    failure::{Failure, Kind},
};
use crate::store::Reply;

/// Lua's numbers are doubles: from here on they are no longer exact.
const INEXACT: u64 = 1 << 53;

/// The reply to a command that was answered with `value` by `server`.
pub(super) fn reply(value: Value, shape: Shape, server: &str) -> Result<Reply, Failure> {
    if let Value::ServerError(error) = &value {
        return refusal(error, server);
    }
    Ok(match (shape, value) {
        (_, Value::Nil) => Reply::Nothing,
        (Shape::Done, _) => Reply::Done,
        (Shape::DoneIfAny, Value::Int(0)) => Reply::Nothing,
        (Shape::DoneIfAny, _) => Reply::Done,
        (Shape::DoneIfNone, Value::Int(0)) => Reply::Done,
        (Shape::DoneIfNone, _) => Reply::Nothing,
        (Shape::Whole, value) => whole(&value, server)?,
        (Shape::Score, value) => score(value, server)?,
        (Shape::Scored, Value::Array(values)) => Reply::List(scored(values, server)?),
        (_, value) => plain(value, server)?,
    })
}

/// The reply of a procedure. Integers that Lua cannot hold are text there ([`Procedure`]).
///
/// [`Procedure`]: crate::store::Procedure
pub(super) fn of_procedure(value: Value, server: &str) -> Result<Reply, Failure> {
    reply(exact(value, server)?, Shape::Plain, server)
}

/// With the integers that stand there as text, and without any that may have lost its last digits.
fn exact(value: Value, server: &str) -> Result<Value, Failure> {
    Ok(match value {
        Value::Int(number) if number.unsigned_abs() >= INEXACT => {
            return Err(Failure::new(
                Kind::Final,
                format!(
                    "a procedure on Redis at {server} answered about {number}, more than Lua can count to; that is a mistake of ours, please report it"
                ),
            ));
        }
        Value::SimpleString(text) => {
            let number = text.strip_prefix(':').and_then(|text| text.parse().ok());
            number.map_or(Value::SimpleString(text), Value::Int)
        }
        Value::Array(values) => {
            let values = values.into_iter().map(|value| exact(value, server));
            Value::Array(values.collect::<Result<_, _>>()?)
        }
        other => other,
    })
}

/// What a command of its own was told.
fn refusal(error: &ServerError, server: &str) -> Result<Reply, Failure> {
    let text = text(error);
    match error.code() {
        "ERR" | "WRONGTYPE" => Ok(Reply::Refused(text)),
        _ => Err(Failure::from_server(&text, server)),
    }
}

/// An error as Redis sent it, without what it adds about the script in which it happened.
pub(super) fn text(error: &ServerError) -> String {
    let whole = match error.details() {
        Some(details) => format!("{} {details}", error.code()),
        None => error.code().to_owned(),
    };
    match whole.find(" script: ") {
        Some(end) => whole.get(..end).unwrap_or(&whole).to_owned(),
        None => whole,
    }
}

fn plain(value: Value, server: &str) -> Result<Reply, Failure> {
    Ok(match value {
        Value::Nil => Reply::Nothing,
        Value::Okay => Reply::Done,
        Value::SimpleString(text) if text == "OK" => Reply::Done,
        Value::SimpleString(text) => Reply::Bytes(text.into_bytes()),
        Value::Int(number) => Reply::Integer(number),
        Value::BulkString(bytes) => Reply::Bytes(bytes),
        Value::Double(number) => Reply::Number(number),
        Value::Boolean(is) => Reply::Integer(i64::from(is)),
        Value::VerbatimString { text, .. } => Reply::Bytes(text.into_bytes()),
        Value::Array(values) | Value::Set(values) => {
            let replies = values.into_iter().map(|value| match value {
                Value::ServerError(error) => refusal(&error, server),
                value => plain(value, server),
            });
            Reply::List(replies.collect::<Result<_, _>>()?)
        }
        Value::Map(pairs) => {
            let flat = pairs.into_iter().flat_map(|(name, value)| [name, value]);
            let replies = flat.map(|value| plain(value, server));
            Reply::List(replies.collect::<Result<_, _>>()?)
        }
        other => return Err(Failure::unexpected(server, &format!("{other:?}"))),
    })
}

fn whole(value: &Value, server: &str) -> Result<Reply, Failure> {
    parsed(value)
        .map(Reply::Integer)
        .ok_or_else(|| Failure::unexpected(server, &format!("{value:?}")))
}

/// A number sent as text.
fn parsed<T: std::str::FromStr>(value: &Value) -> Option<T> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
        _ => None,
    }
}

fn score(value: Value, server: &str) -> Result<Reply, Failure> {
    let number = match &value {
        Value::Double(number) => Some(*number),
        other => parsed(other),
    };
    number
        .map(Reply::Number)
        .ok_or_else(|| Failure::unexpected(server, &format!("{value:?}")))
}

fn scored(values: Vec<Value>, server: &str) -> Result<Vec<Reply>, Failure> {
    let numbered = values.into_iter().enumerate();
    numbered
        .map(|(index, value)| {
            if index % 2 == 0 {
                plain(value, server)
            } else {
                score(value, server)
            }
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(wire: &str) -> Value {
        redis::parse_redis_value(wire.as_bytes()).unwrap()
    }

    fn read(wire: &str, shape: Shape) -> Result<Reply, Failure> {
        reply(parse(wire), shape, "127.0.0.1:6379")
    }

    #[test]
    fn answers_are_read_by_shape() {
        let bytes = |text: &str| Reply::Bytes(text.as_bytes().to_vec());
        for (wire, shape, expected) in [
            ("+OK\r\n", Shape::Plain, Reply::Done),
            ("$-1\r\n", Shape::Plain, Reply::Nothing),
            ("*-1\r\n", Shape::Plain, Reply::Nothing),
            (":-2\r\n", Shape::Plain, Reply::Integer(-2)),
            ("$1\r\nx\r\n", Shape::Plain, bytes("x")),
            ("$0\r\n\r\n", Shape::Plain, bytes("")),
            (
                "$19\r\n9223372036854775807\r\n",
                Shape::Whole,
                Reply::Integer(i64::MAX),
            ),
            ("$3\r\n1.5\r\n", Shape::Score, Reply::Number(1.5)),
            (
                "$4\r\n-inf\r\n",
                Shape::Score,
                Reply::Number(f64::NEG_INFINITY),
            ),
            ("$-1\r\n", Shape::Score, Reply::Nothing),
            (
                "*2\r\n$1\r\na\r\n$1\r\n2\r\n",
                Shape::Scored,
                Reply::List(vec![bytes("a"), Reply::Number(2.0)]),
            ),
            (":1\r\n", Shape::Done, Reply::Done),
            (":1\r\n", Shape::DoneIfAny, Reply::Done),
            (":0\r\n", Shape::DoneIfAny, Reply::Nothing),
            (":1\r\n", Shape::DoneIfNone, Reply::Nothing),
            (":0\r\n", Shape::DoneIfNone, Reply::Done),
            ("*0\r\n", Shape::Plain, Reply::List(vec![])),
        ] {
            assert_eq!(read(wire, shape), Ok(expected), "{wire:?} {shape:?}");
        }
    }

    #[test]
    fn a_refusal_is_the_commands_own_and_other_errors_are_the_servers() {
        let refused = |text: &str| Ok(Reply::Refused(text.to_owned()));
        assert_eq!(
            read("-WRONGTYPE Operation against a key\r\n", Shape::Plain),
            refused("WRONGTYPE Operation against a key")
        );
        assert_eq!(
            read(
                "-ERR value is not an integer or out of range script: ab12, on @user_script:1.\r\n",
                Shape::Plain
            ),
            refused("ERR value is not an integer or out of range")
        );
        assert!(read("-OOM command not allowed\r\n", Shape::Plain).is_err());
        assert!(read("-READONLY You can't write\r\n", Shape::Plain).is_err());
    }

    #[test]
    fn integers_of_procedures_are_exact_or_a_failure() {
        let of = |wire: &str| of_procedure(parse(wire), "127.0.0.1:6379");
        let largest = i64::try_from(INEXACT).unwrap() - 1;
        for (wire, expected) in [
            (format!(":{largest}\r\n"), Reply::Integer(largest)),
            (format!(":{}\r\n", -largest), Reply::Integer(-largest)),
            (
                "+:9223372036854775807\r\n".to_owned(),
                Reply::Integer(i64::MAX),
            ),
            (
                "*2\r\n*1\r\n+:-9223372036854775808\r\n:1\r\n".to_owned(),
                Reply::List(vec![
                    Reply::List(vec![Reply::Integer(i64::MIN)]),
                    Reply::Integer(1),
                ]),
            ),
            ("+OK\r\n".to_owned(), Reply::Done),
            ("+:\r\n".to_owned(), Reply::Bytes(b":".to_vec())),
            ("$2\r\n:1\r\n".to_owned(), Reply::Bytes(b":1".to_vec())),
        ] {
            assert_eq!(of(&wire), Ok(expected), "{wire:?}");
        }
        for number in [largest + 1, -largest - 1, i64::MIN] {
            assert!(of(&format!(":{number}\r\n")).is_err(), "{number}");
            assert!(of(&format!("*1\r\n:{number}\r\n")).is_err(), "{number}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_a_failure() {
        assert!(read("$1\r\nx\r\n", Shape::Score).is_err());
        assert!(read(":7\r\n", Shape::Score).is_err());
    }
}
