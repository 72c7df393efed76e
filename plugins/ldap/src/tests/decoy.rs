//! A bind for users whom nobody knows.

use super::*;

const DECOY: &str = "uid=decoy,dc=example,dc=org";

/// Nobody is known, and the directory may be asked to bind as the decoy.
fn ask_decoy(host: &TestHost, password: &str) -> Result<User, Failure> {
    let decoy = format!(r#""reject_codes": [53], "decoy_dn": "{DECOY}""#);
    let configuration = PLACES.replace(r#""reject_codes": [53]"#, &decoy);
    let plugin = configure::<Ldap>(&configuration).unwrap();
    let request = request().username("nobody").password(password).build();
    run_backend(&plugin, host, request, Operation::Verify).map(user)
}

#[test]
fn a_user_whom_nobody_knows_takes_a_bind_too_and_stays_unknown() {
    for password in ["guess", "the decoy's own"] {
        let host = TestHost::new().with_directory_password(DECOY, "the decoy's own");
        assert_eq!(ask_decoy(&host, password), Ok(User::unknown()));
        assert_eq!(host.binds(), [("main".to_owned(), DECOY.to_owned())]);
        // All places were asked before.
        assert_eq!(host.searches().len(), 2);
    }
    // Nobody is asked for a known user's empty password either.
    let host = TestHost::new();
    assert_eq!(ask_decoy(&host, ""), Ok(User::unknown()));
    assert!(host.binds().is_empty());
}

#[test]
fn an_outage_does_not_tell_unknown_users_from_known_ones() {
    for error in [
        Error::Unavailable("down".to_owned()),
        Error::TimedOut,
        Error::Protocol("?".to_owned()),
    ] {
        let host = TestHost::new();
        host.fail_binds(error.clone());
        let why = ask_decoy(&host, "guess").unwrap_err();
        assert_eq!(why.message, error.to_string());
    }
}

#[test]
fn a_decoy_that_the_directory_does_not_take_is_reported_and_harms_nobody() {
    let host = TestHost::new();
    host.fail_binds(Error::Refused(Refusal {
        code: 34,
        message: "invalid DN".to_owned(),
    }));
    assert_eq!(ask_decoy(&host, "guess"), Ok(User::unknown()));
    assert!(host.log()[0].message.contains("decoy_dn"));
}

#[test]
fn without_a_decoy_nobody_is_bound_for_an_unknown_user() {
    let host = TestHost::new();
    assert!(!verify(&host, "guess").unwrap().found);
    assert!(host.binds().is_empty());
}
