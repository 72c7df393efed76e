//! The basic functions, in both dialects: what they return, and what their errors say.
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
fn assert_returns_its_arguments_or_raises_its_message() {
    expect(
        BOTH,
        &[
            ("print(assert(1, 2, 3))", "1\t2\t3"),
            ("print(pcall(assert, false, 'm'))", "false\tm"),
            ("print(pcall(assert, nil))", "false\tassertion failed!"),
            (
                "print(pcall(function() assert(false, 'm') end))",
                "false\tscript.lua:1: m",
            ),
            (
                "print(pcall(function() assert() end))",
                "false\tscript.lua:1: bad argument #1 to 'assert' (value expected)",
            ),
        ],
    );
    expect(
        &[Lua54],
        &[("print(select(2, pcall(assert, false, nil)))", "nil")],
    );
    expect(
        &[Lua51],
        &[(
            "print(pcall(function() assert(false, {}) end))",
            "false\tscript.lua:1: bad argument #2 to 'assert' (string expected, got table)",
        )],
    );
}

#[test]
fn select_counts_from_both_ends() {
    expect(
        BOTH,
        &[
            ("print(select('#', 1, nil))", "2"),
            ("print(select(2, 1, 2, 3))", "2\t3"),
            ("print(select(-1, 1, 2, 3))", "3"),
            ("print(select(9, 1))", ""),
            (
                "print(pcall(function() select(-5, 1) end))",
                "false\tscript.lua:1: bad argument #1 to 'select' (index out of range)",
            ),
        ],
    );
}

#[test]
fn text_becomes_a_number_in_any_base() {
    expect(
        BOTH,
        &[
            (
                "print(tonumber('10', 16), tonumber('zz', 36), tonumber(' 11 ', 2), tonumber('8', 8))",
                "16\t1295\t3\tnil",
            ),
            (
                "print(tonumber(''), tonumber('1 2'), tonumber('0x'), tonumber({}), tonumber('1e1', 16))",
                "nil\tnil\tnil\tnil\t481",
            ),
            (
                "print(pcall(function() tonumber('1', 37) end))",
                "false\tscript.lua:1: bad argument #2 to 'tonumber' (base out of range)",
            ),
        ],
    );
    expect(
        &[Lua54],
        &[
            ("print(tonumber('1e1'), tonumber('-ff', 16))", "10.0\t-255"),
            ("print(tonumber('ffffffffffffffff', 16))", "-1"),
        ],
    );
    expect(
        &[Lua51],
        &[
            ("print(tonumber('1e1'), tonumber('0x10', 16))", "10\t16"),
            (
                "print(tonumber('-1', 16), tonumber(10, 16))",
                "1.844674407371e+19\t16",
            ),
        ],
    );
}

#[test]
fn values_become_text_through_their_metatable() {
    expect(
        BOTH,
        &[
            (
                "print(tostring(setmetatable({}, {__tostring = function() return 'me' end})))",
                "me",
            ),
            ("print((tostring(print):gsub('0x%x+', 'P')))", "function: P"),
        ],
    );
    expect(
        &[Lua54],
        &[
            (
                "print((tostring(setmetatable({}, {__name = 'My'})):gsub('0x%x+', 'P')))",
                "My: P",
            ),
            (
                "print(pcall(tostring, setmetatable({}, {__tostring = function() return {} end})))",
                "false\t'__tostring' must return a string",
            ),
        ],
    );
    expect(
        &[Lua51],
        &[
            (
                "local old = tostring tostring = function(x) return '<' .. old(x) .. '>' end print(1)",
                "<1>",
            ),
            (
                "local p = pcall tostring = function() end print = print \
                 local ok, m = p(print, 1) tostring = function(x) return x end print(m)",
                "'tostring' must return a string to 'print'",
            ),
        ],
    );
}

#[test]
fn raw_access_ignores_metatables() {
    expect(
        BOTH,
        &[
            (
                "local t = setmetatable({}, {__index = {x = 1}}) print(t.x, rawget(t, 'x'))",
                "1\tnil",
            ),
            (
                "print(pcall(rawset, {}, nil, 1))",
                "false\ttable index is nil",
            ),
            (
                "print(pcall(rawset, {}, 0/0, 1))",
                "false\ttable index is NaN",
            ),
            (
                "print(pcall(next, {}, 'no'))",
                "false\tinvalid key to 'next'",
            ),
            (
                "print(pcall(function() setmetatable(setmetatable({}, {__metatable = 1}), {}) end))",
                "false\tscript.lua:1: cannot change a protected metatable",
            ),
        ],
    );
}

