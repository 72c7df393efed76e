//! No string function does more at once than a slice, however long its texts and however bad its patterns.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use piccolo::{Executor, Fuel, Lua};

use crate::compile::compile;
use crate::wit::exports::bulkhead::policy::script::Dialect;

/// Fuel that the executor gets per step; what it uses beyond that is the work of one callback.
const FUEL: i32 = 1_000;
/// More than this must not happen between two chances to stop a script.
const MOST: i32 = 100_000;

/// Runs for so much fuel, or to the end; how much was used and the most that one step used.
fn run(source: &str, limit: i64) -> (i64, i32) {
    piccolo::numbers::set_style(piccolo::numbers::Style::Lua54);
    let mut lua = Lua::core();
    let executor = lua.enter(|ctx| {
        super::install(ctx, Dialect::Lua54);
        super::super::utf8::install(ctx);
        let compiled = compile(ctx, b"=test", source.as_bytes());
        let closure = compiled.unwrap_or_else(|error| panic!("{}", error.message.escape_ascii()));
        ctx.stash(Executor::start(ctx, closure.closure.into(), ()))
    });
    let (mut used, mut most) = (0, 0);
    loop {
        let mut fuel = Fuel::with(FUEL);
        let done = lua.enter(|ctx| ctx.fetch(&executor).step(ctx, &mut fuel).unwrap());
        let step = FUEL - fuel.remaining();
        used += i64::from(step);
        most = most.max(step);
        if done || used > limit {
            return (used, most);
        }
    }
}

#[test]
fn work_is_charged_and_comes_in_slices() {
    for (source, at_least) in [
        // Patterns that take longer than anybody can wait.
        (
            "local s = ('a'):rep(30) return s:match(('a-'):rep(30) .. 'b')",
            1_000_000,
        ),
        (
            "local s = ('a'):rep(30) return s:find(('a*'):rep(30) .. 'b')",
            1_000_000,
        ),
        (
            "local s = ('a'):rep(30) return s:gsub(('a?'):rep(30) .. 'b', '')",
            1_000_000,
        ),
        (
            "local s = ('a'):rep(30) return s:gmatch(('a*'):rep(30) .. 'b')()",
            1_000_000,
        ),
        (
            "local s = ('a'):rep(300000) return s:match('.-b')",
            1_000_000,
        ),
        (
            "local s = ('('):rep(300000) return s:match('%b()')",
            1_000_000,
        ),
        (
            "local s = ('a'):rep(200000) return s:find(s:sub(1, -10) .. 'b', 1, true)",
            10_000,
        ),
        (
            "local s = ('a'):rep(200000) return s:find('[' .. s .. ']*b')",
            1_000_000,
        ),
        // Texts that are long.
        ("return ('x'):rep(20000000)", 1_000_000),
        ("return ('x'):rep(20000000):upper():reverse()", 1_000_000),
        ("return ('x'):rep(5000000):gsub('x', 'yy')", 1_000_000),
        ("return ('x'):rep(20000000):find('y')", 1_000_000),
        ("return ('x'):rep(20000000):find('y*z')", 1_000_000),
        ("return ('%s'):rep(1000000):format(1)", 1_000),
        ("return string.pack('c20000000', '')", 1_000_000),
        ("return string.packsize(('x'):rep(2000000))", 1_000_000),
        ("return utf8.len(('x'):rep(2000000))", 1_000_000),
        ("return utf8.offset(('x'):rep(2000000), -1000000)", 500_000),
    ] {
        let (used, most) = run(source, 1_500_000);
        assert!(used >= at_least, "{source}: only {used}");
        assert!(most <= MOST, "{source}: {most} at once");
    }
}

#[test]
fn short_work_costs_next_to_nothing() {
    let (used, _) = run(
        "for i = 1, 100 do local a, b = ('key = value'):match('(%w+)%s*=%s*(%w+)') end",
        1_000_000,
    );
    assert!(used < 10_000, "{used}");
}
