//! Checks against servers that misbehave.
