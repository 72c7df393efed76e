//! Texts of the repository that users copy, with their places and names replaced by a test's.
//!
//! Promises: what is to be replaced must be there, so that a changed text cannot slip past its test.

/// A text on its way to a test.
#[derive(Clone, Debug)]
pub struct Template(String);

impl Template {
    /// Starts with a text.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Replaces every place where `old` stands.
    ///
    /// # Panics
    /// When it stands nowhere.
    pub fn set(self, old: &str, new: impl std::fmt::Display) -> Self {
        assert!(self.0.contains(old), "there is no {old:?} in:\n{}", self.0);
        Self(self.0.replace(old, &new.to_string()))
    }

    /// Takes the comment sign away from the lines that begin with `text` behind it, as a user does who
    /// wants them.
    ///
    /// # Panics
    /// When there is no such line.
    pub fn uncomment(self, text: &str) -> Self {
        let mut found = false;
        let lines: Vec<String> = self
            .0
            .lines()
            .map(|line| {
                let rest = line.trim_start();
                let indent = &line[..line.len() - rest.len()];
                match rest.strip_prefix('#').map(str::trim_start) {
                    Some(rest) if rest.starts_with(text) => {
                        found = true;
                        format!("{indent}{rest}")
                    }
                    _ => line.to_owned(),
                }
            })
            .collect();
        assert!(found, "there is no comment {text:?} in:\n{}", self.0);
        Self(lines.join("\n") + "\n")
    }

    /// The text.
    pub fn text(self) -> String {
        self.0
    }
}