#[test]
fn only_lua_54_iterates_through_metamethods() {
    let source = "local t = setmetatable({}, {__index = function(_, i) if i < 3 then return i * 10 end end,
                      __pairs = function() return function(_, k) if not k then return 'p', 'q' end end end})
                  for i, v in ipairs(t) do print(i, v) end
                  for k, v in pairs(t) do print(k, v) end";
    expect(&[Lua54], &[(source, "1\t10\n2\t20\np\tq")]);
    expect(&[Lua51], &[(source, "")]);
}

#[test]
fn errors_carry_the_position_of_the_level_asked_for() {
    expect(
        BOTH,
        &[
            ("print(pcall(error, 'x', 0))", "false\tx"),
            (
                "local function f() error('x', 2) end\nprint(pcall(function()\nf() end))",
                "false\tscript.lua:3: x",
            ),
            (
                "print(pcall(function() return error('x') end))",
                "false\tscript.lua:1: x",
            ),
            (
                "print(pcall(function() local e = {} error(e) end) == false)",
                "true",
            ),
            ("print(select('#', pcall(error)))", "2"),
        ],
    );
    expect(
        &[Lua51],
        &[(
            "print(pcall(function() error(12) end))",
            "false\tscript.lua:1: 12",
        )],
    );
}

#[test]
fn the_handler_of_xpcall_sees_the_stack_of_the_failure() {
    let source = "local function f() error('boom') end\nprint(xpcall(f, debug.traceback))";
    let trace = "false\tscript.lua:1: boom\nstack traceback:\n\t[C]: in function 'error'\
                 \n\tscript.lua:1: in function <script.lua:1>\n\t[C]: in function 'xpcall'\
                 \n\tscript.lua:2: in main chunk\n\t[C]: ";
    expect(&[Lua51], &[(source, &format!("{trace}?"))]);
    expect(&[Lua54], &[(source, &format!("{trace}in ?"))]);
}

#[test]
fn a_handler_that_fails_handles_its_own_error() {
    expect(
        BOTH,
        &[
            ("print(xpcall(error, error))", "false\terror in error handling"),
            (
                "local n = 0
                 print(xpcall(error, function() n = n + 1 if n < 5 then error('x', 0) end return n end))",
                "false\t5",
            ),
            (
                "local function deep() return 1 + deep() end
                 print(xpcall(deep, function(m) return (m:find('stack overflow')) ~= nil end))",
                "false\ttrue",
            ),
        ],
    );
    expect(
        &[Lua54],
        &[("print(xpcall(select, print, '#', 1, 2))", "true\t2")],
    );
    expect(
        &[Lua51],
        &[
            (
                "print(xpcall(function(...) return select('#', ...) end, print, 1))",
                "true\t0",
            ),
            (
                "print(xpcall(error, 'no function'))",
                "false\terror in error handling",
            ),
        ],
    );
}

#[test]
fn collecting_garbage_frees_memory() {
    expect(
        BOTH,
        &[
            (
                "local before = collectgarbage('count')
                 do local t = {} for i = 1, 20000 do t[i] = {} end end
                 local full = collectgarbage('count')
                 print(collectgarbage(), full > before + 500, collectgarbage('count') < before + 100)",
                "0\ttrue\ttrue",
            ),
            (
                "print(pcall(function() collectgarbage('x') end))",
                "false\tscript.lua:1: bad argument #1 to 'collectgarbage' (invalid option 'x')",
            ),
            ("repeat until collectgarbage('step') print(collectgarbage('stop'))", "0"),
        ],
    );
    expect(
        &[Lua54],
        &[(
            "print(collectgarbage('incremental'), collectgarbage('generational'), collectgarbage('isrunning'))",
            "generational\tincremental\ttrue",
        )],
    );
    expect(&[Lua51], &[("print(type(gcinfo()))", "number")]);
}

