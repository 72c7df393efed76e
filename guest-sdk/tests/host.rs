//! The SDK's calls against the test double: what a plugin's author relies on.

use std::time::Duration;

use bulkhead_sdk::{
    Attribute, Event, Failure, Password, Value, backend, clock, context, hook::HookRequest, http,
    incoming, log, metrics, password, random, secret, store, testing::TestHost,
};

type Tested = Result<(), Failure>;

#[test]
fn log_lines_and_fields_are_kept() {
    let host = TestHost::new();
    host.run(|| {
        log::warning(format_args!("{} of {}", 1, 2));
        log::add_field("nets", 3);
    });
    assert_eq!(host.log().len(), 1);
    assert!(host.log().iter().all(|line| line.message == "1 of 2"));
    assert_eq!(host.log_fields(), [("nets".to_owned(), Value::Integer(3))]);
}

#[test]
fn context_values_keep_their_type() -> Tested {
    let host = TestHost::new();
    host.run(|| {
        context::set("point", &(1, "x".to_owned()))?;
        assert_eq!(context::get("point"), Ok(Some((1, "x".to_owned()))));
        let other = context::get::<bool>("point").err();
        assert!(matches!(other, Some(context::Error::OtherType { .. })));
        context::delete("point");
        assert_eq!(context::get::<(i32, String)>("point"), Ok(None));
        Ok(())
    })
}

#[test]
fn two_hosts_share_nothing() {
    let (one, two) = (TestHost::new(), TestHost::new());
    one.run(|| two.run(|| log::info("inner")));
    assert_eq!((one.log().len(), two.log().len()), (0, 1));
}

#[test]
fn the_store_counts_and_forgets_in_time() -> Tested {
    let host = TestHost::new();
    let minute = Some(Duration::from_secs(60));
    host.run(|| {
        assert_eq!(store::increment("n", 2, minute)?, 2);
        host.advance(Duration::from_secs(59));
        // The time to live is that of the first call.
        assert_eq!(store::increment("n", 1, minute)?, 3);
        assert_eq!(store::time_to_live("n")?, store::Remaining::Seconds(1));
        host.advance(Duration::from_secs(1));
        assert_eq!(store::get("n")?, None);
        assert_eq!(store::time_to_live("n")?, store::Remaining::Missing);
        Ok(())
    })
}

#[test]
fn the_store_sets_expires_and_deletes() -> Tested {
    let host = TestHost::new();
    host.run(|| {
        store::set("k", "v", None)?;
        assert_eq!(store::get("k")?.as_deref(), Some(b"v".as_slice()));
        assert_eq!(store::time_to_live("k")?, store::Remaining::Unlimited);
        // Parts of a second count as a whole one.
        assert!(store::expire("k", Duration::from_millis(1500))?);
        assert_eq!(store::time_to_live("k")?, store::Remaining::Seconds(2));
        assert!(store::delete("k")?);
        assert!(!store::delete("k")?);
        assert!(!store::expire("k", Duration::from_secs(1))?);
        Ok(())
    })
}

#[test]
fn the_store_refuses_what_the_server_refuses() -> Tested {
    let host = TestHost::new();
    host.run(|| {
        let longest = "k".repeat(512);
        assert!(store::set(&longest, "v", None).is_ok());
        for key in ["", &"k".repeat(513)] {
            assert!(matches!(store::get(key), Err(store::Error::Invalid(_))));
        }
        store::set("text", "v", None)?;
        assert_eq!(
            store::increment("text", 1, None),
            Err(store::Error::NotANumber)
        );
        store::set("most", i64::MAX.to_string(), None)?;
        assert_eq!(
            store::increment("most", 1, None),
            Err(store::Error::NotANumber)
        );
        host.set_store_outage(Some("down"));
        assert!(matches!(
            store::get("text"),
            Err(store::Error::Unavailable(_))
        ));
        host.set_store_outage(None);
        assert!(store::get("text").is_ok());
        Ok(())
    })
}

