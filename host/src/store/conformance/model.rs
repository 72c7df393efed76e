//! A store in the plainest words: what the implementations are compared with.
//!
//! Slow and without limits. Collections are vectors that are searched and sorted anew each time.

use std::{collections::BTreeMap, time::Duration};

use super::super::{
    Bound, Command, HashCommand, Key, ListCommand, Reply, SetCommand, Side, SortedCommand, When,
};

/// What a key holds.
#[derive(Clone)]
enum Kept {
    Value(Vec<u8>),
    /// The elements of an estimate; few enough for a store to count them exactly.
    Estimate(Vec<Vec<u8>>),
    Hash(Vec<(Vec<u8>, Vec<u8>)>),
    Set(Vec<Vec<u8>>),
    Sorted(Vec<(f64, Vec<u8>)>),
    List(Vec<Vec<u8>>),
}

impl Kept {
    fn is_empty(&self) -> bool {
        match self {
            Self::Value(_) | Self::Estimate(_) => false,
            Self::Hash(fields) => fields.is_empty(),
            Self::Sorted(members) => members.is_empty(),
            Self::Set(members) | Self::List(members) => members.is_empty(),
        }
    }
}

/// Keys, what they hold, and when they end in milliseconds.
#[derive(Default)]
pub(super) struct Model {
    now: u128,
    keys: BTreeMap<Key, (Kept, Option<u128>)>,
}

fn wrong_type<T>() -> Result<T, &'static str> {
    Err("WRONGTYPE")
}

fn milliseconds(ttl: Duration) -> u128 {
    ttl.as_nanos().div_ceil(1_000_000)
}

fn count(number: usize) -> Reply {
    Reply::Integer(i64::try_from(number).unwrap())
}

fn parse(text: &[u8]) -> Result<i64, &'static str> {
    let number = std::str::from_utf8(text).ok().and_then(|text| {
        let number: i64 = text.parse().ok()?;
        (number.to_string() == text).then_some(number)
    });
    number.ok_or("ERR")
}

/// The part of a list that two indices mean, both included, negative from the end.
fn part<T: Clone>(list: &[T], from: i64, to: i64) -> Vec<T> {
    let length = list.len() as i128;
    let place = |index: i64| {
        let index = i128::from(index);
        if index < 0 { index + length } else { index }
    };
    let (from, to) = (place(from), place(to));
    let indices = list.iter().zip(0_i128..);
    let chosen = indices.filter(|(_, index)| from <= *index && *index <= to);
    chosen.map(|(item, _)| item.clone()).collect()
}

fn within(score: f64, from: Bound, to: Bound) -> bool {
    let above = match from {
        Bound::Including(from) => score >= from,
        Bound::Excluding(from) => score > from,
    };
    let below = match to {
        Bound::Including(to) => score <= to,
        Bound::Excluding(to) => score < to,
    };
    above && below
}

fn scored(members: Vec<(f64, Vec<u8>)>) -> Reply {
    let pairs = members.into_iter();
    Reply::List(
        pairs
            .flat_map(|(score, member)| [Reply::Bytes(member), Reply::Number(score)])
            .collect(),
    )
}

impl Model {
    pub(super) fn pass(&mut self, time: Duration) {
        self.now += milliseconds(time);
        self.forget();
    }

    fn forget(&mut self) {
        let now = self.now;
        self.keys
            .retain(|_, (kept, ends)| !kept.is_empty() && ends.is_none_or(|ends| ends > now));
    }

    /// The reply; nothing if a store may reply what it likes.
    pub(super) fn run(&mut self, command: &Command) -> Option<Reply> {
        let is_estimate = matches!(self.keys.get(command.key()), Some((Kept::Estimate(_), _)));
        if is_estimate && matches!(command, Command::Get(_)) {
            return None;
        }
        if is_malformed(command) {
            return Some(Reply::Refused("ERR".to_owned()));
        }
        let before = self.keys.get(command.key()).cloned();
        let reply = self.dispatch(command).unwrap_or_else(|word| {
            // A refused command changes nothing.
            match before {
                Some(before) => self.keys.insert(command.key().clone(), before),
                None => self.keys.remove(command.key()),
            };
            Reply::Refused(word.to_owned())
        });
        self.forget();
        Some(reply)
    }

