//! How lists are asked and judged: scores, outages, exceptions, and mistakes in the configuration.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use bulkhead_sdk::{
    dns::{Data, Error, Kind},
    feature::Verdict as Said,
    testing::{TestHost, configure, request, run_feature},
};

use super::*;

const LISTS_JSON: &str = r#"{
    "threshold": 10,
    "lists": [
        {"name": "zen", "zone": "zen.example", "return_codes": ["127.0.0.2", "127.0.0.4/30"], "weight": 6},
        {"name": "old", "rbl": "old.example.", "return_code": "127.0.0.2", "weight": 5, "allow_failure": true},
        {"name": "good", "zone": "good.example", "return_codes": ["127.0.0.0/16"], "weight": -20, "ipv6": false}
    ],
    "ip_allowlist": ["198.51.100.0/24"],
    "allowlist": {"alice": ["203.0.113.0/24"]}
}"#;

fn addresses(texts: &[&str]) -> Result<Vec<Data>, Error> {
    Ok(texts
        .iter()
        .map(|text| Data::Address((*text).to_owned()))
        .collect())
}

fn with(host: TestHost, zone: &str, answer: Result<Vec<Data>, Error>) -> TestHost {
    host.with_name(&format!("1.2.0.192.{zone}"), Kind::A, answer)
}

fn ask(host: &TestHost, request: Request) -> Result<Answer, Failure> {
    run_feature(&configure::<Rbl>(LISTS_JSON).unwrap(), host, request)
}

#[test]
fn weights_add_up_and_the_threshold_rejects() {
    let listed: &[&str] = &["127.0.0.2"];
    let not: &[&str] = &[];
    let rows = [
        (listed, listed, not, 11, Said::Reject),
        (listed, not, not, 6, Said::Pass),
        (not, listed, not, 5, Said::Pass),
        (listed, listed, listed, -9, Said::Pass),
        (not, not, not, 0, Said::Pass),
    ];
    for (zen, old, good, score, said) in rows {
        let mut host = TestHost::new();
        for (zone, answer) in [("zen", zen), ("old", old), ("good", good)] {
            if !answer.is_empty() {
                host = with(host, &format!("{zone}.example"), addresses(answer));
            }
        }
        let answer = ask(&host, request().build()).unwrap();
        assert_eq!(answer.verdict, said, "{zen:?} {old:?} {good:?}");
        let facts: Facts = host.context("rbl").unwrap();
        assert_eq!(facts.score, score);
        assert_eq!(facts.listed, said == Said::Reject);
    }
}

#[test]
fn the_threshold_itself_rejects_and_one_less_does_not() {
    for (threshold, said) in [(6, Said::Reject), (7, Said::Pass)] {
        let json = LISTS_JSON.replace("\"threshold\": 10", &format!("\"threshold\": {threshold}"));
        let host = with(TestHost::new(), "zen.example", addresses(&["127.0.0.2"]));
        let plugin = configure::<Rbl>(&json).unwrap();
        let answer = run_feature(&plugin, &host, request().build()).unwrap();
        assert_eq!(answer.verdict, said, "{threshold}");
    }
}

#[test]
fn a_reject_names_its_event_and_leaves_facts_fields_and_metrics() {
    let host = with(
        TestHost::new(),
        "zen.example",
        addresses(&["127.0.0.6", "127.0.0.9"]),
    );
    let host = with(host, "old.example", addresses(&["127.0.0.2"]));
    let answer = ask(&host, request().build()).unwrap();
    assert_eq!(answer.event, Some(Event::Rbl));
    // Clients are not told why.
    assert_eq!(answer.status_message, None);
    let facts: Facts = host.context("rbl").unwrap();
    assert_eq!(facts.matched_lists, ["zen", "old"]);
    assert_eq!(facts.lists["zen"].codes, ["127.0.0.6"]);
    assert!(!facts.lists["good"].listed);
    assert_eq!(
        host.log_fields(),
        [
            ("rbl_score".to_owned(), 11.into()),
            ("rbl_lists".to_owned(), "zen,old".into())
        ]
    );
    let labels = [("rbl", "zen"), ("answer", "listed")];
    assert_eq!(host.metric("rbl_answers_total", &labels), Some(1.0));
    assert_eq!(
        host.metric("rbl_duration_seconds", &[("rbl", "good")]),
        Some(0.001)
    );
}

