//! A destination that gives no answer is left alone for a while, and used again when it answers.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use bulkhead::{
    backend_io::http::{HttpClient, HttpEgress, HttpError, IncomingResponse, Registry},
    config::HttpGrant,
};
use tokio::io::AsyncWriteExt;

use crate::server::{Names, answer, get, grant, listen, ok, once, read_request, redirect, soon};

/// Longer than any test.
const FOR_EVER: Duration = Duration::from_secs(3600);
/// How long something may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A grant for loopback hosts whose destinations are left alone after three failures.
fn granted(hosts: &[&str], cool_down: Duration) -> HttpGrant {
    HttpGrant {
        private: true,
        timeout: PATIENCE,
        breaker_failures: 3,
        breaker_cool_down: cool_down,
        ..grant(hosts)
    }
}

type Answered = Result<IncomingResponse, HttpError>;

async fn fetch(egress: &HttpEgress, url: &str) -> Answered {
    HttpClient::new(vec![]).send(egress, get(url), soon()).await
}

/// The same of a service that stalls.
async fn fetch_briefly(egress: &HttpEgress, url: &str) -> Answered {
    let mut request = get(url);
    request.timeout = Some(Duration::from_millis(100));
    HttpClient::new(vec![]).send(egress, request, soon()).await
}

/// Why nothing was sent; nothing if something was.
fn left_alone(result: &Answered) -> Option<&str> {
    match result {
        Err(HttpError::Connect(text)) if text.contains("requests in a row had no answer") => {
            Some(text)
        }
        _ => None,
    }
}