#[test]
fn http_replies_come_in_order_and_requests_are_kept() -> Tested {
    let host = TestHost::new()
        .with_status(201, r#"{"n": 7}"#)
        .with_reply(Err(http::Error::TimedOut));
    host.run(|| {
        let request = http::Request::post("https://a.example/")
            .json(&[1, 2])?
            .timeout(Duration::from_secs(3))
            .redirects(2);
        let response = request.send()?;
        assert!(response.is_success());
        let body: serde_json::Value = response.json()?;
        assert_eq!(body, serde_json::json!({"n": 7}));
        assert!(response.json::<String>().is_err());
        let second = http::Request::get("https://a.example/").send();
        assert_eq!(second.err(), Some(http::Error::TimedOut));
        let third = http::Request::get("https://a.example/").send();
        assert!(matches!(third, Err(http::Error::Denied(_))));
        Ok::<_, Failure>(())
    })?;
    let sent = host.sent();
    let first = sent.first().ok_or_else(|| Failure::new("nothing sent"))?;
    assert_eq!(first.body.as_deref(), Some(b"[1,2]".as_slice()));
    assert_eq!((first.timeout_ms, first.redirects), (Some(3000), 2));
    assert_eq!(sent.len(), 3);
    Ok(())
}

#[test]
fn passwords_are_compared_or_asked_for() {
    let secret = Password::from("s");
    TestHost::new().run(|| {
        assert_eq!(password::verify("s", &secret), Ok(true));
        assert_eq!(password::verify("{PLAIN}s", &secret), Ok(true));
        assert_eq!(password::verify("{PLAIN}t", &secret), Ok(false));
        let unknown = password::verify("{SSHA}x", &secret);
        assert!(matches!(unknown, Err(password::Error::UnknownScheme(_))));
    });
    let host = TestHost::new().with_passwords(|_| Err(password::Error::Overloaded));
    let outcome = host.run(|| password::verify("s", &secret));
    assert_eq!(outcome, Err(password::Error::Overloaded));
    assert_eq!(host.verifications(), 1);
}

#[test]
fn metrics_add_up_per_series() -> Tested {
    let host = TestHost::new();
    host.run(|| {
        metrics::counter_add("logins", &[("a", "1"), ("b", "2")], 1.0)?;
        metrics::counter_add("logins", &[("b", "2"), ("a", "1")], 2.0)?;
        metrics::gauge_set("depth", &[], 9.0)?;
        metrics::gauge_set("depth", &[], 4.0)?;
        metrics::gauge_add("depth", &[], -1.0)?;
        metrics::histogram_observe("took", &[], 0.5)?;
        assert!(metrics::counter_add("logins", &[], -1.0).is_err());
        Ok::<_, Failure>(())
    })?;
    assert_eq!(host.metric("logins", &[("a", "1"), ("b", "2")]), Some(3.0));
    assert_eq!(host.metric("depth", &[]), Some(3.0));
    assert_eq!(host.metric("took", &[]), Some(0.5));
    assert_eq!(host.metric("none", &[]), None);
    Ok(())
}

#[test]
fn secrets_the_incoming_request_and_the_clock_are_as_scripted() {
    let host = TestHost::new()
        .with_secret("key", "value")
        .with_incoming("POST", "/api", &[("X-Thing", "1")], b"body")
        .with_query_parameter("mode", "no-auth");
    host.run(|| {
        assert_eq!(secret::get("key").as_deref(), Some(b"value".as_slice()));
        assert_eq!(secret::get("other"), None);
        assert_eq!(
            (incoming::method(), incoming::path()),
            ("POST".into(), "/api".into())
        );
        assert_eq!(
            incoming::header("x-thing").as_deref(),
            Some(b"1".as_slice())
        );
        assert_eq!(
            incoming::query_parameter("mode").as_deref(),
            Some("no-auth")
        );
        assert_eq!(incoming::query_parameter("none"), None);
        assert_eq!(incoming::body(), b"body");
        let (now, started) = (clock::now(), clock::monotonic());
        host.advance(Duration::from_millis(5));
        assert_eq!(clock::now() - now, Duration::from_millis(5));
        assert_eq!(clock::monotonic() - started, Duration::from_millis(5));
    });
}

#[test]
fn random_bytes_do_not_repeat() {
    TestHost::new().run(|| {
        assert_eq!(random::bytes(5).len(), 5);
        assert_ne!(random::bytes(16), random::bytes(16));
        let identifier = random::identifier();
        assert_eq!(identifier.len(), 32);
        assert!(identifier.bytes().all(|byte| byte.is_ascii_hexdigit()));
    });
}

#[test]
fn builders_fill_what_they_name() {
    let user = backend::User::authenticated().with_account("mail", "a@example.org");
    assert_eq!(user.account_field, "mail");
    assert_eq!(user.attributes, [Attribute::new("mail", "a@example.org")]);
    let answer = bulkhead_sdk::feature::Answer::reject().with_event(Event::Rbl);
    assert_eq!(answer.event, Some(Event::Rbl));
    let hook = HookRequest {
        session: String::new(),
        method: "GET".to_owned(),
        path: "/x".to_owned(),
        query: Vec::new(),
        headers: vec![bulkhead_sdk::Header::new("Accept", "text/plain")],
        body: Vec::new(),
        client_address: String::new(),
    };
    assert_eq!(hook.header("accept"), Some(b"text/plain".as_slice()));
    assert_eq!(hook.query_parameter("q"), None);
}
