//! Random expressions of a wanted kind. A few are of another kind: their errors are compared as well.

use super::generator::{Generator, Kind};
use super::text;
use super::tree::Node;

fn leaf(text: impl Into<String>) -> Node {
    Node::expression(text, Vec::new())
}

impl Generator {
    /// An expression that probably has a value of this kind.
    pub fn expression(&mut self, kind: Kind, depth: usize) -> Node {
        let kind = if self.random.percent(1) {
            self.any_kind()
        } else {
            kind
        };
        if self.random.percent(35)
            && let Some(name) = self.variable(kind)
        {
            return leaf(name);
        }
        match kind {
            Kind::Number => self.number(depth),
            Kind::Text => self.text(depth),
            Kind::Truth => self.truth(depth),
            Kind::Table => self.table(depth),
            Kind::Function => self.function(depth),
        }
    }

    pub fn any(&mut self, depth: usize) -> Node {
        let kind = self.any_kind();
        self.expression(kind, depth)
    }

    /// Something that may be several values, or none.
    pub fn several(&mut self, depth: usize) -> Node {
        let depth = depth.saturating_sub(1);
        match self.random.below(8) {
            0 if self.vararg => leaf("..."),
            1 => {
                let (subject, pattern) = (self.expression(Kind::Text, depth), self.pattern());
                let name = self
                    .random
                    .pick(&["string.find(§, §)", "string.match(§, §)"]);
                Node::expression(name, vec![subject, pattern])
            }
            2 => self.substituted(depth),
            3 => {
                let table = self.expression(Kind::Table, depth);
                let unpack = if self.lua54() {
                    "table.unpack(SEQ(§))"
                } else {
                    "unpack(SEQ(§))"
                };
                Node::expression(unpack, vec![table])
            }
            4 => self.protected(depth),
            5 => {
                let count = self.random.below(3) + 1;
                let from = self.random.pick(&["1", "2", "-1", "'#'", "3"]);
                let gaps = ["§"; 3][..count].join(", ");
                let values = (0..count).map(|_| self.any(depth)).collect();
                Node::expression(format!("select({from}, {gaps})"), values)
            }
            6 => self.call(depth),
            _ => self.any(depth),
        }
    }

    fn number(&mut self, depth: usize) -> Node {
        if depth == 0 {
            return self.number_constant();
        }
        let below = depth - 1;
        match self.random.below(16) {
            0..2 => self.number_constant(),
            2..7 => {
                let operators: &[&str] = if self.lua54() {
                    &["+", "-", "*", "/", "%", "//", "&", "|", "~", "<<", ">>"]
                } else {
                    &["+", "-", "*", "/", "%"]
                };
                let operator = self.random.pick(operators);
                let left = self.expression(Kind::Number, below);
                let right = self.expression(Kind::Number, below);
                let text = match operator {
                    // What stays different (differences.txt): -0.0 - 0, and the line of a division by a constant 0.
                    "-" if right.source() == "0" => "(§ - SAME(§))".to_owned(),
                    "&" | "|" | "~" | "<<" | ">>" if !self.random.percent(2) => {
                        format!("(WHOLE(§) {operator} WHOLE(§))")
                    }
                    // By zero that is an error.
                    "//" | "%" if !self.random.percent(10) => format!("(§ {operator} SOME(§))"),
                    "//" | "%" => format!("(§ {operator} SAME(§))"),
                    _ => format!("(§ {operator} §)"),
                };
                Node::expression(text, vec![left, right])
            }
            7 => {
                let operator = self.random.pick(if self.lua54() {
                    &["(-§)", "(~WHOLE(§))"]
                } else {
                    &["(-§)"]
                });
                Node::expression(operator, vec![self.expression(Kind::Number, below)])
            }
            8 => {
                let name = self.random.pick(&[
                    "math.floor(§)",
                    "math.ceil(§)",
                    "math.abs(§)",
                    "math.sqrt(§)",
                    "(math.modf(§))",
                ]);
                Node::expression(name, vec![self.expression(Kind::Number, below)])
            }
            9 => {
                let name =
                    self.random
                        .pick(&["math.max(§, §)", "math.min(§, §)", "math.fmod(§, §)"]);
                let left = self.expression(Kind::Number, below);
                Node::expression(name, vec![left, self.expression(Kind::Number, below)])
            }
            10 => {
                let name = self
                    .random
                    .pick(&["(tonumber(§) or 5)", "string.len(§)", "#(§ .. '')"]);
                Node::expression(name, vec![self.expression(Kind::Text, below)])
            }
            11 => {
                let index = self.small();
                let text = self.expression(Kind::Text, below);
                Node::expression("(string.byte(§, §) or 9)", vec![text, index])
            }
            12 => Node::expression("LEN(§)", vec![self.expression(Kind::Table, below)]),
            13 => Node::expression("(tonumber(§) or 4)", vec![self.scalar(below)]),
            14 => self.field(below),
            _ => self.chosen(Kind::Number, below),
        }
    }