#[test]
fn only_return_codes_count() {
    let rows: [(&[&str], Said); 6] = [
        (&["127.0.0.2"], Said::Reject),
        (&["127.0.0.7"], Said::Reject),
        (&["127.0.0.8"], Said::Pass),
        // A resolver that has an answer for everything.
        (&["127.0.0.1"], Said::Pass),
        (&["203.0.113.80"], Said::Pass),
        (&["127.0.0.1", "127.0.0.5"], Said::Reject),
    ];
    let json = LISTS_JSON.replace("\"threshold\": 10", "\"threshold\": 6");
    let plugin = configure::<Rbl>(&json).unwrap();
    for (answer, said) in rows {
        let host = with(TestHost::new(), "zen.example", addresses(answer));
        let verdict = run_feature(&plugin, &host, request().build())
            .unwrap()
            .verdict;
        assert_eq!(verdict, said, "{answer:?}");
    }
}

#[test]
fn a_list_without_an_answer_is_a_failure_whatever_the_others_say() {
    let failures = [
        Error::TimedOut,
        Error::Refused,
        Error::ServerFailure("SERVFAIL".to_owned()),
        Error::Network("unreachable".to_owned()),
        Error::Malformed("garbage".to_owned()),
        Error::Overloaded,
        Error::Denied("zone".to_owned()),
        Error::Invalid("name".to_owned()),
    ];
    for failure in failures {
        for others in [None, Some("127.0.0.2")] {
            let mut host = with(TestHost::new(), "zen.example", Err(failure.clone()));
            if let Some(code) = others {
                host = with(host, "old.example", addresses(&[code]));
                host = with(host, "good.example", addresses(&[code]));
            }
            let error = ask(&host, request().build()).unwrap_err();
            assert!(error.message.contains("zen"), "{error:?}");
            assert_eq!(host.context::<Facts>("rbl"), None);
        }
    }
}

#[test]
fn a_list_that_may_be_missing_counts_as_not_listed() {
    let host = with(TestHost::new(), "old.example", Err(Error::TimedOut));
    let host = with(host, "zen.example", addresses(&["127.0.0.2"]));
    let answer = ask(&host, request().build()).unwrap();
    assert_eq!(answer.verdict, Said::Pass);
    let facts: Facts = host.context("rbl").unwrap();
    assert_eq!(
        (facts.score, facts.failed_lists),
        (6, vec!["old".to_owned()])
    );
    let fields = host.log_fields();
    assert!(
        fields.contains(&("rbl_failed".to_owned(), "old".into())),
        "{fields:?}"
    );
}

#[test]
fn nobody_is_rejected_because_a_list_of_good_reputation_is_missing() {
    let json = LISTS_JSON.replace(
        "\"weight\": -20",
        "\"weight\": -20, \"allow_failure\": true",
    );
    let plugin = configure::<Rbl>(&json).unwrap();
    let listed = || {
        let host = with(TestHost::new(), "zen.example", addresses(&["127.0.0.2"]));
        with(host, "old.example", addresses(&["127.0.0.2"]))
    };
    let missing = with(listed(), "good.example", Err(Error::TimedOut));
    let error = run_feature(&plugin, &missing, request().build()).unwrap_err();
    assert!(error.message.contains("good"), "{error:?}");
    let answer = run_feature(&plugin, &listed(), request().build()).unwrap();
    assert_eq!(answer.verdict, Said::Reject);
    // It would have lowered the score, but the login passes anyway.
    let harmless = with(TestHost::new(), "good.example", Err(Error::TimedOut));
    assert_eq!(
        run_feature(&plugin, &harmless, request().build()).unwrap(),
        Answer::pass()
    );
}

#[test]
fn an_excuse_is_no_answer() {
    let host = with(
        TestHost::new(),
        "zen.example",
        addresses(&["127.255.255.254"]),
    );
    let error = ask(&host, request().build()).unwrap_err();
    assert!(error.message.contains("zen"), "{error:?}");
}

#[test]
fn a_name_without_addresses_is_not_listed() {
    let host = with(TestHost::new(), "zen.example", Ok(Vec::new()));
    assert_eq!(ask(&host, request().build()).unwrap(), Answer::pass());
}

