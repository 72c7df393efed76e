//! An action that misbehaves as told; see the crate `hostile`. What others tell in their answer, it
//! tells in log fields.

use bulkhead_sdk::{Action, Event, Failure, Plugin, Problem, Request, log};
use hostile::{Configuration, Hostile};

struct Guest(Hostile);

impl Plugin for Guest {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        Hostile::new(configuration).map(Self)
    }
}

impl Action for Guest {
    fn run(&self, request: &Request, _event: Event) -> Result<(), Failure> {
        for attribute in self.0.run(request)?.attributes {
            for value in attribute.values {
                log::add_field(&attribute.name, value);
            }
        }
        Ok(())
    }
}

bulkhead_sdk::export_action!(Guest);
