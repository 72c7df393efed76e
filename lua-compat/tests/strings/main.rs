//! The libraries `string` and `utf8`, as `lua5.1` and `lua5.4` behave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod formats;
mod patterns;
#[path = "../support/mod.rs"]
mod support;

use bulkhead_lua::wit::exports::bulkhead::policy::script::Dialect;
use support::output;

/// What the expressions print in a dialect.
fn expect(dialect: Dialect, table: &[(&str, &str)]) {
    for (expression, wanted) in table {
        match output(dialect, &format!("print({expression})")) {
            Ok(text) => assert_eq!(text.trim_end_matches('\n'), *wanted, "{expression}"),
            Err(message) => panic!("{message}\nin {expression}"),
        }
    }
}

/// What the expressions print in both dialects.
fn expect_both(table: &[(&str, &str)]) {
    expect(Dialect::Lua51, table);
    expect(Dialect::Lua54, table);
}

/// The messages of calls that fail.
fn expect_errors(dialect: Dialect, table: &[(&str, &str)]) {
    for (call, wanted) in table {
        let source = format!("print(select(2, pcall(function() return {call} end)))");
        let text = output(dialect, &source).unwrap_or_else(|message| panic!("{message}"));
        let text = text.trim_end_matches('\n');
        let message = text.strip_prefix("script.lua:1: ").unwrap_or(text);
        assert_eq!(message, *wanted, "{call}");
    }
}

#[test]
fn positions_count_from_both_ends() {
    expect_both(&[
        (
            "('abc'):sub(2), ('abc'):sub(-2), ('abc'):sub(2, -2)",
            "bc\tbc\tb",
        ),
        (
            "('abc'):sub(0), ('abc'):sub(-9, 9), ('abc'):sub(4)",
            "abc\tabc\t",
        ),
        (
            "('abc'):byte(), ('abc'):byte(-1), ('abc'):byte(0)",
            "97\t99",
        ),
        ("('abc'):byte(1, -1)", "97\t98\t99"),
        ("('abc'):find('c', -1), ('abc'):find('', -9)", "3\t1\t0"),
        (
            "string.rep(12, 2), ('x'):rep(-1), ('a\\0b'):len()",
            "1212\t\t3",
        ),
        (
            "('aBc'):upper(), ('aBc'):lower(), ('abc'):reverse()",
            "ABC\tabc\tcba",
        ),
        ("string.char(72, 105), string.char()", "Hi\t"),
    ]);
}

#[test]
fn repeats_with_a_separator_in_lua54() {
    expect(Dialect::Lua51, &[("('ab'):rep(3, ',')", "ababab")]);
    expect(
        Dialect::Lua54,
        &[(
            "('ab'):rep(3, ','), ('ab'):rep(1, ','), (''):rep(3, ',')",
            "ab,ab,ab\tab\t,,",
        )],
    );
}

#[test]
fn strings_have_an_ordinary_metatable() {
    expect_both(&[
        ("getmetatable('').__index == string", "true"),
        ("getmetatable('a') == getmetatable('b')", "true"),
        (
            "(function()
                string.shout = function(s) return s:upper() .. '!' end
                return ('x'):shout()
            end)()",
            "X!",
        ),
        (
            "(function()
                getmetatable('').__index = function(s, k) return s .. k end
                return ('x').y
            end)()",
            "xy",
        ),
        (
            "(function()
                getmetatable('').__call = function(s, ...) return s, ... end
                return ('x')(1, 2)
            end)()",
            "x\t1\t2",
        ),
        (
            "(function()
                getmetatable('').__add = function(a, b) return a .. '+' .. b end
                local x = 'x'
                return x + 1, 1 + x
            end)()",
            "x+1\t1+x",
        ),
    ]);
}

#[test]
fn arithmetic_on_strings_is_the_metatables_in_lua54() {
    let numbers =
        "(function() local a, b, c = '10', '0x10', '1e1' return a + 1, b * 1, c + 1, -a end)()";
    expect(Dialect::Lua51, &[(numbers, "11\t16\t11\t-10")]);
    expect(Dialect::Lua54, &[(numbers, "11\t16\t11.0\t-10")]);
    expect_errors(
        Dialect::Lua54,
        &[
            ("('abc') + 1", "attempt to add a 'string' with a 'number'"),
            ("{} - ('1')", "attempt to sub a 'table' with a 'string'"),
        ],
    );
}

#[test]
fn utf8_counts_characters() {
    expect(
        Dialect::Lua54,
        &[
            (
                "utf8.char(72, 233, 8364, 128512), utf8.len('héé'), utf8.len('h\\xff')",
                "Hé€😀\t3\tnil\t2",
            ),
            ("utf8.codepoint('héé', 1, -1)", "104\t233\t233"),
            (
                "utf8.offset('héé!', 3), utf8.offset('héé!', -1), utf8.offset('héé!', 0, 3)",
                "4\t6\t2",
            ),
            (
                "utf8.len('\\xed\\xa0\\x80', 1, -1, true), utf8.len('\\xed\\xa0\\x80')",
                "1\tnil\t1",
            ),
            (
                "(function() local t = {} for p, c in utf8.codes('aé') do t[#t + 1] = p .. ':' .. c end return table.concat(t, ' ') end)()",
                "1:97 2:233",
            ),
        ],
    );
    expect_errors(
        Dialect::Lua54,
        &[
            ("utf8.codepoint('\\xff')", "invalid UTF-8 code"),
            (
                "utf8.char(-1)",
                "bad argument #1 to 'char' (value out of range)",
            ),
            (
                "utf8.len('abc', 5)",
                "bad argument #2 to 'len' (initial position out of bounds)",
            ),
            (
                "utf8.offset('é', 1, 2)",
                "initial position is a continuation byte",
            ),
        ],
    );
}
