//! What a check hears at most: at the limit, and one past it.

use crate::{
    fake::says,
    targets::{at, check, words},
};

#[tokio::test]
async fn a_line_has_at_most_8192_bytes() {
    for (length, expected) in [(8192, "ok"), (8193, "connect too-long")] {
        let filling = "x".repeat(length - "* OK \r\n".len());
        let address = says(format!("* OK {filling}\r\n")).await;
        let result = check(&at("imap", address, "")).await;
        assert_eq!(words(&result), expected, "{length}: {result:?}");
    }
}

#[tokio::test]
async fn a_check_hears_at_most_64_kib() {
    for (length, expected) in [(65536, "ok"), (65537, "connect too-long")] {
        let line = "\"X-LINE\" \"0123456789\"\r\n";
        let end = "OK\r\n";
        let mut text = line.repeat((65536 - 100) / line.len());
        let filling = length - text.len() - end.len() - "\"\"\r\n".len();
        text.push_str(&format!("\"{}\"\r\n{end}", "x".repeat(filling)));
        assert_eq!(text.len(), length);
        let address = says(text).await;
        let result = check(&at("sieve", address, "")).await;
        assert_eq!(words(&result), expected, "{length}: {result:?}");
    }
}

#[tokio::test]
async fn a_reply_of_smtp_has_at_most_100_lines() {
    for (lines, expected) in [(100, "ok"), (101, "connect too-long")] {
        let text = format!(
            "{}220 hello\r\n250 hello\r\n",
            "220-hello\r\n".repeat(lines - 1)
        );
        let address = says(text).await;
        let result = check(&at("smtp", address, "")).await;
        assert_eq!(words(&result), expected, "{lines}: {result:?}");
    }
}

#[tokio::test]
async fn an_answer_of_http_has_at_most_100_fields() {
    for (fields, expected) in [(100, "ok"), (101, "connect too-long")] {
        let text = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(fields));
        let address = says(text).await;
        let result = check(&at("http", address, "")).await;
        assert_eq!(words(&result), expected, "{fields}: {result:?}");
    }
}
