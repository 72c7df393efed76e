//! What the control should do, one login after the other, with nothing but lists: slow, and short enough to
//! be read beside the rules.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;

/// A rule. Times are milliseconds; every period is a power of two, so that shares of it are exact.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) period: u64,
    pub(super) ban: u64,
    pub(super) prefix: u8,
    pub(super) limit: u32,
    /// Counts this protocol only.
    pub(super) protocol: Option<&'static str>,
}

/// All rules.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) buckets: Vec<Rule>,
    /// Of 100; 0 to 100 by quarters.
    pub(super) percent: u64,
    /// 0: nothing is tolerated.
    pub(super) tolerate_ttl: u64,
    pub(super) repeated_allowed: usize,
    pub(super) repeated_window: u64,
    /// 0: nothing is forgiven.
    pub(super) grace: u64,
}

/// A login.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) client: IpAddr,
    pub(super) user: &'static str,
    pub(super) is_known: bool,
    pub(super) protocol: &'static str,
    /// `None` is the right one.
    pub(super) wrong: Option<&'static str>,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    Past,
    Banned { bucket: usize, is_new: bool },
    Through,
    Failed { is_repeated: bool },
}

/// A failure that counted, by as much as it says.
struct Failure {
    at: u64,
    by: u64,
}

/// A wrong password of an account.
struct Tried {
    password: &'static str,
    seen: u64,
    is_counted: bool,
}

#[derive(Default)]
pub(super) struct Model {
    failures: BTreeMap<(usize, IpNet), Vec<Failure>>,
    bans: BTreeMap<(usize, IpNet), u64>,
    tried: BTreeMap<(IpAddr, &'static str, &'static str), Vec<Tried>>,
    succeeded: BTreeMap<(IpAddr, &'static str), u64>,
    failed: BTreeMap<(IpAddr, &'static str), u64>,
    forgiven: BTreeMap<(IpAddr, &'static str), u64>,
}

impl Model {
    pub(super) fn log_in(&mut self, rules: &Rules, login: &Login, now: u64) -> Verdict {
        let places: Vec<_> = rules
            .buckets
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.protocol.is_none_or(|one| one == login.protocol))
            .map(|(index, rule)| {
                let network = IpNet::new(login.client, rule.prefix).unwrap().trunc();
                (index, network)
            })
            .collect();
        if places.is_empty() {
            return Verdict::Past;
        }
        for place in &places {
            if self.bans.get(place).is_some_and(|until| *until > now) {
                let bucket = place.0;
                return Verdict::Banned {
                    bucket,
                    is_new: false,
                };
            }
        }
        let mut least_period = 0;
        for place in &places {
            let rule = &rules.buckets[place.0];
            if !self.is_over(place, rule, rules, login.client, now) {
                continue;
            }
            if self.is_tolerated(rules, login.client, now) {
                least_period = rule.period;
                break;
            }
            self.bans.insert(*place, now + rule.ban);
            let bucket = place.0;
            return Verdict::Banned {
                bucket,
                is_new: true,
            };
        }
        let Some(password) = login.wrong else {
            self.succeeded.insert((login.client, login.user), now);
            return Verdict::Through;
        };
        let (by, is_repeated) = match login.is_known {
            true if self.forgives(rules, login, now) => (0, false),
            true => self.weigh(rules, login, password, now),
            false => (1, false),
        };
        self.failed.insert((login.client, login.user), now);
        for place in places {
            if by > 0 && rules.buckets[place.0].period >= least_period {
                let failures = self.failures.entry(place).or_default();
                failures.push(Failure { at: now, by });
            }
        }
        Verdict::Failed { is_repeated }
    }

    /// Failures of this period, and those of the one before by the share of it that is within reach; in
    /// parts of a period, so that nothing is rounded.
    fn is_over(
        &self,
        place: &(usize, IpNet),
        rule: &Rule,
        rules: &Rules,
        client: IpAddr,
        now: u64,
    ) -> bool {
        let slot = now / rule.period;
        let sum = |wanted: u64| {
            let failures = self.failures.get(place).into_iter().flatten();
            failures
                .filter(|failure| failure.at / rule.period == wanted)
                .map(|failure| failure.by)
                .sum::<u64>()
        };
        let reach = rule.period - now % rule.period;
        let count = sum(slot) * rule.period + sum(slot.wrapping_sub(1)) * reach;
        let (positive, negative) = self.users(rules, client, now);
        let raised = match positive > negative {
            true => 100 + rules.percent,
            false => 100,
        };
        let limit = u64::from(rule.limit);
        count > (limit - 1) * rule.period && 100 * count > (limit * raised - 100) * rule.period
    }

    fn users(&self, rules: &Rules, client: IpAddr, now: u64) -> (u64, u64) {
        let count = |users: &BTreeMap<(IpAddr, &'static str), u64>| {
            let fresh = users.iter().filter(|((address, _), seen)| {
                *address == client && **seen + rules.tolerate_ttl > now
            });
            fresh.count() as u64
        };
        match rules.tolerate_ttl {
            0 => (0, 0),
            _ => (count(&self.succeeded), count(&self.failed)),
        }
    }

    fn is_tolerated(&self, rules: &Rules, client: IpAddr, now: u64) -> bool {
        let (positive, negative) = self.users(rules, client, now);
        positive > 0 && negative <= rules.percent * positive / 100
    }

    fn forgives(&mut self, rules: &Rules, login: &Login, now: u64) -> bool {
        let key = (login.client, login.user);
        let last = self.forgiven.get(&key);
        let is_forgiven = rules.grace > 0 && last.is_none_or(|last| last + rules.grace <= now);
        if is_forgiven {
            self.forgiven.insert(key, now);
        }
        is_forgiven
    }

    /// By how much a wrong password of a known account counts, and whether it was there before.
    fn weigh(
        &mut self,
        rules: &Rules,
        login: &Login,
        password: &'static str,
        now: u64,
    ) -> (u64, bool) {
        if rules.repeated_allowed == 0 {
            return (1, false);
        }
        let key = (login.client, login.user, login.protocol);
        let tried = self.tried.entry(key).or_default();
        tried.retain(|tried| tried.seen + rules.repeated_window > now);
        if let Some(old) = tried.iter_mut().find(|tried| tried.password == password) {
            old.seen = now;
            return (0, true);
        }
        if tried.len() < rules.repeated_allowed {
            tried.push(Tried {
                password,
                seen: now,
                is_counted: false,
            });
            return (0, false);
        }
        let let_off = tried.iter_mut().filter(|tried| !tried.is_counted);
        let mut by = 1;
        for tried in let_off {
            tried.is_counted = true;
            by += 1;
        }
        (by, false)
    }
}
