//! Random statements that hold others: conditions, loops, functions, classes, coroutines.

use super::generator::{Generator, Kind};
use super::tree::Node;

impl Generator {
    pub fn branch(&mut self, depth: usize) -> Node {
        let condition = self.expression(Kind::Truth, 2);
        let first = self.inner(depth);
        if self.random.percent(50) {
            return Node::statement("if § then§end", vec![condition, first]);
        }
        let second = self.inner(depth);
        if self.random.percent(60) {
            let text = "if § then§else§end";
            return Node::statement(text, vec![condition, first, second]);
        }
        let other = self.expression(Kind::Truth, 1);
        let third = self.inner(depth);
        let text = "if § then§elseif § then§else§end";
        Node::statement(text, vec![condition, first, other, second, third])
    }

    pub fn numeric_for(&mut self, depth: usize) -> Node {
        let (from, to) = (self.small(), self.small());
        let step = match self.random.below(6) {
            0 => ", -1",
            1 => ", 2",
            2 => ", 0.5",
            _ => "",
        };
        let name = self.fresh();
        let height = self.scope.len();
        self.scope.push((name.clone(), Kind::Number));
        let body = self.round(depth);
        self.scope.truncate(height);
        let text = format!("for {name} = §, §{step} do TICK()§end");
        Node::statement(text, vec![from, to, body])
    }

    pub fn generic_for(&mut self, depth: usize) -> Node {
        let (one, two) = (self.fresh(), self.fresh());
        let height = self.scope.len();
        let (head, children) = match self.random.below(3) {
            0 => ("ipairs(SEQ(§))", vec![self.expression(Kind::Table, 2)]),
            1 => {
                let subject = self.expression(Kind::Text, 1);
                // An anchor means something else to each dialect here.
                let pattern = self
                    .random
                    .pick(&["%a+", "(%w)(%w)", "[^,]*", "()", ".", "%s*"]);
                let pattern = Node::expression(format!("\"{pattern}\""), Vec::new());
                ("string.gmatch(§, §)", vec![subject, pattern])
            }
            _ => (
                "§, 3, 0",
                vec![Node::expression(
                    "function(s, c) if c < s then return c + 1, § end end",
                    vec![self.inside("", |generator| generator.expression(Kind::Number, 1))],
                )],
            ),
        };
        self.scope.push((one.clone(), Kind::Number));
        self.scope.push((two.clone(), Kind::Text));
        let body = self.round(depth);
        self.scope.truncate(height);
        let mut children = children;
        children.push(body);
        let text = format!("for {one}, {two} in {head} do TICK()§end");
        Node::statement(text, children)
    }

    pub fn conditional_loop(&mut self, depth: usize) -> Node {
        let condition = self.expression(Kind::Truth, 2);
        let body = self.round(depth);
        // Few run until the budget ends.
        match self.random.below(12) {
            0 => Node::statement("while § do TICK()§end", vec![condition, body]),
            1 => Node::statement("repeat TICK()§until §", vec![body, condition]),
            2..7 => {
                let text = "do local n = 0 while n < 3 and § do n = n + 1 TICK()§end end";
                Node::statement(text, vec![condition, body])
            }
            _ => {
                let text = "do local n = 0 repeat n = n + 1 TICK()§until n > 2 or § end";
                Node::statement(text, vec![body, condition])
            }
        }
    }

    pub fn local_function(&mut self, depth: usize) -> Node {
        let parameters = self.random.pick(&["", "p", "p, q", "...", "p, ..."]);
        let could = std::mem::replace(&mut self.may_yield, false);
        let body = self.inside(parameters, |generator| {
            let mut block = generator.inner(depth);
            let value = generator.several(2);
            let text = "do return § end";
            block.children.push(Node::statement(text, vec![value]));
            block
        });
        self.may_yield = could;
        let name = self.fresh();
        let text = match self.random.below(3) {
            0 => format!("local {name} = function({parameters}) TICK()§end"),
            _ => format!("local function {name}({parameters}) TICK()§end"),
        };
        self.scope.push((name, Kind::Function));
        Node::statement(text, vec![body])
    }

