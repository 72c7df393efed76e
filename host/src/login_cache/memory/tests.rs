//! The limits and lifetimes of the memory.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::pipeline::BackendUser;

const MINUTE: Duration = Duration::from_secs(60);
const MIB: u64 = 1 << 20;

fn key(user: u8, login: u8) -> FlightKey {
    FlightKey {
        user: [user; 32],
        login: [login; 32],
        password: [7; 32],
        may: (true, true),
    }
}

fn finding(bytes: usize) -> Arc<Finding> {
    Arc::new(Finding {
        conclusion: Conclusion::Accepted,
        known: Some(Known {
            backend: "users".to_owned(),
            user: BackendUser {
                groups: vec!["x".repeat(bytes)],
                ..BackendUser::default()
            },
        }),
        context: Vec::new(),
        certain: true,
    })
}

#[test]
fn so_many_logins_of_a_user_and_not_one_more() {
    let memory = Memory::new(MINUTE, MINUTE, MIB).unwrap();
    let all = u8::try_from(LOGINS_PER_USER).unwrap();
    let kept = || {
        (0..=all)
            .filter(|login| memory.get(&key(1, *login)).is_some())
            .count()
    };
    for login in 0..all {
        memory.keep(&key(1, login), None, &finding(0));
    }
    assert_eq!(kept(), LOGINS_PER_USER);
    memory.keep(&key(1, all), None, &finding(0));
    assert_eq!(kept(), LOGINS_PER_USER);
    assert!(memory.get(&key(1, all)).is_some());
}

#[test]
fn it_grows_to_its_limit_and_not_beyond() {
    let memory = Memory::new(MINUTE, MINUTE, MIB).unwrap();
    for user in 0..200 {
        memory.keep(&key(user, 0), None, &finding(20 << 10));
    }
    memory.users.run_pending_tasks();
    let bytes = memory.users.weighted_size();
    assert!(bytes > MIB / 2 && bytes <= MIB, "{bytes}");
}

#[test]
fn what_is_kept_goes_when_its_time_is_over() {
    let memory = Memory::new(MINUTE, MINUTE, MIB).unwrap();
    memory.keep(&key(1, 1), None, &finding(0));
    let after = |seconds| Instant::now() + Duration::from_secs(seconds);
    // A tenth less at most.
    assert!(memory.get_at(after(53), &key(1, 1)).is_some());
    assert!(memory.get_at(after(60), &key(1, 1)).is_none());
}

#[test]
fn without_a_lifetime_there_is_no_memory() {
    assert!(Memory::new(Duration::ZERO, Duration::ZERO, MIB).is_none());
    let rejects = Memory::new(Duration::ZERO, MINUTE, MIB).unwrap();
    rejects.keep(&key(1, 1), None, &finding(0));
    assert!(rejects.get(&key(1, 1)).is_none());
}

#[test]
fn who_forgets_everybody_goes_on_doubting() {
    let memory = Memory::new(MINUTE, MINUTE, MIB).unwrap();
    let with = |user: u8, password: u8| FlightKey {
        password: [password; 32],
        ..key(user, 1)
    };
    let (old, new, other) = (with(1, 1), with(1, 2), with(2, 1));
    // A second password that is right puts the first one to the test.
    for key in [&old, &new, &other] {
        memory.keep(key, None, &finding(0));
    }
    assert!(memory.doubts(&old) && !memory.doubts(&new));
    memory.forget_all();
    for key in [&old, &new, &other] {
        assert!(memory.get(key).is_none());
    }
    assert!(memory.doubts(&old) && !memory.doubts(&new) && !memory.doubts(&other));
}