    fn text(&mut self, depth: usize) -> Node {
        if depth == 0 {
            return self.text_constant();
        }
        let below = depth - 1;
        match self.random.below(14) {
            0 => self.text_constant(),
            1..4 => {
                let left = self.expression(Kind::Text, below);
                let kind = if self.random.percent(25) {
                    Kind::Number
                } else {
                    Kind::Text
                };
                Node::expression("(§ .. §)", vec![left, self.expression(kind, below)])
            }
            4 => {
                let text = self.expression(Kind::Text, below);
                let (from, to) = (self.small(), self.small());
                Node::expression("string.sub(§, §, §)", vec![text, from, to])
            }
            5 => {
                let text = self.expression(Kind::Text, below);
                let name = self.random.pick(&[
                    "(§):upper()",
                    "(§):lower()",
                    "(§):reverse()",
                    "(§):rep(2)",
                    "(§):rep(0)",
                ]);
                Node::expression(name, vec![text])
            }
            6 => Node::expression("TOSTR(§)", vec![self.any(below)]),
            7..9 => self.formatted(below),
            9 => Node::expression("(§)", vec![self.substituted(below)]),
            10 => {
                let (subject, pattern) = (self.expression(Kind::Text, below), self.pattern());
                Node::expression("TOSTR((string.match(§, §)))", vec![subject, pattern])
            }
            11 => {
                let table = self.expression(Kind::Table, below);
                let between = self.text_constant();
                Node::expression("table.concat(TEXTS(§), §)", vec![table, between])
            }
            12 => self.scalar(below),
            _ => self.chosen(Kind::Text, below),
        }
    }

    fn truth(&mut self, depth: usize) -> Node {
        if depth == 0 {
            return leaf(self.random.pick(&["true", "false", "nil"]));
        }
        let below = depth - 1;
        match self.random.below(6) {
            0..3 => {
                let kind = if self.random.percent(60) {
                    Kind::Number
                } else {
                    Kind::Text
                };
                let operator = self.random.pick(&["<", "<=", ">", ">=", "==", "~="]);
                let left = self.expression(kind, below);
                let right = self.expression(kind, below);
                Node::expression(format!("(§ {operator} §)"), vec![left, right])
            }
            3 => {
                let (left, right) = (self.any(below), self.any(below));
                let operator = self.random.pick(&["==", "~="]);
                Node::expression(format!("(§ {operator} §)"), vec![left, right])
            }
            4 => Node::expression("(not §)", vec![self.any(below)]),
            _ => {
                let operator = self.random.pick(&["and", "or"]);
                let left = self.expression(Kind::Truth, below);
                let right = self.expression(Kind::Truth, below);
                Node::expression(format!("(§ {operator} §)"), vec![left, right])
            }
        }
    }

    fn table(&mut self, depth: usize) -> Node {
        if depth == 0 {
            return leaf(
                self.random
                    .pick(&["{}", "{1, 2, 3}", "{a = 1}", "{'x', 'y'}"]),
            );
        }
        let below = depth - 1;
        match self.random.below(8) {
            0..5 => {
                let mut text = String::from("{");
                let mut values = Vec::new();
                for _ in 0..self.random.below(5) {
                    if self.random.percent(30) {
                        let key = self.random.pick(&["a = ", "b = ", "[2] = ", "['x'] = "]);
                        text.push_str(key);
                    }
                    text.push_str("§, ");
                    values.push(self.any(below));
                }
                Node::expression(text + "}", values)
            }
            5..7 => Node::expression("{§}", vec![self.several(below)]),
            _ => Node::expression("SEQ(§)", vec![self.expression(Kind::Table, below)]),
        }
    }

    /// `function(...) return … end`; those with statements are made by the generator's statements.
    fn function(&mut self, depth: usize) -> Node {
        let parameters = self.random.pick(&["", "p", "p, q", "...", "p, ..."]);
        let body = self.inside(parameters, |generator| {
            generator.several(depth.saturating_sub(1))
        });
        Node::expression(
            format!("function({parameters}) TICK() return § end"),
            vec![body],
        )
    }

    pub fn call(&mut self, depth: usize) -> Node {
        let depth = depth.saturating_sub(1);
        let callee = match self.variable(Kind::Function) {
            Some(name) if self.random.percent(90) => leaf(name),
            _ => Node::expression("(§)", vec![self.function(depth)]),
        };
        let count = self.random.below(3);
        let gaps = ["§"; 3][..count].join(", ");
        let mut children = vec![callee];
        children.extend((0..count).map(|_| self.any(depth)));
        Node::expression(format!("CUT(§({gaps}))"), children)
    }

    /// `pcall` of something; it may not yield in 5.1.
    fn protected(&mut self, depth: usize) -> Node {
        let may = self.lua54() && self.may_yield;
        let could = std::mem::replace(&mut self.may_yield, may);
        let function = self.expression(Kind::Function, depth);
        let argument = self.any(depth);
        self.may_yield = could;
        Node::expression("pcall(§, §)", vec![function, argument])
    }

