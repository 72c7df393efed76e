//! Every scheme against hashes that Dovecot and libcrypt made; limits; arbitrary bytes.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

const USER: &str = "user@example.org";

fn check(stored: &str, password: &str) -> Result<bool, SchemeError> {
    check_default(stored, password, "")
}

fn check_default(stored: &str, password: &str, default: &str) -> Result<bool, SchemeError> {
    let limits = CostLimits::default();
    verify(
        stored.as_bytes(),
        password.as_bytes(),
        USER,
        default,
        &limits,
    )
}

fn vectors() -> impl Iterator<Item = &'static str> {
    let lines = include_str!("vectors.txt").lines();
    lines.filter(|line| !line.starts_with('#'))
}

#[test]
fn foreign_hashes_match_their_password_and_no_other() {
    assert!(vectors().count() > 120);
    for stored in vectors() {
        assert_eq!(check(stored, "test"), Ok(true), "{stored}");
        for wrong in ["Test", "tes", ""] {
            assert_eq!(
                check(stored, wrong),
                Ok(false),
                "{stored} against {wrong:?}"
            );
        }
    }
}

#[test]
fn names_of_schemes_and_encodings_have_no_case() {
    for stored in [
        "{sha256.hex}9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "{Sha256.Hex}9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08",
        "{sha256}9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "{pLaIn.BaSe64}dGVzdA",
    ] {
        assert_eq!(check(stored, "test"), Ok(true), "{stored}");
    }
}

#[test]
fn a_value_without_prefix_has_the_default_scheme() {
    for (stored, default) in [
        ("test", ""),
        ("test", "plain"),
        ("qUqP5cyxm6YcTAhz05Hph5gvu9M=", "SHA1"),
        ("74657374", "PLAIN.HEX"),
        ("$1$6sc9Qhci$zDrpOavT/yUzDtmh/5A7W.", ""),
        ("$1$6sc9Qhci$zDrpOavT/yUzDtmh/5A7W.", "CRYPT"),
        (
            "$5$FngM6sQNE62VOktj$nWAynnvHIk/4P5OOSQoPLHJ4a6iJLyNkKiQxuDhQ0d1",
            "CRYPT",
        ),
        (
            "$2y$05$QFO22JeUZ88H0NnavHF9v.DhZVcN/VJWfHPsoWE/iIuRqR9kettP6",
            "CRYPT",
        ),
        (
            "$argon2i$v=19$m=32768,t=4,p=1$/6uJSim4RTiqUJKmFeJZRw$Vw98Wktk//1ri/RgXGL9GMDC8ibcFDeSJ9sOwAV7f00",
            "CRYPT",
        ),
    ] {
        assert_eq!(check_default(stored, "test", default), Ok(true), "{stored}");
        assert_eq!(
            check_default(stored, "tesT", default),
            Ok(false),
            "{stored}"
        );
    }
}

#[test]
fn a_truncated_plaintext_matches_what_may_have_been_cut_off() {
    for (stored, password, matches) in [
        ("{PLAIN-TRUNC}4-test", "testing", true),
        ("{PLAIN-TRUNC}4-test", "test", true),
        ("{PLAIN-TRUNC}4-test", "tes", false),
        ("{PLAIN-TRUNC}4-test", "tesT1", false),
        ("{PLAIN-TRUNC}6-test", "testing", false),
        ("{PLAIN-TRUNC}6-test", "test", true),
        ("{PLAIN-TRUNC}3-a-b", "a-bc", true),
    ] {
        assert_eq!(check(stored, password), Ok(matches), "{stored} {password}");
    }
}

#[test]
fn a_digest_md5_value_belongs_to_one_user() {
    let stored = b"{DIGEST-MD5}7144b992e97845f35a4772b6ac708a92";
    let limits = CostLimits::default();
    let ask = |user| verify(stored, b"test", user, "", &limits);
    assert_eq!(ask(USER), Ok(true));
    assert_eq!(ask("user@example.com"), Ok(false));
    assert_eq!(ask("user"), Ok(false));
    assert!(matches!(ask(""), Err(SchemeError::Malformed(_))));
}

