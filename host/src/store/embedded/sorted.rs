//! Sorted sets: two rows for each member, one to find its score and one in the order of scores.
//!
//! What goes by score costs what it touches. What goes by rank walks from the nearer end, so it is
//! cheap near the ends (keep the newest hundred, drop the oldest) and linear in the middle.

use std::ops::{ControlFlow, RangeInclusive};

use super::{
    super::{Limits, Reply, SortedCommand},
    Rows, Score, Stop, check_reply, find, find_or_create, keep, positions, refuse,
    rows::{Header, Kind},
    whole,
};

const EVERYTHING: RangeInclusive<Score> = Score::LOWEST..=Score::HIGHEST;

pub(super) fn run(
    rows: &mut dyn Rows,
    limits: &Limits,
    name: &[u8],
    command: SortedCommand,
) -> Result<Reply, Stop> {
    match command {
        SortedCommand::Add(members) => add(rows, name, &members),
        SortedCommand::Increment(member, by) => increment(rows, name, &member, by),
        SortedCommand::Remove(members) => match find(rows, name, Kind::Sorted)? {
            Some(header) => remove(rows, name, header, members.iter()),
            None => Ok(whole(0)),
        },
        SortedCommand::RemoveByScore(from, to) => {
            let scores = between(from, to)?;
            let Some(header) = find(rows, name, Kind::Sorted)? else {
                return Ok(whole(0));
            };
            let found = by_score(rows, name, &header, scores, false, 0, u64::MAX)?;
            remove(rows, name, header, found.iter().map(|(_, member)| member))
        }
        SortedCommand::RemoveByRank(from, to) => {
            let Some(header) = find(rows, name, Kind::Sorted)? else {
                return Ok(whole(0));
            };
            let Some((first, last)) = positions(from, to, header.members) else {
                return Ok(whole(0));
            };
            let found = by_rank(rows, name, &header, first, last, false)?;
            remove(rows, name, header, found.iter().map(|(_, member)| member))
        }
        reading => match find(rows, name, Kind::Sorted)? {
            Some(header) => read(rows, limits, name, &header, reading),
            None => absent(reading),
        },
    }
}

/// What an empty set replies.
fn absent(command: SortedCommand) -> Result<Reply, Stop> {
    Ok(match command {
        SortedCommand::Score(_) | SortedCommand::Rank { .. } => Reply::Nothing,
        SortedCommand::Range { .. } | SortedCommand::RangeByScore { .. } => Reply::List(Vec::new()),
        _ => whole(0),
    })
}

fn read(
    rows: &dyn Rows,
    limits: &Limits,
    name: &[u8],
    header: &Header,
    command: SortedCommand,
) -> Result<Reply, Stop> {
    match command {
        SortedCommand::Score(member) => Ok(rows
            .score(name, header, &member)?
            .map_or(Reply::Nothing, |score| Reply::Number(score.number()))),
        SortedCommand::Rank { member, reverse } => rank(rows, name, header, &member, reverse),
        SortedCommand::Range { from, to, reverse } => {
            let Some((first, last)) = positions(from, to, header.members) else {
                return Ok(Reply::List(Vec::new()));
            };
            check_reply(limits, last - first + 1)?;
            Ok(list(by_rank(rows, name, header, first, last, reverse)?))
        }
        SortedCommand::RangeByScore {
            from,
            to,
            reverse,
            skip,
            limit,
        } => {
            // One more than may be replied, to see whether there are more.
            let most = u64::try_from(limits.members).unwrap_or(u64::MAX);
            let limit = limit.unwrap_or(u64::MAX).min(most.saturating_add(1));
            let scores = between(from, to)?;
            let found = by_score(rows, name, header, scores, reverse, skip, limit)?;
            check_reply(limits, u64::try_from(found.len()).unwrap_or(u64::MAX))?;
            Ok(list(found))
        }
        SortedCommand::Count(from, to) => {
            let mut count = 0;
            let scores = between(from, to)?;
            rows.each_score(name, header, scores, false, &mut |_, _| {
                count += 1;
                ControlFlow::Continue(())
            })?;
            Ok(whole(count))
        }
        SortedCommand::Length => Ok(whole(header.members)),
        _ => refuse("ERR this command changes the sorted set"),
    }
}

