//! Procedures: the same body in two languages.

use std::time::Duration;

use super::{
    super::{
        Bound, Call, Command, Data, HashCommand, Key, Procedure, Reply, SortedCommand, StoreError,
    },
    Subject, bytes, integer, key, list,
};

/// Replies with everything that a procedure can reply with.
static REPLIES: Procedure = Procedure {
    name: "conformance_replies",
    lua: "redis.call('HSET', KEYS[1], 'count', #KEYS, ARGV[1], ARGV[2]) \
          return {redis.call('HGET', KEYS[1], 'count'), redis.call('HGET', KEYS[1], 'none'), \
          redis.call('HGET', KEYS[1], ARGV[1]), #ARGV, redis.call('SET', KEYS[2], 'v'), \
          {1, {}}, redis.call('HLEN', KEYS[1])}",
    native: |data, keys, arguments| {
        let [first, second] = keys else {
            return Ok(Reply::Nothing);
        };
        let [field, value] = arguments else {
            return Ok(Reply::Nothing);
        };
        let count = (b"count".to_vec(), keys.len().to_string().into_bytes());
        let pairs = vec![count, (field.clone(), value.clone())];
        let mut on = |command| data.run(Command::OnHash(first.clone(), command));
        on(HashCommand::Set(pairs))?;
        let found = [
            on(HashCommand::Get(b"count".to_vec()))?,
            on(HashCommand::Get(b"none".to_vec()))?,
            on(HashCommand::Get(field.clone()))?,
        ];
        let length = on(HashCommand::Length)?;
        let set = data.run(Command::Set {
            key: second.clone(),
            value: b"v".to_vec(),
            ttl: None,
            when: super::super::When::Always,
        })?;
        let mut replies = found.to_vec();
        replies.extend([
            integer(2),
            set,
            Reply::List(vec![integer(1), Reply::List(Vec::new())]),
            length,
        ]);
        Ok(Reply::List(replies))
    },
};

/// Adds `ARGV[1]` and replies with the sum, alone and in a list: exactly, however large it is.
static SUM: Procedure = Procedure {
    name: "conformance_sum",
    lua: "redis.call('INCRBY', KEYS[1], ARGV[1]) \
          local sum = {ok = ':' .. redis.call('GET', KEYS[1])} \
          if ARGV[2] == 'alone' then return sum end \
          return {sum, {1, sum}}",
    native: |data, keys, arguments| {
        let ([key], [by, how]) = (keys, arguments) else {
            return Ok(Reply::Nothing);
        };
        let sum = data.run(Command::Increment {
            key: key.clone(),
            by: whole(by),
            ttl: None,
        })?;
        Ok(match how.as_slice() {
            b"alone" => sum,
            _ => Reply::List(vec![sum.clone(), Reply::List(vec![integer(1), sum])]),
        })
    },
};

/// Takes one of `ARGV[1]` places: 1, or 0 when there is none.
static TAKE: Procedure = Procedure {
    name: "conformance_take",
    lua: "local taken = tonumber(redis.call('GET', KEYS[1]) or '0') \
          if taken >= tonumber(ARGV[1]) then return 0 end \
          redis.call('SET', KEYS[1], taken + 1) \
          return 1",
    native: |data, keys, arguments| {
        let (Some(key), Some(most)) = (keys.first(), arguments.first()) else {
            return Ok(Reply::Nothing);
        };
        let taken = match data.run(Command::Get(key.clone()))? {
            Reply::Bytes(bytes) => whole(&bytes),
            _ => 0,
        };
        if taken >= whole(most) {
            return Ok(integer(0));
        }
        data.run(Command::Set {
            key: key.clone(),
            value: (taken + 1).to_string().into_bytes(),
            ttl: None,
            when: super::super::When::Always,
        })?;
        Ok(integer(1))
    },
};

/// Notes the event `ARGV[2]` and replies how many there were during the last `ARGV[1]` milliseconds.
static WINDOW: Procedure = Procedure {
    name: "conformance_window",
    lua: "local time = redis.call('TIME') \
          local now = time[1] * 1000 + math.floor(time[2] / 1000) \
          redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1]) \
          redis.call('ZADD', KEYS[1], now, ARGV[2]) \
          redis.call('PEXPIRE', KEYS[1], ARGV[1]) \
          return redis.call('ZCARD', KEYS[1])",
    native: window,
};

fn window(data: &mut dyn Data, keys: &[Key], arguments: &[Vec<u8>]) -> Result<Reply, StoreError> {
    let ([key], [period, event]) = (keys, arguments) else {
        return Ok(Reply::Nothing);
    };
    let now = data.now_ms() as f64;
    let period = whole(period);
    let mut on = |command| data.run(Command::OnSorted(key.clone(), command));
    on(SortedCommand::RemoveByScore(
        Bound::Including(f64::NEG_INFINITY),
        Bound::Including(now - period as f64),
    ))?;
    on(SortedCommand::Add(vec![(now, event.clone())]))?;
    let length = on(SortedCommand::Length)?;
    data.run(Command::Expire {
        key: key.clone(),
        ttl: Duration::from_millis(period.unsigned_abs()),
    })?;
    Ok(length)
}

fn whole(text: &[u8]) -> i64 {
    std::str::from_utf8(text).unwrap().parse().unwrap()
}

