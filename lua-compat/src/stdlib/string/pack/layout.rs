//! The format language of `pack`, `unpack` and `packsize`: which option comes next, how big it is and how
//! much padding comes before it.

/// The widest integer, in bytes.
const WIDEST: usize = 16;
/// The natural alignment of the processors that PUC-Rio runs on.
const NATURAL_ALIGNMENT: usize = 8;
/// What C's `int` counts.
const MOST: usize = i32::MAX as usize;

/// What an option stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Signed,
    Unsigned,
    Float,
    Double,
    /// A text of fixed length.
    Chars,
    /// A text after its length.
    Counted,
    /// A text that ends with a zero.
    Terminated,
    Padding,
    Alignment,
    Nothing,
}

/// What is wrong with a format.
pub(super) enum Problem {
    /// With the format as an argument.
    Argument(&'static str),
    Plain(String),
}

/// One option in its place.
#[derive(Clone, Copy)]
pub(super) struct Option {
    pub(super) kind: Kind,
    pub(super) size: usize,
    /// Zeros before it.
    pub(super) padding: usize,
}

/// How far the format was read, and what it said of all options after it.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    next: usize,
    pub(super) big_endian: bool,
    alignment: usize,
}

impl Layout {
    pub(super) fn new() -> Self {
        Self {
            next: 0,
            big_endian: false,
            alignment: 1,
        }
    }

    /// How many bytes of the format were read.
    pub(super) fn read(&self) -> usize {
        self.next
    }

    /// The next option, after so many bytes of data; none at the end of the format.
    pub(super) fn next(
        &mut self,
        format: &[u8],
        total: usize,
    ) -> Result<std::option::Option<Option>, Problem> {
        let Some((kind, size)) = self.option(format)? else {
            return Ok(None);
        };
        let mut alignment = size;
        if kind == Kind::Alignment {
            match self.option(format)? {
                Some((kind, size)) if kind != Kind::Chars && size > 0 => alignment = size,
                _ => return Err(Problem::Argument("invalid next option for option 'X'")),
            }
        }
        let mut padding = 0;
        if alignment > 1 && kind != Kind::Chars {
            let alignment = alignment.min(self.alignment);
            if !alignment.is_power_of_two() {
                return Err(Problem::Argument(
                    "format asks for alignment not power of 2",
                ));
            }
            padding = (alignment - (total & (alignment - 1))) & (alignment - 1);
        }
        Ok(Some(Option {
            kind,
            size,
            padding,
        }))
    }

    fn option(&mut self, format: &[u8]) -> Result<std::option::Option<(Kind, usize)>, Problem> {
        let Some(letter) = format.get(self.next).copied().filter(|byte| *byte != 0) else {
            return Ok(None);
        };
        self.next += 1;
        Ok(Some(match letter {
            b'b' => (Kind::Signed, 1),
            b'B' => (Kind::Unsigned, 1),
            b'h' => (Kind::Signed, 2),
            b'H' => (Kind::Unsigned, 2),
            b'i' => (Kind::Signed, self.limited(format, 4)?),
            b'I' => (Kind::Unsigned, self.limited(format, 4)?),
            b'l' | b'j' => (Kind::Signed, 8),
            b'L' | b'J' | b'T' => (Kind::Unsigned, 8),
            b'f' => (Kind::Float, 4),
            b'd' | b'n' => (Kind::Double, 8),
            b's' => (Kind::Counted, self.limited(format, 8)?),
            b'c' => match self.number(format) {
                Some(size) => (Kind::Chars, size),
                None => {
                    let text = "missing size for format option 'c'";
                    return Err(Problem::Plain(text.to_owned()));
                }
            },
            b'z' => (Kind::Terminated, 0),
            b'x' => (Kind::Padding, 1),
            b'X' => (Kind::Alignment, 0),
            b' ' => (Kind::Nothing, 0),
            b'<' | b'=' => {
                self.big_endian = false;
                (Kind::Nothing, 0)
            }
            b'>' => {
                self.big_endian = true;
                (Kind::Nothing, 0)
            }
            b'!' => {
                self.alignment = self.limited(format, NATURAL_ALIGNMENT)?;
                (Kind::Nothing, 0)
            }
            other => {
                let letter = char::from(other);
                return Err(Problem::Plain(format!("invalid format option '{letter}'")));
            }
        }))
    }

    /// As many digits as C's `int` holds.
    fn number(&mut self, format: &[u8]) -> std::option::Option<usize> {
        let digit = |at: usize| {
            format
                .get(at)
                .filter(|byte| byte.is_ascii_digit())
                .map(|byte| usize::from(byte - b'0'))
        };
        let mut number = digit(self.next)?;
        self.next += 1;
        while number <= (MOST - 9) / 10
            && let Some(digit) = digit(self.next)
        {
            number = number * 10 + digit;
            self.next += 1;
        }
        Some(number)
    }

    fn limited(&mut self, format: &[u8], default: usize) -> Result<usize, Problem> {
        let size = self.number(format).unwrap_or(default);
        if (1..=WIDEST).contains(&size) {
            Ok(size)
        } else {
            Err(Problem::Plain(format!(
                "integral size ({size}) out of limits [1,{WIDEST}]"
            )))
        }
    }
}
