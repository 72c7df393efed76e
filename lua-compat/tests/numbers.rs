//! The libraries `math`, `bit` and `bit32`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use bulkhead_lua::wit::exports::bulkhead::policy::script::Dialect::{self, Lua51, Lua54};
use support::output;

fn check(dialect: Dialect, cases: &[(&str, &str)]) {
    for (expression, wanted) in cases {
        let source = format!("print({expression})");
        match output(dialect, &source) {
            Ok(text) => assert_eq!(text.trim_end_matches('\n'), *wanted, "{expression}"),
            Err(message) => panic!("{message}\nin {expression}"),
        }
    }
}

#[test]
fn rounding_gives_integers_where_they_fit() {
    check(
        Lua54,
        &[
            (
                "math.floor(3.7), math.ceil(3.2), math.floor(-3.5)",
                "3\t4\t-4",
            ),
            (
                "math.floor(2^70), math.ceil(-1/0)",
                "1.1805916207174e+21\t-inf",
            ),
            (
                "math.abs(math.mininteger), math.abs(-2.5)",
                "-9223372036854775808\t2.5",
            ),
            ("math.modf(3.5)", "3\t0.5"),
            (
                "math.tointeger(3.0), math.tointeger('8'), math.tointeger(2^63), math.tointeger({})",
                "3\t8\tnil\tnil",
            ),
            (
                "math.type(1), math.type(1.0), math.type('1')",
                "integer\tfloat\tnil",
            ),
            ("math.ult(1, -1), math.ult(-1, 1)", "true\tfalse"),
        ],
    );
    check(
        Lua51,
        &[
            (
                "math.floor(3.7), math.ceil(3.2), math.modf(-3.5)",
                "3\t4\t-3\t-0.5",
            ),
            (
                "math.pow(2, 10), math.log10(1000), math.mod(7, 3)",
                "1024\t3\t1",
            ),
            ("math.frexp(-8)", "-0.5\t4"),
            (
                "math.ldexp(0.5, 4), math.ldexp(1, -1075), math.ldexp(1, 2^20)",
                "8\t0\tinf",
            ),
            (
                "math.type, math.tointeger, math.ult, math.maxinteger",
                "nil\tnil\tnil\tnil",
            ),
        ],
    );
}

#[test]
fn remainders_and_logarithms() {
    check(
        Lua54,
        &[
            (
                "math.fmod(-5, 3), math.fmod(5.5, 2), math.fmod(math.mininteger, -1)",
                "-2\t1.5\t0",
            ),
            (
                "pcall(function() math.fmod(1, 0) end)",
                "false\tscript.lua:1: bad argument #2 to 'fmod' (zero)",
            ),
            (
                "math.log(8, 2), math.log(1000, 10), math.log(27, 3)",
                "3.0\t3.0\t3.0",
            ),
        ],
    );
    check(Lua51, &[("math.fmod(-5, 3), math.log(1, 2)", "-2\t0")]);
}

#[test]
fn the_largest_and_the_smallest() {
    check(
        Lua54,
        &[
            ("math.max(1, 2.5, 2), math.min(3, 1.0, 2)", "2.5\t1.0"),
            (
                "pcall(function() math.max() end)",
                "false\tscript.lua:1: bad argument #1 to 'max' (value expected)",
            ),
            (
                "pcall(math.max, 1, 'x')",
                "false\tattempt to compare number with string",
            ),
            (
                "math.max(2, setmetatable({}, {__lt = function() return false end}))",
                "2",
            ),
        ],
    );
    check(
        Lua51,
        &[
            ("math.max(1, 2.5, '2'), math.min(3, 1, 2)", "2.5\t1"),
            (
                "pcall(function() math.max() end)",
                "false\tscript.lua:1: bad argument #1 to 'max' (number expected, got no value)",
            ),
        ],
    );
}

#[test]
fn a_seed_gives_the_numbers_of_the_original() {
    check(
        Lua54,
        &[
            ("math.randomseed(42)", "42\t0"),
            (
                "math.randomseed(42), math.random(100), math.random(), math.random(1, 6)",
                "42\t50\t0.54688311243421\t6",
            ),
            (
                "math.randomseed(1007) and string.format('%x', math.random(0))",
                "7a7040a5a323c9d6",
            ),
        ],
    );
    check(
        Lua51,
        &[(
            "(function() math.randomseed(42) return math.random(100), math.random(), math.random(1, 6) end)()",
            "4\t0.32996420763897\t5",
        )],
    );
}

#[test]
fn random_numbers_need_a_range() {
    for dialect in [Lua51, Lua54] {
        check(
            dialect,
            &[
                (
                    "pcall(function() math.random(-1) end)",
                    "false\tscript.lua:1: bad argument #1 to 'random' (interval is empty)",
                ),
                (
                    "pcall(function() math.random(1, 2, 3) end)",
                    "false\tscript.lua:1: wrong number of arguments",
                ),
                ("math.random(7, 7), math.random() < 1", "7\ttrue"),
            ],
        );
    }
    check(
        Lua54,
        &[(
            "math.type(math.random(0)), math.type(math.random(3))",
            "integer\tinteger",
        )],
    );
}

#[test]
fn bit_operations_come_by_require_only() {
    check(
        Lua51,
        &[
            ("bit, bit32, (pcall(require, 'bit'))", "nil\tnil\ttrue"),
            (
                "(function() local b = require 'bit' return b.band(0xff, 0x0f), b.bor(1, 2, 4), b.bnot(0), b.tobit(0xffffffff), b.lshift(1, 31), b.arshift(-256, 4), b.bswap(0x12345678), b.tohex(-1), b.tohex(255, -4) end)()",
                "15\t7\t-1\t-1\t-2147483648\t-16\t2018915346\tffffffff\t00FF",
            ),
        ],
    );
    check(
        Lua54,
        &[("bit, bit32, (pcall(require, 'bit'))", "nil\tnil\tfalse")],
    );
    for dialect in [Lua51, Lua54] {
        check(
            dialect,
            &[
                (
                    "(function() local b = require 'bit32' return b.band(), b.bnot(0), b.lshift(1, 32), b.rshift(1, -4), b.arshift(0x80000000, 4), b.lrotate(0x12345678, 8), b.extract(0xabcd, 4, 8), b.replace(0xabcd, 0xff, 4, 8), b.btest(1, 2) end)()",
                    "4294967295\t4294967295\t0\t16\t4160749568\t878082066\t188\t45053\tfalse",
                ),
                (
                    "pcall(require('bit32').extract, 1, 31, 2)",
                    "false\ttrying to access non-existent bits",
                ),
            ],
        );
    }
}
