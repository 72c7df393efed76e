//! A filter that counts its calls, reads the whole request, makes one host call and adds attributes:
//! what benches measure, and proof of whether an instance is fresh.
//!
//! Answers with `calls` (1 in a fresh instance, counting up in a pooled one), `request_bytes` (length
//! of all texts of the request) and `attributes` (how many the backend gave).

use std::cell::Cell;

use bulkhead_sdk::{Failure, Filter, Plugin, Problem, Request, clock, filter::Answer};

struct Counter {
    calls: Cell<i64>,
}

impl Plugin for Counter {
    type Configuration = ();

    fn new((): ()) -> Result<Self, Vec<Problem>> {
        Ok(Self {
            calls: Cell::new(0),
        })
    }
}

impl Filter for Counter {
    fn run(&self, request: &Request) -> Result<Answer, Failure> {
        self.calls.set(self.calls.get().saturating_add(1));
        let texts = [
            &request.session,
            &request.external_session,
            &request.service,
            &request.protocol,
            &request.method,
            &request.username,
            &request.client.address,
            &request.client.port,
            &request.client.hostname,
            &request.client.id,
            &request.client.user_agent,
            &request.local.address,
            &request.local.port,
            &request.progress.account,
        ];
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        let started = clock::monotonic();
        Ok(Answer::keep()
            .with_attribute("calls", self.calls.get())
            .with_attribute("request_bytes", i64::try_from(bytes)?)
            .with_attribute(
                "attributes",
                i64::try_from(request.progress.attributes.len())?,
            )
            .with_attribute("clock_runs", started.as_nanos() > 0))
    }
}

bulkhead_sdk::export_filter!(Counter);

#[cfg(test)]
mod tests {
    use bulkhead_sdk::{
        Value,
        testing::{TestHost, configure, request, run_filter},
    };

    use super::*;

    #[test]
    fn calls_count_up_within_one_instance() {
        let plugin = configure::<Counter>("null").unwrap();
        for wanted in 1..=3 {
            let answer = run_filter(&plugin, &TestHost::new(), request().build()).unwrap();
            assert_eq!(answer.add_attributes[0].values, [Value::Integer(wanted)]);
        }
    }
}
