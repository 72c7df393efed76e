//! What can be said about a key: what its value looks like, what holds if it is absent, what it means.
//!
//! Plain data, made by the short functions below so that the tables read like a reference.

use super::super::{schema::Config, units};

/// A section and its keys.
pub struct Keys {
    /// As messages and the reference name it: `server`, `plugins.NAME.limits`.
    pub section: &'static str,
    /// What may stand in it.
    pub keys: &'static [Key],
    /// Exactly one of these must be written, if there are any here.
    pub one_of: &'static [&'static str],
}

/// One key.
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// What holds without it.
    pub default: DefaultValue,
    /// It has a meaning only beside this other key of its section.
    pub with: Option<&'static str>,
    /// What it is for, in one sentence or a few. Ranges are said by the kind.
    pub meaning: &'static str,
}

/// What a value looks like.
pub enum Kind {
    /// Text.
    Text,
    /// A list of texts.
    Texts,
    /// `true`, `false` or a list of texts.
    FlagOrTexts,
    /// A path; relative ones start at the folder of the file that names them.
    Path,
    /// A list of such paths.
    Paths,
    /// Lua's templates of paths, joined by `;`.
    Templates,
    /// A whole number from the first up to and including the second.
    Whole(u64, u64),
    /// A size from and to so many bytes.
    Size(u64, u64),
    /// A duration from and to so many milliseconds.
    Duration(u64, u64),
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of these words.
    Choices(&'static [&'static str]),
    /// A number from 0 to 1.
    Share,
    /// A number from the first up to and including the second, fractions allowed.
    Decimal(u32, u32),
    /// An IP address and a port.
    Address,
    /// An IP address.
    Ip,
    /// A list of IP addresses and networks.
    Networks,
    /// Permissions of a file, octal.
    Mode,
    /// The name of a header; empty for none.
    Header,
    /// A secret: written out, or `{file: NAME}` or `{env: VARIABLE}`.
    Password,
    /// One or several paths of files, in which a `*` may stand.
    Includes,
    /// An address, or a list of addresses and of these sections.
    Listen(&'static Keys),
    /// A section.
    Section(&'static Keys),
    /// A list of sections; where several files write it, their lists are joined.
    Sections(&'static Keys),
    /// Sections by names of the administrator's choice.
    Named(&'static Keys),
    /// Whatever its reader understands.
    Anything,
}

/// What holds without a key.
pub enum DefaultValue {
    /// It cannot be left out.
    Required,
    /// What one would write to say the same.
    Written(&'static str),
    /// Nothing; the word says so in the reference.
    Absent(&'static str),
    /// A section whose keys have defaults of their own.
    Below,
    /// What depends on the machine or on other keys: the words of the reference, and what one would
    /// write in this configuration.
    Computed(&'static str, fn(&Config) -> Option<String>),
}

impl Keys {
    pub(super) const fn new(section: &'static str, keys: &'static [Key]) -> Self {
        Self {
            section,
            keys,
            one_of: &[],
        }
    }

    pub(super) const fn one_of(mut self, names: &'static [&'static str]) -> Self {
        self.one_of = names;
        self
    }

    /// The key of that name.
    pub fn get(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The names, in the order of the reference.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }
}

impl Key {
    pub(super) const fn with(mut self, other: &'static str) -> Self {
        self.with = Some(other);
        self
    }

    /// The meaning with what the kind adds: ranges, and words that it does not name.
    pub fn explained(&self) -> String {
        let added = match &self.kind {
            Kind::Whole(least, most) => format!("{} to {}.", grouped(*least), grouped(*most)),
            Kind::Size(least, most) => {
                format!(
                    "{} to {}.",
                    units::show_size(*least),
                    units::show_size(*most)
                )
            }
            Kind::Duration(least, most) => format!("{} to {}.", time(*least), time(*most)),
            Kind::Share => "0 to 1.".to_owned(),
            Kind::Decimal(least, most) => format!("{least} to {most}."),
            Kind::Choice(words) | Kind::Choices(words)
                if words
                    .iter()
                    .any(|word| !self.meaning.contains(&format!("`{word}`"))) =>
            {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("{}.", words.join(", "))
            }
            _ => String::new(),
        };
        match (self.meaning, added.as_str()) {
            (meaning, "") => meaning.to_owned(),
            ("", added) => added.to_owned(),
            (meaning, added) => format!("{meaning} {added}"),
        }
    }
}

impl DefaultValue {
    /// As the reference shows it.
    pub fn shown(&self) -> String {
        match self {
            Self::Required => "required".to_owned(),
            Self::Written(text) => format!("`{text}`"),
            Self::Absent(word) => (*word).to_owned(),
            Self::Below => "see below".to_owned(),
            Self::Computed(words, _) => (*words).to_owned(),
        }
    }
}

fn time(milliseconds: u64) -> String {
    units::show_duration(std::time::Duration::from_millis(milliseconds))
}

/// `1,000,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(super) const fn key(
    name: &'static str,
    kind: Kind,
    default: DefaultValue,
    meaning: &'static str,
) -> Key {
    Key {
        name,
        kind,
        default,
        with: None,
        meaning,
    }
}

pub(super) const fn required(name: &'static str, kind: Kind, meaning: &'static str) -> Key {
    key(name, kind, DefaultValue::Required, meaning)
}

pub(super) const fn optional(
    name: &'static str,
    kind: Kind,
    without: &'static str,
    meaning: &'static str,
) -> Key {
    key(name, kind, DefaultValue::Absent(without), meaning)
}

pub(super) const fn written(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    meaning: &'static str,
) -> Key {
    key(name, kind, DefaultValue::Written(default), meaning)
}

pub(super) const fn below(name: &'static str, kind: Kind, meaning: &'static str) -> Key {
    key(name, kind, DefaultValue::Below, meaning)
}

pub(super) const fn flag(name: &'static str, default: &'static str, meaning: &'static str) -> Key {
    written(name, Kind::Boolean, default, meaning)
}

pub(super) const fn whole(
    name: &'static str,
    range: (u64, u64),
    default: &'static str,
    meaning: &'static str,
) -> Key {
    written(name, Kind::Whole(range.0, range.1), default, meaning)
}

pub(super) const fn size(
    name: &'static str,
    range: (u64, u64),
    default: &'static str,
    meaning: &'static str,
) -> Key {
    written(name, Kind::Size(range.0, range.1), default, meaning)
}

pub(super) const fn duration(
    name: &'static str,
    range: (u64, u64),
    default: &'static str,
    meaning: &'static str,
) -> Key {
    written(name, Kind::Duration(range.0, range.1), default, meaning)
}

pub(super) const KIB: u64 = 1 << 10;
pub(super) const MIB: u64 = 1 << 20;
pub(super) const GIB: u64 = 1 << 30;
pub(super) const SECOND: u64 = 1000;
pub(super) const MINUTE: u64 = 60 * SECOND;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;
