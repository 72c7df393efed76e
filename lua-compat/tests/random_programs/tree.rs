//! Programs as trees: how they are written out, and every way to make one smaller by a step.
//!
//! A node is a text with gaps; each gap (`§`) is filled by the next child. That is all that printing needs, and the
//! role of a node is all that shrinking needs: an expression may take the place of any expression.

/// Where a node may stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Expression,
    Statement,
    /// Statements, each on lines of its own.
    Block,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    pub role: Role,
    text: String,
    pub children: Vec<Node>,
}

/// Marks a gap in a node's text.
const GAP: char = '§';

impl Node {
    pub fn new(role: Role, text: impl Into<String>, children: Vec<Node>) -> Self {
        let text = text.into();
        assert_eq!(text.matches(GAP).count(), children.len(), "{text}");
        Self {
            role,
            text,
            children,
        }
    }

    pub fn expression(text: impl Into<String>, children: Vec<Node>) -> Self {
        Self::new(Role::Expression, text, children)
    }

    pub fn statement(text: impl Into<String>, children: Vec<Node>) -> Self {
        Self::new(Role::Statement, text, children)
    }

    pub fn block(children: Vec<Node>) -> Self {
        Self {
            role: Role::Block,
            text: String::new(),
            children,
        }
    }

    pub fn source(&self) -> String {
        if self.role == Role::Block {
            let lines = self.children.iter().map(|child| child.source() + "\n");
            return lines.collect();
        }
        let mut text = String::new();
        let mut children = self.children.iter();
        for part in self.text.split_inclusive(GAP) {
            let Some(before) = part.strip_suffix(GAP) else {
                text.push_str(part);
                continue;
            };
            text.push_str(before);
            let child = children.next().unwrap();
            if child.role == Role::Block {
                for line in child.source().lines() {
                    text.push_str("\n  ");
                    text.push_str(line);
                }
                text.push('\n');
            } else {
                text.push_str(&child.source());
            }
        }
        text
    }

    /// How many nodes there are.
    pub fn size(&self) -> usize {
        1 + self.children.iter().map(Node::size).sum::<usize>()
    }

    /// Every tree that is this one made smaller in one place, the boldest first.
    pub fn reductions(&self) -> Vec<Node> {
        let mut smaller = self.own_reductions();
        for (index, child) in self.children.iter().enumerate() {
            for reduced in child.reductions() {
                let mut copy = self.clone();
                copy.children[index] = reduced;
                smaller.push(copy);
            }
        }
        smaller.sort_by_key(Node::size);
        smaller
    }

    fn own_reductions(&self) -> Vec<Node> {
        match self.role {
            Role::Block => self.without_statements(),
            Role::Statement => Vec::new(),
            Role::Expression => self.simpler_expressions(),
        }
    }

    fn without_statements(&self) -> Vec<Node> {
        let mut smaller = Vec::new();
        let count = self.children.len();
        if count > 2 {
            smaller.push(Self::block(self.children[count / 2..].to_vec()));
            smaller.push(Self::block(self.children[..count / 2].to_vec()));
        }
        for index in 0..count {
            let mut without = self.clone();
            let gone = without.children.remove(index);
            smaller.push(without.clone());
            // What stood inside a statement may stand in its place.
            for block in gone.children.iter().filter(|one| one.role == Role::Block) {
                let mut inlined = without.clone();
                let inner = block.children.clone();
                inlined.children.splice(index..index, inner);
                smaller.push(inlined);
            }
        }
        smaller
    }

    fn simpler_expressions(&self) -> Vec<Node> {
        let mut smaller: Vec<Node> = self
            .children
            .iter()
            .filter(|child| child.role == Role::Expression)
            .cloned()
            .collect();
        for constant in ["nil", "1", "\"a\"", "{}"] {
            let simple = Self::expression(constant, Vec::new());
            // A constant in a constant's place would go on for ever.
            if !["nil", "1", "\"a\"", "{}"].contains(&&*self.text) {
                smaller.push(simple);
            }
        }
        smaller
    }
}
