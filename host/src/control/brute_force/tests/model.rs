//! The control says what the sequential model says, whatever is asked in whatever order.

use proptest::prelude::*;

use super::{
    model_of::{Login, Model, Rule, Rules, Verdict},
    *,
};
use crate::{config::Tolerate, store::ManualClock};

const CLIENTS: [&str; 5] = [
    "192.0.2.1",
    "192.0.2.2",
    "192.0.3.1",
    "198.51.100.7",
    "192.0.2.129",
];
const USERS: [&str; 3] = ["alice", "bob", "nobody"];
const PASSWORDS: [&str; 5] = ["one", "two", "three", "four", "five"];
const PROTOCOLS: [&str; 2] = ["imap", "smtp"];

#[derive(Clone, Debug)]
enum Step {
    LogIn(Login),
    Wait(u64),
}

fn rule() -> impl Strategy<Value = Rule> {
    (
        8u32..14,
        1u64..20_000,
        prop::sample::select(vec![16u8, 24, 25, 32]),
        1u32..6,
        prop::option::of(prop::sample::select(PROTOCOLS.to_vec())),
    )
        .prop_map(|(period, ban, prefix, limit, protocol)| Rule {
            period: 1 << period,
            ban,
            prefix,
            limit,
            protocol,
        })
}

fn rules() -> impl Strategy<Value = Rules> {
    (
        prop::collection::vec(rule(), 1..4),
        prop::sample::select(vec![0u64, 25, 50, 100]),
        prop::sample::select(vec![0u64, 500, 10_000]),
        0usize..4,
        prop::sample::select(vec![100u64, 3_000, 60_000]),
        prop::sample::select(vec![0u64, 0, 1_000, 30_000]),
    )
        .prop_map(
            |(buckets, percent, tolerate_ttl, repeated_allowed, repeated_window, grace)| Rules {
                buckets,
                percent,
                tolerate_ttl,
                repeated_allowed,
                repeated_window,
                grace,
            },
        )
}

fn step() -> impl Strategy<Value = Step> {
    let login = (
        prop::sample::select(CLIENTS.to_vec()),
        prop::sample::select(USERS.to_vec()),
        prop::sample::select(PROTOCOLS.to_vec()),
        prop::option::weighted(0.8, prop::sample::select(PASSWORDS.to_vec())),
    )
        .prop_map(|(client, user, protocol, wrong)| {
            Step::LogIn(Login {
                client: client.parse().unwrap(),
                user,
                is_known: user != "nobody",
                protocol,
                // Nobody's password is never right.
                wrong: wrong.or((user == "nobody").then_some("one")),
            })
        });
    prop_oneof![
        6 => login,
        1 => (0u64..3_000).prop_map(Step::Wait),
        1 => (0u64..40_000).prop_map(Step::Wait),
    ]
}

fn configuration(rules: &Rules) -> BruteForce {
    let milliseconds = Duration::from_millis;
    BruteForce {
        buckets: rules
            .buckets
            .iter()
            .enumerate()
            .map(|(index, rule)| Bucket {
                name: index.to_string(),
                period: milliseconds(rule.period),
                ban_time: milliseconds(rule.ban),
                prefix: rule.prefix,
                failed_requests: rule.limit,
                protocols: rule.protocol.iter().map(|one| (*one).to_owned()).collect(),
                ..hosts()
            })
            .collect(),
        tolerate: Tolerate::Percent(u8::try_from(rules.percent).unwrap()),
        tolerate_ttl: milliseconds(rules.tolerate_ttl),
        repeated_allowed: u32::try_from(rules.repeated_allowed).unwrap(),
        repeated_window: milliseconds(rules.repeated_window),
        cold_start_grace: milliseconds(rules.grace),
        ..super::rules(Vec::new())
    }
}

async fn ask(control: &Control, login: &Login, spelling: bool) -> Verdict {
    let client = match (login.client, spelling) {
        (std::net::IpAddr::V4(address), true) => address.to_ipv6_mapped().to_string(),
        (address, _) => address.to_string(),
    };
    let mut request = request(login.user, login.wrong.unwrap_or("right"), &client);
    login.protocol.clone_into(&mut request.protocol);
    let given = match (login.wrong, login.is_known) {
        (None, _) => Given::Right,
        (Some(password), true) => Given::Wrong(password),
        (Some(password), false) => Given::Unknown(password),
    };
    match attempt(control, &request, given).await {
        Came::Past => Verdict::Past,
        Came::Through => Verdict::Through,
        Came::Counted(counted) => Verdict::Failed {
            is_repeated: counted.repeated,
        },
        Came::Banned { bucket, is_new, .. } => Verdict::Banned {
            bucket: bucket.parse().unwrap(),
            is_new,
        },
        Came::Nowhere(why) => panic!("{why}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_control_says_what_the_model_says(
        rules in rules(),
        steps in prop::collection::vec((step(), any::<bool>()), 1..120),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let clock = Arc::new(ManualClock::default());
            let mut now = 1_000_000_007;
            clock.advance(Duration::from_millis(now));
            let store: Arc<dyn Store> = Arc::new(MemoryStore::with_clock(clock.clone()));
            // Several nodes: what one counts the others see.
            let config = configuration(&rules);
            let nodes = [control(&config, &store), control(&config, &store)];
            let mut model = Model::default();
            for (number, (step, spelling)) in steps.iter().enumerate() {
                match step {
                    Step::Wait(time) => {
                        now += time;
                        clock.advance(Duration::from_millis(*time));
                    }
                    Step::LogIn(login) => {
                        let expected = model.log_in(&rules, login, now);
                        let said = ask(&nodes[number % 2], login, *spelling).await;
                        prop_assert_eq!(said, expected, "step {} of {:#?}", number, steps);
                    }
                }
            }
            Ok(())
        })?;
    }
}
