//! The backend against a directory that is not there.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod decoy;
mod second_factors;

use bulkhead_sdk::{
    Attribute, Value,
    ldap::{
        ChangeKind, Entry, Error, Priority, Refusal, Scope, SearchReply, SearchRequest, Template,
    },
    testing::{TestHost, configure, request, run_backend},
};

use super::*;

const DN: &str = "uid=alice,ou=people,dc=example,dc=org";

const PLACES: &str = r#"{"search": [
    {"pool": "main", "protocols": ["imap"], "base": "ou=people,dc=example,dc=org",
     "filter": "(&(objectClass=person)(uid=%L{user}))", "list_filter": "(objectClass=person)",
     "mapping": {"account": "uid", "totp_secret": "otpSecret", "totp_object_class": "otpUser",
                 "totp_recovery": "otpCodes", "display_name": "displayName",
                 "unique_user_id": "entryUUID"},
     "attributes": ["quota"],
     "groups": {"base": "ou=groups,dc=example,dc=org", "filter": "(member=%{user_dn})"},
     "reject_codes": [53]},
    {"pool": "old", "base": "dc=old", "scope": "one", "filter": "(mail=%{user})",
     "mapping": {"account": "mail"}}
]}"#;

fn ask(host: &TestHost, request: Request, operation: Operation) -> Result<Answer, Failure> {
    let plugin = configure::<Ldap>(PLACES).unwrap();
    run_backend(&plugin, host, request, operation)
}

fn verify(host: &TestHost, password: &str) -> Result<User, Failure> {
    let request = request().username("Alice").password(password).build();
    ask(host, request, Operation::Verify).map(user)
}

fn user(answer: Answer) -> User {
    match answer {
        Answer::User(user) => user,
        other => panic!("{other:?}"),
    }
}

/// A directory that knows alice, and her groups.
fn directory() -> TestHost {
    TestHost::new()
        .with_entry(
            DN,
            &[
                ("uid", "alice"),
                ("displayName", "Alice A"),
                ("quota", "1G"),
                ("entryuuid", "8d1f"),
                ("otpSecret", "JBSW"),
            ],
        )
        .with_entry("cn=staff,ou=groups,dc=example,dc=org", &[("cn", "staff")])
        .with_directory_password(DN, "secret")
}

fn nothing() -> Result<SearchReply, Error> {
    Ok(SearchReply {
        entries: Vec::new(),
        more: false,
    })
}

fn texts(request: &SearchRequest) -> Vec<String> {
    let values = request.filter.values.iter();
    values
        .map(|value| String::from_utf8(value.clone()).unwrap())
        .collect()
}

#[test]
fn the_right_password_authenticates_and_the_user_is_described() {
    let host = directory();
    let alice = verify(&host, "secret").unwrap();
    assert!(alice.found && alice.authenticated);
    let attributes = [
        Attribute::new("quota", "1G"),
        Attribute::new("uid", "alice"),
        Attribute::new("otpSecret", "JBSW"),
        Attribute::new("displayName", "Alice A"),
        // Named as it was asked for.
        Attribute::new("entryUUID", "8d1f"),
    ];
    assert_eq!(alice.attributes, attributes);
    let fields = [
        &alice.account_field,
        &alice.totp_secret_field,
        &alice.totp_recovery_field,
        &alice.display_name_field,
        &alice.unique_user_id_field,
    ];
    assert_eq!(
        fields,
        ["uid", "otpSecret", "otpCodes", "displayName", "entryUUID"]
    );
    assert_eq!(alice.groups, ["staff"]);
    assert_eq!(alice.group_dns, ["cn=staff,ou=groups,dc=example,dc=org"]);
    assert_eq!(host.binds(), [("main".to_owned(), DN.to_owned())]);
}

#[test]
fn what_was_typed_travels_beside_the_filter() {
    let host = directory();
    verify(&host, "secret").unwrap();
    let [users, groups] = host.searches().try_into().unwrap();
    let filter = Template::new("(&(objectClass=person)(uid=%{0}))").value("alice");
    assert_eq!((users.filter, users.scope), (filter, Scope::Subtree));
    assert_eq!((users.size_limit, users.priority), (2, Priority::Normal));
    assert_eq!(texts(&groups), [DN]);
}

