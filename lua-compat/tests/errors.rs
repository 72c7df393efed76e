//! What errors say: chunk, line, PUC-Rio's wording, and where nesting and recursion end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::rc::Rc;

use bulkhead_lua::wit::exports::bulkhead::policy::script::{Dialect, Kind};
use support::{FakeHost, expect_output, load, output};

#[test]
fn an_uncaught_error_says_what_lua_says() {
    let host = Rc::new(FakeHost::default());
    let mut runtime = load(
        &host,
        Kind::Plain,
        "local function inner()\n  local x = nil\n  return x.y.z\nend\ninner()",
    )
    .unwrap();
    let error = runtime.run_plain(&[]).unwrap_err();
    assert_eq!(error.message, "script.lua:3: attempt to index a nil value");
    assert_eq!(error.line, 3);
    assert_eq!(
        error.traceback,
        "stack traceback:\n\tscript.lua:3: in function 'inner'\n\tscript.lua:5: in main chunk\n\t[C]: ?"
    );
}

#[test]
fn operator_errors_use_lua_wording() {
    for (expression, wanted) in [
        ("nil + 1", "attempt to perform arithmetic on a nil value"),
        ("1 + {}", "attempt to perform arithmetic on a table value"),
        ("'a' .. {}", "attempt to concatenate a table value"),
        ("nil .. 'a'", "attempt to concatenate a nil value"),
        ("{} < {}", "attempt to compare two table values"),
        ("1 < 'x'", "attempt to compare number with string"),
        ("#nil", "attempt to get length of a nil value"),
        ("nil()", "attempt to call a nil value"),
        ("(nil).x", "attempt to index a nil value"),
        ("({})[nil].x", "attempt to index a nil value"),
        ("-{}", "attempt to perform arithmetic on a table value"),
    ] {
        let expression = expression.replace("nil", "none");
        expect_output(
            &format!("local none print(pcall(function() return {expression} end))"),
            &format!("false\tscript.lua:1: {wanted}"),
        );
    }
    expect_output(
        "print(pcall(table.sort, {3, 'x', 1}))",
        "false\tattempt to compare string with number",
    );
    expect_output(
        "print(pcall(function() local t = {} t[nil] = 1 end))",
        "false\tscript.lua:1: table index is nil",
    );
    expect_output(
        "print(pcall(function() for i = 1, 'x' do end end))",
        "false\tscript.lua:1: 'for' limit must be a number",
    );
}

#[test]
fn errors_name_the_variable_that_was_nil() {
    for (body, wanted51, wanted54) in [
        (
            "missing()",
            "attempt to call global 'missing' (a nil value)",
            "attempt to call a nil value (global 'missing')",
        ),
        (
            "string.missing()",
            "attempt to call field 'missing' (a nil value)",
            "attempt to call a nil value (field 'missing')",
        ),
        (
            "local t = {} t:missing(1)",
            "attempt to call method 'missing' (a nil value)",
            "attempt to call a nil value (method 'missing')",
        ),
        (
            "missing.x = 1",
            "attempt to index global 'missing' (a nil value)",
            "attempt to index a nil value (global 'missing')",
        ),
        (
            "return _G.missing.x",
            "attempt to index field 'missing' (a nil value)",
            "attempt to index a nil value (field 'missing')",
        ),
    ] {
        let source = format!("print(pcall(function() {body} end))");
        for (dialect, wanted) in [(Dialect::Lua51, wanted51), (Dialect::Lua54, wanted54)] {
            assert_eq!(
                output(dialect, &source),
                Ok(format!("false\tscript.lua:1: {wanted}\n"))
            );
        }
    }
}

#[test]
fn syntax_errors_name_chunk_line_and_token() {
    for (source, line, wanted) in [
        ("x = = 1", 1, "unexpected symbol near '='"),
        ("if x then", 1, "'end' expected near '<eof>'"),
        ("\n\nfor i = 1 do end", 3, "',' expected near 'do'"),
        ("local 1 = 2", 1, "'<name>' expected near '1'"),
        ("x = 'abc\n", 1, "unfinished string near '<eof>'"),
        ("f(", 1, "unexpected symbol near '<eof>'"),
        ("x = 1 end", 1, "'<eof>' expected near 'end'"),
        (
            "goto nowhere",
            1,
            "no visible label for 'goto', or 'break' outside a loop",
        ),
        ("x = }", 1, "unexpected symbol near '}'"),
        ("function f( end", 1, "'<name>' expected near 'end'"),
    ] {
        let error = load(&Rc::default(), Kind::Plain, source).err().unwrap();
        assert_eq!(
            error.message,
            format!("script.lua:{line}: {wanted}"),
            "{source}"
        );
        assert_eq!(error.line, line);
    }
}

#[test]
fn deep_nesting_is_a_syntax_error() {
    for source in [
        format!("x = {}1{}", "(".repeat(5000), ")".repeat(5000)),
        format!("x = {}1", "-".repeat(5000).replace('-', "- ")),
        format!("{} {}", "do ".repeat(5000), "end ".repeat(5000)),
        format!("x = {}{}", "{".repeat(5000), "}".repeat(5000)),
        format!("x = {} 1", "1 .. ".repeat(5000)),
    ] {
        let error = load(&Rc::default(), Kind::Plain, &source).err().unwrap();
        assert_eq!(
            error.message,
            "script.lua:1: chunk has too many syntax levels"
        );
    }
}

#[test]
fn endless_recursion_is_an_error_that_can_be_caught() {
    expect_output(
        "local function f() return 1 + f() end\nlocal ok, m = pcall(f) print(ok, m)",
        "false\tscript.lua:1: stack overflow",
    );
    expect_output(
        "local function f() local co = coroutine.wrap(f) return 1 + co() end\nprint((pcall(f)))",
        "false",
    );
}

#[test]
fn tail_calls_do_not_overflow() {
    expect_output(
        "local function f(n) if n == 0 then return 'end' end return f(n - 1) end print(f(300000))",
        "end",
    );
}
