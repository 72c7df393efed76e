//! HTTP: parses requests into `auth::Request`, maps decisions and errors to responses in one place.
