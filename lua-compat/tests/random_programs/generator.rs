//! Random programs: statements, and what is in scope.

use super::corpus::Version;
use super::numbers::Random;
use super::tree::Node;

/// What a variable probably holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Number,
    Text,
    Truth,
    Table,
    Function,
}

pub struct Generator {
    pub random: Random,
    version: Version,
    pub scope: Vec<(String, Kind)>,
    named: usize,
    /// Whether `...` may be written.
    pub vararg: bool,
    /// Whether this is the body of a coroutine that nothing stands in the way of.
    pub may_yield: bool,
    in_loop: bool,
}

/// The program of this seed.
pub fn program(version: Version, seed: u64) -> Node {
    let mut generator = Generator {
        random: Random::new(seed),
        version,
        scope: Vec::new(),
        named: 0,
        vararg: true,
        may_yield: false,
        in_loop: false,
    };
    let count = 3 + generator.random.below(8);
    let mut block = generator.block(count, 3);
    // What is in scope at the end is compared too.
    let names: Vec<_> = generator.scope.iter().map(|one| one.0.clone()).collect();
    for name in names.iter().rev().take(5) {
        let value = Node::expression(name.clone(), Vec::new());
        let text = format!("OUT(\"{name}\", §)");
        block.children.push(Node::statement(text, vec![value]));
    }
    block
}

impl Generator {
    /// Whether it is 5.4.
    pub fn lua54(&self) -> bool {
        self.version == Version::Lua54
    }

    pub fn any_kind(&mut self) -> Kind {
        match self.random.below(10) {
            0..4 => Kind::Number,
            4..7 => Kind::Text,
            7 => Kind::Truth,
            8 => Kind::Table,
            _ => Kind::Function,
        }
    }

    /// A variable in scope that probably holds this.
    pub fn variable(&mut self, kind: Kind) -> Option<String> {
        let fitting: Vec<_> = self.scope.iter().filter(|one| one.1 == kind).collect();
        if fitting.is_empty() {
            return None;
        }
        let index = self.random.below(fitting.len());
        Some(fitting[index].0.clone())
    }

    pub fn fresh(&mut self) -> String {
        self.named += 1;
        format!("v{}", self.named)
    }

    /// Something inside a function with these parameters.
    pub fn inside(&mut self, parameters: &str, make: impl FnOnce(&mut Self) -> Node) -> Node {
        let height = self.scope.len();
        let (vararg, in_loop) = (self.vararg, self.in_loop);
        self.in_loop = false;
        self.vararg = parameters.contains("...");
        for name in parameters.split(", ").filter(|name| name.len() == 1) {
            let kind = self.any_kind();
            self.scope.push((name.to_owned(), kind));
        }
        let made = make(self);
        self.scope.truncate(height);
        (self.vararg, self.in_loop) = (vararg, in_loop);
        made
    }

    /// Statements in a scope of their own; the caller decides when that ends.
    fn block(&mut self, count: usize, depth: usize) -> Node {
        let statements = (0..count).map(|_| self.statement(depth)).collect();
        Node::block(statements)
    }

    pub fn inner(&mut self, depth: usize) -> Node {
        let height = self.scope.len();
        let count = 1 + self.random.below(3);
        let block = self.block(count, depth.saturating_sub(1));
        self.scope.truncate(height);
        block
    }

    pub fn round(&mut self, depth: usize) -> Node {
        let outside = std::mem::replace(&mut self.in_loop, true);
        let block = self.inner(depth);
        self.in_loop = outside;
        block
    }

    fn statement(&mut self, depth: usize) -> Node {
        let choices = if depth == 0 { 10 } else { 24 };
        match self.random.below(choices) {
            0..3 => self.local(),
            3..5 => {
                let (first, rest) = (self.any(2), self.several(2));
                Node::statement("OUT(§, §)", vec![first, rest])
            }
            5..7 => self.assignment(),
            7 => self.store(),
            8 => self.leave(),
            9 => self.table_call(),
            10..12 => self.branch(depth),
            12..14 => self.numeric_for(depth),
            14 => self.generic_for(depth),
            15 => self.conditional_loop(depth),
            16..18 => self.local_function(depth),
            18..20 => self.protected_block(depth),
            20 => self.class(depth),
            21 => self.coroutine(depth),
            22 if self.lua54() => self.only_in_5_4(depth),
            _ => Node::statement("do§end", vec![self.inner(depth)]),
        }
    }