    pub fn protected_block(&mut self, depth: usize) -> Node {
        let may = self.lua54() && self.may_yield;
        let could = std::mem::replace(&mut self.may_yield, may);
        let body = self.inside("", |generator| {
            let mut block = generator.inner(depth);
            let value = generator.several(2);
            block
                .children
                .push(Node::statement("do return § end", vec![value]));
            block
        });
        self.may_yield = could;
        let text = if self.random.percent(25) {
            "OUT(\"xpcall\", xpcall(function()§end, function(m) return {m} end))"
        } else {
            "OUT(\"pcall\", pcall(function()§end))"
        };
        Node::statement(text, vec![body])
    }

    /// Objects with a metatable, and what is done with them.
    pub fn class(&mut self, depth: usize) -> Node {
        let name = self.fresh();
        let events: &[&str] = if self.lua54() {
            &[
                "add", "sub", "mul", "concat", "eq", "lt", "le", "call", "unm", "index",
                "newindex", "idiv", "band", "shl", "len", "bnot", "close",
            ]
        } else {
            &[
                "add", "sub", "mul", "concat", "eq", "lt", "call", "unm", "index", "newindex",
                "mod",
            ]
        };
        let mut text = format!("local {name} = setmetatable({{a = 1, 5}}, {{");
        let mut children = Vec::new();
        let could = std::mem::replace(&mut self.may_yield, false);
        for _ in 0..2 + self.random.below(3) {
            let event = self.random.pick(events);
            let parameters = if event == "call" { "p, ..." } else { "p, q" };
            let value = self.inside(parameters, |generator| generator.several(depth.min(2)));
            text.push_str(&format!(
                "__{event} = function({parameters}) TICK() return § end, "
            ));
            children.push(value);
        }
        self.may_yield = could;
        text.push_str("})");
        let uses: &[&str] = &[
            "N + 1",
            "1 - N",
            "N .. 'x'",
            "'x' .. N",
            "N == {}",
            "N < N",
            "N <= N",
            "N > N",
            "N(1, 2)",
            "-N",
            "N.missing",
            "N.a",
            "N[1]",
            "N * N",
        ];
        for _ in 0..2 {
            let wanted = self.random.pick(uses).replace('N', &name);
            text.push_str(&format!(" OUT(pcall(function() return {wanted} end))"));
        }
        let wanted = self.inside("", |generator| generator.any(1));
        text.push_str(&format!(" pcall(function() {name}.b = § end) OUT({name})"));
        children.push(wanted);
        self.scope.push((name, Kind::Table));
        Node::statement(text, children)
    }

    pub fn coroutine(&mut self, depth: usize) -> Node {
        let name = self.fresh();
        let could = std::mem::replace(&mut self.may_yield, true);
        let body = self.inside("p", |generator| {
            let mut block = generator.inner(depth);
            let given = generator.several(1);
            let text = "OUT(\"resumed\", coroutine.yield(§))";
            let at = generator.random.below(block.children.len() + 1);
            block
                .children
                .insert(at, Node::statement(text, vec![given]));
            block
        });
        self.may_yield = could;
        let (one, two) = (self.any(1), self.any(1));
        let text = format!(
            "local {name} = coroutine.create(function(p) TICK()§end) \
             OUT(coroutine.resume({name}, §)) OUT(coroutine.resume({name}, §)) \
             OUT(coroutine.status({name}), coroutine.resume({name}))"
        );
        Node::statement(text, vec![body, one, two])
    }

    pub fn only_in_5_4(&mut self, depth: usize) -> Node {
        match self.random.below(3) {
            0 => {
                let name = self.fresh();
                let condition = self.expression(Kind::Truth, 2);
                let body = self.round(depth);
                let text = format!(
                    "for {name} = 1, 3 do TICK() if § then goto continue end do§end ::continue:: end"
                );
                Node::statement(text, vec![condition, body])
            }
            1 => {
                let name = self.fresh();
                let condition = self.expression(Kind::Truth, 1);
                let body = self.inner(depth);
                let text = format!(
                    "do local n = 0 ::{name}:: TICK() n = n + 1 do§end if n < 3 and § then goto {name} end end"
                );
                Node::statement(text, vec![body, condition])
            }
            _ => {
                let name = self.fresh();
                let could = std::mem::replace(&mut self.may_yield, false);
                let value = self.inside("", |generator| generator.any(1));
                let body = self.inner(depth);
                self.may_yield = could;
                let text = format!(
                    "do local {name} <close> = setmetatable({{}}, {{__close = function(_, e) OUT(\"close\", e, §) end}}) do§end end"
                );
                Node::statement(text, vec![value, body])
            }
        }
    }
}
