//! A client that writes and reads bytes, so that tests see what is on the wire.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longer than anything that a test waits for on purpose.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Wire {
    pub async fn connect(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            unread: Vec::new(),
        }
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Reads more; false at the end of the connection.
    async fn more(&mut self) -> bool {
        let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.unread));
        read.await.expect("the server is silent").unwrap_or(0) > 0
    }

    /// Everything up to and with the empty line.
    pub async fn head(&mut self) -> String {
        loop {
            let end = self.unread.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = self.unread.drain(..end + 4).collect();
                return String::from_utf8(head).unwrap();
            }
            assert!(self.more().await, "the connection ended inside a head");
        }
    }

    /// One whole response; its body by Content-Length. A body in CBOR is shown as JSON, bytes in it as
    /// numbers.
    pub async fn response(&mut self) -> String {
        let head = self.head().await;
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |length| length.parse().unwrap());
        while self.unread.len() < length {
            assert!(self.more().await, "the connection ended inside a body");
        }
        let body: Vec<u8> = self.unread.drain(..length).collect();
        if head.contains("\r\nContent-Type: application/cbor\r\n") {
            let value: ciborium::Value = ciborium::from_reader(body.as_slice()).unwrap();
            return format!("{head}cbor {}", serde_json::to_string(&value).unwrap());
        }
        head + &String::from_utf8(body).unwrap()
    }

    /// True if the server closes the connection without another byte.
    pub async fn is_closed(&mut self) -> bool {
        self.unread.is_empty() && !self.more().await
    }

    /// True if nothing arrives for a while.
    pub async fn is_silent(&mut self, time: Duration) -> bool {
        self.unread.is_empty()
            && tokio::time::timeout(time, self.stream.read_buf(&mut self.unread))
                .await
                .is_err()
    }

    pub async fn close_sending(&mut self) {
        self.stream.shutdown().await.unwrap();
    }
}

/// One request on a connection of its own.
pub async fn exchange(address: SocketAddr, request: impl AsRef<[u8]>) -> String {
    let mut wire = Wire::connect(address).await;
    wire.send(request).await;
    wire.response().await
}

/// A POST to the JSON route.
pub fn post(query: &str, headers: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /api/v1/auth/json{query} HTTP/1.1\r\nHost: t\r\nContent-Type: {content_type}\r\n\
         {headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

pub fn post_json(query: &str, body: &str) -> String {
    post(query, "", "application/json", body)
}

pub fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: t\r\n{headers}\r\n")
}

/// The response with what differs from run to run masked: the session, the date and latencies.
pub fn masked(response: &str) -> String {
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let mut lines = Vec::new();
    for line in head.split("\r\n") {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        match name {
            "X-Nauthilus-Session" => {
                assert_eq!(value.len(), 27, "{value}");
                assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric()));
                lines.push("X-Nauthilus-Session: [27 characters]".to_owned());
            }
            "Date" => lines.push("Date: [date]".to_owned()),
            _ => lines.push(line.to_owned()),
        }
    }
    format!(
        "{}\n\n{}",
        lines.join("\n"),
        body.replace("\r\n", "<CRLF>\n")
    )
}

/// The status of a response.
pub fn status(response: &str) -> u16 {
    response.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The value of a header.
pub fn header<'a>(response: &'a str, name: &str) -> Option<&'a str> {
    let prefix = format!("{name}: ");
    response.lines().find_map(|line| line.strip_prefix(&prefix))
}