    fn local(&mut self) -> Node {
        if self.random.percent(15) {
            let value = self.several(2);
            let (one, two) = (self.fresh(), self.fresh());
            let text = format!("local {one}, {two} = §");
            self.scope.push((one, Kind::Text));
            self.scope.push((two, Kind::Number));
            return Node::statement(text, vec![value]);
        }
        let kind = self.any_kind();
        let value = self.expression(kind, 3);
        let name = self.fresh();
        let attribute = if self.lua54() && self.random.percent(10) {
            " <const>"
        } else {
            ""
        };
        let text = format!("local {name}{attribute} = §");
        // A constant is never assigned to, because nothing finds it.
        if attribute.is_empty() {
            self.scope.push((name, kind));
        }
        Node::statement(text, vec![value])
    }

    fn assignment(&mut self) -> Node {
        let kind = self.any_kind();
        let Some(name) = self.variable(kind) else {
            let global = self.random.pick(&["g1", "g2", "g3"]);
            let value = self.expression(kind, 2);
            if !self.scope.iter().any(|one| one.0 == global) {
                self.scope.insert(0, (global.to_owned(), kind));
            }
            return Node::statement(format!("{global} = CUT(§)"), vec![value]);
        };
        if self.random.percent(20)
            && let Some(other) = self.variable(kind)
        {
            let (left, right) = (self.expression(kind, 1), self.expression(kind, 1));
            let text = format!("{name}, {other} = CUT(§), (CUT(§))");
            return Node::statement(text, vec![left, right]);
        }
        let value = self.expression(kind, 3);
        let text = if kind == Kind::Number || kind == Kind::Truth {
            format!("{name} = §")
        } else {
            format!("{name} = (CUT(§))")
        };
        Node::statement(text, vec![value])
    }

    fn store(&mut self) -> Node {
        let table = self.expression(Kind::Table, 0);
        let value = self.any(2);
        let place = self.random.pick(&["a", "b", "c"]).to_owned();
        let key = match self.random.below(4) {
            0 => format!(".{place}"),
            1 => "[1]".to_owned(),
            2 => "[LEN({})+1]".to_owned(),
            _ => format!("[\"{place}\"]"),
        };
        Node::statement(
            format!("do local t = § t{key} = (CUT(§)) end"),
            vec![table, value],
        )
    }

    /// `break`, `return` or `error` under a condition.
    fn leave(&mut self) -> Node {
        let condition = self.expression(Kind::Truth, 2);
        match self.random.below(5) {
            0 | 1 if self.in_loop => Node::statement("if § then break end", vec![condition]),
            2 => {
                let values = self.several(1);
                Node::statement("if § then return § end", vec![condition, values])
            }
            3 => {
                let value = self.any(1);
                let level = self.random.pick(&["", ", 0", ", 1", ", 2"]);
                let text = format!("if § then error(§{level}) end");
                Node::statement(text, vec![condition, value])
            }
            _ if self.may_yield => {
                let value = self.several(1);
                let name = self.fresh();
                let text = format!("local {name} = coroutine.yield(§)");
                self.scope.push((name, Kind::Number));
                Node::statement(text, vec![value])
            }
            _ => {
                let call = self.call(2);
                Node::statement("OUT(§)", vec![call])
            }
        }
    }

    fn table_call(&mut self) -> Node {
        let table = self.expression(Kind::Table, 1);
        match self.random.below(6) {
            0 | 1 => {
                let value = self.any(1);
                let text = "do local t = SEQ(§) table.insert(t, (CUT(§))) OUT(t) end";
                Node::statement(text, vec![table, value])
            }
            2 => {
                let value = self.any(1);
                let text = "do local t = SEQ(§) table.insert(t, 1, (CUT(§))) OUT(t) end";
                Node::statement(text, vec![table, value])
            }
            3 => {
                let at = self.random.pick(&["", ", 1"]);
                let text = format!("do local t = SEQ(§) OUT(table.remove(t{at}), t) end");
                Node::statement(text, vec![table])
            }
            4 => {
                let order = self.random.pick(&["", ", function(a, b) return a > b end"]);
                let text = format!("do local t = NUMS(§) table.sort(t{order}) OUT(t) end");
                Node::statement(text, vec![table])
            }
            _ => {
                let text = "for i, v in ipairs(SEQ(§)) do TICK() OUT(i, v) end";
                Node::statement(text, vec![table])
            }
        }
    }
}