#[test]
fn scram_accepts_the_password_as_typed_and_as_prepared() {
    // A no-break space, which preparation makes a space.
    let salt = b"saltsalt";
    let key = |password: &str| {
        use hmac::{Hmac, Mac};
        use sha2::{Digest, Sha256};
        let mut salted = [0; 32];
        pbkdf2::pbkdf2::<Hmac<Sha256>>(password.as_bytes(), salt, 4096, &mut salted).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&salted).unwrap();
        mac.update(b"Client Key");
        Sha256::digest(mac.finalize().into_bytes())
    };
    use base64::{Engine, engine::general_purpose::STANDARD};
    let stored = |password: &str| {
        let key = STANDARD.encode(key(password));
        format!(
            "{{SCRAM-SHA-256}}4096,{},{key},{key}",
            STANDARD.encode(salt)
        )
    };
    let typed = "a\u{a0}b";
    assert_eq!(check(&stored(typed), typed), Ok(true));
    assert_eq!(check(&stored("a b"), typed), Ok(true));
    assert_eq!(check(&stored("a b"), "a_b"), Ok(false));
}

#[test]
fn unknown_schemes_are_named_unless_the_name_may_be_a_password() {
    let unknown = |stored: &str| match check(stored, "x") {
        Err(SchemeError::UnknownScheme(name)) => name,
        other => panic!("{stored}: {other:?}"),
    };
    assert_eq!(unknown("{ROT13}x"), "ROT13");
    assert_eq!(unknown("{SHA.ROT13}x"), "SHA.ROT13");
    assert_eq!(unknown("{SHA.HEX.HEX}x"), "SHA.HEX.HEX");
    for secret in ["{}x", "{hunter2}x", "{a b}x", "{\u{e9}}x"] {
        assert!(unknown(secret).starts_with('('), "{secret}");
    }
}

#[test]
fn values_that_do_not_fit_their_scheme_are_malformed() {
    let long = format!("{{PLAIN}}{}", "x".repeat(5000));
    for stored in [
        "",
        "{PLAIN}",
        "{PLAIN.HEX}7",
        "{PLAIN.B64}*",
        "{PLAIN-TRUNC}test",
        "{PLAIN-TRUNC}-test",
        "{PLAIN-TRUNC}4-",
        "{PLAIN-TRUNC}99999999999999999999999-x",
        "{SHA1}dGVzdA==",
        "{SHA256}qUqP5cyxm6YcTAhz05Hph5gvu9M=",
        "{SSHA}dGVzdA==",
        "{CRAM-MD5}00",
        "{DIGEST-MD5}00",
        "{CRYPT}x",
        "{CRYPT}$6$",
        "{CRYPT}$6$rounds=$a$b",
        "{CRYPT}$6$rounds=x$a$b",
        "{CRYPT}$2y$xx$QFO22JeUZ88H0NnavHF9v.DhZVcN/VJWfHPsoWE/iIuRqR9kettP6",
        "{CRYPT}$7$",
        "{CRYPT}$y$",
        "{CRYPT}$9$a$b",
        "{PBKDF2}$1$salt$0$21d27b539b0dca903f2cae2bd7464716628e24ad",
        "{PBKDF2}$1$salt$1$21d27b",
        "{PBKDF2}$2$salt$1$21d27b539b0dca903f2cae2bd7464716628e24ad",
        "{SCRAM-SHA-1}4095,c2FsdA==,qUqP5cyxm6YcTAhz05Hph5gvu9M=,qUqP5cyxm6YcTAhz05Hph5gvu9M=",
        "{SCRAM-SHA-1}4096,c2FsdA==,qUqP5cyxm6YcTAhz05Hph5gvu9M=",
        "{SCRAM-SHA-1}4096,c2FsdA==,dGVzdA==,dGVzdA==",
        "{ARGON2ID}$argon2d$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$qUqP5cyxm6YcTAhz05Hph5gvu9M",
        "{ARGON2ID}$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ",
        "{OTP}sha9 1 a 90740a45b6d98aab",
        "{OTP}sha1 1 a 90",
        long.as_str(),
    ] {
        let result = check(stored, "test");
        assert!(
            matches!(result, Err(SchemeError::Malformed(_))),
            "{stored:?}: {result:?}"
        );
    }
}

