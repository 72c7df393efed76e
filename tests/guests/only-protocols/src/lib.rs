//! Lets logins in over the listed protocols only.
use bulkhead_sdk::{Failure, Filter, Plugin, Problem, Request, filter::Answer};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct OnlyProtocols {
    allowed: Vec<String>,
}

impl Plugin for OnlyProtocols {
    type Configuration = Self;
    fn new(configuration: Self) -> Result<Self, Vec<Problem>> {
        Ok(configuration)
    }
}

impl Filter for OnlyProtocols {
    fn run(&self, request: &Request) -> Result<Answer, Failure> {
        if self.allowed.contains(&request.protocol) {
            return Ok(Answer::keep());
        }
        Ok(Answer::reject().with_status_message("Not over this protocol"))
    }
}

bulkhead_sdk::export_filter!(OnlyProtocols);

#[cfg(test)]
mod tests;
