//! The smallest program that still differs, as far as steps that make it smaller lead there.

use super::batch::{self, Outcome};
use super::corpus::Version;
use super::tree::Node;

/// Candidates that are tried at once.
const AT_ONCE: usize = 64;
/// A program that hangs costs the whole time limit: give up after so many batches.
const BATCHES: usize = 60;

/// Makes the program smaller as long as both still say different things.
pub fn shrink(version: Version, mut program: Node, mut outcome: Outcome) -> (Node, Outcome) {
    let mut batches = 0;
    'smaller: loop {
        let candidates = program.reductions();
        for some in candidates.chunks(AT_ONCE) {
            batches += 1;
            if batches > BATCHES {
                return (program, outcome);
            }
            let outcomes = batch::run(version, some);
            let found = some.iter().zip(outcomes).find(|(_, one)| one.differs());
            if let Some((smaller, why)) = found {
                program = smaller.clone();
                outcome = why;
                continue 'smaller;
            }
        }
        return (program, outcome);
    }
}