#[test]
fn chunks_are_loaded_from_text_and_from_readers() {
    expect(
        &[Lua54],
        &[
            ("print(load('return ...', 'n')(5))", "5"),
            (
                "print(load('x', 'n', 'b'))",
                "nil\tattempt to load a text chunk (mode is 'b')",
            ),
            ("print(load('return x', 'n', 't', {x = 1})())", "1"),
            (
                "print(pcall(load('return x', '=n', 't', nil)) == false)",
                "true",
            ),
        ],
    );
    expect(
        &[Lua51],
        &[("print(loadstring('return ...', 'n')(5))", "5")],
    );
    expect(
        BOTH,
        &[
            (
                "local parts = {'return ', '1 ', '+ 2'} local n = 0
                 print(load(function() n = n + 1 return parts[n] end)())",
                "3",
            ),
            (
                "print(load(function() error('reader', 0) end))",
                "nil\treader",
            ),
            (
                "print((load or loadstring)(function() return nil end)())",
                "",
            ),
        ],
    );
}

#[test]
fn chunks_are_named_as_puc_rio_names_them() {
    let source = |name: &str| {
        format!("local load = loadstring or load print(pcall(load('error(1 .. \"\")', {name})))")
    };
    for (name, shown) in [
        ("'=name'", "name"),
        ("'@file.lua'", "file.lua"),
        ("'text'", "[string \"text\"]"),
        ("'one\\ntwo'", "[string \"one...\"]"),
    ] {
        expect(BOTH, &[(&source(name), &format!("false\t{shown}:1: 1"))]);
    }
    let long = source("('a'):rep(100)");
    expect(
        &[Lua51],
        &[(
            &long,
            &format!("false\t[string \"{}...\"]:1: 1", "a".repeat(43)),
        )],
    );
    expect(
        &[Lua54],
        &[(
            &long,
            &format!("false\t[string \"{}...\"]:1: 1", "a".repeat(45)),
        )],
    );
}

#[test]
fn a_dumped_function_can_be_loaded_and_nothing_else_binary() {
    let prefix = "local load = loadstring or load ";
    expect(
        BOTH,
        &[
            (
                &format!(
                    "{prefix} local d = string.dump(function(...) return select('#', ...) end) print(d:sub(1, 4) == '\\27Lua', load(d)(1, 2))"
                ),
                "true\t2",
            ),
            (
                &format!("{prefix} print(pcall(string.dump, print))"),
                "false\tunable to dump given function",
            ),
        ],
    );
    let forged = format!("{prefix} print(load('\\27Lua'))");
    expect(
        &[Lua51],
        &[(
            &forged,
            "nil\tbinary string: unexpected end in precompiled chunk",
        )],
    );
    expect(
        &[Lua54],
        &[(
            &forged,
            "nil\tbinary string: bad binary format (truncated chunk)",
        )],
    );
}

#[test]
fn setfenv_changes_one_function_alone() {
    expect(
        &[Lua51],
        &[
            (
                "local one = function() return w end local other = function() return w end w = 1
                 setfenv(one, {w = 2}) print(one(), other())",
                "2\t1",
            ),
            (
                "local function f() v = 1 return function() return v end end
                 local e = {} setfenv(f, e) print(f()(), v, e.v, getfenv(f) == e)",
                "1\tnil\t1\ttrue",
            ),
            ("local function f() setfenv(1, {y = 5}) return y end print(f())", "5"),
            (
                "local co = coroutine.create(function() setfenv(0, {q = 7}) return loadstring('return q')() end)
                 print(coroutine.resume(co)) print(getfenv(0) == _G)",
                "true\t7\ntrue",
            ),
            (
                "print(pcall(setfenv, print, {}))",
                "false\t'setfenv' cannot change environment of given object",
            ),
        ],
    );
}

#[test]
fn a_removed_key_is_found_again_whatever_string_it_comes_as() {
    expect(
        BOTH,
        &[(
            "local l = package.loaders or package.searchers
             package.path = nil package.path = 'x' package.path = nil package.path = 'y/?.lua'
             print(select(2, pcall(require, 'n')):find('y/n.lua', 1, true) ~= nil)",
            "true",
        )],
    );
}

#[test]
fn proxies_have_metatables_of_their_own() {
    expect(
        &[Lua51],
        &[(
            "local p = newproxy(true) getmetatable(p).__index = {x = 1}
             print(type(p), p.x, newproxy(p).x, getmetatable(newproxy()))",
            "userdata\t1\t1\tnil",
        )],
    );
}
