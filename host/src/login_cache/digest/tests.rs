//! Digests: distinct for distinct questions, equal for equal ones.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use std::{collections::HashMap, sync::Arc};

use proptest::{prelude::*, test_runner::TestRunner};

use super::*;
use crate::auth::{Client, Dovecot, Endpoint, Identity, IncomingHttp, Tls};

fn digests() -> Digests {
    Digests::new(&Password::new(b"0123456789abcdef".to_vec()))
}

fn keeper(backend: &str, cache_name: Option<&str>) -> Keeper {
    Keeper {
        backend: backend.to_owned(),
        cache_name: cache_name.map(str::to_owned),
    }
}

/// Short texts full of what might be taken for a separator.
fn tricky() -> impl Strategy<Value = String> {
    "[ab:|*/\\\\,\\x00\u{1}\u{1f}]{0,4}"
}

/// A login: user, password, protocol, address, backend, cache name.
type Question = [String; 6];

fn question() -> impl Strategy<Value = Question> {
    [tricky(), tricky(), tricky(), tricky(), tricky(), tricky()]
}

struct Named {
    login: Digest,
    password: Digest,
    entry: Digest,
}

fn named(
    digests: &Digests,
    [user, password, protocol, address, backend, name]: &Question,
) -> Named {
    let request = Request {
        username: user.clone(),
        protocol: protocol.clone(),
        client: Client {
            address: address.clone(),
            ..Client::default()
        },
        ..Request::default()
    };
    let cache_name = (!name.is_empty()).then_some(name.as_str());
    let keepers = [keeper(backend, cache_name)];
    let password = digests.password(user, &Password::new(password.as_bytes().to_vec()));
    Named {
        login: digests.login(&request, &keepers),
        password,
        entry: digests.entry(&request, &keepers, true, &password),
    }
}

/// 100,000 pairs: whatever moves between the parts, distinct questions have distinct digests.
#[test]
fn distinct_logins_have_distinct_digests() {
    let digests = digests();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 100_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let pairs = |one: Question, two: Question| {
        let first = named(&digests, &one);
        let second = named(&digests, &two);
        let [user, password, protocol, address, backend, name] = &one;
        let [
            other_user,
            other_password,
            other_protocol,
            other_address,
            other_backend,
            other_name,
        ] = &two;
        let same_password = (user, password) == (other_user, other_password);
        let same_place = match name.is_empty() {
            true => (backend, protocol, name) == (other_backend, other_protocol, other_name),
            // With a name of its own the cache takes no notice of backend and protocol.
            false => name == other_name,
        };
        // A name of a cache hides the backend, not the protocol.
        let same_login =
            same_place && (user, protocol, address) == (other_user, other_protocol, other_address);
        prop_assert_eq!(first.password == second.password, same_password);
        prop_assert_eq!(first.login == second.login, same_login);
        let same_entry = same_place && same_password && address == other_address;
        prop_assert_eq!(first.entry == second.entry, same_entry);
        Ok(())
    };
    // Most pairs differ in one part only, or have moved something from one part to the next.
    let near = (question(), 0..6_usize, tricky()).prop_map(|(one, part, text)| {
        let mut two = one.clone();
        if let Some(part) = two.get_mut(part) {
            *part = text;
        }
        (one, two)
    });
    let moved = (question(), 0..5_usize, 0..4_usize).prop_map(|(one, part, at)| {
        let mut two = one.clone();
        if let [left, right, ..] = &mut two[part..] {
            let at = left.floor_char_boundary(at.min(left.len()));
            let tail = left.split_off(at);
            right.insert_str(0, &tail);
        }
        (one, two)
    });
    let any = (question(), question());
    let strategy = prop_oneof![near, moved, any];
    runner.run(&strategy, |(one, two)| pairs(one, two)).unwrap();
}

fn full() -> Request {
    Request {
        username: "alice".to_owned(),
        protocol: "imap".to_owned(),
        tls: Some(Tls::default()),
        identity: Some(Identity::default()),
        dovecot: Some(Dovecot::default()),
        ..Request::default()
    }
}

fn changed(change: fn(&mut Request)) -> Request {
    let mut request = full();
    change(&mut request);
    request
}

