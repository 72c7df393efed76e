//! Redirects: each target is checked like a first request.

use bulkhead::{
    auth::Header,
    backend_io::http::{HttpError, OutgoingRequest},
};

use crate::server::{answer, denial, get, grant, grant_to, ok, redirect, send};

fn following(url: &str, redirects: u8) -> OutgoingRequest {
    OutgoingRequest {
        redirects,
        ..get(url)
    }
}

/// `/n` leads to `/n-1`; `/0` answers.
async fn stairs() -> std::net::SocketAddr {
    answer(|head, _| {
        let step = head.split([' ', '/']).nth(2).unwrap();
        match step.parse::<u32>() {
            Ok(0) | Err(_) => ok("ground"),
            Ok(step) => redirect(302, &format!("/{}", step - 1)),
        }
    })
    .await
}

#[tokio::test]
async fn redirects_are_followed_up_to_the_number_asked_for_and_granted() {
    let address = stairs().await;
    let mut granted = grant_to(address);
    granted.redirects = 3;
    for (steps, asked, reached) in [
        (2, 2, true),
        (3, 2, false),
        (3, 3, true),
        (3, 255, true),
        (4, 255, false),
    ] {
        let request = following(&format!("http://{address}/{steps}"), asked);
        let result = send(&granted, request).await;
        if reached {
            let response = result.unwrap();
            assert_eq!(response.body, b"ground");
            assert_eq!(response.url, format!("http://{address}/0"));
        } else {
            assert_eq!(result, Err(HttpError::TooManyRedirects), "{steps} {asked}");
        }
    }
    let returned = send(&granted, following(&format!("http://{address}/2"), 0))
        .await
        .unwrap();
    assert_eq!(returned.status, 302);
}

#[tokio::test]
async fn a_redirect_loop_ends() {
    let address = answer(|_, _| redirect(301, "/again")).await;
    let result = send(
        &grant_to(address),
        following(&format!("http://{address}/"), 5),
    )
    .await;
    assert_eq!(result, Err(HttpError::TooManyRedirects));
}

#[tokio::test]
async fn a_redirect_to_what_is_not_granted_is_denied() {
    let secret = answer(|_, _| ok("secret")).await;
    for target in [
        format!("http://{secret}/"),
        format!("http://2130706433:{}/", secret.port()),
        format!("//{secret}/"),
        "http://169.254.169.254/latest/".to_owned(),
        "https://evil.example/".to_owned(),
    ] {
        let address = answer(move |_, _| redirect(302, &target)).await;
        let result = send(
            &grant_to(address),
            following(&format!("http://{address}/"), 5),
        )
        .await;
        denial(result);
    }
    for target in ["file:///etc/passwd", "ftp://x/", "javascript:1"] {
        let address = answer(move |_, _| redirect(302, target)).await;
        let result = send(
            &grant_to(address),
            following(&format!("http://{address}/"), 5),
        )
        .await;
        assert!(
            matches!(result, Err(HttpError::Invalid(_))),
            "{target}: {result:?}"
        );
    }
}

#[tokio::test]
async fn methods_and_bodies_survive_as_the_status_says() {
    for (status, method, arrives, body) in [
        (301, "POST", "GET", ""),
        (302, "POST", "GET", ""),
        (303, "POST", "GET", ""),
        (303, "PUT", "GET", ""),
        (302, "PUT", "PUT", "body"),
        (307, "POST", "POST", "body"),
        (308, "POST", "POST", "body"),
    ] {
        let address = answer(move |head, body| {
            if head.contains(" /start ") {
                redirect(status, "/end")
            } else {
                let method = head.split(' ').next().unwrap();
                ok(&format!("{method} {}", String::from_utf8_lossy(body)))
            }
        })
        .await;
        let request = OutgoingRequest {
            method: method.to_owned(),
            body: Some(b"body".to_vec()),
            ..following(&format!("http://{address}/start"), 1)
        };
        let response = send(&grant_to(address), request).await.unwrap();
        let text = String::from_utf8(response.body).unwrap();
        assert_eq!(text, format!("{arrives} {body}"), "{status} {method}");
    }
}

#[tokio::test]
async fn credentials_stay_with_the_origin_that_they_were_given_to() {
    let other = answer(|head, _| ok(head)).await;
    let first = answer(move |head, _| match head {
        head if head.contains(" /away ") => redirect(307, &format!("http://{other}/end")),
        head if head.contains(" /stay ") => redirect(307, "/end"),
        head => ok(head),
    })
    .await;
    let granted = grant(&[&first.to_string(), &other.to_string()]);
    for (path, kept) in [("stay", true), ("away", false)] {
        let mut request = following(&format!("http://user:secret-1@{first}/{path}"), 1);
        request.headers = [
            ("cookie", "secret-2"),
            ("x-api-key", "secret-3"),
            ("x-vault-token", "secret-4"),
            ("x-plain", "plain"),
        ]
        .map(|(name, value)| Header {
            name: name.to_owned(),
            value: value.into(),
        })
        .to_vec();
        let response = send(&granted, request).await.unwrap();
        let text = String::from_utf8(response.body).unwrap();
        assert_eq!(text.contains("secret"), kept, "{text}");
        assert_eq!(text.contains("authorization"), kept, "{text}");
        assert!(text.contains("x-plain: plain"), "{text}");
    }
}