/// A service that can be told to stall; it counts what it is asked.
struct Service {
    url: String,
    stalls: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Service {
    async fn start() -> Self {
        let (stalls, asked) = (Arc::new(AtomicBool::new(true)), Arc::default());
        let (stall, count) = (Arc::clone(&stalls), Arc::clone(&asked));
        let address = listen(move |mut stream| {
            let (stall, count): (_, Arc<AtomicUsize>) = (Arc::clone(&stall), Arc::clone(&count));
            async move {
                while read_request(&mut stream).await.is_some() {
                    count.fetch_add(1, SeqCst);
                    if stall.load(SeqCst) {
                        std::future::pending::<()>().await;
                    }
                    if stream.write_all(&ok("well")).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await;
        Self {
            url: format!("http://{address}/"),
            stalls,
            asked,
        }
    }

    fn egress(&self, cool_down: Duration) -> HttpEgress {
        let host = self.url.trim_start_matches("http://").trim_matches('/');
        HttpEgress::compile(&granted(&[host], cool_down)).unwrap()
    }
}

#[tokio::test]
async fn a_service_that_stalls_is_left_alone_and_requests_fail_at_once() {
    let service = Service::start().await;
    let egress = service.egress(FOR_EVER);
    for _ in 0..3 {
        let result = fetch_briefly(&egress, &service.url).await;
        assert_eq!(result, Err(HttpError::TimedOut));
    }
    let asked = service.asked.load(SeqCst);
    service.stalls.store(false, SeqCst);
    for _ in 0..100 {
        let result = fetch(&egress, &service.url).await;
        let text = left_alone(&result).unwrap_or_else(|| panic!("{result:?}"));
        assert!(
            text.contains(
                "3 requests in a row had no answer; the last one: timed out; none is sent"
            ),
            "{text}"
        );
    }
    assert_eq!(service.asked.load(SeqCst), asked);
    // Another plugin's grant has found out nothing yet.
    let other = service.egress(FOR_EVER);
    assert_eq!(fetch(&other, &service.url).await.unwrap().body, b"well");
}

#[tokio::test]
async fn a_service_that_comes_back_is_used_again_and_may_go_away_again() {
    let service = Service::start().await;
    let egress = service.egress(Duration::from_millis(20));
    for _ in 0..3 {
        service.stalls.store(true, SeqCst);
        let begun = Instant::now();
        while left_alone(&fetch_briefly(&egress, &service.url).await).is_none() {
            assert!(begun.elapsed() < PATIENCE, "it is never left alone");
        }
        service.stalls.store(false, SeqCst);
        let begun = Instant::now();
        while fetch(&egress, &service.url).await.is_err() {
            assert!(begun.elapsed() < PATIENCE, "it is left alone for ever");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // From the first answer on, all requests are sent.
        for _ in 0..10 {
            assert_eq!(fetch(&egress, &service.url).await.unwrap().body, b"well");
        }
    }
}

#[tokio::test]
async fn after_the_cool_down_one_request_tries_and_the_others_do_not_wait() {
    let service = Service::start().await;
    let granted = granted(
        &[service.url.trim_start_matches("http://").trim_matches('/')],
        Duration::from_millis(1),
    );
    let egress = HttpEgress::compile(&granted).unwrap();
    let client = HttpClient::new(vec![]);
    let briefly = |milliseconds: u64| {
        let mut request = get(&service.url);
        request.timeout = Some(Duration::from_millis(milliseconds));
        client.send(&egress, request, soon())
    };
    for _ in 0..3 {
        assert_eq!(briefly(50).await, Err(HttpError::TimedOut));
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    let before = service.asked.load(SeqCst);
    let trial = client.send(&egress, get(&service.url), soon());
    let others = async {
        let begun = Instant::now();
        while service.asked.load(SeqCst) == before {
            assert!(begun.elapsed() < PATIENCE, "nobody tries");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for _ in 0..20 {
            let result = briefly(10_000).await;
            let text = left_alone(&result).unwrap_or_else(|| panic!("{result:?}"));
            assert!(text.contains("one is on its way"), "{text}");
        }
        assert_eq!(service.asked.load(SeqCst), before + 1);
    };
    tokio::select! {
        result = trial => panic!("the service stalls: {result:?}"),
        () = others => {}
    }
    // The trial was given up at once, which says nothing: the next one tries.
    service.stalls.store(false, SeqCst);
    assert_eq!(briefly(10_000).await.unwrap().body, b"well");
}

#[tokio::test]
async fn every_failure_to_get_an_answer_counts_and_no_answer_does() {
    let nobody = bulkhead_harness::port::free();
    let rubbish = once(b"\xff\xfe this is no HTTP\r\n\r\n".to_vec()).await;
    let cut_off = once(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec()).await;
    let plain = listen(|mut stream| async move {
        let _ = stream.write_all(b"this is no TLS\r\n\r\n").await;
        let _ = stream.shutdown().await;
    })
    .await;
    let failing = once(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n".to_vec()).await;
    let long = once(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 2 << 20).into()).await;
    let circle = once(redirect(302, "/")).await;
    let names = Names::default().with("empty.example", &[&[]]);
    let client = HttpClient::with_lookup(vec![], Arc::new(names));
    for (url, counts) in [
        (format!("http://{nobody}/"), true),
        (format!("http://{rubbish}/"), true),
        (format!("http://{cut_off}/"), true),
        (format!("https://{plain}/"), true),
        ("http://empty.example/".to_owned(), true),
        (format!("http://{failing}/"), false),
        (format!("http://{long}/"), false),
        (format!("http://{circle}/"), false),
        // Refused by the grant, and not even a request: nothing was sent.
        ("http://127.9.9.9/".to_owned(), false),
        ("ftp://empty.example/".to_owned(), false),
    ] {
        let host = url.split('/').nth(2).unwrap();
        let hosts: &[&str] = match host {
            "127.9.9.9" => &["empty.example"],
            host => &[host],
        };
        let granted = granted(hosts, FOR_EVER);
        let egress = HttpEgress::compile(&granted).unwrap();
        let mut request = get(&url);
        request.redirects = 2;
        let mut results = Vec::new();
        for _ in 0..4 {
            results.push(client.send(&egress, request.clone(), soon()).await);
        }
        let last = results.pop().unwrap();
        assert!(
            results.iter().all(|result| left_alone(result).is_none()),
            "{url}: {results:?}"
        );
        assert_eq!(left_alone(&last).is_some(), counts, "{url}: {last:?}");
    }
}

#[tokio::test]
async fn one_destination_that_is_away_takes_no_other_with_it() {
    let well = answer(|_, _| ok("well")).await;
    let away = bulkhead_harness::port::free();
    let to_away = answer(move |_, _| redirect(302, &format!("http://{away}/"))).await;
    let hosts = [well, away, to_away].map(|address| address.to_string());
    let hosts = hosts.each_ref().map(String::as_str);
    let granted = granted(&hosts, FOR_EVER);
    let egress = HttpEgress::compile(&granted).unwrap();
    let mut redirected = get(&format!("http://{to_away}/"));
    redirected.redirects = 1;
    let client = HttpClient::new(vec![]);
    for _ in 0..3 {
        let result = client.send(&egress, redirected.clone(), soon()).await;
        assert!(
            left_alone(&result).is_none() && result.is_err(),
            "{result:?}"
        );
    }
    // It is the destination of the redirect that is left alone, not the one that redirects.
    let result = client.send(&egress, redirected, soon()).await;
    assert!(left_alone(&result).unwrap().contains(&away.to_string()));
    let first = fetch(&egress, &format!("http://{to_away}/")).await;
    assert_eq!(first.unwrap().status, 302);
    let other = fetch(&egress, &format!("http://{well}/")).await;
    assert_eq!(other.unwrap().body, b"well");
}

#[tokio::test]
async fn who_asks_many_hosts_once_is_never_held_back() {
    let names = Names::default();
    let client = HttpClient::with_lookup(vec![], Arc::new(names));
    let granted = granted(&["*.example.org"], FOR_EVER);
    let egress = HttpEgress::compile(&granted).unwrap();
    // More than are remembered.
    for round in 0..2 {
        for host in 0..300 {
            let url = format!("http://h{host}.example.org/");
            let result = client.send(&egress, get(&url), soon()).await;
            let is_unknown = matches!(result, Err(HttpError::NameLookup(_)));
            assert!(is_unknown, "round {round}: {result:?}");
        }
    }
}

#[tokio::test]
async fn a_login_that_is_nearly_over_says_nothing_about_a_service() {
    let service = Service::start().await;
    let mut granted = granted(
        &[service.url.trim_start_matches("http://").trim_matches('/')],
        FOR_EVER,
    );
    granted.timeout = FOR_EVER;
    let egress = HttpEgress::compile(&granted).unwrap();
    let client = HttpClient::new(vec![]);
    for _ in 0..5 {
        let deadline = Instant::now() + Duration::from_millis(30);
        let result = client.send(&egress, get(&service.url), deadline).await;
        assert_eq!(result, Err(HttpError::TimedOut));
    }
    service.stalls.store(false, SeqCst);
    assert_eq!(fetch(&egress, &service.url).await.unwrap().body, b"well");
}

#[tokio::test]
async fn what_is_left_alone_is_known_by_plugin_over_all_grants() {
    let service = Service::start().await;
    let host = service.url.trim_start_matches("http://").trim_matches('/');
    let opened: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = Arc::clone(&opened);
    let registry = Registry::new(Arc::new(move |plugin| {
        listener.lock().unwrap().push(plugin.to_owned());
    }));
    let granted = granted(&[host], FOR_EVER);
    let former = registry.compile("hook", &granted).unwrap();
    let egress = registry.compile("hook", &granted).unwrap();
    let _unused = registry.compile("quiet", &granted).unwrap();
    assert_eq!(registry.conditions(), []);
    for _ in 0..5 {
        let _ = fetch_briefly(&egress, &service.url).await;
    }
    service.stalls.store(false, SeqCst);
    fetch(&former, &service.url).await.unwrap();
    let conditions = registry.conditions();
    assert_eq!(conditions.len(), 1);
    assert_eq!(conditions[0].plugin, "hook");
    let shown: Vec<_> = conditions[0].left_alone.iter().collect();
    let origin = service.url.trim_end_matches('/').to_owned();
    let why = "3 requests in a row had no answer; the last one: timed out".to_owned();
    assert_eq!(shown, [(&origin, &why)]);
    assert_eq!(*opened.lock().unwrap(), ["hook"]);
    drop(egress);
    assert!(registry.conditions()[0].left_alone.is_empty());
    drop(former);
    assert_eq!(registry.conditions(), []);
}
