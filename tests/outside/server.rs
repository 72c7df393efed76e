//! Small HTTP servers that send exactly the bytes that a test wants, and the client's side of them.

use std::{
    collections::HashMap,
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bulkhead::{
    backend_io::http::{
        HttpClient, HttpEgress, HttpError, IncomingResponse, NameLookup, OutgoingRequest,
    },
    config::HttpGrant,
};
use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufStream},
    net::{TcpListener, TcpStream},
};

/// Accepts connections on a loopback port and hands them to `serve`.
pub(crate) async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Reads one request: its head as text, and its body. Nothing when the client has gone.
pub(crate) async fn read_request(
    stream: &mut (impl AsyncReadExt + Unpin),
) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

/// A server that answers each request, on a connection that stays, with the bytes of `answer`.
pub(crate) async fn answer(
    answer: impl Fn(&str, &[u8]) -> Vec<u8> + Send + Sync + 'static,
) -> SocketAddr {
    let answer = Arc::new(answer);
    listen(move |stream| {
        let answer = answer.clone();
        async move {
            let mut stream = BufStream::new(stream);
            while let Some((head, body)) = read_request(&mut stream).await {
                let written = stream.write_all(&answer(&head, &body)).await;
                if written.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
        }
    })
    .await
}

/// A server that answers every request with these bytes and closes the connection.
pub(crate) async fn once(bytes: Vec<u8>) -> SocketAddr {
    let bytes = Arc::new(bytes);
    listen(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            read_request(&mut stream).await;
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
    })
    .await
}

/// A plain answer.
pub(crate) fn ok(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A redirect.
pub(crate) fn redirect(status: u16, location: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
        .into_bytes()
}

/// Names that a test chooses. Each lookup takes the next answer; the last one stays.
#[derive(Clone, Default)]
pub(crate) struct Names {
    answers: Arc<Mutex<HashMap<String, Vec<Vec<IpAddr>>>>>,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Names {
    pub(crate) fn with(self, name: &str, answers: &[&[&str]]) -> Self {
        let parse = |ips: &&[&str]| ips.iter().map(|ip| ip.parse().unwrap()).collect();
        let answers = answers.iter().map(parse).collect();
        self.answers
            .lock()
            .unwrap()
            .insert(name.to_owned(), answers);
        self
    }
}

impl NameLookup for Names {
    fn lookup(&self, name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, String>> {
        self.asked.lock().unwrap().push(name.clone());
        let mut answers = self.answers.lock().unwrap();
        let found = match answers.get_mut(&name) {
            Some(answers) if answers.len() > 1 => Ok(answers.remove(0)),
            Some(answers) => Ok(answers.first().cloned().unwrap_or_default()),
            None => Err("no such name".to_owned()),
        };
        Box::pin(async move { found })
    }
}

pub(crate) fn grant(hosts: &[&str]) -> HttpGrant {
    HttpGrant {
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        ..HttpGrant::default()
    }
}

/// A grant for one server's address.
pub(crate) fn grant_to(address: SocketAddr) -> HttpGrant {
    grant(&[&address.to_string()])
}

pub(crate) fn get(url: &str) -> OutgoingRequest {
    OutgoingRequest {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        timeout: None,
        redirects: 0,
    }
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

pub(crate) async fn send(
    grant: &HttpGrant,
    request: OutgoingRequest,
) -> Result<IncomingResponse, HttpError> {
    let egress = HttpEgress::compile(grant).unwrap();
    HttpClient::new(vec![]).send(&egress, request, soon()).await
}

/// Fetches a URL of a server that is granted.
pub(crate) async fn fetch(address: SocketAddr) -> Result<IncomingResponse, HttpError> {
    send(&grant_to(address), get(&format!("http://{address}/"))).await
}

pub(crate) fn denial(result: Result<IncomingResponse, HttpError>) -> String {
    match result {
        Err(HttpError::Denied(text)) => text,
        other => panic!("not denied: {other:?}"),
    }
}
