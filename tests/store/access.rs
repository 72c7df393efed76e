//! Who may: passwords, users of the ACL, databases, prefixes.

use bulkhead::config::StorePassword;
use bulkhead_harness::{Redis, RedisSetup};

use crate::support::{blocking, eventually, key, single, store, why};

fn password(text: &str) -> Option<StorePassword> {
    Some(StorePassword::new(text.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_says_what_to_correct_and_is_never_shown() {
    let redis = RedisSetup::new()
        .option("requirepass correct-horse")
        .cli(&["-a", "correct-horse"])
        .start();
    let mut config = single(&redis);
    let text = why(store(&config).get(key("k")).await);
    assert!(
        text.contains("NOAUTH") && text.contains("store.redis.password"),
        "{text}"
    );

    config.password = password("battery-staple");
    let waiting = store(&config);
    let text = why(waiting.get(key("k")).await);
    assert!(text.contains("does not take"), "{text}");
    assert!(text.contains("`password` in `store.redis`"), "{text}");
    assert!(!text.contains("battery"), "{text}");
    assert!(!format!("{config:?}").contains("battery"));

    // Once it is right, nobody has to start anything again.
    blocking(|| redis.ask(&["config", "set", "requirepass", "battery-staple"]));
    eventually("it is let in", async || waiting.get(key("k")).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_the_documented_rights_can_do_everything() {
    let redis = RedisSetup::new()
        .option("user bulkhead on >secret ~bulkhead:* &bulkhead:* +@all -@admin -@dangerous")
        .start();
    let mut config = single(&redis);
    config.username = Some("bulkhead".to_owned());
    config.password = password("secret");
    let own = store(&config);
    assert_eq!(own.increment(key("n"), 1, None).await, Ok(1));
    let minute = Some(std::time::Duration::from_secs(60));
    assert_eq!(own.increment(key("m"), 1, minute).await, Ok(1));
    assert_eq!(own.check().await, Ok(()));
    let mut messages = own.subscribe("news");
    own.publish("news", b"hello".to_vec()).await.unwrap();
    assert_eq!(messages.message().await, Some(b"hello".to_vec()));

    config.prefix = "other:".to_owned();
    let text = why(store(&config).increment(key("n"), 1, None).await);
    assert!(
        text.contains("NOPERM") && text.contains("~PREFIX*"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_and_prefixes_are_worlds_of_their_own() {
    let redis = Redis::start();
    let mut config = single(&redis);
    let first = store(&config);
    config.prefix = "other:".to_owned();
    let second = store(&config);
    config.database_number = 3;
    let third = store(&config);
    for (store, sum) in [(&first, 1), (&second, 2), (&third, 3)] {
        assert_eq!(store.increment(key("n"), sum, None).await, Ok(sum));
    }
    assert_eq!(redis.ask(&["get", "bulkhead:test::n"]), "1");
    assert_eq!(redis.ask(&["get", "other:test::n"]), "2");
    assert_eq!(redis.ask(&["-n", "3", "get", "other:test::n"]), "3");

    config.database_number = 99;
    let text = why(store(&config).get(key("n")).await);
    assert!(text.contains("`store.redis.database_number`"), "{text}");
}