#[test]
fn the_wrong_password_leaves_the_user_known() {
    let alice = verify(&directory(), "guess").unwrap();
    assert!(alice.found && !alice.authenticated);
    assert_eq!(alice.account_field, "uid");
}

#[test]
fn an_empty_password_is_wrong_and_no_directory_is_asked() {
    let host = directory();
    let alice = verify(&host, "").unwrap();
    assert!(alice.found && !alice.authenticated);
    assert!(host.binds().is_empty());
}

#[test]
fn whom_no_place_knows_is_unknown() {
    let host = TestHost::new();
    assert!(!verify(&host, "secret").unwrap().found);
    let pools: Vec<_> = host
        .searches()
        .into_iter()
        .map(|search| search.pool)
        .collect();
    assert_eq!(pools, ["main", "old"]);
}

#[test]
fn an_entry_without_the_account_is_no_user() {
    let host = TestHost::new().with_entry(DN, &[("cn", "Alice")]);
    assert!(!verify(&host, "secret").unwrap().found);
    assert!(host.log()[0].message.contains("no attribute uid"));
}

#[test]
fn two_entries_for_one_name_are_a_failure() {
    let entries = vec![
        Entry::new(DN, &[("uid", "alice")]),
        Entry::new("uid=b", &[("uid", "alice")]),
    ];
    let host = TestHost::new().with_search(Ok(SearchReply {
        entries,
        more: false,
    }));
    let why = verify(&host, "secret").unwrap_err();
    assert!(why.message.contains("more than one entry"), "{why}");
    assert!(host.binds().is_empty());
}

#[test]
fn an_outage_is_a_failure_and_never_an_answer() {
    for error in [
        Error::Unavailable("down".to_owned()),
        Error::TimedOut,
        Error::Referral(vec!["ldap://b".to_owned()]),
        Error::SizeLimit("4".to_owned()),
        Error::NoSuchObject,
        Error::Protocol("?".to_owned()),
        Error::Denied("no".to_owned()),
    ] {
        let host = directory();
        host.set_directory_outage(Some(error.clone()));
        let why = verify(&host, "secret").unwrap_err();
        assert_eq!(why.message, error.to_string());
    }
}

#[test]
fn a_place_that_fails_does_not_hide_the_next() {
    let failed = || Err(Error::Unavailable("down".to_owned()));
    let host = TestHost::new()
        .with_search(failed())
        .with_entry("cn=alice,dc=old", &[("mail", "alice@old")])
        .with_directory_password("cn=alice,dc=old", "secret");
    assert!(verify(&host, "secret").unwrap().authenticated);
    // But if the next one does not know the user, nobody knows.
    let host = TestHost::new().with_search(failed()).with_search(nothing());
    assert!(verify(&host, "secret").is_err());
}

#[test]
fn an_answer_that_is_listed_rejects_and_another_is_a_failure() {
    for (code, rejects) in [(53, true), (19, false)] {
        let host = directory();
        host.fail_binds(Error::Refused(Refusal {
            code,
            message: "locked".to_owned(),
        }));
        let verified = verify(&host, "secret");
        assert_eq!(
            verified.is_ok_and(|user| user.found && !user.authenticated),
            rejects,
            "{code}"
        );
    }
}

#[test]
fn a_look_up_needs_no_password_and_lets_logins_go_first() {
    let host = directory();
    let mut wanted = request().username("alice").without_password().build();
    wanted.no_auth = true;
    let alice = user(ask(&host, wanted, Operation::LookUp).unwrap());
    assert!(alice.found && !alice.authenticated);
    assert!(host.binds().is_empty());
    assert_eq!(host.searches()[0].priority, Priority::Low);
}

