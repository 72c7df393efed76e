//! Arrays of an exact size.
//!
//! `#t` looks for a border from the end of the array, so what it finds in an array with holes depends on the
//! size. PUC-Rio sizes the arrays of constructors by the number of their elements.

use super::RawTable;
use crate::Value;

impl<'gc> RawTable<'gc> {
    /// Gives the table an array of that many elements, if it has fewer and nothing is in its other part.
    pub(crate) fn size_array(&mut self, length: usize) {
        if self.array.len() < length && self.map.is_empty() {
            self.array.reserve_exact(length - self.array.len());
            self.array.resize(length, Value::Nil);
        }
    }
}
