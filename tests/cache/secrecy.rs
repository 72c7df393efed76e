//! What a copy of the store shows: nothing.

use std::fs;

use crate::support::{BACKENDS, CACHED, Site};

#[test]
fn the_store_holds_no_name_password_or_attribute_in_the_clear() {
    let mut site = Site::start(&format!("{CACHED}{BACKENDS}"), &["users"]);
    site.users.set("wonderland", "through-the-looking-glass");
    site.await_kept("wonderland", "through-the-looking-glass");
    site.server.stop();
    let bytes = fs::read(site.server.folder().join("store.redb")).unwrap();
    let holds = |text: &str| {
        let mut windows = bytes.windows(text.len());
        windows.any(|window| window == text.as_bytes())
    };
    // It is written there, and one can read what is not hidden.
    assert!(holds("passwords") && holds("entries"));
    for secret in ["wonderland", "through-the-looking-glass", "private-mailbox"] {
        assert!(!holds(secret), "{secret}");
    }
}
