//! Calls, variables that functions share, table access, loops and `..`: what the VM does by a short way in
//! the common case must mean the same as by the long way. Results are those of lua5.1 and lua5.4.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use bulkhead_lua::wit::exports::bulkhead::policy::script::Dialect;
use support::output;

/// The script prints the same in both dialects.
fn prints(script: &str, wanted: &str) {
    for dialect in [Dialect::Lua51, Dialect::Lua54] {
        assert_eq!(
            output(dialect, script).unwrap().trim_end(),
            wanted,
            "{dialect:?}: {script}"
        );
    }
}

#[test]
fn arguments_and_results_are_cut_and_filled_with_nil() {
    for (script, wanted) in [
        (
            "local function f(a, b) return b, a end print(f(1))",
            "nil\t1",
        ),
        (
            "local function f(a, b) return b, a end print(f(1, 2, 3))",
            "2\t1",
        ),
        (
            "local function f() end print((f()), select('#', f()))",
            "nil\t0",
        ),
        (
            "local function f() return 1, 2, 3 end local a, b = f() print(a, b)",
            "1\t2",
        ),
        (
            "local function f() return 1 end local a, b, c = f() print(a, b, c)",
            "1\tnil\tnil",
        ),
        (
            "local function f(...) return select('#', ...), ... end print(f(nil, nil))",
            "2\tnil\tnil",
        ),
        (
            "local function f(a) local b if a then b = 1 end return b end f(true) print(f())",
            "nil",
        ),
        (
            "local function f(n) if n == 0 then return 'end' end return f(n - 1) end print(f(200000))",
            "end",
        ),
        (
            "local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end print(f(10000))",
            "10000",
        ),
        (
            "local function f(a, b, c) return a, b, c end print((function() return f(f(1, 2)) end)())",
            "1\t2\tnil",
        ),
        (
            "local t = {} for i = 1, 3 do t[i] = (function(...) return ... end)(i, i) end print(#t)",
            "3",
        ),
        (
            "print(math.max(1, 5, 3), (math.max(1, 2)), string.byte('abc', 1, -1))",
            "5\t2\t97\t98\t99",
        ),
        (
            "local a, b, c = string.byte('ab', 1, -1) print(a, b, c)",
            "97\t98\tnil",
        ),
        ("print(pcall(pcall, error, 'x'))", "true\tfalse\tx"),
    ] {
        prints(script, wanted);
    }
}

#[test]
fn functions_share_variables_while_they_live_and_after() {
    for (script, wanted) in [
        (
            "local function pair() local n = 0 return function() n = n + 1 return n end, function() return n end end \
             local up, get = pair() up() up() local other = pair() other() print(get())",
            "2",
        ),
        (
            "local n = 0 local function add() n = n + 1 end for i = 1, 5 do add() end n = n * 10 add() print(n)",
            "51",
        ),
        (
            "local all = {} for i = 1, 3 do local j = i all[i] = function() j = j + 1 return j end end \
             all[1]() print(all[1](), all[2](), all[3]())",
            "3\t3\t4",
        ),
        (
            "local n = 1 local step = coroutine.wrap(function() while true do n = n * 2 coroutine.yield(n) end end) \
             step() n = n + 1 print(step(), n)",
            "6\t6",
        ),
        (
            "local f do local kept = 'kept' f = function() return kept end end \
             local function over(a, b, c) return a end over(1, 2, 3) print(f())",
            "kept",
        ),
    ] {
        prints(script, wanted);
    }
}

#[test]
fn fields_are_found_behind_any_number_of_tables() {
    for (script, wanted) in [
        (
            "local t = { x = 1 } for i = 1, 40 do t = setmetatable({}, { __index = t }) end print(t.x, t.y)",
            "1\tnil",
        ),
        (
            "local t = setmetatable({}, { __index = setmetatable({}, { __index = function(_, k) return k .. '!' end }) }) \
             print(t.a, t[1], rawget(t, 'a'))",
            "a!\t1!\tnil",
        ),
        (
            "local log = {} local t = setmetatable({ old = 1 }, { __newindex = function(_, k, v) log[#log + 1] = k end }) \
             t.old = 2 t.new = 3 t[1] = 4 t.old = nil t.old = 5 print(t.old, t.new, table.concat(log, ' '))",
            "nil\tnil\tnew 1 old",
        ),
        (
            "local store = {} local t = setmetatable({}, { __newindex = store }) t.a = 1 t[1] = 2 \
             print(rawget(t, 'a'), store.a, store[1])",
            "nil\t1\t2",
        ),
        (
            "local A = {} A.__index = A function A:name() return self.n end \
             print(setmetatable({ n = 'me' }, A):name(), ('x'):rep(3))",
            "me\txxx",
        ),
        (
            "local t = {} t[1] = 'a' t[2^53] = 'b' t[-1] = 'c' t[0.5] = 'd' t['1'] = 'e' \
             print(t[1], t[2^53], t[-1], t[0.5], t['1'], t[2])",
            "a\tb\tc\td\te\tnil",
        ),
        (
            "local t = {} for i = 1, 10 do t[i] = i end for i = 1, 10 do t[i] = nil end print(#t, next(t))",
            "0\tnil",
        ),
        (
            "local t = {} for i = 1, 100 do t['k' .. i] = i end for i = 1, 100, 2 do t['k' .. i] = nil end \
             local n = 0 for k, v in pairs(t) do n = n + v t[k] = nil end print(n, next(t))",
            "2550\tnil",
        ),
        (
            "print(pcall(function() local t = {} t[nil] = 1 end))",
            "false\tscript.lua:1: table index is nil",
        ),
        (
            "print(pcall(function() local t = {} t[0/0] = 1 end))",
            "false\tscript.lua:1: table index is NaN",
        ),
    ] {
        prints(script, wanted);
    }
}