    /// A number out of a table, most of the time.
    fn field(&mut self, depth: usize) -> Node {
        let table = self.expression(Kind::Table, depth);
        let name = self
            .random
            .pick(&["(§)[1]", "(§)[2]", "(§).a", "(§).b", "(§)['x']", "(§)[-1]"]);
        if self.random.percent(10) {
            return Node::expression(name, vec![table]);
        }
        Node::expression(format!("(tonumber(TOSTR({name})) or 6)"), vec![table])
    }

    /// A call whose result is made a string, if it returns.
    fn scalar(&mut self, depth: usize) -> Node {
        Node::expression("TOSTR(§)", vec![self.call(depth)])
    }

    fn chosen(&mut self, kind: Kind, depth: usize) -> Node {
        let condition = self.expression(Kind::Truth, depth);
        let (left, right) = (self.expression(kind, depth), self.expression(kind, depth));
        Node::expression("(§ and § or §)", vec![condition, left, right])
    }

    fn substituted(&mut self, depth: usize) -> Node {
        let (subject, pattern) = (self.expression(Kind::Text, depth), self.pattern());
        // Nothing may yield across gsub.
        let could = std::mem::replace(&mut self.may_yield, false);
        let with = match self.random.below(4) {
            0 => {
                let function = self.expression(Kind::Function, depth.min(1));
                Node::expression("TEXTUAL(§)", vec![function])
            }
            1 => {
                let table = self.expression(Kind::Table, depth.min(1));
                Node::expression("TEXTS(§)", vec![table])
            }
            _ => leaf(format!("\"{}\"", text::replacement(&mut self.random))),
        };
        self.may_yield = could;
        let count = self.random.pick(&["", "", "", ", 1", ", 0"]);
        Node::expression(
            format!("string.gsub(§, §, §{count})"),
            vec![subject, pattern, with],
        )
    }

    fn formatted(&mut self, depth: usize) -> Node {
        let (layout, kinds) = text::format(&mut self.random, true);
        let mut values = Vec::new();
        let mut gaps = String::new();
        for kind in kinds {
            // Inside the text, so that shrinking keeps them: `%s` of nil is fine in our 5.1.
            gaps.push_str(match kind {
                'd' => ", INT(§)",
                'c' | 'f' => ", §",
                _ => ", TOSTR(§)",
            });
            values.push(match kind {
                'd' | 'f' => self.expression(Kind::Number, depth),
                'c' => leaf(self.random.pick(&["65", "97", "48"])),
                _ => self.any(depth),
            });
        }
        Node::expression(format!("string.format(\"{layout}\"{gaps})"), values)
    }

    pub fn pattern(&mut self) -> Node {
        leaf(format!("\"{}\"", text::pattern(&mut self.random)))
    }

    /// A small whole number.
    pub fn small(&mut self) -> Node {
        if self.random.percent(20) {
            return Node::expression("INT(§)", vec![self.expression(Kind::Number, 0)]);
        }
        leaf((self.random.below(9) as i64 - 3).to_string())
    }

    fn number_constant(&mut self) -> Node {
        let old: &[&str] = &[
            "0",
            "1",
            "2",
            "3",
            "7",
            "-1",
            "-2",
            "0.5",
            "-0.5",
            "1.5",
            "10",
            "100",
            "1e15",
            "2^31",
            "2^53",
            "1e308",
            "math.huge",
            "-math.huge",
            "0.1",
            "1/3",
            "255",
            "1e-5",
        ];
        let new: &[&str] = &[
            "math.maxinteger",
            "math.mininteger",
            "3.0",
            "-0.0",
            "0.0",
            "1e100",
            "2^63",
            "1 << 62",
            "0xff",
            "-7 // 2",
            "64",
        ];
        let text = if self.lua54() && self.random.percent(30) {
            self.random.pick(new)
        } else {
            self.random.pick(old)
        };
        let bare = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        // PUC-Rio's 5.1 takes a folded -0 and a 0 in the same function for one constant.
        if text == "0" && !self.lua54() {
            return leaf("SAME(0)");
        }
        leaf(if bare {
            text.to_owned()
        } else {
            format!("({text})")
        })
    }

    fn text_constant(&mut self) -> Node {
        leaf(self.random.pick(&[
            "\"\"",
            "\"a\"",
            "\"abc\"",
            "\"hello world\"",
            "\"10\"",
            "\"0x1F\"",
            "\" 12 \"",
            "\"1e2\"",
            "\"a,b,,c\"",
            "\"key = val\"",
            "\"x\\0y\"",
            "\"(a(b)c)\"",
            "\"3.0\"",
            "\"Xx Yy\"",
            "\"-5\"",
            "\"b\"",
        ]))
    }
}