    fn dispatch(&mut self, command: &Command) -> Result<Reply, &'static str> {
        let now = self.now;
        let entry = self.keys.get_mut(command.key());
        match command {
            Command::Get(_) => match entry {
                None => Ok(Reply::Nothing),
                Some((Kept::Value(value), _)) => Ok(Reply::Bytes(value.clone())),
                Some(_) => wrong_type(),
            },
            Command::Set {
                key,
                value,
                ttl,
                when,
            } => {
                let exists = entry.is_some();
                if (*when == When::Absent && exists) || (*when == When::Present && !exists) {
                    return Ok(Reply::Nothing);
                }
                let ends = ttl.map(|ttl| now + milliseconds(ttl));
                let kept = Kept::Value(value.clone());
                self.keys.insert(key.clone(), (kept, ends));
                Ok(Reply::Done)
            }
            Command::Delete(key) => Ok(count(usize::from(self.keys.remove(key).is_some()))),
            Command::Exists(_) => Ok(count(usize::from(entry.is_some()))),
            Command::Increment { key, by, ttl } => {
                let (stored, ends) = match entry {
                    None => (0, ttl.map(|ttl| now + milliseconds(ttl))),
                    Some((Kept::Value(value), ends)) => (parse(value)?, *ends),
                    Some((Kept::Estimate(_), _)) => return Err("ERR"),
                    Some(_) => return wrong_type(),
                };
                let sum = stored.checked_add(*by).ok_or("ERR")?;
                let kept = Kept::Value(sum.to_string().into_bytes());
                self.keys.insert(key.clone(), (kept, ends));
                Ok(Reply::Integer(sum))
            }
            Command::Expire { ttl, .. } => Ok(match entry {
                None => Reply::Integer(0),
                Some((_, ends)) => {
                    *ends = Some(now + milliseconds(*ttl));
                    Reply::Integer(1)
                }
            }),
            Command::Persist(_) => Ok(match entry {
                Some((_, ends)) => count(usize::from(ends.take().is_some())),
                None => Reply::Integer(0),
            }),
            Command::TimeToLive(_) => Ok(Reply::Integer(match entry {
                None => -2,
                Some((_, None)) => -1,
                Some((_, Some(ends))) => i64::try_from(*ends - now).unwrap_or(i64::MAX),
            })),
            Command::EstimateAdd(key, elements) => self.estimate(key, elements),
            Command::EstimateCount(_) => match entry {
                None => Ok(Reply::Integer(0)),
                Some((Kept::Estimate(elements), _)) => Ok(count(elements.len())),
                Some(_) => wrong_type(),
            },
            Command::OnHash(key, command) => match self.collection(key, Kept::Hash(Vec::new())) {
                Kept::Hash(fields) => hash(fields, command),
                _ => wrong_type(),
            },
            Command::OnSet(key, command) => match self.collection(key, Kept::Set(Vec::new())) {
                Kept::Set(members) => Ok(set(members, command)),
                _ => wrong_type(),
            },
            Command::OnSorted(key, command) => {
                match self.collection(key, Kept::Sorted(Vec::new())) {
                    Kept::Sorted(members) => sorted(members, command),
                    _ => wrong_type(),
                }
            }
            Command::OnList(key, command) => match self.collection(key, Kept::List(Vec::new())) {
                Kept::List(elements) => Ok(list(elements, command)),
                _ => wrong_type(),
            },
        }
    }

    /// What the key holds, or an empty collection that is forgotten if it stays empty.
    fn collection(&mut self, key: &Key, empty: Kept) -> &mut Kept {
        &mut self.keys.entry(key.clone()).or_insert((empty, None)).0
    }

    fn estimate(&mut self, key: &Key, new: &[Vec<u8>]) -> Result<Reply, &'static str> {
        let is_new = !self.keys.contains_key(key);
        let Kept::Estimate(elements) = self.collection(key, Kept::Estimate(Vec::new())) else {
            return wrong_type();
        };
        let before = elements.len();
        add_new(elements, new);
        let changed = is_new || elements.len() > before;
        Ok(count(usize::from(changed)))
    }
}

/// What Redis refuses before it looks at the data.
fn is_malformed(command: &Command) -> bool {
    match command {
        Command::OnHash(_, HashCommand::Set(pairs)) => pairs.is_empty(),
        Command::OnHash(_, HashCommand::GetMany(names) | HashCommand::Delete(names))
        | Command::OnSet(_, SetCommand::Add(names) | SetCommand::Remove(names))
        | Command::OnSorted(_, SortedCommand::Remove(names))
        | Command::OnList(_, ListCommand::Push(_, names)) => names.is_empty(),
        Command::OnSorted(_, SortedCommand::Add(members)) => {
            members.is_empty() || members.iter().any(|(score, _)| score.is_nan())
        }
        Command::OnSorted(_, SortedCommand::Increment(_, by)) => by.is_nan(),
        _ => false,
    }
}

/// Adds those that are not there.
fn add_new(members: &mut Vec<Vec<u8>>, new: &[Vec<u8>]) {
    for member in new {
        if !members.contains(member) {
            members.push(member.clone());
        }
    }
}

