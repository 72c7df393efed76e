//! The library `debug`, and what an uncaught error leaves behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::rc::Rc;

use bulkhead_lua::Runtime;
use bulkhead_lua::wit::exports::bulkhead::policy::script::Dialect::{Lua51, Lua54};
use bulkhead_lua::wit::exports::bulkhead::policy::script::Kind;
use support::{BOTH, FakeHost, bundle, expect};

#[test]
fn a_function_tells_where_it_was_defined() {
    expect(
        BOTH,
        &[
            (
                "local function f(a, ...)\nreturn a\nend
                 local i = debug.getinfo(f) print(i.source, i.short_src, i.what, i.linedefined, i.lastlinedefined, i.currentline)",
                "@script.lua\tscript.lua\tLua\t1\t3\t-1",
            ),
            (
                "local i = debug.getinfo(print) print(i.source, i.short_src, i.what, i.linedefined, i.func == print)",
                "=[C]\t[C]\tC\t-1\ttrue",
            ),
            (
                "local i = debug.getinfo(1) print(i.what, i.currentline, debug.getinfo(99))",
                "main\t1\tnil",
            ),
            (
                "function glob() local i = debug.getinfo(1, 'n') print(i.namewhat, i.name) end glob()",
                "global\tglob",
            ),
            (
                "print(pcall(function() debug.getinfo(1, 'X') end))",
                "false\tscript.lua:1: bad argument #2 to 'getinfo' (invalid option)",
            ),
        ],
    );
}

#[test]
fn a_traceback_shows_the_thread_it_is_asked_for() {
    let suspended =
        "local co = coroutine.create(function()\ncoroutine.yield() end) coroutine.resume(co)
                     print(debug.traceback(co, 'm'))";
    expect(
        &[Lua51],
        &[(
            suspended,
            "m\nstack traceback:\n\t[C]: in function 'yield'\n\tscript.lua:2: in function <script.lua:1>",
        )],
    );
    expect(
        &[Lua54],
        &[(
            suspended,
            "m\nstack traceback:\n\t[C]: in function 'coroutine.yield'\n\tscript.lua:2: in function <script.lua:1>",
        )],
    );
    expect(
        BOTH,
        &[(
            "local co = coroutine.create(function()\nerror('x') end) coroutine.resume(co)
             print(debug.traceback(co))",
            "stack traceback:\n\t[C]: in function 'error'\n\tscript.lua:2: in function <script.lua:1>",
        )],
    );
}

#[test]
fn a_deep_traceback_leaves_out_the_middle() {
    let source = "function deep(n) if n == 0 then return debug.traceback('') .. '' end return deep(n - 1) .. '' end
                  local _, lines = deep(50):gsub('\\n', '\\n') print(lines, (deep(50):match('%.%.%.[^\\n]*')))";
    expect(&[Lua51], &[(source, "23\t...")]);
    expect(&[Lua54], &[(source, "23\t...\t(skipping 31 levels)")]);
}

#[test]
fn every_type_can_have_a_metatable() {
    expect(
        BOTH,
        &[
            (
                "debug.setmetatable(1, {__index = {seven = 7}, __call = function(n, m) return n + m end})
                 print((5).seven, (5)(6)) debug.setmetatable(1, nil)",
                "7\t11",
            ),
            (
                "debug.setmetatable(print, {__add = function() return 'sum' end}) print(print + 1)
                 debug.setmetatable(print, nil)",
                "sum",
            ),
            (
                "print(debug.getmetatable('').__index == string, debug.getmetatable(1))",
                "true\tnil",
            ),
        ],
    );
}

#[test]
fn upvalues_can_be_read_changed_and_shared() {
    expect(
        &[Lua54],
        &[
            (
                "local one, two = 1, 2 local function f() return one, two end
                 print(select(2, debug.getupvalue(f, 1)), debug.getupvalue(f, 3))
                 debug.setupvalue(f, 1, 10) print(one, f())",
                "1\n10\t10\t2",
            ),
            (
                "local one, two = 1, 2 local function f() return one end local function g() return two end
                 print(debug.upvalueid(f, 1) == debug.upvalueid(g, 1))
                 debug.upvaluejoin(f, 1, g, 1) print(f(), debug.upvalueid(f, 1) == debug.upvalueid(g, 1))",
                "false\n2\ttrue",
            ),
            // A running function whose upvalue becomes its own local.
            (
                "local up = 1
                 local function f() local own = 5 local function g() return own end
                   debug.upvaluejoin(f, 1, g, 1) return pcall(function() return up end) end
                 print(#{pcall(f)} > 0)",
                "true",
            ),
        ],
    );
}

#[test]
fn hooks_are_refused_by_name() {
    expect(
        BOTH,
        &[
            ("debug.sethook() print((debug.gethook()))", "nil"),
            (
                "print(pcall(function() debug.sethook(print, 'l') end))",
                "false\tscript.lua:1: debug.sethook is not available: scripts cannot hook the interpreter",
            ),
        ],
    );
}

#[test]
fn an_uncaught_object_is_asked_for_its_text() {
    let failure = |dialect, source: &str| {
        let host = Rc::new(FakeHost::default());
        let mut runtime = Runtime::load(host, bundle(Kind::Plain, dialect, source)).unwrap();
        runtime.run_plain(&[]).unwrap_err().message
    };
    let object = "error(setmetatable({}, {__tostring = function() return 'told' end}))";
    assert_eq!(failure(Lua54, object), "told");
    assert_eq!(
        failure(Lua54, "error({})"),
        "(error object is a table value)"
    );
    assert_eq!(
        failure(Lua51, "error({})"),
        "(error object is not a string)"
    );
}
