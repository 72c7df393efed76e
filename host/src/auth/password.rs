//! A password that cannot be printed and is wiped when the last owner lets go.

use zeroize::Zeroizing;

/// The bytes that a user typed. No `Debug`, no `Display`, no `Serialize`: it cannot reach a log by
/// accident. The memory is overwritten on drop.
#[derive(Clone)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// Takes the bytes over; the caller keeps no copy.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for the one who checks them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// True for the empty password, which no login may use.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