#[test]
fn what_a_backend_may_look_at_makes_another_login() {
    let changes: [fn(&mut Request); 22] = [
        |request| request.service = "json".to_owned(),
        |request| request.protocol = "smtp".to_owned(),
        |request| request.method = "plain".to_owned(),
        |request| request.username = "Alice".to_owned(),
        |request| request.client.address = "192.0.2.1".to_owned(),
        |request| request.client.hostname = "host".to_owned(),
        |request| request.client.id = "client".to_owned(),
        |request| request.client.user_agent = "agent".to_owned(),
        |request| request.client.network = "192.0.2.0/24".to_owned(),
        |request| request.local.address = "192.0.2.2".to_owned(),
        |request| request.local.port = "993".to_owned(),
        |request| request.tls = None,
        |request| request.identity = None,
        |request| request.dovecot = None,
        |request| tls_of(request).secured = "on".to_owned(),
        |request| tls_of(request).client_cn = "alice".to_owned(),
        |request| tls_of(request).fingerprint = "00".to_owned(),
        |request| identity_of(request).client_id = "app".to_owned(),
        |request| identity_of(request).mfa_completed = true,
        |request| identity_of(request).user_groups = vec!["a".to_owned()],
        |request| identity_of(request).requested_scopes = vec!["a".to_owned()],
        |request| dovecot_of(request).local_name = "imap.example.org".to_owned(),
    ];
    let digests = digests();
    let keepers = [keeper("users", None)];
    let mut seen = HashMap::from([(digests.login(&full(), &keepers), 0)]);
    for (number, change) in (1..).zip(changes) {
        let digest = digests.login(&changed(change), &keepers);
        if let Some(earlier) = seen.insert(digest, number) {
            panic!("{number} is the same as {earlier}");
        }
    }
}

fn tls_of(request: &mut Request) -> &mut Tls {
    request.tls.get_or_insert_default()
}

fn identity_of(request: &mut Request) -> &mut Identity {
    request.identity.get_or_insert_default()
}

fn dovecot_of(request: &mut Request) -> &mut Dovecot {
    request.dovecot.get_or_insert_default()
}

#[test]
fn what_differs_each_time_makes_no_other_login() {
    let changes: [fn(&mut Request); 8] = [
        |request| request.session = "s".to_owned(),
        |request| request.external_session = "s".to_owned(),
        |request| request.request_id = "r".to_owned(),
        |request| request.login_attempt = 2,
        |request| request.client.port = "40000".to_owned(),
        |request| tls_of(request).session_id = "t".to_owned(),
        |request| {
            dovecot_of(request).real_client = Endpoint {
                port: "40000".to_owned(),
                ..Endpoint::default()
            }
        },
        |request| {
            request.http = IncomingHttp {
                path: "/api/v1/auth/json".to_owned(),
                body: Some(Arc::new(Password::new(b"body".to_vec()))),
                ..IncomingHttp::default()
            }
        },
    ];
    let digests = digests();
    let keepers = [keeper("users", None)];
    for change in changes {
        let digest = digests.login(&changed(change), &keepers);
        assert_eq!(digest, digests.login(&full(), &keepers));
    }
}

#[test]
fn the_store_tells_clients_apart_only_when_it_is_told_to() {
    let digests = digests();
    let keepers = [keeper("users", None)];
    let elsewhere = changed(|request| request.client.address = "192.0.2.1".to_owned());
    for (apart, same) in [(false, true), (true, false)] {
        let here = digests.entry(&full(), &keepers, apart, &[0; 32]);
        let there = digests.entry(&elsewhere, &keepers, apart, &[0; 32]);
        assert_eq!(here == there, same);
    }
}

#[test]
fn a_cache_name_is_shared_by_protocols() {
    let digests = digests();
    let smtp = changed(|request| request.protocol = "smtp".to_owned());
    for (cache_name, same) in [(None, false), (Some("mail"), true)] {
        let keepers = [keeper("users", cache_name)];
        let one = digests.entry(&full(), &keepers, false, &[0; 32]);
        let two = digests.entry(&smtp, &keepers, false, &[0; 32]);
        assert_eq!(one == two, same, "{cache_name:?}");
    }
}

#[test]
fn every_purpose_and_every_secret_has_its_own_digests() {
    let digests = digests();
    let others = Digests::new(&Password::new(b"0123456789abcdeF".to_vec()));
    assert_ne!(digests.user("alice"), others.user("alice"));
    let empty = Password::new(Vec::new());
    let purposes = [
        digests.user(""),
        digests.password("", &empty),
        digests.login(&Request::default(), &[]),
        digests.entry(&Request::default(), &[], false, &[0; 32]),
    ];
    for (number, one) in purposes.iter().enumerate() {
        assert!(!purposes.iter().skip(number + 1).any(|other| one == other));
    }
}
