//! What one server is asked in one go, and how its answers are told apart.
//!
//! Pure. Several commands are one transaction (`MULTI` … `EXEC`), in one write.

use std::time::Duration;

use redis::{Cmd, Pipeline, Value};

use crate::store::redis::{
    failure::{Failure, Kind},
    link, reply,
};

/// Commands for the server that has the slot.
pub(in crate::store::redis) struct Request {
    pub(in crate::store::redis) slot: u16,
    /// More than one are one step.
    pub(in crate::store::redis) commands: Vec<Cmd>,
    /// The source of the script that the command calls by its digest.
    pub(in crate::store::redis) script: Option<&'static str>,
    /// Nothing is changed: a replica may answer.
    pub(in crate::store::redis) only_reads: bool,
    /// Doing it twice is as good as once.
    pub(in crate::store::redis) repeatable: bool,
}

/// A request as it is sent.
pub(super) struct Packed {
    pub(super) pipeline: Pipeline,
    /// Answers before those of the commands.
    before: usize,
    commands: usize,
    /// Replicas that must confirm.
    min_replicas: u32,
}

impl Request {
    /// `asking`: the server has the key though not the slot. `with_script`: it does not know the script.
    pub(super) fn pack(
        &self,
        asking: bool,
        with_script: bool,
        min_replicas: u32,
        patience: Duration,
    ) -> Packed {
        let mut pipeline = Pipeline::new();
        let mut before = 0;
        if let (true, Some(source)) = (with_script, self.script) {
            pipeline.cmd("SCRIPT").arg("LOAD").arg(source);
            before += 1;
        }
        if asking {
            pipeline.cmd("ASKING");
            before += 1;
        }
        let transaction = self.commands.len() > 1;
        if transaction {
            pipeline.cmd("MULTI");
        }
        for command in &self.commands {
            pipeline.add_command(command.clone());
        }
        if transaction {
            pipeline.cmd("EXEC");
        }
        if min_replicas > 0 {
            // Half of the time, so that the answer is not late itself.
            let ms = u64::try_from(patience.as_millis() / 2).unwrap_or(u64::MAX);
            pipeline.cmd("WAIT").arg(min_replicas).arg(ms.max(1));
        }
        Packed {
            pipeline,
            before,
            commands: self.commands.len(),
            min_replicas,
        }
    }
}

impl Packed {
    /// The answers to the commands alone.
    pub(super) fn unpack(
        &self,
        mut values: Vec<Value>,
        server: &str,
    ) -> Result<Vec<Value>, Failure> {
        let confirmed = (self.min_replicas > 0).then(|| values.pop()).flatten();
        if values.len() < self.before {
            return Err(link::too_few(server));
        }
        let answers = values.split_off(self.before);
        let answers = if self.commands > 1 {
            transaction(answers, self.commands, server)?
        } else {
            single(answers, server)?
        };
        match confirmed {
            Some(Value::Int(have)) if have < i64::from(self.min_replicas) => {
                Err(Failure::too_few_replicas(server, self.min_replicas, have))
            }
            Some(Value::ServerError(error)) => {
                let text = reply::text(&error);
                Err(Failure::new(
                    Kind::Unknown,
                    Failure::from_server(&text, server).text,
                ))
            }
            _ => Ok(answers),
        }
    }
}

/// A command of its own. What is its own mistake stays an answer.
fn single(answers: Vec<Value>, server: &str) -> Result<Vec<Value>, Failure> {
    match answers.as_slice() {
        [Value::ServerError(error)] if !matches!(error.code(), "ERR" | "WRONGTYPE") => {
            Err(Failure::from_server(&reply::text(error), server))
        }
        [_] => Ok(answers),
        _ => Err(link::too_few(server)),
    }
}

/// The list that `EXEC` answers with. If it was not executed, the reason is the first error before it.
fn transaction(
    mut answers: Vec<Value>,
    commands: usize,
    server: &str,
) -> Result<Vec<Value>, Failure> {
    match answers.pop() {
        Some(Value::Array(values)) if values.len() == commands => Ok(values),
        Some(last) => {
            answers.push(last);
            Err(link::first_error(&answers, server).unwrap_or_else(|| link::too_few(server)))
        }
        None => Err(link::too_few(server)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn request(commands: &[&str], script: Option<&'static str>) -> Request {
        Request {
            slot: 0,
            commands: commands.iter().map(|word| redis::cmd(word)).collect(),
            script,
            only_reads: false,
            repeatable: false,
        }
    }

    fn words(packed: &Packed) -> String {
        let text = String::from_utf8(packed.pipeline.get_packed_pipeline()).unwrap();
        let words = text
            .split("\r\n")
            .filter(|part| !part.starts_with(['*', '$']));
        words.collect::<Vec<_>>().join(" ").trim().to_owned()
    }

    fn error(text: &str) -> Value {
        redis::parse_redis_value(format!("-{text}\r\n").as_bytes()).unwrap()
    }

    fn queued() -> Value {
        Value::SimpleString("QUEUED".to_owned())
    }

    #[test]
    fn requests_are_packed_into_one_write() {
        let one = request(&["A"], Some("return 1"));
        let two = request(&["A", "B"], None);
        assert_eq!(words(&one.pack(false, false, 0, SECOND)), "A");
        assert_eq!(words(&two.pack(false, false, 0, SECOND)), "MULTI A B EXEC");
        assert_eq!(
            words(&two.pack(true, false, 0, SECOND)),
            "ASKING MULTI A B EXEC"
        );
        assert_eq!(
            words(&one.pack(true, true, 2, SECOND)),
            "SCRIPT LOAD return 1 ASKING A WAIT 2 500"
        );
    }

    #[test]
    fn answers_are_those_of_the_commands() {
        let packed = request(&["A"], Some("s")).pack(true, true, 1, SECOND);
        let values = vec![Value::Okay, Value::Okay, Value::Int(7), Value::Int(1)];
        assert_eq!(packed.unpack(values, "h:1"), Ok(vec![Value::Int(7)]));

        let packed = request(&["A", "B"], None).pack(false, false, 0, SECOND);
        let done = vec![Value::Int(1), error("WRONGTYPE Operation")];
        let values = vec![Value::Okay, queued(), queued(), Value::Array(done.clone())];
        assert_eq!(packed.unpack(values, "h:1"), Ok(done));
    }

    #[test]
    fn a_transaction_that_was_refused_says_why() {
        let packed = request(&["A", "B"], None).pack(false, false, 0, SECOND);
        let values = vec![
            Value::Okay,
            queued(),
            error("MOVED 7 10.0.0.2:6379"),
            error("EXECABORT Transaction discarded because of previous errors."),
        ];
        let failure = packed.unpack(values, "h:1").unwrap_err();
        assert_eq!(failure.kind, Kind::Moved("10.0.0.2:6379".to_owned()));
    }

    #[test]
    fn too_few_replicas_are_a_failure_of_unknown_fate() {
        let packed = request(&["A"], None).pack(false, false, 2, SECOND);
        let failure = packed
            .unpack(vec![Value::Okay, Value::Int(1)], "h:1")
            .unwrap_err();
        assert_eq!(failure.kind, Kind::Unknown);
    }

    #[test]
    fn nonsense_is_a_failure() {
        let packed = request(&["A", "B"], None).pack(false, false, 0, SECOND);
        for values in [vec![], vec![Value::Nil], vec![Value::Okay, Value::Nil]] {
            assert!(packed.unpack(values, "h:1").is_err());
        }
    }
}
