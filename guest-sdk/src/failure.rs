//! Why a plugin could not do its work.

use std::{error::Error, fmt};

/// Why a plugin could not do its work: an outage, not an opinion.
///
/// The text goes to the server's log and the decision's trace, never to the client. The plugin's
/// `on_error` verdict applies: a temporary failure, unless the operator chose otherwise.
///
/// Every error converts into it, so `?` works on all of them. That is also why it is no
/// `std::error::Error` itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    /// For the operator. Must hold no password.
    pub message: String,
}

impl Failure {
    /// A failure with a text of your own.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Many errors already print their cause.
            if !message.contains(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            source = cause.source();
        }
        Self { message }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Failure({:?})", self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn question_mark_keeps_the_chain_of_causes() {
        let failure = Failure::from(Outer(std::fmt::Error));
        assert_eq!(failure.message, format!("outer: {}", std::fmt::Error));
    }
}
