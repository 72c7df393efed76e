//! Where logins may come from: rules, exceptions, facts, outages, and mistakes in the configuration.
#![allow(clippy::unwrap_used)]
use bulkhead_sdk::{
    feature::Verdict,
    geoip::{Error, Facts as Found},
    testing::{TestHost, configure, request, run_feature},
};

use super::*;

/// Three addresses that databases know differently, and one of the inside.
fn host() -> TestHost {
    let place = |country: &str, continent: &str| Found {
        network: "192.0.2.0/24".to_owned(),
        country: Some(country.to_owned()),
        continent: Some(continent.to_owned()),
        ..Found::default()
    };
    let system = |asn| Found {
        network: "192.0.0.0/16".to_owned(),
        asn: Some(asn),
        organisation: Some("Example Networks".to_owned()),
        ..Found::default()
    };
    TestHost::new()
        .with_place("city", "192.0.2.1", Ok(place("DE", "EU")))
        .with_place("asn", "192.0.2.1", Ok(system(64496)))
        .with_place("city", "192.0.2.2", Ok(place("US", "NA")))
        .with_place("asn", "192.0.2.3", Ok(system(64511)))
        .with_place("city", "10.0.0.1", Ok(place("US", "NA")))
}

fn plugin(rules: &str) -> Geoip {
    configure(&format!(r#"{{"databases": ["city", "asn"]{rules}}}"#)).unwrap()
}

#[test]
fn rules_allow_and_reject_by_country_continent_and_system() {
    const GERMANY: &str = "192.0.2.1";
    const AMERICA: &str = "192.0.2.2";
    const SYSTEM_ONLY: &str = "192.0.2.3";
    const NOWHERE: &str = "192.0.2.4";
    let rows: [(&str, &[&str]); 12] = [
        (
            "",
            &[GERMANY, AMERICA, SYSTEM_ONLY, NOWHERE, "", "10.0.0.1"],
        ),
        (
            r#", "allow": {"countries": ["de"]}"#,
            &[GERMANY, "10.0.0.1"],
        ),
        (
            r#", "allow": {"continents": ["NA"]}"#,
            &[AMERICA, "10.0.0.1"],
        ),
        (
            r#", "allow": {"countries": ["US"], "asns": [64496]}"#,
            &[GERMANY, AMERICA, "10.0.0.1"],
        ),
        (
            r#", "allow": {"countries": ["DE"]}, "unknown": "pass""#,
            &[GERMANY, SYSTEM_ONLY, NOWHERE, "", "10.0.0.1"],
        ),
        (
            r#", "deny": {"countries": ["US"]}"#,
            &[GERMANY, SYSTEM_ONLY, NOWHERE, "", "10.0.0.1"],
        ),
        (
            r#", "deny": {"asns": [64511]}"#,
            &[GERMANY, AMERICA, NOWHERE, "", "10.0.0.1"],
        ),
        (
            r#", "deny": {"asns": [64511]}, "unknown": "reject""#,
            &[GERMANY, "10.0.0.1"],
        ),
        (
            r#", "deny": {"countries": ["US"]}, "skip_private": false"#,
            &[GERMANY, SYSTEM_ONLY, NOWHERE, ""],
        ),
        // `deny` counts, whatever `allow` says.
        (
            r#", "allow": {"countries": ["DE", "US"]}, "deny": {"asns": [64496]}"#,
            &[AMERICA, "10.0.0.1"],
        ),
        (
            r#", "deny": {"continents": ["EU", "NA"]}, "ip_allowlist": ["192.0.2.1"]"#,
            &[GERMANY, SYSTEM_ONLY, NOWHERE, "", "10.0.0.1"],
        ),
        (
            r#", "deny": {"continents": ["EU", "NA"]}, "allowlist": {"alice": ["192.0.2.2"]}"#,
            &[AMERICA, SYSTEM_ONLY, NOWHERE, "", "10.0.0.1"],
        ),
    ];
    for (rules, passing) in rows {
        let plugin = plugin(rules);
        for address in [GERMANY, AMERICA, SYSTEM_ONLY, NOWHERE, "", "10.0.0.1"] {
            let login = request().username("alice").client_address(address);
            let answer = run_feature(&plugin, &host(), login.build()).unwrap();
            let wanted = match passing.contains(&address) {
                true => Verdict::Pass,
                false => Verdict::Reject,
            };
            assert_eq!(answer.verdict, wanted, "{rules} {address:?}");
        }
    }
}

#[test]
fn databases_complete_each_other_and_leave_facts_and_fields() {
    let host = host();
    let login = request().client_address("::ffff:192.0.2.1").build();
    run_feature(&plugin(""), &host, login).unwrap();
    let facts: Facts = host.context("geoip").unwrap();
    let wanted = Facts {
        network: "192.0.2.0/24".to_owned(),
        country: Some("DE".to_owned()),
        continent: Some("EU".to_owned()),
        asn: Some(64496),
        organisation: Some("Example Networks".to_owned()),
        ..Facts::default()
    };
    assert_eq!(facts, wanted);
    let fields = [
        ("geoip_country".to_owned(), "DE".into()),
        ("geoip_asn".to_owned(), 64496.into()),
    ];
    assert_eq!(host.log_fields(), fields);
}

#[test]
fn a_rejected_login_leaves_facts_too_and_tells_the_client_what_is_configured() {
    let host = host();
    let plugin = plugin(r#", "deny": {"countries": ["US"]}, "status_message": "Not from there""#);
    let login = request().client_address("192.0.2.2").build();
    let answer = run_feature(&plugin, &host, login).unwrap();
    assert_eq!(answer.status_message.as_deref(), Some("Not from there"));
    assert!(host.context::<Facts>("geoip").is_some());
    let line = host.log().pop().unwrap();
    assert_eq!(
        line.message,
        "192.0.2.2 may not log in: the country US is denied"
    );
}

#[test]
fn a_database_that_cannot_be_used_is_a_failure_and_no_verdict() {
    for error in [
        Error::Unavailable("damaged".to_owned()),
        Error::Invalid("no such database".to_owned()),
        Error::Denied("geoip: [ asn ]".to_owned()),
    ] {
        let host = host().with_place("asn", "192.0.2.1", Err(error));
        let plugin = plugin(r#", "allow": {"countries": ["DE"]}"#);
        let login = request().client_address("192.0.2.1").build();
        assert!(run_feature(&plugin, &host, login).is_err());
        assert!(host.context::<Facts>("geoip").is_none());
    }
}

#[test]
fn every_mistake_is_a_problem_at_its_place() {
    let many = vec!["\"city\""; DATABASES + 1].join(",");
    let cases = [
        ("null".to_owned(), ""),
        (r#"{"databases": []}"#.to_owned(), "databases"),
        (format!(r#"{{"databases": [{many}]}}"#), "databases"),
        (
            r#"{"databases": ["a"], "allow": {"countries": ["DE", "Germany"]}}"#.to_owned(),
            "allow.countries[1]",
        ),
        (
            r#"{"databases": ["a"], "deny": {"continents": ["XX"]}}"#.to_owned(),
            "deny.continents[0]",
        ),
        (
            r#"{"databases": ["a"], "ip_allowlist": ["x"]}"#.to_owned(),
            "ip_allowlist[0]",
        ),
        (
            r#"{"databases": ["a"], "allowlist": {"bob": ["x"]}}"#.to_owned(),
            "allowlist.bob[0]",
        ),
        (
            r#"{"databases": ["a"], "unknown": "reject"}"#.to_owned(),
            "unknown",
        ),
        (r#"{"databases": ["a"], "denied": {}}"#.to_owned(), "denied"),
    ];
    for (json, path) in cases {
        let problems = configure::<Geoip>(&json).unwrap_err();
        assert_eq!(problems.first().unwrap().path, path, "{json}");
    }
    let most = vec!["\"city\""; DATABASES].join(",");
    assert!(configure::<Geoip>(&format!(r#"{{"databases": [{most}]}}"#)).is_ok());
}
