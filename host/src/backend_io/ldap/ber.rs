//! The few bytes of BER (X.690) that LDAP needs: definite lengths and tags of one byte (RFC 4511, section
//! 5.1).
//!
//! Reading borrows, never recurses and never panics; writing keeps what it writes in memory that is wiped,
//! because it may be a password.

use zeroize::Zeroizing;

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The bytes are not what RFC 4511 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Elements one after the other.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next element's tag and content; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, Malformed> {
        let Some((tag, rest)) = self.0.split_first() else {
            return Ok(None);
        };
        // 31 in the low bits announces a tag of several bytes.
        if tag & 0x1f == 0x1f {
            return Err(Malformed);
        }
        let (length, header) = length(rest)?.ok_or(Malformed)?;
        let rest = rest.get(header..).ok_or(Malformed)?;
        let (content, rest) = rest.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(Some((*tag, content)))
    }

    /// The next element, which must have that tag.
    pub(super) fn expect(&mut self, wanted: u8) -> Result<&'a [u8], Malformed> {
        match self.next()? {
            Some((tag, content)) if tag == wanted => Ok(content),
            _ => Err(Malformed),
        }
    }

    /// The next element, a number from 0 to 2147483647 (`maxInt`).
    pub(super) fn number(&mut self, tag: u8) -> Result<u32, Malformed> {
        let bytes = self.expect(tag)?;
        let negative = bytes.first().is_none_or(|first| first & 0x80 != 0);
        if negative || bytes.len() > 4 {
            return Err(Malformed);
        }
        Ok(bytes
            .iter()
            .fold(0, |number, byte| (number << 8) | u32::from(*byte)))
    }

    /// The next element as text; bytes that are not UTF-8 become replacement characters.
    pub(super) fn text(&mut self) -> Result<String, Malformed> {
        let bytes = self.expect(OCTET_STRING)?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// A length and how many bytes it takes; nothing if there are not enough bytes yet.
pub(super) fn length(bytes: &[u8]) -> Result<Option<(usize, usize)>, Malformed> {
    let Some((first, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    if *first < 0x80 {
        return Ok(Some((usize::from(*first), 1)));
    }
    let count = usize::from(first & 0x7f);
    // 0 is the indefinite form, which LDAP forbids.
    if !(1..=4).contains(&count) {
        return Err(Malformed);
    }
    let Some(digits) = rest.get(..count) else {
        return Ok(None);
    };
    let length = digits
        .iter()
        .fold(0_usize, |length, byte| (length << 8) | usize::from(*byte));
    Ok(Some((length, count + 1)))
}

/// A message under construction.
pub(super) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    /// Room for so many bytes, so that no copy is left behind when it grows.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(bytes)))
    }

    pub(super) fn element(&mut self, tag: u8, content: &[u8]) {
        self.0.push(tag);
        let length = content.len();
        if let (Ok(short), true) = (u8::try_from(length), length < 0x80) {
            self.0.push(short);
        } else {
            let digits = length.to_be_bytes();
            let zeros = digits.iter().take_while(|digit| **digit == 0).count();
            let digits = digits.get(zeros..).unwrap_or_default();
            self.0.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
            self.0.extend_from_slice(digits);
        }
        self.0.extend_from_slice(content);
    }

    pub(super) fn octets(&mut self, content: &[u8]) {
        self.element(OCTET_STRING, content);
    }

    pub(super) fn number(&mut self, tag: u8, number: u32) {
        let bytes = number.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(3);
        let mut content = bytes.get(zeros..).unwrap_or_default().to_vec();
        if content.first().is_some_and(|first| first & 0x80 != 0) {
            content.insert(0, 0);
        }
        self.element(tag, &content);
    }

    pub(super) fn boolean(&mut self, truth: bool) {
        self.element(BOOLEAN, &[if truth { 0xff } else { 0 }]);
    }

    /// An element made of elements.
    pub(super) fn nest(&mut self, tag: u8, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::with_room(self.0.capacity());
        write(&mut inner);
        self.element(tag, &inner.0);
    }

    /// Elements that somebody else has encoded.
    pub(super) fn raw(&mut self, encoded: &[u8]) {
        self.0.extend_from_slice(encoded);
    }

    pub(super) fn finish(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_of_all_sizes_come_back() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536, 1 << 20] {
            let content = vec![7; length];
            let mut writer = Writer::with_room(0);
            writer.octets(&content);
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.expect(OCTET_STRING).unwrap(), content);
            assert_eq!(reader.next(), Ok(None));
        }
    }

    #[test]
    fn numbers_come_back_and_have_no_sign() {
        for number in [0, 1, 127, 128, 255, 256, 32_768, 0x7fff_ffff] {
            let mut writer = Writer::with_room(0);
            writer.number(INTEGER, number);
            let bytes = writer.finish();
            assert_eq!(Reader::new(&bytes).number(INTEGER), Ok(number));
        }
        for negative in [&[2, 1, 0x80][..], &[2, 0], &[2, 5, 0, 1, 1, 1, 1]] {
            assert_eq!(Reader::new(negative).number(INTEGER), Err(Malformed));
        }
    }

    #[test]
    fn what_rfc_4511_forbids_is_malformed() {
        for bytes in [
            &[0x30, 0x80, 0, 0][..],          // indefinite length
            &[0x1f, 0x81, 0x01, 0],           // a tag of several bytes
            &[0x04, 0x85, 0, 0, 0, 0, 1, 65], // a length of five bytes
            &[0x04, 2, 65],                   // fewer bytes than announced
            &[0x04],
        ] {
            assert_eq!(Reader::new(bytes).next(), Err(Malformed), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = Reader::new(&bytes);
            while let Ok(Some(_)) = reader.next() {}
        }
    }
}
