//! A feature that misbehaves as told; see the crate `hostile`. Attributes cannot be told in a
//! feature's answer: they become log fields.

use bulkhead_sdk::{Failure, Feature, Plugin, Problem, Request, feature::Answer, log};
use hostile::{Configuration, Hostile, Outcome, Say};

struct Guest(Hostile);

impl Plugin for Guest {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        Hostile::new(configuration).map(Self)
    }
}

impl Feature for Guest {
    fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let Outcome {
            say,
            message,
            attributes,
            headers,
        } = self.0.run(request)?;
        let mut answer = match say {
            Say::Nothing => Answer::pass(),
            Say::Accept => Answer::abort(),
            Say::Reject => Answer::reject(),
            Say::TemporaryFailure => Answer::temporary_failure(),
        };
        for attribute in attributes {
            for value in attribute.values {
                log::add_field(&attribute.name, value);
            }
        }
        answer.status_message = message;
        answer.response_headers = headers;
        Ok(answer)
    }
}

bulkhead_sdk::export_feature!(Guest);