fn hash(
    fields: &mut Vec<(Vec<u8>, Vec<u8>)>,
    command: &HashCommand,
) -> Result<Reply, &'static str> {
    let find = |wanted: &[u8]| {
        let field = fields.iter().find(|(field, _)| field == wanted);
        field.map_or(Reply::Nothing, |(_, value)| Reply::Bytes(value.clone()))
    };
    Ok(match command {
        HashCommand::Get(field) => find(field),
        HashCommand::GetMany(asked) => Reply::List(asked.iter().map(|field| find(field)).collect()),
        HashCommand::Exists(field) => count(usize::from(find(field) != Reply::Nothing)),
        HashCommand::Length => count(fields.len()),
        HashCommand::All | HashCommand::Fields | HashCommand::Values => {
            let replies = fields.iter().flat_map(|(field, value)| {
                let (field, value) = (Reply::Bytes(field.clone()), Reply::Bytes(value.clone()));
                match command {
                    HashCommand::Fields => vec![field],
                    HashCommand::Values => vec![value],
                    _ => vec![field, value],
                }
            });
            Reply::List(replies.collect())
        }
        HashCommand::Set(pairs) => {
            let before = fields.len();
            for (field, value) in pairs {
                put(fields, field, value);
            }
            count(fields.len() - before)
        }
        HashCommand::Increment(field, by) => {
            let stored = match find(field) {
                Reply::Bytes(value) => parse(&value)?,
                _ => 0,
            };
            let sum = stored.checked_add(*by).ok_or("ERR")?;
            put(fields, field, sum.to_string().as_bytes());
            Reply::Integer(sum)
        }
        HashCommand::Delete(gone) => {
            let before = fields.len();
            fields.retain(|(field, _)| !gone.contains(field));
            count(before - fields.len())
        }
    })
}

fn put(fields: &mut Vec<(Vec<u8>, Vec<u8>)>, field: &[u8], value: &[u8]) {
    fields.retain(|(known, _)| known != field);
    fields.push((field.to_vec(), value.to_vec()));
}

fn set(members: &mut Vec<Vec<u8>>, command: &SetCommand) -> Reply {
    let before = members.len();
    match command {
        SetCommand::Contains(member) => count(usize::from(members.contains(member))),
        SetCommand::Members => Reply::List(members.iter().cloned().map(Reply::Bytes).collect()),
        SetCommand::Length => count(before),
        SetCommand::Add(new) => {
            add_new(members, new);
            count(members.len() - before)
        }
        SetCommand::Remove(gone) => {
            members.retain(|member| !gone.contains(member));
            count(before - members.len())
        }
    }
}

fn sorted(
    members: &mut Vec<(f64, Vec<u8>)>,
    command: &SortedCommand,
) -> Result<Reply, &'static str> {
    members.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap().then_with(|| a.1.cmp(&b.1)));
    let before = members.len();
    let score = |wanted: &[u8]| {
        let found = members.iter().find(|(_, member)| member == wanted);
        found.map(|(score, _)| *score)
    };
    let ordered = |reverse: bool| {
        let mut all = members.clone();
        if reverse {
            all.reverse();
        }
        all
    };
    Ok(match command {
        SortedCommand::Score(member) => score(member).map_or(Reply::Nothing, Reply::Number),
        SortedCommand::Rank { member, reverse } => ordered(*reverse)
            .iter()
            .position(|(_, other)| other == member)
            .map_or(Reply::Nothing, count),
        SortedCommand::Range { from, to, reverse } => scored(part(&ordered(*reverse), *from, *to)),
        SortedCommand::RangeByScore {
            from,
            to,
            reverse,
            skip,
            limit,
        } => {
            let all = ordered(*reverse).into_iter();
            let found = all.filter(|(score, _)| within(*score, *from, *to));
            let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap());
            let found = found.skip(usize::try_from(*skip).unwrap()).take(limit);
            scored(found.collect())
        }
        SortedCommand::Count(from, to) => {
            let all = members.iter();
            count(all.filter(|(score, _)| within(*score, *from, *to)).count())
        }
        SortedCommand::Length => count(before),
        SortedCommand::Add(new) => {
            for (score, member) in new {
                members.retain(|(_, known)| known != member);
                members.push((*score, member.clone()));
            }
            count(members.len() - before)
        }
        SortedCommand::Increment(member, by) => {
            let sum = score(member).unwrap_or(0.0) + by;
            if sum.is_nan() {
                return Err("ERR");
            }
            members.retain(|(_, known)| known != member);
            members.push((sum, member.clone()));
            Reply::Number(sum)
        }
        SortedCommand::Remove(gone) => {
            members.retain(|(_, member)| !gone.contains(member));
            count(before - members.len())
        }
        SortedCommand::RemoveByScore(from, to) => {
            members.retain(|(score, _)| !within(*score, *from, *to));
            count(before - members.len())
        }
        SortedCommand::RemoveByRank(from, to) => {
            let gone = part(members, *from, *to);
            members.retain(|member| !gone.contains(member));
            count(before - members.len())
        }
    })
}

fn list(elements: &mut Vec<Vec<u8>>, command: &ListCommand) -> Reply {
    match command {
        ListCommand::Push(side, new) => {
            for value in new {
                match side {
                    Side::Front => elements.insert(0, value.clone()),
                    Side::Back => elements.push(value.clone()),
                }
            }
            count(elements.len())
        }
        ListCommand::Pop(_) if elements.is_empty() => Reply::Nothing,
        ListCommand::Pop(Side::Front) => Reply::Bytes(elements.remove(0)),
        ListCommand::Pop(Side::Back) => Reply::Bytes(elements.pop().unwrap()),
        ListCommand::Range(from, to) => {
            let found = part(elements, *from, *to);
            Reply::List(found.into_iter().map(Reply::Bytes).collect())
        }
        ListCommand::Trim(from, to) => {
            *elements = part(elements, *from, *to);
            Reply::Done
        }
        ListCommand::Length => count(elements.len()),
    }
}
