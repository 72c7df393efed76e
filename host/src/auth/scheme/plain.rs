//! PLAIN-TRUNC: a plaintext that a database column may have cut off.

use super::{SchemeError, equal, malformed};

/// `length-text`. A text of exactly that length may have been cut, so a password that begins with it
/// is right; a shorter text was not, so it must be equal.
pub(super) fn truncated(data: &[u8], password: &[u8]) -> Result<bool, SchemeError> {
    let wrong = || malformed("PLAIN-TRUNC value: it is not a length, `-` and a text");
    let border = data
        .iter()
        .position(|byte| *byte == b'-')
        .ok_or_else(wrong)?;
    let (digits, text) = data.split_at_checked(border).ok_or_else(wrong)?;
    let text = text.get(1..).ok_or_else(wrong)?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) || text.is_empty() {
        return Err(wrong());
    }
    let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
    let length: usize = digits.parse().map_err(|_| wrong())?;
    let compared = if text.len() == length {
        password.get(..length).unwrap_or(password)
    } else {
        password
    };
    Ok(equal(text, compared))
}
