//! Block lists whose name server is ill: what is no answer is a temporary failure, never a verdict.

use std::{thread, time::Duration};

use bulkhead_harness::{
    FalseDns,
    false_dns::{Asked, NO_SUCH_NAME, REFUSED, SERVER_FAILURE},
    wait,
};

use crate::support::{self, Came, PATIENCE, health, log_in_from};

fn policy(allow_failure: bool) -> String {
    format!(
        r#"
pipeline:
  controls: [{{name: rbl, component: "builtin:rbl"}}]
  backends: [{{name: users, script: backend.lua}}]
plugins:
  users: {{grants: {{password: true}}}}
  rbl:
    grants: {{dns: true, metrics: true}}
    configuration:
      threshold: 1
      lists:
        - {{name: zen, zone: zen.example, return_code: 127.0.0.2, weight: 1, allow_failure: {allow_failure}}}
"#
    )
}

/// What a name server sends back.
type Reply = fn(&Asked) -> Vec<Vec<u8>>;

const FAULTS: [(&str, Reply); 11] = [
    ("silence", |_| Vec::new()),
    ("an answer that comes too late", |asked| {
        thread::sleep(Duration::from_millis(1_500));
        vec![asked.addresses(&[[127, 0, 0, 2]])]
    }),
    ("SERVFAIL", |asked| vec![asked.code(SERVER_FAILURE)]),
    ("REFUSED", |asked| vec![asked.code(REFUSED)]),
    ("a code that nobody knows", |asked| vec![asked.code(14)]),
    ("rubbish", |_| vec![vec![0xff; 600]]),
    ("half an answer", |asked| {
        vec![asked.addresses(&[[127, 0, 0, 2]])[..30].to_vec()]
    }),
    ("the answer to another question", |asked| {
        vec![asked.with_other_question(asked.addresses(&[[127, 0, 0, 2]]))]
    }),
    ("the right answer with another number", |asked| {
        vec![asked.with_other_number(asked.addresses(&[[127, 0, 0, 2]]))]
    }),
    ("truncation without TCP", |asked| match asked.is_tcp {
        true => Vec::new(),
        false => vec![asked.truncated()],
    }),
    ("an excuse", |asked| {
        vec![asked.addresses(&[[127, 255, 255, 254]])]
    }),
];

#[test]
fn what_is_no_answer_neither_rejects_nor_accepts() {
    let names = FalseDns::start(|asked| vec![asked.code(NO_SUCH_NAME)]);
    let strict = support::start(support::policy(Some(names.address()), &policy(false)));
    let lenient = support::start(support::policy(Some(names.address()), &policy(true)));
    for (host, (fault, behaviour)) in FAULTS.into_iter().enumerate() {
        names.behave(behaviour);
        let address = format!("192.0.2.{host}");
        assert_eq!(
            log_in_from(&strict, &address),
            Came::TemporaryFailure,
            "{fault}"
        );
        assert_eq!(log_in_from(&lenient, &address), Came::Accepted, "{fault}");
        // The next login is right again, after a pause at most.
        names.behave(|asked| match asked.name.starts_with("200.") {
            true => vec![asked.addresses(&[[127, 0, 0, 2]])],
            false => vec![asked.code(NO_SUCH_NAME)],
        });
        for server in [&strict, &lenient] {
            let listed = format!("198.51.{host}.200");
            let back = wait::until(PATIENCE, || log_in_from(server, &listed) == Came::Rejected);
            assert!(back, "{fault}: {}", server.log());
            assert_eq!(
                log_in_from(server, &format!("198.51.{host}.201")),
                Came::Accepted
            );
        }
    }
}

#[test]
fn a_plugin_whose_time_is_up_is_told_so_instead_of_being_stopped() {
    let names = FalseDns::start(|_| Vec::new());
    for (allow_failure, came) in [(true, Came::Accepted), (false, Came::TemporaryFailure)] {
        let limited = policy(allow_failure).replace(
            "    grants: {dns: true",
            "    limits: {wall_clock: 2s}\n    grants: {dns: true",
        );
        let server = support::start(support::patient_policy(names.address(), &limited));
        assert_eq!(log_in_from(&server, "192.0.2.1"), came, "{}", server.log());
    }
}

#[test]
fn logins_do_not_wait_for_a_server_that_stays_silent() {
    let names = FalseDns::start(|_| Vec::new());
    let server = support::start(support::policy(Some(names.address()), &policy(false)));
    // Three failures open the breaker and show; then one question in each 200 ms tries.
    let mut host = 0_u8;
    let degraded = wait::until(PATIENCE, || {
        host = host.wrapping_add(1);
        let came = log_in_from(&server, &format!("192.0.2.{host}"));
        assert_eq!(came, Came::TemporaryFailure);
        health(&server, "dns")["status"] == "degraded"
    });
    assert!(degraded, "{}", server.log());
    let before = names.asked().len();
    for host in 0..50 {
        let came = log_in_from(&server, &format!("198.51.100.{host}"));
        assert_eq!(came, Came::TemporaryFailure);
    }
    let asked = names.asked().len() - before;
    assert!(
        asked < 25,
        "of 50 logins {asked} asked a server that is silent"
    );
    names.behave(|asked| vec![asked.code(NO_SUCH_NAME)]);
    let back = wait::until(PATIENCE, || {
        log_in_from(&server, "203.0.113.1") == Came::Accepted
    });
    assert!(back, "{}", server.log());
    assert_eq!(health(&server, "dns")["status"], "ok");
}

#[test]
fn a_server_that_comes_and_goes_never_turns_an_outage_into_a_verdict() {
    let names = FalseDns::start(|_| Vec::new());
    let server = support::start(support::policy(Some(names.address()), &policy(false)));
    let mut seen = [0_u32; 3];
    for round in 0..12_u8 {
        match round % 3 {
            0 => names.behave(|_| Vec::new()),
            1 => names.behave(|asked| vec![asked.code(SERVER_FAILURE)]),
            _ => names.behave(|asked| match asked.name.starts_with("9.") {
                true => vec![asked.addresses(&[[127, 0, 0, 2]])],
                false => vec![asked.code(NO_SUCH_NAME)],
            }),
        }
        for (host, answer) in [(9_u8, Came::Rejected), (8, Came::Accepted)] {
            let address = format!("198.51.{round}.{host}");
            let came = log_in_from(&server, &address);
            assert!(
                came == Came::TemporaryFailure || (round % 3 == 2 && came == answer),
                "round {round}: {address} was {came:?}"
            );
            seen[usize::from(round % 3)] += u32::from(came == answer);
        }
    }
    assert_eq!(seen[..2], [0, 0]);
    assert!(seen[2] > 0, "nothing was ever answered: {}", server.log());
}
