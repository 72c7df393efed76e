//! Coroutines in both dialects.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use bulkhead_lua::wit::exports::bulkhead::policy::script::Dialect::{Lua51, Lua54};
use support::{BOTH, expect};

#[test]
fn values_pass_both_ways() {
    expect(
        BOTH,
        &[(
            "local co = coroutine.create(function(a) local b = coroutine.yield(a + 1) return 'done', b end)
             print(coroutine.resume(co, 1)) print(coroutine.resume(co, 'x')) print(coroutine.resume(co))",
            "true\t2\ntrue\tdone\tx\nfalse\tcannot resume dead coroutine",
        )],
    );
}

#[test]
fn each_state_has_its_name() {
    expect(
        BOTH,
        &[(
            "local outer
             outer = coroutine.create(function()
               print(coroutine.status(outer))
               coroutine.resume(coroutine.create(function() print(coroutine.status(outer)) end))
             end)
             print(coroutine.status(outer)) coroutine.resume(outer) print(coroutine.status(outer))",
            "suspended\nrunning\nnormal\ndead",
        )],
    );
}

#[test]
fn what_cannot_be_resumed_says_why() {
    let own = "local co co = coroutine.create(function() return coroutine.resume(co) end) print(coroutine.resume(co))";
    expect(
        &[Lua51],
        &[(own, "true\tfalse\tcannot resume running coroutine")],
    );
    expect(
        &[Lua54],
        &[(own, "true\tfalse\tcannot resume non-suspended coroutine")],
    );
}

#[test]
fn yields_cross_protected_calls_metamethods_and_iterators() {
    expect(
        BOTH,
        &[(
            "local co = coroutine.wrap(function()
               print(pcall(function() error('after ' .. coroutine.yield(1), 0) end))
               local t = setmetatable({}, {__index = function(_, k) return coroutine.yield(k) end})
               print(t.key)
               for v in function() return coroutine.yield('next') end do print(v) break end
               return 'end'
             end)
             print(co()) print(co('a')) print(co('b')) print(co('c'))",
            "1\nfalse\tafter a\nkey\nb\nnext\nc\nend",
        )],
    );
}

#[test]
fn a_wrapped_coroutine_raises_its_error_anew() {
    expect(
        BOTH,
        &[
            (
                "local w = coroutine.wrap(function() error('inner') end)\nprint(pcall(function()\nw() end))",
                "false\tscript.lua:3: script.lua:1: inner",
            ),
            (
                "local w = coroutine.wrap(function() error({}) end) print(type(select(2, pcall(w))))",
                "table",
            ),
            (
                "local w = coroutine.wrap(function() end) w() print(pcall(w))",
                "false\tcannot resume dead coroutine",
            ),
        ],
    );
}

#[test]
fn the_main_thread_is_known() {
    expect(&[Lua51], &[("print(coroutine.running())", "nil")]);
    expect(
        &[Lua54],
        &[
            ("print(select(2, coroutine.running()))", "true"),
            (
                "print(coroutine.isyieldable(), coroutine.wrap(coroutine.isyieldable)())",
                "false\ttrue",
            ),
            (
                "print(pcall(coroutine.yield))",
                "false\tattempt to yield from outside a coroutine",
            ),
        ],
    );
}

#[test]
fn closing_tells_how_the_coroutine_ended() {
    expect(
        &[Lua54],
        &[
            (
                "local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co)
                 print(coroutine.close(co), coroutine.status(co))",
                "true\tdead",
            ),
            (
                "local co = coroutine.create(function() error('x', 0) end) coroutine.resume(co)
                 print(coroutine.close(co)) print(coroutine.close(co))",
                "false\tx\ntrue",
            ),
            (
                "print(pcall(coroutine.close, (coroutine.running())))",
                "false\tcannot close a running coroutine",
            ),
        ],
    );
}

#[test]
fn too_many_nested_coroutines_are_an_error() {
    expect(
        BOTH,
        &[(
            "local function nest(n) if n == 0 then return 'bottom' end
               local ok, m = coroutine.resume(coroutine.create(nest), n - 1) return m end
             print(nest(10), nest(1000))",
            "bottom\tC stack overflow",
        )],
    );
}
