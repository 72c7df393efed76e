//! Schemathesis, a property-based tester of HTTP APIs, reads the document and tries the server.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use bulkhead_harness::{command, http::Request};

use crate::server;

/// Answers that a document cannot promise away are checked by other tests: a temporary failure is a
/// 500 (`not_a_server_error`), a method that a path does not know is an unknown page as in the peer
/// (`unsupported_method`), members that nobody knows are ignored (`negative_data_rejection`), and any
/// text may be a wrong password (`positive_data_acceptance`).
const CHECKS: &str = "status_code_conformance,content_type_conformance,response_headers_conformance,\
     response_schema_conformance,ignored_auth";

/// The version whose findings were looked at.
const VERSION: &str = "schemathesis==4.32.5";

/// The program, in a Python environment of its own below `target`; made when it is not there.
fn program() -> PathBuf {
    let environment = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/schemathesis");
    let program = environment.join("bin/st");
    if !program.exists() {
        let limit = Duration::from_secs(300);
        let mut create = Command::new("python3");
        create.args(["-m", "venv", "--clear"]).arg(&environment);
        let made = command::run(create, limit);
        assert_eq!(
            made.code,
            Some(0),
            "python3 cannot make an environment; Debian package: python3-venv\n{made:?}"
        );
        let mut install = Command::new(environment.join("bin/pip"));
        install.args(["install", "--quiet", VERSION]);
        let installed = command::run(install, limit);
        assert_eq!(installed.code, Some(0), "{installed:?}");
    }
    program
}

#[test]
fn the_running_server_keeps_to_its_document() {
    let server = server::start();
    let mut run = Command::new(program());
    run.arg("run")
        .arg(server.url("/api/v1/openapi.json"))
        .args(["--checks", CHECKS])
        .args(["--auth", &format!("{}:{}", server::USER, server::PASSWORD)])
        // The same cases in every run: a failure that comes and goes helps nobody.
        .args(["--seed", "1", "--generation-deterministic"])
        .args(["--max-examples", "30", "--no-color"])
        .args(["--exclude-path", "/api/v1/admin/reload"]);
    let output = command::run(run, Duration::from_secs(400));
    assert_eq!(
        output.code,
        Some(0),
        "{}\n{}\nthe server's log:\n{}",
        output.stdout,
        output.stderr,
        server.log()
    );
    let login = Request::post_json(
        "/api/v1/auth/json",
        &serde_json::json!({"username": "alice", "password": "alice-password"}),
    );
    let answer = server.send(&login.basic_auth(server::USER, server::PASSWORD));
    assert_eq!(answer.status, 200, "the server is not itself any more");
}