pub(super) async fn replies(subject: &Subject) {
    let keys = vec![key("hash"), key("value")];
    let arguments = vec![b"field \0".to_vec(), vec![0xff, 0, b'\n']];
    let reply = subject.store.call(&REPLIES, keys, arguments).await;
    let expected = Reply::List(vec![
        bytes("2"),
        Reply::Nothing,
        Reply::Bytes(vec![0xff, 0, b'\n']),
        integer(2),
        Reply::Done,
        Reply::List(vec![integer(1), list([])]),
        integer(2),
    ]);
    assert_eq!(reply, Ok(expected));
    assert_eq!(
        subject.store.get(key("value")).await,
        Ok(Some(b"v".to_vec()))
    );
}

/// Integers of 64 bits come back to the last bit, though Lua's numbers have 53.
pub(super) async fn large_integers(subject: &Subject) {
    let sum = |name: &str, by: i64, how: &str| {
        let arguments = vec![by.to_string().into_bytes(), how.into()];
        let call = subject.store.call(&SUM, vec![key(name)], arguments);
        async { call.await.unwrap() }
    };
    for (name, sums) in [
        ("up", [1, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, i64::MAX]),
        (
            "down",
            [-1, -(1 << 53), -(1 << 53) - 1, i64::MIN + 1, i64::MIN],
        ),
    ] {
        let mut before = 0;
        for expected in sums {
            let by = expected - before;
            assert_eq!(sum(name, by, "alone").await, integer(expected));
            let list = sum(name, 0, "in a list").await;
            let inner = Reply::List(vec![integer(1), integer(expected)]);
            assert_eq!(list, Reply::List(vec![integer(expected), inner]));
            before = expected;
        }
    }
}

/// A procedure has the data to itself: no two take the same place.
pub(super) async fn alone(subject: &Subject) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let store = subject.store.clone();
        tasks.spawn(async move {
            let arguments = vec![b"73".to_vec()];
            store.call(&TAKE, vec![key("places")], arguments).await
        });
    }
    let replies = tasks.join_all().await;
    let took = replies.iter().filter(|reply| **reply == Ok(integer(1)));
    assert_eq!(took.count(), 73);
    assert!(replies.iter().all(Result::is_ok));
    let taken = subject.store.get(key("places")).await;
    assert_eq!(taken, Ok(Some(b"73".to_vec())));
    // An untagged key alone is well too.
    let single = Key::new("conformance", "single");
    let call = subject.store.call(&TAKE, vec![single], vec![b"1".to_vec()]);
    assert_eq!(call.await, Ok(integer(1)));
}

/// Side by side, each has its own tag and its own answer.
pub(super) async fn side_by_side(subject: &Subject) {
    let call = |tag: &str, most: &str| Call {
        procedure: &TAKE,
        keys: vec![Key::tagged("conformance", tag, "places")],
        arguments: vec![most.into()],
    };
    let calls = vec![call("one", "1"), call("two", "0"), call("three", "1")];
    let replies = subject.store.call_all(calls.clone()).await;
    assert_eq!(replies, [1, 0, 1].map(|took| Ok(integer(took))));
    let replies = subject.store.call_all(calls).await;
    assert_eq!(replies, [0, 0, 0].map(|took| Ok(integer(took))));
    assert_eq!(subject.store.call_all(Vec::new()).await, []);
    // One that is refused leaves the others alone.
    let torn = Call {
        keys: vec![
            Key::tagged("conformance", "one", "a"),
            Key::tagged("conformance", "two", "a"),
        ],
        ..call("", "1")
    };
    let replies = subject.store.call_all(vec![torn, call("four", "1")]).await;
    assert_eq!(replies[1], Ok(integer(1)));
}

pub(super) async fn keys_of_different_tags_are_refused(subject: &Subject) {
    let tagged = |tag: &str, name: &str| Key::tagged("conformance", tag, name);
    let untagged = |name: &str| Key::new("conformance", name);
    let arguments = || vec![b"1".to_vec(), b"2".to_vec()];
    for keys in [
        vec![tagged("one", "a"), tagged("two", "a")],
        vec![tagged("one", "a"), untagged("one")],
        vec![untagged("one"), untagged("two")],
    ] {
        let reply = subject.store.call(&REPLIES, keys.clone(), arguments());
        let reply = reply.await.unwrap();
        let Reply::Refused(text) = &reply else {
            panic!("{keys:?}: {reply:?}");
        };
        assert!(text.starts_with("CROSSSLOT"), "{text}");
        assert_eq!(subject.store.get(keys[1].clone()).await, Ok(None));
    }
    let keys = vec![tagged("one", "a"), Key::tagged("other", "one", "b")];
    let reply = subject.store.call(&REPLIES, keys, arguments()).await;
    assert!(matches!(reply, Ok(Reply::List(_))), "{reply:?}");
}

pub(super) async fn sliding_window(subject: &Subject) {
    let event = |name: &str| {
        let arguments = vec![b"2000".to_vec(), name.into()];
        let call = subject.store.call(&WINDOW, vec![key("window")], arguments);
        async { call.await.unwrap() }
    };
    assert_eq!(event("a").await, integer(1));
    assert_eq!(event("b").await, integer(2));
    subject.pass(Duration::from_secs(1)).await;
    assert_eq!(event("c").await, integer(3));
    subject.pass(Duration::from_secs(1)).await;
    assert_eq!(event("d").await, integer(2), "two are too old");
    subject.pass(Duration::from_secs(2)).await;
    let left = subject.one(Command::Exists(key("window"))).await;
    assert_eq!(left, integer(0), "nothing is kept of an old window");
}
