//! Where requests may go: grants, private addresses, names, rebinding, the server itself.

use std::net::SocketAddr;

use bulkhead::backend_io::http::{HttpClient, HttpEgress, HttpError};

use crate::server::{Names, answer, denial, get, grant, grant_to, ok, send, soon};

#[tokio::test]
async fn what_is_not_granted_is_denied_with_the_grant_to_paste() {
    for (url, entry) in [
        ("http://intern.example/x", r#"hosts: ["intern.example"]"#),
        (
            "https://intern.example:8443/",
            r#"hosts: ["intern.example:8443"]"#,
        ),
        ("http://10.1.2.3:81/", r#"hosts: ["10.1.2.3:81"]"#),
        ("http://[2001:db8::1]:81/", r#"hosts: ["[2001:db8::1]:81"]"#),
        (
            "http://sub.granted.example:81/",
            r#"hosts: ["sub.granted.example:81"]"#,
        ),
    ] {
        let text = denial(send(&grant(&["granted.example"]), get(url)).await);
        assert!(
            text.contains(&format!("grants: {{ http: {{ {entry} }} }}")),
            "{text}"
        );
    }
}

#[tokio::test]
async fn every_form_of_a_local_address_is_denied() {
    let address = answer(|_, _| ok("reached")).await;
    let port = address.port();
    let names = Names::default()
        .with("localhost", &[&["127.0.0.1", "::1"]])
        .with("localhost.", &[&["127.0.0.1", "::1"]])
        .with("mapped.example", &[&["::ffff:127.0.0.1"]])
        .with(
            "private.example",
            &[&["192.168.0.1", "10.0.0.1", "fd00::1"]],
        );
    let client = HttpClient::with_lookup(vec![], std::sync::Arc::new(names));
    // The grant names everything by name, nothing by address, and not `private`.
    let granted: Vec<String> = ["localhost", "mapped.example", "private.example"]
        .map(|name| format!("{name}:{port}"))
        .to_vec();
    let granted: Vec<&str> = granted.iter().map(String::as_str).collect();
    let egress = HttpEgress::compile(&grant(&granted)).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "127.0.0.1.",
        "０127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
        "0",
        "[::]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "mapped.example",
        "private.example",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.1.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[64:ff9b::7f00:1]",
    ] {
        let url = format!("http://{host}:{port}/");
        let result = client.send(&egress, get(&url), soon()).await;
        assert!(
            matches!(result, Err(HttpError::Denied(_))),
            "{url}: {result:?}"
        );
    }
}

#[tokio::test]
async fn an_address_that_is_granted_is_reached_in_every_form() {
    let address = answer(|_, _| ok("reached")).await;
    let port = address.port();
    for granted in [
        format!("127.0.0.1:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
    ] {
        for host in ["127.0.0.1", "2130706433", "0x7f.1"] {
            let url = format!("http://{host}:{port}/path");
            let response = send(&grant(&[&granted]), get(&url)).await.unwrap();
            assert_eq!(response.body, b"reached");
            assert_eq!(response.url, format!("http://127.0.0.1:{port}/path"));
        }
    }
}

#[tokio::test]
async fn a_network_without_a_port_covers_80_and_443_only() {
    let address = answer(|_, _| ok("reached")).await;
    let text = denial(send(&grant(&["127.0.0.0/8"]), get(&format!("http://{address}/"))).await);
    assert!(text.contains(&address.to_string()), "{text}");
    let result = send(&grant(&["127.0.0.0/8"]), get("http://127.0.0.9/")).await;
    assert!(matches!(result, Err(HttpError::Connect(_))), "{result:?}");
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_needs_a_grant_for_it() {
    let address = answer(|_, _| ok("reached")).await;
    let port = address.port();
    let names = Names::default().with("intern.example", &[&["127.0.0.1"]]);
    let client = HttpClient::with_lookup(vec![], std::sync::Arc::new(names));
    let name = format!("intern.example:{port}");
    let url = format!("http://intern.example:{port}/");

    let egress = HttpEgress::compile(&grant(&[&name])).unwrap();
    let text = denial(client.send(&egress, get(&url), soon()).await);
    let paste = format!(r#"hosts: ["{name}", "127.0.0.1:{port}"]"#);
    assert!(text.contains(&paste), "{text}");

    let egress = HttpEgress::compile(&grant(&[&name, &format!("127.0.0.1:{port}")])).unwrap();
    assert_eq!(
        client.send(&egress, get(&url), soon()).await.unwrap().body,
        b"reached"
    );

    let mut private = grant(&[&name]);
    private.private = true;
    let egress = HttpEgress::compile(&private).unwrap();
    assert_eq!(
        client.send(&egress, get(&url), soon()).await.unwrap().body,
        b"reached"
    );
    let dotted = format!("http://Intern.Example.:{port}/");
    let result = client.send(&egress, get(&dotted), soon()).await;
    assert!(!matches!(result, Err(HttpError::Denied(_))), "{result:?}");
}

#[tokio::test]
async fn metadata_services_are_denied_whatever_is_granted() {
    let names = Names::default().with("metadata.example", &[&["169.254.169.254"]]);
    let client = HttpClient::with_lookup(vec![], std::sync::Arc::new(names));
    let mut all = grant(&["0.0.0.0/0", "::/0", "metadata.example", "169.254.169.254"]);
    all.private = true;
    let egress = HttpEgress::compile(&all).unwrap();
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://100.100.100.200/",
        "http://metadata.example/",
    ] {
        let text = denial(client.send(&egress, get(url), soon()).await);
        assert!(text.contains("no grant opens it"), "{url}: {text}");
    }
}

#[tokio::test]
async fn the_server_itself_is_denied_whatever_is_granted() {
    let own = answer(|_, _| ok("admin")).await;
    let port = own.port();
    for denied in [own, SocketAddr::new([0, 0, 0, 0].into(), port)] {
        let names = Names::default().with("me.example", &[&["127.0.0.1"]]);
        let client = HttpClient::with_lookup(vec![denied], std::sync::Arc::new(names));
        let mut all = grant(&[
            &format!("127.0.0.1:{port}"),
            &format!("0.0.0.0:{port}"),
            &format!("me.example:{port}"),
        ]);
        all.private = true;
        let egress = HttpEgress::compile(&all).unwrap();
        for host in [
            "127.0.0.1",
            "0.0.0.0",
            "2130706433",
            "[::ffff:127.0.0.1]",
            "me.example",
        ] {
            let url = format!("http://{host}:{port}/");
            let text = denial(client.send(&egress, get(&url), soon()).await);
            assert!(text.contains("this server itself"), "{url}: {text}");
        }
        let other = answer(|_, _| ok("other")).await;
        let egress = HttpEgress::compile(&grant_to(other)).unwrap();
        let url = format!("http://{other}/");
        assert!(client.send(&egress, get(&url), soon()).await.is_ok());
    }
}

#[tokio::test]
async fn a_second_dns_answer_is_checked_like_the_first() {
    let address = answer(|_, _| {
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nfirst".to_vec()
    })
    .await;
    let port = address.port();
    // The first answer is granted by address, the second is another private address.
    let names = Names::default().with("rebind.example", &[&["127.0.0.1"], &["127.0.0.2"]]);
    let asked = names.asked.clone();
    let client = HttpClient::with_lookup(vec![], std::sync::Arc::new(names));
    let hosts = [
        format!("rebind.example:{port}"),
        format!("127.0.0.1:{port}"),
    ];
    let egress = HttpEgress::compile(&grant(&[&hosts[0], &hosts[1]])).unwrap();
    let url = format!("http://rebind.example:{port}/");

    let first = client.send(&egress, get(&url), soon()).await.unwrap();
    assert_eq!(first.body, b"first");
    assert_eq!(
        asked.lock().unwrap().len(),
        1,
        "one lookup decides and connects"
    );
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let text = denial(client.send(&egress, get(&url), soon()).await);
    assert!(text.contains("127.0.0.2"), "{text}");
}

#[tokio::test]
async fn of_several_addresses_only_the_allowed_are_connected_to() {
    let address = answer(|_, _| ok("reached")).await;
    let port = address.port();
    let names = Names::default().with("many.example", &[&["10.9.9.9", "127.0.0.1"]]);
    let client = HttpClient::with_lookup(vec![], std::sync::Arc::new(names));
    let hosts = [format!("many.example:{port}"), format!("127.0.0.1:{port}")];
    let egress = HttpEgress::compile(&grant(&[&hosts[0], &hosts[1]])).unwrap();
    let url = format!("http://many.example:{port}/");
    assert_eq!(
        client.send(&egress, get(&url), soon()).await.unwrap().body,
        b"reached"
    );
}

#[tokio::test]
async fn a_wildcard_covers_names_below_and_nothing_else() {
    let names = Names::default();
    let client = HttpClient::with_lookup(vec![], std::sync::Arc::new(names));
    let egress = HttpEgress::compile(&grant(&["*.example.org", "bücher.example"])).unwrap();
    for (host, granted) in [
        ("a.example.org", true),
        ("a.b.Example.ORG", true),
        ("a.example.org.", true),
        ("example.org", false),
        ("aexample.org", false),
        (".example.org", false),
        ("a.example.org.evil.example", false),
        ("bücher.example", true),
        ("xn--bcher-kva.example", true),
    ] {
        let result = client
            .send(&egress, get(&format!("http://{host}/")), soon())
            .await;
        match result {
            Err(HttpError::NameLookup(_)) => assert!(granted, "{host}"),
            Err(HttpError::Denied(_) | HttpError::Invalid(_)) => assert!(!granted, "{host}"),
            other => panic!("{host}: {other:?}"),
        }
    }
}

#[test]
fn entries_that_are_no_host_are_refused_with_the_entry() {
    for entry in [
        "",
        "*",
        "a.*",
        "*.*.example",
        "*.127.0.0.1",
        "host:port",
        "host:0",
        "host:70000",
        "http://x/",
        "a b",
        "[::1",
        "10.0.0.0/33",
    ] {
        let error = HttpEgress::compile(&grant(&[entry])).err();
        let error = error
            .unwrap_or_else(|| panic!("{entry} was taken"))
            .to_string();
        assert!(error.contains(entry), "{error}");
    }
}

#[tokio::test]
async fn failures_to_connect_are_told_apart() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let result = send(&grant_to(closed), get(&format!("http://{closed}/"))).await;
    assert!(matches!(result, Err(HttpError::Connect(_))), "{result:?}");

    let names = Names::default().with("empty.example", &[&[]]);
    let client = HttpClient::with_lookup(vec![], std::sync::Arc::new(names));
    let egress = HttpEgress::compile(&grant(&["unknown.example", "empty.example"])).unwrap();
    for host in ["unknown.example", "empty.example"] {
        let result = client
            .send(&egress, get(&format!("http://{host}/")), soon())
            .await;
        assert!(
            matches!(&result, Err(HttpError::NameLookup(text)) if text.contains(host)),
            "{result:?}"
        );
    }
}

/// Names that never resolve, except one.
struct Stuck;

impl bulkhead::backend_io::http::NameLookup for Stuck {
    fn lookup(
        &self,
        name: String,
    ) -> futures_util::future::BoxFuture<'static, Result<Vec<std::net::IpAddr>, String>> {
        Box::pin(async move {
            if name == "quick.example" {
                return Ok(vec![[127, 0, 0, 1].into()]);
            }
            std::future::pending().await
        })
    }
}

#[tokio::test]
async fn lookups_that_hang_use_up_their_own_grants_lookups_only() {
    let port = answer(|_, _| ok("reached")).await.port();
    let client = HttpClient::with_lookup(vec![], std::sync::Arc::new(Stuck));
    let mut granted = grant(&["*.stuck.example", &format!("quick.example:{port}")]);
    granted.private = true;
    granted.timeout = std::time::Duration::from_millis(100);
    let url = format!("http://quick.example:{port}/");

    // (lookups that hang, whether one more is done): at the limit and one past it.
    for (hanging, reached) in [(15, true), (16, false)] {
        let egress = HttpEgress::compile(&granted).unwrap();
        let stuck = (0..hanging).map(|number| {
            client.send(
                &egress,
                get(&format!("http://n{number}.stuck.example/")),
                soon(),
            )
        });
        for result in futures_util::future::join_all(stuck).await {
            assert_eq!(result, Err(HttpError::TimedOut));
        }
        let result = client.send(&egress, get(&url), soon()).await;
        assert_eq!(result.is_ok(), reached, "{hanging}: {result:?}");
        let other = HttpEgress::compile(&granted).unwrap();
        assert!(client.send(&other, get(&url), soon()).await.is_ok());
    }
}

#[tokio::test]
async fn ipv6_addresses_are_granted_in_brackets() {
    let Ok(listener) = tokio::net::TcpListener::bind("[::1]:0").await else {
        return; // No IPv6 here.
    };
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (mut stream, _) = listener.accept().await.unwrap();
        crate::server::read_request(&mut stream).await;
        stream.write_all(&ok("six")).await.unwrap();
    });
    let response = send(&grant_to(address), get(&format!("http://{address}/")))
        .await
        .unwrap();
    assert_eq!(response.body, b"six");
}
