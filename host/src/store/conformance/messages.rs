//! Publish and subscribe.

use std::time::Duration;

use tokio::time::timeout;

use super::{super::Subscription, Subject};

/// The longest wait for a message.
const PATIENCE: Duration = Duration::from_secs(10);

/// The next message, whether or not others were lost before it.
async fn next(receiver: &mut Subscription) -> Vec<u8> {
    let message = timeout(PATIENCE, receiver.message()).await;
    message.expect("a message").expect("a channel")
}

/// Publishes until the subscription is in effect, which a store outside the process may learn late.
async fn settle(subject: &Subject, channel: &str, receiver: &mut Subscription) {
    let wait = Duration::from_millis(50);
    let heard = async {
        loop {
            let hello = b"hello".to_vec();
            subject.store.publish(channel, hello).await.unwrap();
            if timeout(wait, next(receiver)).await.is_ok() {
                return;
            }
        }
    };
    timeout(PATIENCE, heard).await.expect("a subscription");
    // Further greetings may be under way: this is the last.
    subject
        .store
        .publish(channel, b"go".to_vec())
        .await
        .unwrap();
    while next(receiver).await != b"go" {}
}

pub(super) async fn to_subscribers(subject: &Subject) {
    let store = &subject.store;
    store.publish("nobody", b"lost".to_vec()).await.unwrap();
    let mut first = store.subscribe("news {a}:%");
    let mut second = store.subscribe("news {a}:%");
    let mut other = store.subscribe("news");
    settle(subject, "news {a}:%", &mut first).await;
    settle(subject, "news {a}:%", &mut second).await;
    settle(subject, "news", &mut other).await;
    // Each has heard the greetings to the other.
    store
        .publish("news {a}:%", b"start".to_vec())
        .await
        .unwrap();
    while next(&mut first).await != b"start" {}
    while next(&mut second).await != b"start" {}

    let messages: [&[u8]; 4] = [b"", b"one", b"\0\xff\r\n", b"one"];
    for message in messages {
        store.publish("news {a}:%", message.to_vec()).await.unwrap();
    }
    store.publish("news", b"other".to_vec()).await.unwrap();
    for message in messages {
        assert_eq!(next(&mut first).await, message);
        assert_eq!(next(&mut second).await, message);
    }
    assert_eq!(next(&mut other).await, b"other");

    // One that leaves takes nothing from those that stay; all may come again.
    drop(first);
    store.publish("news {a}:%", b"two".to_vec()).await.unwrap();
    assert_eq!(next(&mut second).await, b"two");
    drop(second);
    store.publish("news {a}:%", b"lost".to_vec()).await.unwrap();
    let mut again = store.subscribe("news {a}:%");
    settle(subject, "news {a}:%", &mut again).await;
}

/// Whoever does not listen loses the oldest messages and keeps nobody waiting.
pub(super) async fn slow_subscribers(subject: &Subject) {
    let store = &subject.store;
    let mut slow = store.subscribe("flood");
    settle(subject, "flood", &mut slow).await;
    let flood = async {
        for number in 0..5000_u32 {
            let message = number.to_be_bytes().to_vec();
            store.publish("flood", message).await.unwrap();
        }
    };
    timeout(6 * PATIENCE, flood).await.expect("nobody waits");
    let mut last = None;
    while last != Some(4999) {
        let message = next(&mut slow).await;
        let number = u32::from_be_bytes(message.try_into().unwrap());
        assert!(last < Some(number), "in order");
        last = Some(number);
    }
}
