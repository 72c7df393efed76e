//! What a script does with names: which it reads, sets and calls, and what they stand for.
//!
//! Made by `walk`, judged by the checks.

use std::collections::BTreeSet;

use super::{lexer::Span, tree::Name};

/// What a script does with names.
#[derive(Default)]
pub(super) struct Facts {
    /// In the order of the text.
    pub(super) globals_read: Vec<Name>,
    pub(super) globals_set: BTreeSet<String>,
    /// All locals and parameters, wherever they are declared.
    pub(super) locals: BTreeSet<String>,
    /// Globals and fields (`table.name`) whose existence is tested somewhere.
    pub(super) tested: BTreeSet<String>,
    pub(super) fields_read: Vec<FieldUse>,
    /// As `table.name`.
    pub(super) fields_set: BTreeSet<String>,
    pub(super) calls: Vec<CallUse>,
    pub(super) requires: Vec<Require>,
    /// All literal texts.
    pub(super) texts: Vec<Name>,
    /// Global functions, where they are defined.
    pub(super) functions: Vec<Name>,
    /// It sets globals in ways that cannot be followed.
    pub(super) opaque: bool,
    /// Conditions that are nothing but what `password_verify` returned.
    pub(super) truthy_verifications: Vec<Span>,
}

/// A field of a known table, read or called.
pub(super) struct FieldUse {
    /// Canonical.
    pub(super) table: String,
    /// As the script wrote it.
    pub(super) written: String,
    pub(super) field: Name,
}

/// A call of something that has a canonical name.
pub(super) struct CallUse {
    /// As in `os.execute`; methods have a colon in front of their name.
    pub(super) path: String,
    pub(super) span: Span,
    /// Of each argument that is a literal text.
    pub(super) arguments: Vec<Option<String>>,
    /// The first argument is the table itself, as in `request.log_error(request, …)`.
    pub(super) passes_itself: bool,
}

/// `require("name")`.
pub(super) struct Require {
    pub(super) module: String,
    pub(super) span: Span,
    /// In a `pcall`, or tried as one of several.
    pub(super) protected: bool,
}
