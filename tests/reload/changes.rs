//! What a reload changes, and what it takes over.

use bulkhead_harness::{Answer, WebServer, http::Request};
use serde_json::json;

use crate::support::{self, CONFIGURATION, marker, reloaded, replace, server, serving, write};

#[test]
fn only_what_changed_is_made_anew() {
    let server = server(|text| text);
    let yaml = "bulkhead.yaml";
    type Change<'a> = (&'a str, &'a dyn Fn(), &'a [&'a str]);
    let changes: [Change<'_>; 12] = [
        ("nothing", &|| {}, &[]),
        (
            "a script",
            &|| {
                write(
                    &server,
                    "lua/backend.lua",
                    &format!("-- new\n{}", support::BACKEND),
                )
            },
            &["users"],
        ),
        (
            "a module of both scripts",
            &|| write(&server, "lua/marker.lua", &marker("b")),
            &["check", "users"],
        ),
        (
            "a file that no script names",
            &|| write(&server, "lua/other.lua", "return 2\n"),
            &[],
        ),
        (
            "a new file beside them",
            &|| write(&server, "lua/new.lua", "return 3\n"),
            &[],
        ),
        (
            "a module that hides another",
            &|| {
                // `./?/init.lua` comes after `./?.lua`: this one is not found, and was asked for by nobody.
                std::fs::create_dir(server.folder().join("lua/marker")).unwrap();
                write(&server, "lua/marker/init.lua", &marker("hidden"));
            },
            &[],
        ),
        (
            "a limit",
            &|| {
                replace(&server, yaml, "users: {", "users: {limits: {cpu: 900ms}, ");
            },
            &["users"],
        ),
        (
            "on_error",
            &|| {
                replace(
                    &server,
                    yaml,
                    "  notify:\n",
                    "  check: {on_error: reject}\n  notify:\n",
                );
            },
            &["check"],
        ),
        (
            "a plugin's configuration",
            &|| {
                replace(
                    &server,
                    yaml,
                    "  notify:\n",
                    "  tls: {configuration: {allow_cleartext_networks: [127.0.0.0/8]}}\n  notify:\n",
                );
            },
            &["tls"],
        ),
        (
            "a secret",
            &|| write(&server, "token.secret", "second\n"),
            &["notify"],
        ),
        (
            "a key of the server",
            &|| {
                replace(
                    &server,
                    yaml,
                    "request_timeout: 20s",
                    "request_timeout: 15s",
                );
            },
            &[],
        ),
        (
            "a new plugin",
            &|| {
                replace(
                    &server,
                    yaml,
                    "component: \"builtin:tls-required\"}",
                    "component: \"builtin:tls-required\"}, {name: nets, component: \"builtin:tls-required\"}",
                );
            },
            &["nets"],
        ),
    ];
    let mut number = 1;
    for (what, change, loaded) in changes {
        change();
        let result = reloaded(&server);
        number += 1;
        assert_eq!(result["number"], number, "{what}");
        assert_eq!(result["loaded"], json!(loaded), "{what}");
        let all = if what == "a new plugin" { 5 } else { 4 };
        assert_eq!(result["reused"], all - loaded.len(), "{what}");
    }
    assert_eq!(serving(&server), "b");
}

#[test]
fn a_module_with_a_name_made_at_run_time_is_seen_by_a_script_that_is_taken_over() {
    let server = server(|text| text);
    let name = "local name = 'oth' .. 'er'\nlocal marker = { value = tostring(require(name)) }";
    for script in ["lua/backend.lua", "lua/filter.lua"] {
        replace(&server, script, "local marker = require(\"marker\")", name);
    }
    assert_eq!(reloaded(&server)["loaded"], json!(["check", "users"]));
    assert_eq!(serving(&server), "1");
    write(&server, "lua/other.lua", "return 2\n");
    assert_eq!(reloaded(&server)["loaded"], json!([]));
    assert_eq!(serving(&server), "2");
}

#[test]
fn settings_of_the_server_hold_from_the_next_request_on() {
    let server = server(|text| text);
    replace(
        &server,
        "bulkhead.yaml",
        "request_timeout: 20s",
        "basic_auth: {username: dovecot, password: between-servers}",
    );
    reloaded(&server);
    assert_eq!(server.send(&support::login_request()).status, 401);
    let login = support::login_request().basic_auth("dovecot", "between-servers");
    assert_eq!(server.send(&login).status, 200);
    // So does the route that reloads.
    assert_eq!(support::reload(&server).status, 401);
    let request = Request::new("POST", "/api/v1/admin/reload");
    let right = request.clone().basic_auth("dovecot", "between-servers");
    assert_eq!(server.send(&right).status, 200);
    replace(
        &server,
        "bulkhead.yaml",
        "basic_auth:",
        "disabled_endpoints: [admin], basic_auth:",
    );
    assert_eq!(server.send(&right).status, 200);
    assert_eq!(server.send(&right).status, 404);
    assert_eq!(server.send(&request).status, 404);
}

#[test]
fn what_only_a_restart_changes_stays_and_is_named() {
    let server = server(|text| text);
    let before = replace(
        &server,
        "bulkhead.yaml",
        "store: {kind: memory}",
        "store: {kind: redb, path: new.redb}\nlimits: {instances: 50, body_bytes: 2KiB}",
    );
    let result = reloaded(&server);
    let warnings: Vec<_> = result["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect();
    assert_eq!(
        warnings,
        [
            "`store` has changed, but keeps its old value until Bulkhead is restarted",
            "`limits.instances` has changed, but keeps its old value until Bulkhead is restarted",
        ]
    );
    assert!(server.log().contains(warnings[0]), "{}", server.log());
    assert!(!server.folder().join("new.redb").exists());
    // The rest of it is in force.
    let large = support::login_request().body(vec![b' '; 3000]);
    assert_eq!(server.send(&large).status, 413);
    // Named again as long as it is so, and not when it is taken back.
    assert_eq!(reloaded(&server)["warnings"].as_array().unwrap().len(), 2);
    write(&server, "bulkhead.yaml", &before);
    assert_eq!(reloaded(&server)["warnings"], json!([]));
}

#[test]
fn an_init_runs_again_only_when_it_has_changed() {
    let web = WebServer::start(|exchange| exchange.reply(&Answer::new(200)));
    let address = web.address();
    let configuration = CONFIGURATION
        .replace(
            "pipeline:\n",
            "pipeline:\n  init: [{name: prepare, script: init/init.lua}]\n",
        )
        .replace(
            "plugins:\n",
            &format!("plugins:\n  prepare: {{grants: {{http: {{hosts: [\"{address}\"]}}}}}}\n"),
        );
    let script = format!(
        "local http = require(\"glua_http\")\n\
         function nauthilus_run_hook(logging, session)\n\
           local response, err = http.get(\"http://{address}/init\")\n\
           if err then error(err) end\n\
         end\n"
    );
    let server = support::start(support::policy(&configuration).file("init/init.lua", &script));
    assert_eq!(web.seen().len(), 1);
    write(&server, "lua/marker.lua", &marker("b"));
    reloaded(&server);
    assert_eq!(web.seen().len(), 1);
    write(&server, "init/init.lua", &format!("-- changed\n{script}"));
    assert_eq!(reloaded(&server)["loaded"], json!(["prepare"]));
    assert_eq!(web.seen().len(), 2);
}