#[test]
fn a_list_is_fetched_page_by_page_from_every_place_that_lists() {
    let entries = vec![
        Entry::new("a", &[("uid", "a")]),
        Entry::new("b", &[("cn", "b")]),
        Entry::new("c", &[("uid", "c")]),
    ];
    let host = TestHost::new().with_search(Ok(SearchReply {
        entries,
        more: false,
    }));
    let listed = ask(&host, request().build(), Operation::ListAccounts);
    assert_eq!(
        listed,
        Ok(Answer::Accounts(vec!["a".to_owned(), "c".to_owned()]))
    );
    let [search] = host.searches().try_into().unwrap();
    assert_eq!(
        (search.page_size, search.size_limit, search.priority),
        (500, 0, Priority::Low)
    );
    assert_eq!(search.attributes, ["uid"]);

    let host = TestHost::new();
    host.set_directory_outage(Some(Error::TimedOut));
    assert!(ask(&host, request().build(), Operation::ListAccounts).is_err());
}

#[test]
fn places_are_chosen_by_protocol() {
    let host = TestHost::new();
    let mut wanted = request().build();
    wanted.protocol = "pop3".to_owned();
    assert!(!user(ask(&host, wanted.clone(), Operation::Verify).unwrap()).found);
    assert_eq!(host.searches().len(), 1);
    // The place that is left lists nobody.
    assert_eq!(
        ask(&host, wanted.clone(), Operation::ListAccounts),
        Ok(Answer::Unsupported)
    );

    let only = r#"{"search": [{"pool": "main", "protocols": ["imap"], "base": "dc=org",
        "filter": "(uid=%{user})", "mapping": {"account": "uid"}}]}"#;
    let plugin = configure::<Ldap>(only).unwrap();
    let why = run_backend(&plugin, &host, wanted, Operation::Verify).unwrap_err();
    assert!(why.message.contains("`pop3`"), "{why}");
}

#[test]
fn bytes_that_are_no_text_stay_bytes() {
    let mut entry = Entry::new(DN, &[("uid", "alice"), ("quota", "x")]);
    entry.attributes[1].values[0] = vec![0xff];
    let host = TestHost::new().with_search(Ok(SearchReply {
        entries: vec![entry],
        more: false,
    }));
    let alice = verify(&host, "guess").unwrap();
    assert_eq!(alice.attributes[0].values, [Value::Bytes(vec![0xff])]);
}

#[test]
fn a_verification_without_the_grant_is_a_failure() {
    let request = request().without_password().build();
    let why = ask(&directory(), request, Operation::Verify).unwrap_err();
    assert!(why.message.contains("password: true"), "{why}");
}

#[test]
fn every_mistake_is_a_problem_at_its_place() {
    let place = |more: &str| {
        format!(
            r#"{{"search": [{{"pool": "p", "base": "dc=org", "filter": "(uid=%{{user}})",
                "mapping": {{"account": "uid"}} {more}}}]}}"#
        )
    };
    for (configuration, path) in [
        (r#"{"search": []}"#.to_owned(), "search"),
        (place("").replace("\"p\"", "\"\""), "search[0].pool"),
        (
            place("").replace("(uid=%{user})", "uid=%{user}"),
            "search[0].filter",
        ),
        (place("").replace("dc=org", "ou=%{who}"), "search[0].base"),
        (
            place("").replace("\"uid\"", "\"\""),
            "search[0].mapping.account",
        ),
        (
            place(r#", "list_filter": "(uid=%{user})""#),
            "search[0].list_filter",
        ),
        (
            place(r#", "list_filter": "(a=*)""#).replace("dc=org", "ou=%{domain}"),
            "search[0].base",
        ),
        (place(r#", "decoy_dn": """#), "search[0].decoy_dn"),
        (place(r#", "page_size": 0"#), "search[0].page_size"),
        (place(r#", "page_size": 10001"#), "search[0].page_size"),
        (place(r#", "groups": {}"#), "search[0].groups"),
        (
            place(r#", "groups": {"base": "dc=org", "filter": "x"}"#),
            "search[0].groups.filter",
        ),
        (place(r#", "scope": "subb""#), "search[0].scope"),
        (place(r#", "filters": """#), "search[0].filters"),
    ] {
        let problems = configure::<Ldap>(&configuration).unwrap_err();
        let paths: Vec<_> = problems
            .iter()
            .map(|problem| problem.path.as_str())
            .collect();
        assert_eq!(paths, [path], "{configuration}");
    }
    assert!(configure::<Ldap>(&place(r#", "page_size": 10000"#)).is_ok());
}
