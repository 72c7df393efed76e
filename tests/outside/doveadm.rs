//! Fresh hashes from Dovecot's own tool, in every scheme and encoding that it lists.

use std::process::Command;

use bulkhead::auth::scheme::{CostLimits, verify};

const USER: &str = "someone@example.org";

fn doveadm(arguments: &[&str]) -> std::io::Result<String> {
    let output = Command::new("doveadm").arg("pw").args(arguments).output()?;
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    Ok(String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned())
}

#[test]
fn every_scheme_that_doveadm_writes_is_verified() {
    let Ok(schemes) = doveadm(&["-l"]) else {
        let required = std::env::var_os("BULKHEAD_REQUIRE_SERVERS").is_some();
        assert!(
            !required,
            "doveadm is missing: install the package dovecot-core"
        );
        eprintln!("skipped: doveadm is not installed");
        return;
    };
    let schemes: Vec<&str> = schemes.split_whitespace().collect();
    assert!(schemes.len() > 20, "{schemes:?}");
    for scheme in schemes {
        // doveadm writes PLAIN-TRUNC without the length that it then asks for.
        if scheme == "PLAIN-TRUNC" {
            continue;
        }
        for encoding in ["", ".b64", ".base64", ".hex"] {
            let passwords = ["pässwörd {x} $1$", "p", "correct horse battery staple"];
            // The encoding does not depend on the password.
            let passwords = if encoding.is_empty() { &passwords[..] } else { &passwords[..1] };
            for &password in passwords {x} $1$"] {
                let name = format!("{scheme}{encoding}");
                let stored = doveadm(&["-s", &name, "-u", USER, "-p", password]).unwrap();
                let ask = |password: &str| {
                    let limits = CostLimits::default();
                    verify(stored.as_bytes(), password.as_bytes(), USER, "", &limits)
                };
                assert_eq!(ask(password), Ok(true), "{stored} {password}");
                assert_eq!(ask("P"), Ok(false), "{stored}");
            }
        }
    }
}