#[test]
fn loops_count_in_either_direction_and_end() {
    for (script, wanted) in [
        ("local n = 0 for i = 1, 3 do n = n + i end print(n)", "6"),
        (
            "local t = {} for i = 3, 1, -1 do t[#t + 1] = i end print(table.concat(t, ' '))",
            "3 2 1",
        ),
        (
            "local n = 0 for i = 0, 1, 0.25 do n = n + 1 end print(n)",
            "5",
        ),
        ("local n = 0 for i = 1, 2.5 do n = n + 1 end print(n)", "2"),
        ("local n = 0 for i = 2, 1 do n = n + 1 end print(n)", "0"),
        (
            "local n = 0 for i = 1, math.huge do n = n + 1 if n == 7 then break end end print(n)",
            "7",
        ),
        ("local n = 0 for i = 1, 0/0 do n = n + 1 end print(n)", "0"),
        (
            "local n = 0 for i, v in ipairs({ 1, 2, nil, 4 }) do n = n + v end print(n)",
            "3",
        ),
        (
            "local function each(t, i) i = i + 1 if t[i] then return i, t[i] end end \
             local n = 0 for i, v in each, { 5, 6 }, 0 do n = n + i * v end print(n)",
            "17",
        ),
        (
            "local n = 0 for v in coroutine.wrap(function() for i = 1, 4 do coroutine.yield(i) end end) do n = n + v end \
             print(n)",
            "10",
        ),
        (
            "for i = 1, 3 do local j = i i = 10 io.write(j, ' ') end print()",
            "1 2 3",
        ),
        (
            "local n = 0 for a, b, c in next, { 1 } do n = n + b print(c) end print(n)",
            "nil\n1",
        ),
    ] {
        prints(script, wanted);
    }
}

#[test]
fn comparisons_and_remainders_hold_at_the_edges() {
    for (script, wanted) in [
        (
            "local a = 0/0 print(a == a, a < a, a <= a, not (a < a))",
            "false\tfalse\tfalse\ttrue",
        ),
        ("local a, b = 1, '1' print(a == b, a ~= b)", "false\ttrue"),
        (
            "local a, b = {}, {} print(a == b, a == a, a ~= b)",
            "false\ttrue\ttrue",
        ),
        (
            "local f = function() end print(f == f, f == print, nil == false)",
            "true\tfalse\tfalse",
        ),
        ("local a, b = 'ab' .. 1, 'a' .. 'b1' print(a == b)", "true"),
        (
            "local a, b = -7, 3 print(a % b, b % a, 7 % -3, 5.5 % -2)",
            "2\t-4\t-2\t-0.5",
        ),
        (
            "local a = 2^60 print(a % 8 == 0, (2^53 + 2) % 2 == 0, 4294967296 % 10 == 6)",
            "true\ttrue\ttrue",
        ),
        (
            "local a = -0.0 print(1 / (a % 5) < 0 or 1 / (a % 5) > 0)",
            "true",
        ),
        (
            "print(pcall(function() return 1 < 'x' end))",
            "false\tscript.lua:1: attempt to compare number with string",
        ),
    ] {
        prints(script, wanted);
    }
}

#[test]
fn errors_name_the_line_they_come_from_however_deep() {
    for (script, wanted) in [
        (
            "local function f(t)\n  local a = 1\n  return t.x.y\nend\nlocal function g(t)\n  local r = f(t)\n  return r\nend\n\
             print((select(2, pcall(g, {})):match('^script.lua:3:')))",
            "script.lua:3:",
        ),
        (
            "local function f() error('deep') end\nlocal function g()\n  f()\n  return 1\nend\nprint(pcall(g))",
            "false\tscript.lua:1: deep",
        ),
        (
            "local function f()\n  local n = 0\n  for i = 1, 10 do\n    n = n + i\n    if i == 5 then n = n + {} end\n  end\nend\n\
             print((select(2, pcall(f)):match('^script.lua:%d+:')))",
            "script.lua:5:",
        ),
    ] {
        prints(script, wanted);
    }
}

#[test]
fn endless_recursion_leaves_the_script_able_to_go_on() {
    prints(
        "local function f() return 1 + f() end\n\
         for i = 1, 3 do local ok, why = pcall(f) assert(not ok and why:find('stack overflow')) end\n\
         local function sum(n) if n == 0 then return 0 end return n + sum(n - 1) end\n\
         print(sum(100))",
        "5050",
    );
}

#[test]
fn texts_and_numbers_are_joined() {
    for (script, wanted) in [
        ("print(1 .. '' .. -1 .. 0.5 .. 'x')", "1-10.5x"),
        (
            "print(99999999999999 .. '|' .. -99999999999999)",
            "99999999999999|-99999999999999",
        ),
        (
            "print(('x'):rep(255) .. 1 == ('x'):rep(255) .. '1', #(('x'):rep(256) .. 12))",
            "true\t258",
        ),
        (
            "local t = {} t['a' .. 1] = 'found' print(t.a1, t['a' .. '1'])",
            "found\tfound",
        ),
        (
            "local m = { __concat = function(a, b) return 'met' end } local t = setmetatable({}, m) \
             print(t .. 'x', 'x' .. t, 'a' .. 'b' .. t)",
            "met\tmet\tamet",
        ),
        (
            "print(pcall(function() local a = nil return 'x' .. a end) == false)",
            "true",
        ),
    ] {
        prints(script, wanted);
    }
}

#[test]
fn large_texts_that_are_garbage_are_collected_in_time() {
    prints(
        "local s, most = ('x'):rep(10000000), 0 \
         for i = 1, 40 do local t = s .. i most = math.max(most, collectgarbage('count')) end \
         print(most < 100000)",
        "true",
    );
}
