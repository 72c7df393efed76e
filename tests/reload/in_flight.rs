//! What began in a generation ends in it.

use std::{sync::Arc, thread};

use bulkhead_harness::{Answer, Bulkhead, WebServer, wait};

use crate::support::{
    self, BACKEND, CONFIGURATION, Gate, PATIENCE, await_log, generation_of, login_request, marker,
    reloaded, serving, write,
};

/// A web server that answers nobody before the gate is open.
fn held() -> (Arc<Gate>, WebServer) {
    let gate = Arc::new(Gate::default());
    let guard = Arc::clone(&gate);
    let web = WebServer::start(move |exchange| {
        if exchange.request.target.starts_with("/wait") {
            guard.pass();
        }
        exchange.reply(&Answer::new(200))
    });
    (gate, web)
}

fn await_request(server: &Bulkhead, web: &WebServer, target: &str) {
    let arrived = || web.seen().iter().any(|seen| seen.target == target);
    assert!(
        wait::until(PATIENCE, arrived),
        "no {target}; {}",
        server.log()
    );
}

fn granted(name: &str, web: &WebServer) -> String {
    let address = web.address();
    format!(
        "{name}: {{limits: {{wall_clock: 20s}}, grants: {{password: true, http: {{hosts: [\"{address}\"], timeout: 20s}}}}}}"
    )
}

#[test]
fn a_request_ends_with_the_generation_that_it_began_with() {
    let (gate, web) = held();
    let ask = format!(
        "local http = require(\"glua_http\")\nlocal _, err = http.get(\"{}\")\nif err then error(err) end\n",
        web.url("/wait")
    );
    let configuration =
        CONFIGURATION.replace("users: {grants: {password: true}}", &granted("users", &web));
    let server = support::start(
        support::policy(&configuration).file("lua/backend.lua", format!("{ask}{BACKEND}")),
    );
    let address = server.address();
    let request = thread::spawn(move || bulkhead_harness::http::send(address, &login_request()));
    await_request(&server, &web, "/wait");
    write(&server, "lua/backend.lua", BACKEND);
    write(&server, "lua/marker.lua", &marker("b"));
    reloaded(&server);
    assert_eq!(serving(&server), "b");
    assert!(!server.log().contains("Generation 1 has ended"));
    gate.open();
    assert_eq!(generation_of(&request.join().unwrap()), "a");
    await_log(&server, "Generation 1 has ended");
}

#[test]
fn post_actions_of_an_old_generation_end_in_it() {
    let (gate, web) = held();
    let configuration = CONFIGURATION
        .replace(
            "  actions: [",
            "  actions: [{name: after, on: post, script: lua/after.lua}, ",
        )
        .replace(
            "plugins:\n",
            &format!("plugins:\n  {}\n", granted("after", &web)),
        );
    let script = format!(
        "local http = require(\"glua_http\")\nlocal marker = require(\"marker\")\n\
         function nauthilus_call_action(request)\n\
           http.get(\"{}\")\n\
           http.get(\"{}\" .. marker.value)\n\
           return nauthilus_builtin.ACTION_RESULT_OK\n\
         end\n",
        web.url("/wait"),
        web.url("/ended/")
    );
    let server = support::start(support::policy(&configuration).file("lua/after.lua", &script));
    assert_eq!(serving(&server), "a");
    await_request(&server, &web, "/wait");
    // The next generation has no such action.
    let yaml = "bulkhead.yaml";
    support::replace(
        &server,
        yaml,
        "{name: after, on: post, script: lua/after.lua}, ",
        "",
    );
    support::replace(
        &server,
        yaml,
        &format!("  {}\n", granted("after", &web)),
        "",
    );
    write(&server, "lua/marker.lua", &marker("b"));
    reloaded(&server);
    assert_eq!(serving(&server), "b");
    assert!(!server.log().contains("Generation 1 has ended"));
    gate.open();
    await_request(&server, &web, "/ended/a");
    await_log(&server, "Generation 1 has ended");
    assert!(!web.seen().iter().any(|seen| seen.target == "/ended/b"));
}
