//! What keeps a generation from serving: nothing changes, and the answer and the log say why.

use std::fs;

use bulkhead_harness::wait;

use crate::support::{
    CONFIGURATION, PATIENCE, await_log, marker, policy, reload, reloaded, replace, server, serving,
    start, write,
};

const LOGINS: &str = "reload: {watch: false, logins: [{username: alice, password: right}, \
                      {username: alice, password: wrong, expect: reject}]}";

#[test]
fn a_broken_generation_changes_nothing_and_says_why() {
    let server = server(|text| text.replace("reload: {watch: false}", LOGINS));
    let yaml = "bulkhead.yaml";
    type Break<'a> = (&'a str, &'a str, &'a str, &'a [&'a str]);
    let broken: [Break<'_>; 8] = [
        (
            "lua/backend.lua",
            "function",
            "fonction",
            &["plugin `users`", "backend.lua:3: '=' expected near"],
        ),
        (yaml, "pipeline:", "pipeline: [", &["bulkhead.yaml"]),
        (
            yaml,
            "request_timeout",
            "request_timeuot",
            &["request_timeuot"],
        ),
        (
            yaml,
            "script: lua/backend.lua",
            "script: lua/absent.lua",
            &["`pipeline.backends[0].script` cannot be read"],
        ),
        (
            yaml,
            "\"builtin:tls-required\"",
            "\"builtin:tls-reqired\"",
            &["tls-reqired"],
        ),
        // It can be read and loaded; only a login shows that it does not work.
        (
            "lua/backend.lua",
            "require(\"marker\")",
            "require(\"missing\")",
            &[
                "example login 0 (user `alice`) must end as accept, but it ended as temporary-failure",
            ],
        ),
        (
            "lua/backend.lua",
            "\"right\"",
            "\"other\"",
            &["example login 0 (user `alice`) must end as accept, but it ended as reject"],
        ),
        (
            yaml,
            "expect: reject",
            "expect: accept",
            &["example login 1 (user `alice`) must end as accept, but it ended as reject"],
        ),
    ];
    let mut number = 1;
    for (file, from, to, reasons) in broken {
        write(&server, "lua/marker.lua", &marker("broken"));
        let before = replace(&server, file, from, to);
        let response = reload(&server);
        assert_eq!(response.status, 422, "{to}: {}", response.text());
        let body = response.json();
        assert_eq!(body["object"], "generation");
        assert_eq!(body["operation"], "reload");
        assert_eq!(body["result"]["ok"], false);
        let problems = body["result"]["problems"].as_array().unwrap();
        let message = problems[0]["message"].as_str().unwrap();
        for reason in reasons {
            let place = problems[0]["file"].as_str().unwrap();
            assert!(
                message.contains(reason) || place.contains(reason),
                "{to}: {body:#}"
            );
        }
        assert!(problems[0]["file"].as_str().unwrap().ends_with(yaml));
        await_log(&server, message.lines().next().unwrap());
        await_log(&server, &format!("generation {number} goes on serving"));
        assert_ne!(serving(&server), "broken", "{to}");

        // Mended, it serves.
        write(&server, file, &before);
        number += 1;
        write(&server, "lua/marker.lua", &marker(&number.to_string()));
        assert_eq!(reloaded(&server)["number"], number, "{to}");
        assert_eq!(serving(&server), number.to_string(), "{to}");
    }
}

#[test]
fn the_trace_of_a_failing_example_login_comes_with_the_problem() {
    let server = server(|text| text.replace("reload: {watch: false}", LOGINS));
    replace(
        &server,
        "lua/backend.lua",
        "require(\"marker\")",
        "require(\"missing\")",
    );
    let problem = &reload(&server).json()["result"]["problems"][0].clone();
    let help = problem["help"].as_str().unwrap();
    for part in [
        "tls",
        "users",
        "module 'missing' not found",
        "temporary-failure",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
    assert!(
        !help.contains("right") && !problem.to_string().contains("right"),
        "{problem:#}"
    );
    // Its place in the file.
    assert_eq!(problem["line"], 15, "{problem:#}");
}

#[test]
fn a_secret_that_cannot_be_read_changes_nothing() {
    let server = server(|text| text);
    fs::remove_file(server.folder().join("token.secret")).unwrap();
    write(&server, "lua/marker.lua", &marker("broken"));
    let response = reload(&server);
    assert_eq!(response.status, 422);
    assert!(response.text().contains("token"), "{}", response.text());
    assert_eq!(serving(&server), "a");
}

#[test]
fn example_logins_leave_no_line_in_the_decision_log_and_run_no_post_actions() {
    let logins = format!("{LOGINS}\nobserve: {{decision_log: decisions.jsonl}}");
    let configuration = CONFIGURATION
        .replace("reload: {watch: false}", &logins)
        .replace(
            "  actions: [",
            "  actions: [{name: after, on: post, script: lua/after.lua}, ",
        );
    let script = "function nauthilus_call_action(request)\n\
                    print(\"Post action ran\")\n\
                    return nauthilus_builtin.ACTION_RESULT_OK\n\
                  end\n";
    let server = start(policy(&configuration).file("lua/after.lua", script));
    reloaded(&server);
    serving(&server);
    await_log(&server, "Post action ran");
    let log = server.log();
    assert_eq!(log.matches("Post action ran").count(), 1, "{log}");
    assert_eq!(log.matches("Self-test").count(), 4, "{log}");
    // A thread of its own writes it, in order.
    let file = server.folder().join("decisions.jsonl");
    let decisions = || fs::read_to_string(&file).unwrap();
    assert!(wait::until(PATIENCE, || !decisions().is_empty()));
    assert_eq!(decisions().lines().count(), 1, "{}", decisions());
}
