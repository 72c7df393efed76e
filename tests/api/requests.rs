//! What becomes of a request on its way to the plugins.

use std::sync::Arc;

use bulkhead::auth::{Mode, Request};

use crate::{
    client::{exchange, post, post_json},
    outcomes::login,
    policy::PASSWORD,
    server::{CREDENTIALS, Setup},
};

/// The request as the backend saw it.
async fn seen(request: &str) -> Arc<Request> {
    let server = Setup::new().start().await;
    exchange(server.address, request).await;
    let seen = server.seen.requests.lock().unwrap().first().cloned();
    server.stop().await;
    seen.expect("the backend was not asked")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_member_finds_its_place() {
    let body = r#"{
        "username":"alice","password":"p","client_ip":"::ffff:192.0.2.7","client_port":"4711",
        "client_hostname":"h.example.org","client_id":"iPhone","external_session_id":"ext",
        "user_agent":"ua","local_ip":"2001:DB8::1","local_port":"993","protocol":"imap",
        "service":"ignored","method":"PLAIN","ssl":"1","ssl_session_id":"sid",
        "ssl_client_verify":"OK","ssl_client_dn":"cdn","ssl_client_cn":"ccn","ssl_issuer":"iss",
        "ssl_client_notbefore":"nb","ssl_client_notafter":"na","ssl_subject_dn":"sdn",
        "ssl_issuer_dn":"idn","ssl_client_subject_dn":"csdn","ssl_client_issuer_dn":"cidn",
        "ssl_protocol":"TLSv1.3","ssl_cipher":"AES","ssl_serial":"01","ssl_fingerprint":"fp",
        "oidc_cid":"oidc","auth_login_attempt":3,"unknown":{"nested":[true]}}"#;
    let request = seen(&post(
        "?x=1",
        "User-Agent: other\r\n",
        "application/json",
        body,
    ))
    .await;
    assert_eq!(request.mode, Mode::Verify);
    assert_eq!(request.username, "alice");
    assert_eq!(request.password.as_ref().unwrap().expose(), b"p");
    assert_eq!(request.service, "json");
    assert_eq!(request.protocol, "imap");
    assert_eq!(request.method, "plain");
    assert_eq!(request.external_session, "ext");
    assert_eq!(request.login_attempt, 3);
    let client = &request.client;
    assert_eq!(client.address, "192.0.2.7");
    assert_eq!(client.port, "4711");
    assert_eq!(client.hostname, "h.example.org");
    assert_eq!(client.id, "iPhone");
    assert_eq!(client.user_agent, "ua");
    assert_eq!(request.local.address, "2001:db8::1");
    assert_eq!(request.local.port, "993");
    let tls = request.tls.as_ref().unwrap();
    let tls_texts = [
        &tls.secured,
        &tls.session_id,
        &tls.client_verify,
        &tls.client_dn,
        &tls.client_cn,
        &tls.issuer,
        &tls.client_not_before,
        &tls.client_not_after,
        &tls.subject_dn,
        &tls.issuer_dn,
        &tls.client_subject_dn,
        &tls.client_issuer_dn,
        &tls.protocol,
        &tls.cipher,
        &tls.serial,
        &tls.fingerprint,
    ];
    let expected = [
        "1", "sid", "OK", "cdn", "ccn", "iss", "nb", "na", "sdn", "idn", "csdn", "cidn", "TLSv1.3",
        "AES", "01", "fp",
    ];
    assert_eq!(tls_texts, expected);
    assert_eq!(request.identity.as_ref().unwrap().client_id, "oidc");
    assert_eq!(request.http.method, "POST");
    assert_eq!(request.http.path, "/api/v1/auth/json");
    assert_eq!(request.http.query, [("x".to_owned(), "1".to_owned())]);
    assert_eq!(
        request.http.body.as_ref().unwrap().expose(),
        body.as_bytes()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_dovecot_knows_has_an_object_of_its_own() {
    let body = r#"{"username":"alice","password":"p","dovecot":{
        "real_remote_ip":"::ffff:192.0.2.8","real_remote_port":"1","real_local_ip":"192.0.2.9",
        "real_local_port":"2","client_pid":"3","session_pid":"4","original_user":"Alice",
        "auth_user":"master","login_user":"alice","master_user":"master","local_name":"sni",
        "secured":"TLS","cert":"valid","ssl_ja3_hash":"ja3","ssl_client_cert_fp":"fp",
        "ssl_client_cert_pubkey_fp":"pk","other":[1]}}"#;
    let request = seen(&post_json("", body)).await;
    let facts = request.dovecot.as_ref().unwrap();
    let texts = [
        &facts.real_client.address,
        &facts.real_client.port,
        &facts.real_local.address,
        &facts.real_local.port,
        &facts.client_pid,
        &facts.session_pid,
        &facts.original_user,
        &facts.auth_user,
        &facts.login_user,
        &facts.master_user,
        &facts.local_name,
        &facts.secured,
        &facts.certificate,
        &facts.ja3_hash,
        &facts.certificate_fingerprint,
        &facts.certificate_key_fingerprint,
    ];
    let expected = [
        "192.0.2.8",
        "1",
        "192.0.2.9",
        "2",
        "3",
        "4",
        "Alice",
        "master",
        "alice",
        "master",
        "sni",
        "TLS",
        "valid",
        "ja3",
        "fp",
        "pk",
    ];
    assert_eq!(texts, expected);
    let request = seen(&post_json("", &login("alice", PASSWORD))).await;
    assert!(request.dovecot.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_said_has_a_default() {
    let request = seen(&post(
        "",
        "X-Dovecot-Session: dove\r\nUser-Agent: Dovecot/2.3\r\n",
        "application/json; charset=utf-8",
        &login("alice", PASSWORD).replace(r#","protocol":"imap""#, ""),
    ))
    .await;
    assert_eq!(request.protocol, "default");
    assert_eq!(request.external_session, "dove");
    assert_eq!(request.client.address, "127.0.0.1");
    assert!(!request.client.port.is_empty());
    assert_eq!(request.client.user_agent, "Dovecot/2.3");
    assert!(request.tls.is_none() && request.identity.is_none());
    assert_eq!(request.login_attempt, 0);
    assert_eq!(request.session.len(), 27);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_name_of_protocol_counts_when_the_newer_is_missing_or_empty() {
    for body in [
        r#"{"username":"alice","password":"p","service":"smtp"}"#,
        r#"{"username":"alice","password":"p","service":"smtp","protocol":""}"#,
    ] {
        assert_eq!(seen(&post_json("", body)).await.protocol, "smtp");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_client_is_believed_from_a_trusted_peer() {
    let request = seen(&post(
        "",
        "X-Forwarded-For: 6.6.6.6, 192.0.2.9\r\n",
        "application/json",
        &login("alice", PASSWORD),
    ))
    .await;
    assert_eq!(request.client.address, "192.0.2.9");
    assert_eq!(request.client.port, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_has_names_of_its_own() {
    let request = seen(&post(
        "",
        "",
        "application/x-www-form-urlencoded",
        "username=alice&realm=example.org&password=a%00%ffb&method=LOGIN&port=143&tls=on\
         &security=TLSv1.2&user_agent=kc&other=1",
    ))
    .await;
    assert_eq!(request.username, "alice@example.org");
    assert_eq!(request.password.as_ref().unwrap().expose(), b"a\0\xffb");
    assert_eq!(request.method, "login");
    assert_eq!(request.local.address, "127.0.0.1");
    assert_eq!(request.local.port, "143");
    assert_eq!(request.client.user_agent, "kc");
    let tls = request.tls.as_ref().unwrap();
    assert_eq!(
        (tls.secured.as_str(), tls.protocol.as_str()),
        ("on", "TLSv1.2")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_password_check_no_password_travels_on() {
    let request = seen(&post_json("?mode=no-auth", &login("alice", PASSWORD))).await;
    assert_eq!(request.mode, Mode::LookUp);
    assert!(request.password.is_none());

    let request = seen(&post_json("?mode=list-accounts", "{}")).await;
    assert_eq!(request.mode, Mode::ListAccounts);
    assert_eq!(request.protocol, "account-provider");
}

#[tokio::test(flavor = "multi_thread")]
async fn post_actions_learn_the_status_and_run_after_every_login() {
    let server = Setup::new().start().await;
    for (name, password) in [("alice", PASSWORD), ("alice", "guess"), ("down", "guess")] {
        exchange(server.address, &post_json("", &login(name, password))).await;
    }
    server
        .state
        .post_actions
        .drain(std::time::Duration::from_secs(5))
        .await;
    let mut posts = server.seen.posts.lock().unwrap().clone();
    posts.sort();
    let row = |name: &str, status| (name.to_owned(), status);
    assert_eq!(
        posts,
        [row("alice", 200), row("alice", 403), row("down", 500)]
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_see_the_headers_but_not_the_caller_s_credentials() {
    let server = Setup::new().with_credentials().start().await;
    let headers = format!("{CREDENTIALS}X-Mail: yes\r\n");
    let body = login("alice", PASSWORD);
    exchange(
        server.address,
        &post("", &headers, "application/json", &body),
    )
    .await;
    let request = server.seen.requests.lock().unwrap()[0].clone();
    let value = |name: &str| {
        let found = request
            .http
            .headers
            .iter()
            .find(|header| header.name == name);
        found.map(|header| header.value.clone())
    };
    assert_eq!(value("x-mail").as_deref(), Some(b"yes".as_slice()));
    assert_eq!(value("authorization"), None);
    server.stop().await;
}
