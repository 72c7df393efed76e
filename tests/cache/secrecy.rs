//! What a copy of the store shows: nothing.

use std::{fs, time::Duration};

use bulkhead_harness::wait;

use crate::support::{BACKENDS, CACHED, Site};

#[test]
fn the_store_holds_no_name_password_or_attribute_in_the_clear() {
    let mut site = Site::start(&format!("{CACHED}{BACKENDS}"), &["users"]);
    site.users.set("wonderland", "through-the-looking-glass");
    let file = site.server.folder().join("store.redb");
    let login = |site: &Site| {
        site.log_in("wonderland", "through-the-looking-glass")
            .status
    };
    assert_eq!(login(&site), 200);
    // It is there: after a restart the store answers.
    site.server.restart();
    assert_eq!(login(&site), 200);
    assert_eq!(site.asked(), 1);
    site.server.stop();
    let holds = |text: &str| {
        let bytes = fs::read(&file).unwrap();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(wait::until(Duration::from_secs(5), || holds("version")
        || holds("entries")));
    for secret in ["wonderland", "through-the-looking-glass", "private-mailbox"] {
        assert!(!holds(secret), "{secret}");
    }
}
