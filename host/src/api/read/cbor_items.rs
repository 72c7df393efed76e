//! CBOR (RFC 8949), item by item and strictly: no indefinite lengths, no tags, no key twice, nothing
//! deeper or larger than allowed. Reads in place: texts and byte strings are parts of the input.

use std::collections::HashSet;

use ciborium_ll::{Decoder, Header};

/// What containers may be.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Arrays and maps inside each other.
    pub(super) depth: u32,
    /// Elements of one array, pairs of one map.
    pub(super) items: u32,
}

/// Why the input is no good.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum Error {
    #[error("unexpected EOF")]
    End,
    #[error("cbor: invalid data at byte {0}")]
    Syntax(usize),
    #[error("cbor: indefinite length at byte {0}")]
    Indefinite(usize),
    #[error("cbor: tag at byte {0}")]
    Tag(usize),
    #[error("cbor: text that is not UTF-8 at byte {0}")]
    Text(usize),
    #[error("cbor: a key of an unsuitable type at byte {0}")]
    Key(usize),
    #[error("cbor: a key that is there twice at byte {0}")]
    Duplicate(usize),
    #[error("cbor: nested deeper than {0}")]
    Depth(u32),
    #[error("cbor: more than {0} elements or pairs")]
    Items(u32),
    #[error("cbor: data after the end at byte {0}")]
    Trailing(usize),
}

/// The beginning of an item; of a text or a byte string, the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item<'a> {
    Unsigned(u64),
    Negative(u64),
    Float(f64),
    Simple(u8),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(usize),
    Map(usize),
}

/// `null` and `undefined`
const ABSENT: [u8; 2] = [22, 23];

impl Item<'_> {
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Simple(value) if ABSENT.contains(value))
    }

    /// The type's name for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Unsigned(_) => "unsigned integer",
            Self::Negative(_) => "negative integer",
            Self::Float(_) => "float",
            Self::Simple(20 | 21) => "bool",
            Self::Simple(_) => "simple value",
            Self::Bytes(_) => "byte string",
            Self::Text(_) => "text",
            Self::Array(_) => "array",
            Self::Map(_) => "map",
        }
    }
}

/// A key in a form that can be compared: equal values are equal however they were encoded.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Unsigned(u64),
    Negative(u64),
    Simple(u8),
    Bytes(&'a [u8]),
    Text(&'a str),
}

/// Reads items one after the other.
pub(super) struct Items<'a> {
    input: &'a [u8],
    position: usize,
    limits: Limits,
    /// Containers that are open.
    depth: u32,
}

impl<'a> Items<'a> {
    pub(super) fn new(input: &'a [u8], limits: Limits) -> Self {
        Self {
            input,
            position: 0,
            limits,
            depth: 0,
        }
    }

    /// The next item. The members of a container follow as items of their own.
    pub(super) fn next(&mut self) -> Result<Item<'a>, Error> {
        let start = self.position;
        let rest = self.input.get(start..).unwrap_or_default();
        let mut decoder = Decoder::from(rest);
        let header = decoder.pull().map_err(|error| match error {
            ciborium_ll::Error::Io(_) => Error::End,
            ciborium_ll::Error::Syntax(_) => Error::Syntax(start),
        })?;
        self.position = start.saturating_add(decoder.offset());
        match header {
            Header::Positive(value) => Ok(Item::Unsigned(value)),
            Header::Negative(value) => Ok(Item::Negative(value)),
            Header::Float(value) => Ok(Item::Float(value)),
            Header::Simple(value) => Ok(Item::Simple(value)),
            Header::Bytes(Some(length)) => Ok(Item::Bytes(self.take(length)?)),
            Header::Text(Some(length)) => std::str::from_utf8(self.take(length)?)
                .map(Item::Text)
                .map_err(|_| Error::Text(start)),
            Header::Array(Some(length)) => self.sized(length).map(Item::Array),
            Header::Map(Some(length)) => self.sized(length).map(Item::Map),
            Header::Bytes(None) | Header::Text(None) | Header::Array(None) | Header::Map(None) => {
                Err(Error::Indefinite(start))
            }
            Header::Break => Err(Error::Syntax(start)),
            Header::Tag(_) => Err(Error::Tag(start)),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let end = self.position.checked_add(length).ok_or(Error::End)?;
        let part = self.input.get(self.position..end).ok_or(Error::End)?;
        self.position = end;
        Ok(part)
    }

    fn sized(&self, length: usize) -> Result<usize, Error> {
        match u32::try_from(length) {
            Ok(count) if count <= self.limits.items => Ok(length),
            _ => Err(Error::Items(self.limits.items)),
        }
    }

    /// Reads the pairs of a map that has just begun. `each` gets every text key and its value's first
    /// item, and must read the rest of that value, or have it skipped.
    pub(super) fn pairs<E: From<Error>>(
        &mut self,
        count: usize,
        mut each: impl FnMut(&mut Self, &'a str, Item<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.enter()?;
        let mut seen = HashSet::new();
        for _ in 0..count {
            let start = self.position;
            let key = match self.next()? {
                Item::Unsigned(value) => Key::Unsigned(value),
                Item::Negative(value) => Key::Negative(value),
                Item::Simple(value) => Key::Simple(value),
                Item::Bytes(bytes) => Key::Bytes(bytes),
                Item::Text(text) => Key::Text(text),
                Item::Float(_) | Item::Array(_) | Item::Map(_) => {
                    return Err(Error::Key(start).into());
                }
            };
            let name = match &key {
                Key::Text(text) => Some(*text),
                _ => None,
            };
            if !seen.insert(key) {
                return Err(Error::Duplicate(start).into());
            }
            let value = self.next()?;
            match name {
                Some(name) => each(self, name, value)?,
                None => self.skip(value)?,
            }
        }
        self.leave();
        Ok(())
    }

    /// Reads what is left of an item, as strictly as what is used. Not deeper than the limit, so the
    /// recursion is bounded.
    pub(super) fn skip(&mut self, item: Item<'a>) -> Result<(), Error> {
        match item {
            Item::Array(count) => {
                self.enter()?;
                for _ in 0..count {
                    let element = self.next()?;
                    self.skip(element)?;
                }
                self.leave();
                Ok(())
            }
            Item::Map(count) => self.pairs(count, |items, _, value| items.skip(value)),
            _ => Ok(()),
        }
    }

    /// Makes sure that nothing follows.
    pub(super) fn end(&self) -> Result<(), Error> {
        if self.position == self.input.len() {
            Ok(())
        } else {
            Err(Error::Trailing(self.position))
        }
    }

    fn enter(&mut self) -> Result<(), Error> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > self.limits.depth {
            return Err(Error::Depth(self.limits.depth));
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}
