//! One directive of `string.format`: flags, width, precision and the letter.
//!
//! Each dialect reads and refuses directives in its own way and words.

use crate::arguments::lua51;

/// `%-08.3f` and the like.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Directive {
    pub(super) left: bool,
    pub(super) plus: bool,
    pub(super) space: bool,
    pub(super) alternate: bool,
    pub(super) zero: bool,
    pub(super) width: usize,
    pub(super) precision: Option<usize>,
    /// 0 if the format ends before it.
    pub(super) letter: u8,
    /// It is nothing but the letter.
    pub(super) plain: bool,
}

const FLAGS: &[u8] = b"-+ #0";

/// Reads what follows `%`; also how long it is.
pub(super) fn read(format: &[u8]) -> Result<(Directive, usize), String> {
    if lua51() {
        read_51(format)
    } else {
        read_54(format)
    }
}

impl Directive {
    fn flag(&mut self, flag: u8) {
        match flag {
            b'-' => self.left = true,
            b'+' => self.plus = true,
            b' ' => self.space = true,
            b'#' => self.alternate = true,
            _ => self.zero = true,
        }
    }
}

/// Two digits at most; how many there are.
fn number(text: &[u8]) -> (usize, usize) {
    let digit = |byte: &u8| usize::from(byte - b'0');
    match text {
        [one @ b'0'..=b'9', two @ b'0'..=b'9', ..] => (digit(one) * 10 + digit(two), 2),
        [one @ b'0'..=b'9', ..] => (digit(one), 1),
        _ => (0, 0),
    }
}

fn read_51(format: &[u8]) -> Result<(Directive, usize), String> {
    let mut directive = Directive::default();
    let flags = format
        .iter()
        .take_while(|byte| FLAGS.contains(byte))
        .count();
    if flags > FLAGS.len() {
        return Err("invalid format (repeated flags)".to_owned());
    }
    for flag in format.iter().take(flags) {
        directive.flag(*flag);
    }
    let mut next = flags;
    let rest = |next: usize| format.get(next..).unwrap_or_default();
    let (width, digits) = number(rest(next));
    directive.width = width;
    next += digits;
    if rest(next).first() == Some(&b'.') {
        let (precision, digits) = number(rest(next + 1));
        directive.precision = Some(precision);
        next += 1 + digits;
    }
    let letter = rest(next).first().copied();
    if letter.is_some_and(|byte| byte.is_ascii_digit()) {
        return Err("invalid format (width or precision too long)".to_owned());
    }
    directive.letter = letter.unwrap_or(0);
    directive.plain = next == 0;
    Ok((directive, next + 1))
}

/// The longest directive, without `%`.
const LONGEST_54: usize = 21;

fn read_54(format: &[u8]) -> Result<(Directive, usize), String> {
    let spanned = format
        .iter()
        .take_while(|byte| matches!(byte, b'-' | b'+' | b' ' | b'#' | b'.' | b'0'..=b'9'))
        .count();
    if spanned + 1 > LONGEST_54 {
        return Err("invalid format (too long)".to_owned());
    }
    let letter = format.get(spanned).copied().unwrap_or(0);
    let whole = || {
        let text = format.get(..spanned + 1).unwrap_or(format);
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    };
    let (flags, precise): (&[u8], bool) = match letter {
        b'd' | b'i' => (b"-+ 0", true),
        b'u' => (b"-0", true),
        b'o' | b'x' | b'X' => (b"-#0", true),
        b'a' | b'A' | b'e' | b'E' | b'f' | b'g' | b'G' => (FLAGS, true),
        b's' => (b"-", true),
        b'c' | b'p' => (b"-", false),
        b'q' => {
            if spanned > 0 {
                return Err("specifier '%q' cannot have modifiers".to_owned());
            }
            (b"", false)
        }
        _ => return Err(format!("invalid conversion '%{}' to 'format'", whole())),
    };
    let mut directive = Directive {
        letter,
        plain: spanned == 0,
        ..Directive::default()
    };
    let mut rest = format.get(..spanned).unwrap_or_default();
    while let Some((flag, after)) = rest.split_first().filter(|(flag, _)| flags.contains(flag)) {
        directive.flag(*flag);
        rest = after;
    }
    // A width cannot begin with 0.
    if rest.first() != Some(&b'0') {
        let (width, digits) = number(rest);
        directive.width = width;
        rest = rest.get(digits..).unwrap_or_default();
        if let (Some((b'.', after)), true) = (rest.split_first(), precise) {
            let (precision, digits) = number(after);
            directive.precision = Some(precision);
            rest = after.get(digits..).unwrap_or_default();
        }
    }
    if rest.is_empty() {
        Ok((directive, spanned + 1))
    } else {
        Err(format!("invalid conversion specification: '%{}'", whole()))
    }
}
