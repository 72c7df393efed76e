//! Reading a number out of a file, as PUC-Rio does: as many characters as may belong to one.

use piccolo::{Constant, Value, numbers};

use super::file::Reader;
use crate::arguments::lua51;

/// Lua 5.4 reads no longer numbers.
const LONGEST: usize = 200;

/// The next number. What was read of something that is no number is gone.
pub(super) fn read<'gc>(reader: &mut Reader<'_>) -> Option<Value<'gc>> {
    let mut scan = Scan {
        reader,
        text: Vec::new(),
        too_long: false,
    };
    while matches!(scan.reader.peek(), Some(b' ' | b'\t'..=b'\r')) {
        scan.reader.skip();
    }
    scan.accept(b"+-");
    if lua51() && scan.word() {
        return scan.finish();
    }
    let mut hexadecimal = false;
    let mut digits = 0;
    if scan.accept(b"0") {
        hexadecimal = scan.accept(b"xX");
        digits = usize::from(!hexadecimal);
    }
    digits += scan.digits(hexadecimal);
    if scan.accept(b".") {
        digits += scan.digits(hexadecimal);
    }
    let mantissa = scan.text.len();
    if digits > 0 && scan.accept(if hexadecimal { b"pP" } else { b"eE" }) {
        scan.accept(b"+-");
        if scan.digits(false) == 0 && lua51() {
            // C makes do with what stands before.
            scan.text.truncate(mantissa);
        }
    }
    scan.finish()
}

struct Scan<'a, 'b> {
    reader: &'a mut Reader<'b>,
    text: Vec<u8>,
    too_long: bool,
}

impl Scan<'_, '_> {
    /// Takes the next character if it is one of these.
    fn accept(&mut self, set: &[u8]) -> bool {
        match self.reader.peek() {
            Some(byte) if set.contains(&byte) => self.take(byte),
            _ => false,
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        if self.text.len() >= LONGEST {
            self.too_long = true;
            return false;
        }
        self.reader.skip();
        self.text.push(byte);
        true
    }

    fn digits(&mut self, hexadecimal: bool) -> usize {
        let mut count = 0;
        while let Some(byte) = self.reader.peek()
            && (byte.is_ascii_digit() || (hexadecimal && byte.is_ascii_hexdigit()))
            && self.take(byte)
        {
            count += 1;
        }
        count
    }

    /// `inf`, `infinity` and `nan`, which C reads and Lua 5.4 does not.
    fn word(&mut self) -> bool {
        let Some(first) = self.reader.peek() else {
            return false;
        };
        let word: &[u8] = match first.to_ascii_lowercase() {
            b'i' => b"infinity",
            b'n' => b"nan",
            _ => return false,
        };
        for letter in word {
            match self.reader.peek() {
                Some(byte) if byte.eq_ignore_ascii_case(letter) => self.take(byte),
                _ => break,
            };
        }
        true
    }

    fn finish<'gc>(self) -> Option<Value<'gc>> {
        if self.too_long {
            return None;
        }
        match numbers::parse(&self.text)? {
            Constant::Integer(integer) => Some(Value::Integer(integer)),
            Constant::Number(number) => Some(Value::Number(number)),
            _ => None,
        }
    }
}
