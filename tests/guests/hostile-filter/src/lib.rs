//! A filter that misbehaves as told; see the crate `hostile`.

use bulkhead_sdk::{Failure, Filter, Plugin, Problem, Request, filter::Answer};
use hostile::{Configuration, Hostile, Outcome, Say};

struct Guest(Hostile);

impl Plugin for Guest {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        Hostile::new(configuration).map(Self)
    }
}

impl Filter for Guest {
    fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let Outcome {
            say,
            message,
            attributes,
            headers,
        } = self.0.run(request)?;
        let mut answer = match say {
            Say::Nothing => Answer::keep(),
            Say::Accept => Answer::accept(),
            Say::Reject => Answer::reject(),
            Say::TemporaryFailure => Answer::temporary_failure(),
        };
        answer.status_message = message;
        answer.add_attributes = attributes;
        answer.response_headers = headers;
        Ok(answer)
    }
}

bulkhead_sdk::export_filter!(Guest);