#[test]
fn every_list_of_the_family_is_asked_about_the_reversed_address() {
    let ipv4 = [
        "1.2.0.192.zen.example",
        "1.2.0.192.old.example",
        "1.2.0.192.good.example",
    ];
    let nibbles = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2";
    let ipv6 = [
        format!("{nibbles}.zen.example"),
        format!("{nibbles}.old.example"),
    ];
    let rows: [(&str, Vec<&str>); 3] = [
        ("192.0.2.1", ipv4.to_vec()),
        ("::ffff:192.0.2.1", ipv4.to_vec()),
        ("2001:db8::1", ipv6.iter().map(String::as_str).collect()),
    ];
    for (address, wanted) in rows {
        let host = TestHost::new();
        ask(&host, request().client_address(address).build()).unwrap();
        let asked: Vec<_> = host.asked().into_iter().map(|one| one.name).collect();
        assert_eq!(asked, wanted, "{address}");
    }
}

#[test]
fn some_are_never_asked_about() {
    let rows = [
        ("bob", "198.51.100.7", false),
        ("bob", "::ffff:198.51.100.7", false),
        ("alice", "203.0.113.9", false),
        ("bob", "203.0.113.9", true),
        ("bob", "127.0.0.1", false),
        ("bob", "10.1.2.3", false),
        ("bob", "fe80::1", false),
        ("bob", "", false),
        ("bob", "192.0.2.1", true),
    ];
    for (user, address, asked) in rows {
        let host = TestHost::new();
        let request = request().username(user).client_address(address).build();
        assert_eq!(ask(&host, request).unwrap(), Answer::pass());
        assert_eq!(!host.asked().is_empty(), asked, "{user} {address}");
        assert_eq!(host.context::<Facts>("rbl").is_some(), asked);
    }
}

#[test]
fn private_addresses_are_asked_about_where_that_is_wanted() {
    let json = LISTS_JSON.replace("\"threshold\"", "\"skip_private\": false, \"threshold\"");
    let host = TestHost::new();
    let plugin = configure::<Rbl>(&json).unwrap();
    run_feature(
        &plugin,
        &host,
        request().client_address("127.0.0.2").build(),
    )
    .unwrap();
    assert_eq!(host.asked().len(), 3);
}

#[test]
fn every_mistake_is_a_problem_at_its_place() {
    let list = |more: &str| {
        format!(
            r#"{{"threshold": 1, "lists": [{{"name": "a", "zone": "a.example", "weight": 1, "return_code": "127.0.0.2"{more}}}]}}"#
        )
    };
    let twice = r#"{"name": "a", "zone": "a.example", "weight": 1, "return_code": "127.0.0.2"}"#;
    let many =
        vec![r#"{"name": "a", "zone": "a", "weight": 1, "return_code": "127.0.0.2"}"#; LISTS + 1];
    let cases = [
        (
            list("").replace("\"threshold\": 1", "\"threshold\": 0"),
            "threshold",
        ),
        (r#"{"threshold": 1, "lists": []}"#.to_owned(), "lists"),
        (
            format!(r#"{{"threshold": 1, "lists": [{}]}}"#, many.join(",")),
            "lists",
        ),
        (
            list("").replace("\"weight\": 1", "\"weight\": 101"),
            "lists[0].weight",
        ),
        (
            list("").replace("\"weight\": 1", "\"weight\": -101"),
            "lists[0].weight",
        ),
        (list("").replace("a.example", "a..example"), "lists[0].zone"),
        (
            list("").replace("a.example", &"a.".repeat(100)),
            "lists[0].zone",
        ),
        (list("").replace("127.0.0.2", "two"), "lists[0].return_code"),
        (
            list(r#", "return_codes": ["127.0.0.3", "x"]"#),
            "lists[0].return_codes[1]",
        ),
        (
            list("").replace(", \"return_code\": \"127.0.0.2\"", ""),
            "lists[0].return_codes",
        ),
        (list(r#", "ipv4": false, "ipv6": false"#), "lists[0].ipv4"),
        (
            format!(r#"{{"threshold": 1, "lists": [{twice}, {twice}]}}"#),
            "lists[1].name",
        ),
        (
            list("").replace("\"threshold\"", "\"timeout_ms\": 60001, \"threshold\""),
            "timeout_ms",
        ),
        (
            list("").replace("\"threshold\"", "\"ip_allowlist\": [\"x\"], \"threshold\""),
            "ip_allowlist[0]",
        ),
        (
            list("").replace(
                "\"threshold\"",
                "\"allowlist\": {\"a\": [\"x\"]}, \"threshold\"",
            ),
            "allowlist.a[0]",
        ),
    ];
    for (json, path) in cases {
        let problems = configure::<Rbl>(&json).unwrap_err();
        assert_eq!(problems.first().unwrap().path, path, "{json}");
    }
    assert!(configure::<Rbl>(&list("")).is_ok());
}
