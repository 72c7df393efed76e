//! The glue under a fake Dovecot: what a real 2.3 cannot be made to do, and all of 2.4, which Debian
//! does not have yet. The cases are in `glue_spec.lua`.

use std::path::Path;

use bulkhead_harness::{Scratch, lua};

fn run_cases(interpreter: &str, version: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let glue = root.join("dovecot/bulkhead.lua");
    let cases = root.join("../tests/dovecot/glue_spec.lua");
    let scratch = Scratch::new("glue");
    let secret = scratch.write("api.secret", "dovecot:api-secret\n");
    let arguments = [glue.to_str().unwrap(), version, secret.to_str().unwrap()];
    let output = lua::run(interpreter, &cases, &arguments);
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    assert!(
        output.stdout.contains(" 0 failed under"),
        "{}",
        output.stdout
    );
}

#[test]
fn glue_cases_hold_under_dovecot_2_3() {
    run_cases("lua5.4", "2.3");
}

#[test]
fn glue_cases_hold_under_dovecot_2_4() {
    run_cases("lua5.4", "2.4");
}

#[test]
fn glue_cases_hold_under_dovecot_2_4_built_with_lua_5_1() {
    run_cases("lua5.1", "2.4");
}
