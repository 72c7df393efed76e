//! Names and passwords reach Bulkhead and Dovecot byte for byte, or not at all.

use bulkhead_harness::{http::Request, pop3};

use crate::{
    mail::{Behind, Front, Setup},
    policy::{API_PASSWORD, API_USER},
};

fn takes_all() -> Front {
    Setup {
        behind: Behind::TakesAll,
        ..Setup::default()
    }
    .start()
}

/// The last login that came to Dovecot: name and password.
fn came_in(front: &Front) -> (Vec<u8>, Vec<u8>) {
    let log = front.dovecot().log();
    let line = log.lines().rfind(|line| line.contains("came in: "));
    let line = line.unwrap_or_else(|| panic!("nobody came in\n{}", front.logs()));
    let (_, words) = line.split_once("came in: ").unwrap();
    let mut words = words.split(' ').map(|word| hex::decode(word).unwrap());
    (words.next().unwrap(), words.next().unwrap())
}

/// nginx percent-encodes once, Bulkhead decodes once.
#[test]
fn passwords_arrive_byte_for_byte() {
    let front = takes_all();
    let passwords: [&[u8]; 12] = [
        b"100%",
        b"%25",
        b"%2525",
        b"%00",
        b"%zz",
        b"a+b",
        b"a b",
        b" leading and trailing ",
        b"\"quoted\" \\ back",
        "p\u{e4}ssw\u{f6}rd \u{1f511}".as_bytes(),
        b"\xe4\xf6\xfc latin",
        b"\xff\xfe\x80",
    ];
    for password in passwords {
        let shown = String::from_utf8_lossy(password);
        let answer = front.imap().login_literal(b"odd", password).unwrap();
        assert!(answer.is_ok(), "{shown}: {answer:?}\n{}", front.logs());
        let expected = (b"odd".to_vec(), password.to_vec());
        assert_eq!(front.policed.last("nginx").words(), expected, "{shown}");
        assert_eq!(came_in(&front), expected, "{shown}");
    }
    // Control characters arrive too, and begin no header of their own. It is Dovecot that wants none.
    let passwords: [&[u8]; 4] = [
        b"tab\there",
        b"two\r\nlines",
        b"two\r\nAuth-User: alice\r\n\r\n",
        b"\x01\x1f",
    ];
    for password in passwords {
        let shown = String::from_utf8_lossy(password);
        let answer = front.imap().login_literal(b"odd", password).unwrap();
        assert!(!answer.is_ok(), "{shown}: {answer:?}\n{}", front.logs());
        let expected = (b"odd".to_vec(), password.to_vec());
        assert_eq!(front.policed.last("nginx").words(), expected, "{shown}");
    }
    // The other protocols, and the other mechanism.
    let password = b"\xff%25 +\xc3\xa4";
    let expected = (b"odd".to_vec(), password.to_vec());
    let answer = front.pop3().auth_plain(b"odd", password).unwrap();
    assert!(pop3::is_ok(&answer), "{answer}\n{}", front.logs());
    assert_eq!(front.policed.last("nginx").words(), expected);
    assert_eq!(came_in(&front), expected);
    let answer = front.smtp().auth_plain(b"odd", password).unwrap();
    assert_eq!(answer.code, 235, "{answer:?}\n{}", front.logs());
    assert_eq!(front.policed.last("nginx").words(), expected);
    assert_eq!(came_in(&front), expected);
}

#[test]
fn names_arrive_byte_for_byte_and_become_accounts() {
    let front = takes_all();
    let name = "j\u{fc}rgen";
    let password = "j\u{fc}rgen-password";
    let answer = front
        .imap()
        .login_literal(name.as_bytes(), password.as_bytes())
        .unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", front.logs());
    let expected = (name.as_bytes().to_vec(), password.as_bytes().to_vec());
    assert_eq!(front.policed.last("nginx").words(), expected);
    assert_eq!(came_in(&front), expected);

    // Dovecot hears of the account, not of the name that was typed.
    let answer = front.imap().login("ali", "ali-password").unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", front.logs());
    assert_eq!(
        came_in(&front),
        (b"alice".to_vec(), b"ali-password".to_vec())
    );
}

/// Such names are refused before any plugin sees them; what looks like a header stays in the name.
#[test]
fn names_with_other_bytes_are_refused_and_inject_nothing() {
    let front = takes_all();
    let names: [&[u8]; 6] = [
        b"alice\r\nAuth-User: odd",
        b"alice\r\n\r\nGET / HTTP/1.0",
        b"al ice",
        b"al%69ce",
        b"al\xffice",
        b"alice\"",
    ];
    for name in names {
        let shown = String::from_utf8_lossy(name);
        let answer = front.imap().authenticate_plain(name, b"alice-password");
        let refused = answer.as_ref().is_ok_and(|answer| !answer.is_ok());
        assert!(refused, "{shown}: {answer:?}\n{}", front.logs());
    }
    assert!(front.policed.heard("nginx").is_empty());
}

/// A byte that no HTTP header may hold: the login fails, as nginx' own error, and nobody else's suffers.
#[test]
fn the_byte_7f_in_a_password_is_an_error_and_no_wrong_password() {
    let front = takes_all();
    let answer = front.imap().login_literal(b"odd", b"delete\x7f").unwrap();
    assert_eq!(answer.0, "* BAD internal server error", "{}", front.logs());
    let answer = front.imap().login("odd", "anything").unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", front.logs());
}

#[test]
fn a_name_of_64_kib_is_refused_by_nginx_and_by_bulkhead() {
    let front = takes_all();
    let long = "x".repeat(64 << 10);
    let answer = front.imap().login(&long, "password");
    assert!(
        !matches!(&answer, Ok(answer) if answer.is_ok()),
        "{answer:?}"
    );
    let answer = front.pop3().login(&long, "password");
    assert!(!matches!(&answer, Ok(answer) if pop3::is_ok(answer)));
    let answer = front.smtp().auth_plain(long.as_bytes(), b"password");
    assert!(!matches!(&answer, Ok(answer) if answer.code == 235));

    // Nothing of it came through. What nginx lets pass, Bulkhead looks at.
    assert!(front.policed.heard("nginx").is_empty());
    let name = "x".repeat(3000);
    let answer = front.imap().login(&name, "password").unwrap();
    assert_eq!(answer.0, "a NO Invalid login or password");
    assert_eq!(front.policed.last("nginx").words().0, name.as_bytes());

    // Without nginx, the head of the request is what is too large; what just fits is looked at.
    for (length, status) in [(60 << 10, 200), (64 << 10, 431)] {
        let request = Request::new("GET", "/api/v1/auth/nginx")
            .basic_auth(API_USER, API_PASSWORD)
            .header("Auth-Protocol", "imap")
            .header("Auth-User", &"x".repeat(length))
            .header("Auth-Pass", "password");
        let response = front.policed.bulkhead.send(&request);
        assert_eq!(response.status, status, "{length}: {response:?}");
        assert_eq!(response.header("Auth-Server"), None, "{length}");
        assert_ne!(response.header("Auth-Status"), Some("OK"), "{length}");
    }
}