#[test]
fn locked_accounts_match_nothing() {
    for stored in [
        "{CRYPT}*",
        "{CRYPT}!",
        "{CRYPT}!$1$6sc9Qhci$zDrpOavT/yUzDtmh/5A7W.",
    ] {
        for password in ["test", "", "*", "!"] {
            assert_eq!(check(stored, password), Ok(false), "{stored}");
        }
    }
}

#[test]
fn what_libcrypt_would_cut_off_matches_nothing() {
    let stored = "{DES-CRYPT}MRskfcRkecrug";
    assert_eq!(check(stored, "test\0more"), Ok(false));
    assert_eq!(check(stored, &"test".repeat(200)), Ok(false));
}

#[test]
fn costs_are_allowed_at_the_limit_and_refused_one_past_it() {
    let limits = CostLimits {
        memory_bytes: 16 << 20,
        rounds: 5000,
        bcrypt_cost: 5,
        argon2_passes: 2,
    };
    let argon = |memory: u32, passes: u32| {
        format!(
            "{{ARGON2ID}}$argon2id$v=19$m={memory},t={passes},p=1$c2FsdHNhbHQ$qUqP5cyxm6YcTAhz05Hph5gvu9M"
        )
    };
    let scram = |rounds: u32| {
        let key = "qUqP5cyxm6YcTAhz05Hph5gvu9M=";
        format!("{{SCRAM-SHA-1}}{rounds},c2FsdA==,{key},{key}")
    };
    let pbkdf2 = |rounds: u32| format!("{{PBKDF2}}$1$salt${rounds}${}", "0".repeat(40));
    let sha = |rounds: u32| format!("{{CRYPT}}$6$rounds={rounds}$salt${}", "a".repeat(86));
    let sha1 = |rounds: u32| format!("{{CRYPT}}$sha1${rounds}$salt${}", "a".repeat(28));
    let blowfish = |cost: u32| {
        format!("{{BLF-CRYPT}}$2y$0{cost}$QFO22JeUZ88H0NnavHF9v.DhZVcN/VJWfHPsoWE/iIuRqR9kettP6")
    };
    let otp = |steps: u32| format!("{{OTP}}md5 {steps} seed 90740a45b6d98aab");
    let yescrypt = |cost: &str| {
        format!(
            "{{CRYPT}}$y${cost}$LdJMENpBABJJ3hIHjB1Bi.$lCtC0ltspwnkmfY54C/.aI8Tgxd4krIxagKrivX9Sz9"
        )
    };
    let scrypt = |log: char| format!("{{CRYPT}}$7${log}6..../....salt${}", "a".repeat(43));
    for (at, past) in [
        (argon(16 << 10, 1), argon((16 << 10) + 1, 1)),
        (argon(64, 2), argon(64, 3)),
        (scram(5000), scram(5001)),
        (pbkdf2(5000), pbkdf2(5001)),
        (sha(5000), sha(5001)),
        (sha1(5000), sha1(5001)),
        (blowfish(5), blowfish(6)),
        (otp(5000), otp(5001)),
        (yescrypt("j9T"), yescrypt("jAT")),
        (scrypt('C'), scrypt('D')),
    ] {
        let ask = |stored: &str| verify(stored.as_bytes(), b"x", USER, "", &limits);
        assert_eq!(ask(&at), Ok(false), "{at}");
        let result = ask(&past);
        assert!(
            matches!(result, Err(SchemeError::TooExpensive(_))),
            "{past}: {result:?}"
        );
    }
}

#[test]
fn absurd_costs_are_refused_at_once() {
    let started = std::time::Instant::now();
    for stored in [
        "{ARGON2ID}$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$qUqP5cyxm6YcTAhz05Hph5gvu9M",
        "{ARGON2ID}$argon2id$v=19$m=64,t=4294967295,p=1$c2FsdHNhbHQ$qUqP5cyxm6YcTAhz05Hph5gvu9M",
        "{CRYPT}$6$rounds=999999999$salt$aaaa",
        "{CRYPT}$2y$31$QFO22JeUZ88H0NnavHF9v.DhZVcN/VJWfHPsoWE/iIuRqR9kettP6",
        "{CRYPT}$y$jzzzz.$LdJMENpBABJJ3hIHjB1Bi.$lCtC",
        "{CRYPT}$7$zzzzzzzzzzzsalt$aaaa",
        "{CRYPT}_zzzzabcdx/cgK8gMibw",
        "{PBKDF2}$1$salt$4294967295$21d27b539b0dca903f2cae2bd7464716628e24ad",
        "{OTP}md5 4294967295 seed 90740a45b6d98aab",
    ] {
        let result = check(stored, "test");
        assert!(!matches!(result, Ok(true)), "{stored}");
        assert!(result.is_err(), "{stored}: {result:?}");
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(1));
}