fn between(
    from: super::super::Bound,
    to: super::super::Bound,
) -> Result<RangeInclusive<Score>, Stop> {
    Score::between(from, to)
        .ok_or_else(|| Stop::Refused("ERR min or max is not a float".to_owned()))
}

fn add(rows: &mut dyn Rows, name: &[u8], members: &[(f64, Vec<u8>)]) -> Result<Reply, Stop> {
    let mut header = find_or_create(rows, name, Kind::Sorted)?;
    let before = header.members;
    for (number, member) in members {
        // The limits have let no other in.
        if let Some(score) = Score::new(*number) {
            header.members += u64::from(rows.put_score(name, &header, member, score)?);
        }
    }
    if header.members != before {
        keep(rows, name, &header)?;
    }
    Ok(whole(header.members - before))
}

fn increment(rows: &mut dyn Rows, name: &[u8], member: &[u8], by: f64) -> Result<Reply, Stop> {
    let header = find(rows, name, Kind::Sorted)?;
    let stored = match &header {
        Some(header) => rows.score(name, header, member)?,
        None => None,
    };
    let sum = stored.map_or(0.0, Score::number) + by;
    if sum.is_nan() {
        return refuse("ERR resulting score is not a number (NaN)");
    }
    add(rows, name, &[(sum, member.to_vec())])?;
    Ok(Reply::Number(sum))
}

fn remove<'a>(
    rows: &mut dyn Rows,
    name: &[u8],
    mut header: Header,
    members: impl Iterator<Item = &'a Vec<u8>>,
) -> Result<Reply, Stop> {
    let mut removed = 0;
    for member in members {
        removed += u64::from(rows.remove_score(name, &header, member)?);
    }
    if removed > 0 {
        header.members = header.members.saturating_sub(removed);
        keep(rows, name, &header)?;
    }
    Ok(whole(removed))
}

fn rank(
    rows: &dyn Rows,
    name: &[u8],
    header: &Header,
    member: &[u8],
    reverse: bool,
) -> Result<Reply, Stop> {
    if rows.score(name, header, member)?.is_none() {
        return Ok(Reply::Nothing);
    }
    let mut rank = 0;
    rows.each_score(name, header, EVERYTHING, reverse, &mut |_, other| {
        if other == member {
            return ControlFlow::Break(());
        }
        rank += 1;
        ControlFlow::Continue(())
    })?;
    Ok(whole(rank))
}

type Found = Vec<(Score, Vec<u8>)>;

fn by_score(
    rows: &dyn Rows,
    name: &[u8],
    header: &Header,
    scores: RangeInclusive<Score>,
    reverse: bool,
    skip: u64,
    limit: u64,
) -> Result<Found, Stop> {
    let mut found = Found::new();
    let (mut skip, mut left) = (skip, limit);
    if left == 0 || scores.is_empty() {
        return Ok(found);
    }
    rows.each_score(name, header, scores, reverse, &mut |score, member| {
        if skip > 0 {
            skip -= 1;
            return ControlFlow::Continue(());
        }
        found.push((score, member.to_vec()));
        left -= 1;
        if left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(found)
}

/// Members at the positions `first` to `last`, which are there, counted from the highest score if
/// `reverse`. Walks from the nearer end.
fn by_rank(
    rows: &dyn Rows,
    name: &[u8],
    header: &Header,
    first: u64,
    last: u64,
    reverse: bool,
) -> Result<Found, Stop> {
    let behind = header.members.saturating_sub(last).saturating_sub(1);
    let from_other_end = behind < first;
    let skip = if from_other_end { behind } else { first };
    let walk = reverse != from_other_end;
    let count = last - first + 1;
    let mut found = by_score(rows, name, header, EVERYTHING, walk, skip, count)?;
    if from_other_end {
        found.reverse();
    }
    Ok(found)
}

fn list(found: Found) -> Reply {
    let pairs = found.into_iter();
    Reply::List(
        pairs
            .flat_map(|(score, member)| [Reply::Bytes(member), Reply::Number(score.number())])
            .collect(),
    )
}
