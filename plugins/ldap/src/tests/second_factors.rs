//! One-time secrets and recovery codes.

use super::*;

#[test]
fn a_one_time_secret_is_stored_with_the_class_that_allows_it() {
    let host = directory();
    let stored = ask(
        &host,
        request().build(),
        Operation::AddTotp("NEW".to_owned()),
    );
    assert_eq!(stored, Ok(Answer::Done));
    let [change] = host.modifications().try_into().unwrap();
    assert_eq!((change.pool.as_str(), change.dn.as_str()), ("main", DN));
    let [class, secret] = change.changes.try_into().unwrap();
    assert_eq!(
        (class.kind, class.attribute.as_str()),
        (ChangeKind::Add, "objectClass")
    );
    assert_eq!(
        (secret.kind, secret.attribute.as_str()),
        (ChangeKind::Replace, "otpSecret")
    );
    assert_eq!(secret.values, [b"NEW"]);
}

#[test]
fn secrets_and_codes_are_removed_as_a_whole() {
    for (operation, attribute) in [
        (Operation::DeleteTotp, "otpSecret"),
        (Operation::DeleteRecoveryCodes, "otpCodes"),
    ] {
        let host = directory();
        assert_eq!(ask(&host, request().build(), operation), Ok(Answer::Done));
        let [change] = host.modifications().try_into().unwrap();
        assert_eq!(change.changes.len(), 1);
        assert_eq!(change.changes[0].attribute, attribute);
        assert!(change.changes[0].values.is_empty());
    }
}

#[test]
fn what_is_not_mapped_or_unknown_is_the_next_backends() {
    let answer = ask(&TestHost::new(), request().build(), Operation::DeleteTotp);
    assert_eq!(answer, Ok(Answer::Unsupported));
    let answer = ask(
        &directory(),
        request().build(),
        Operation::GetWebauthnCredentials,
    );
    assert_eq!(answer, Ok(Answer::Unsupported));
}

#[test]
fn recovery_codes_are_stored_together_in_the_attribute_that_is_mapped() {
    let host = directory();
    let codes = ["one", "two"].map(str::to_owned);
    let operation = Operation::AddRecoveryCodes(codes.to_vec());
    assert_eq!(ask(&host, request().build(), operation), Ok(Answer::Done));
    let [change] = host.modifications().try_into().unwrap();
    // No class is mapped for them.
    let [stored] = change.changes.try_into().unwrap();
    assert_eq!(
        (stored.kind, stored.attribute.as_str()),
        (ChangeKind::Replace, "otpCodes")
    );
    assert_eq!(stored.values, [b"one", b"two"]);
}

#[test]
fn a_class_that_the_entry_has_is_not_added_again() {
    let host = TestHost::new().with_entry(
        DN,
        &[
            ("uid", "alice"),
            ("objectClass", "person"),
            ("objectClass", "OTPUSER"),
        ],
    );
    let operation = Operation::AddTotp("NEW".to_owned());
    assert_eq!(ask(&host, request().build(), operation), Ok(Answer::Done));
    let [change] = host.modifications().try_into().unwrap();
    assert_eq!(change.changes.len(), 1);
}

#[test]
fn second_factors_are_the_next_backends_only_where_nothing_is_mapped() {
    // The place that serves POP3 maps neither.
    let mut wanted = request().username("a@old").build();
    wanted.protocol = "pop3".to_owned();
    for operation in [
        Operation::AddTotp("NEW".to_owned()),
        Operation::DeleteTotp,
        Operation::AddRecoveryCodes(vec!["one".to_owned()]),
        Operation::DeleteRecoveryCodes,
    ] {
        let host = TestHost::new().with_entry("cn=a,dc=old", &[("mail", "a@old")]);
        let answer = ask(&host, wanted.clone(), operation.clone());
        assert_eq!(answer, Ok(Answer::Unsupported));
        assert!(host.searches().is_empty() && host.modifications().is_empty());
        // Where they are mapped, a directory that fails is a failure.
        let host = directory();
        host.set_directory_outage(Some(Error::TimedOut));
        assert!(ask(&host, request().build(), operation).is_err());
    }
}

#[test]
fn to_add_nothing_removes_nothing() {
    for operation in [
        Operation::AddTotp(String::new()),
        Operation::AddRecoveryCodes(Vec::new()),
    ] {
        let host = directory();
        assert!(ask(&host, request().build(), operation).is_err());
        assert!(host.modifications().is_empty());
    }
}

#[test]
fn filters_see_the_secret_that_is_stored_and_groups_the_one_that_is_there() {
    let configuration = PLACES
        .replace(
            "(uid=%L{user})",
            "(uid=%{user})(!(otpSecret=%{totp_secret}))",
        )
        .replace("(member=%{user_dn})", "(otp=%{totp_secret})");
    let plugin = configure::<Ldap>(&configuration).unwrap();
    let host = directory();
    let store = request().username("alice").build();
    let operation = Operation::AddTotp("*)(x=".to_owned());
    run_backend(&plugin, &host, store, operation).unwrap();
    let [stored] = host.searches().try_into().unwrap();
    assert_eq!(texts(&stored), ["alice", "*)(x="]);
    let host = directory();
    let login = request().username("alice").password("secret").build();
    run_backend(&plugin, &host, login, Operation::Verify).unwrap();
    let [user, groups] = host.searches().try_into().unwrap();
    assert_eq!(texts(&user), ["alice", ""]);
    assert_eq!(texts(&groups), ["JBSW"]);
}
