//! Master users: one's password, another's account.

use serde_json::json;

use crate::support::{CACHED, Site, login};

fn site(masters: &str) -> Site {
    let configuration = format!(
        "{CACHED}\npipeline:\n  backends: [{{name: users, script: lua/users.lua}}]\n  \
         master_users: {masters}\n"
    );
    let site = Site::start(&configuration, &["users"]);
    site.users.set("root", "masterful");
    site.users.set("bob", "ordinary");
    site
}

#[test]
fn the_masters_password_opens_the_targets_account() {
    for (masters, name) in [
        ("{accounts: [root]}", "alice*root"),
        ("{accounts: [root], delimiter: \"#\"}", "alice#root"),
        (
            "{accounts: [root], format: \"{master_user}>{user}\"}",
            "root>alice",
        ),
    ] {
        let site = site(masters);
        // The second time the master's password is known already; the answer is the same.
        for _ in 0..2 {
            let response = site.log_in(name, "masterful");
            assert_eq!(response.status, 200, "{name}");
            assert_eq!(response.header("Auth-User"), Some("alice"));
            assert_eq!(response.json()["attributes"]["account"], json!(["alice"]));
        }
        assert_eq!(site.asked(), 1);
        assert_eq!(site.log_in(name, "right").status, 403);
        assert!(
            site.server.log().contains("master_user"),
            "{}",
            site.server.log()
        );
    }
}

#[test]
fn nobody_else_gets_in_this_way() {
    let site = site("{accounts: [root], networks: [192.0.2.0/24]}");
    for (name, password, status) in [
        ("alice*root", "masterful", 200),
        // Bob is no master, although his password is right.
        ("alice*bob", "ordinary", 403),
        ("nobody*root", "masterful", 403),
        ("alice*nobody", "masterful", 403),
        ("alice*bob*root", "masterful", 403),
        ("alice*", "masterful", 403),
    ] {
        assert_eq!(site.log_in(name, password).status, status, "{name}");
    }
    let elsewhere = login(
        "alice*root",
        "masterful",
        json!({"client_ip": "198.51.100.1"}),
    );
    assert_eq!(site.server.send(&elsewhere).status, 403);
    // An outage is no wrong password here either.
    site.users.answer_all(Some(503));
    assert_eq!(site.log_in("bob*root", "masterful").status, 500);
}