#[test]
fn slow_schemes_are_not_called_cheap() {
    for stored in vectors() {
        // All vectors of MD5 are MD5-CRYPT.
        let slow = [
            "CRYPT", "ARGON2", "PBKDF2", "SCRAM", "OTP", "{MD5}", "{MD5.",
        ];
        let expected = !slow.iter().any(|word| stored.contains(word));
        assert_eq!(is_cheap(stored.as_bytes(), ""), expected, "{stored}");
    }
}

/// Small costs, so that a case that happens to be valid is quick.
const SMALL: CostLimits = CostLimits {
    memory_bytes: 1 << 20,
    rounds: 6000,
    bcrypt_cost: 4,
    argon2_passes: 2,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_stored_bytes_panic(
        stored in proptest::collection::vec(any::<u8>(), 0..200),
        password in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        for default in ["", "CRYPT", "SHA", "ARGON2ID"] {
            let _ = verify(&stored, &password, "u", default, &SMALL);
        }
    }

    #[test]
    fn no_data_of_a_known_scheme_panics(
        scheme in "(PLAIN-TRUNC|SSHA|CRAM-MD5|DIGEST-MD5|CRYPT|PBKDF2|SCRAM-SHA-1|ARGON2I|OTP|MD5)(\\.hex|\\.b64|)",
        data in "(\\$(1|2[abxy]|3|5|6|7|y|sha1|argon2id)\\$)?(rounds=[0-9]{0,5}|[0-9]{1,2}|v=19\\$m=8,t=1,p=1)?\\$?\\PC{0,60}",
        password in "\\PC{0,20}",
    ) {
        let stored = format!("{{{scheme}}}{data}");
        let _ = verify(stored.as_bytes(), password.as_bytes(), "u@r", "", &SMALL);
    }

    #[test]
    fn damaged_vectors_never_panic(
        index in 0..120_usize,
        position in 0..200_usize,
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut stored = vectors().nth(index).unwrap().as_bytes().to_vec();
        let position = position % stored.len();
        if cut {
            stored.truncate(position);
        } else if let Some(target) = stored.get_mut(position) {
            *target = byte;
        }
        let _ = verify(&stored, b"test", "u@r", "", &SMALL);
    }
}

/// Passwords of every length around the block sizes, made with crypt(3) of libxcrypt 4.4.
#[test]
fn crypt_strings_of_long_passwords_match() {
    for line in include_str!("crypt_lengths.txt").lines() {
        let (length, stored) = line.split_once(' ').unwrap();
        let password: String = ('a'..='z').cycle().take(length.parse().unwrap()).collect();
        assert_eq!(
            check_default(stored, &password, "CRYPT"),
            Ok(true),
            "{line}"
        );
        let wrong = format!("{password}x");
        let fits = password.len() < 511;
        let cut_off = fits && stored.len() == 13 && password.len() >= 8
            || fits && stored.starts_with("$2") && password.len() >= 72;
        assert_eq!(
            check_default(stored, &wrong, "CRYPT"),
            Ok(cut_off),
            "{line}"
        );
    }
}

#[test]
fn errors_hold_nothing_of_the_stored_value() {
    for stored in [
        "{SHA1}hunter2",
        "{hunter2}x",
        "{CRYPT}hunter2",
        "{CRYPT}$6$hunter2",
        "{CRYPT}$9$hunter2",
        "{ARGON2ID}hunter2",
        "{PBKDF2}$1$hunter2$1$x",
        "{PBKDF2}$1$hunter2$4000000000$21d27b539b0dca903f2cae2bd7464716628e24ad",
        "{SCRAM-SHA-1}hunter2",
        "{OTP}hunter2",
        "{PLAIN.HEX}hunter2",
        "{PLAIN-TRUNC}hunter2",
        "{CRAM-MD5}hunter2",
    ] {
        let error = check(stored, "x").unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{stored}: {error:?}"
        );
    }
}
