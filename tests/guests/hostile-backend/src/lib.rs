//! A backend that misbehaves as told; see the crate `hostile`. It knows every user and takes every
//! password, unless told to reject; `temporary-failure` is an unknown user.

use bulkhead_sdk::{
    Backend, Failure, Plugin, Problem, Request,
    backend::{Answer, Operation, User},
};
use hostile::{Configuration, Hostile, Outcome, Say};

struct Guest(Hostile);

impl Plugin for Guest {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        Hostile::new(configuration).map(Self)
    }
}

impl Backend for Guest {
    fn run(&self, request: &Request, operation: Operation) -> Result<Answer, Failure> {
        let Outcome {
            say, attributes, ..
        } = self.0.run(request)?;
        let user = match (say, &operation) {
            (Say::TemporaryFailure, _) => User::unknown(),
            (Say::Nothing | Say::Accept, Operation::Verify) => User::authenticated(),
            (Say::Reject, Operation::Verify) | (_, Operation::LookUp) => User::known(),
            (_, Operation::ListAccounts) => {
                let names = attributes.iter().map(|attribute| attribute.name.clone());
                return Ok(Answer::Accounts(names.collect()));
            }
            _ => return Ok(Answer::Unsupported),
        };
        let mut user = user.with_account("account", request.username.as_str());
        user.attributes.extend(attributes);
        Ok(user.into())
    }
}

bulkhead_sdk::export_backend!(Guest);
