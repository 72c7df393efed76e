//! The library `table`: what each dialect's functions do, and what they say when they refuse.
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
    for (source, wanted) in cases {
        match output(dialect, source) {
            Ok(text) => assert_eq!(text.trim_end_matches('\n'), *wanted, "{source}"),
            Err(message) => panic!("{message}\nin {source}"),
        }
    }
}

fn check_both(cases: &[(&str, &str)]) {
    check(Lua51, cases);
    check(Lua54, cases);
}

#[test]
fn each_dialect_has_its_own_names() {
    let names = "local names = {} for name in pairs(table) do names[#names + 1] = name end \
                 table.sort(names) print(table.concat(names, ' '), unpack ~= nil)";
    check(
        Lua51,
        &[(
            names,
            "concat foreach foreachi getn insert maxn remove setn sort\ttrue",
        )],
    );
    check(
        Lua54,
        &[(names, "concat insert move pack remove sort unpack\tfalse")],
    );
}

#[test]
fn elements_are_inserted_removed_and_joined() {
    check_both(&[
        (
            "local t = {1, 3} table.insert(t, 2, 2) table.insert(t, 4) print(table.concat(t, ' '))",
            "1 2 3 4",
        ),
        (
            "local t = {1, 2, 3} print(table.remove(t, 1), table.remove(t), #t, t[1])",
            "1\t3\t1\t2",
        ),
        (
            "print(table.concat({1, 2.5, 'x'}, ', '), table.concat({}, 'x'), table.concat({1, 2, 3}, '-', 2, 3))",
            "1, 2.5, x\t\t2-3",
        ),
        (
            "print(pcall(table.concat, {1, {}, 3}))",
            "false\tinvalid value (table) at index 2 in table for 'concat'",
        ),
        (
            "print(pcall(table.insert, {}, 1, 2, 3))",
            "false\twrong number of arguments to 'insert'",
        ),
        (
            "print(pcall(function() table.insert(nil, 1) end))",
            "false\tscript.lua:1: bad argument #1 to 'insert' (table expected, got nil)",
        ),
    ]);
    check(
        Lua51,
        &[
            (
                "local t = {} table.insert(t, 5, 'far') print(t[5], #t == 0 or #t == 5)",
                "far\ttrue",
            ),
            ("print(select('#', table.remove({})))", "0"),
        ],
    );
    check(
        Lua54,
        &[
            (
                "print(pcall(function() table.insert({}, 5, 2) end))",
                "false\tscript.lua:1: bad argument #2 to 'insert' (position out of bounds)",
            ),
            (
                "print(pcall(function() table.insert({}, 2^63, 2) end))",
                "false\tscript.lua:1: bad argument #2 to 'insert' (number has no integer representation)",
            ),
            (
                "print(select('#', table.remove({})), table.remove({[0] = 7}, 0))",
                "1\t7",
            ),
        ],
    );
}

#[test]
fn only_lua_54_respects_metamethods() {
    let proxied = "local seen, t = {}, {'a', 'b'}
        local p = setmetatable({}, {
            __index = function(_, k) seen[#seen + 1] = 'get ' .. k return t[k] end,
            __newindex = function(_, k, v) seen[#seen + 1] = 'set ' .. k t[k] = v end,
            __len = function() return #t end,
        })
        ";
    for (work, wanted) in [
        ("table.insert(p, 1, 'x')", "get 2,set 3,get 1,set 2,set 1"),
        ("print(table.remove(p, 1))", "a\nget 1,get 2,set 1,set 2"),
        ("print(table.concat(p))", "ab\nget 1,get 2"),
        ("print(table.unpack(p))", "a\tb\nget 1,get 2"),
        ("table.move(p, 1, 2, 2)", "get 2,set 3,get 1,set 2"),
        (
            "table.sort(p, function(a, b) return a > b end) print(t[1], t[2])",
            "b\ta\nget 1,get 2,set 1,set 2",
        ),
    ] {
        let source = format!("{proxied}{work} print(table.concat(seen, ','))");
        check(Lua54, &[(&source, wanted)]);
    }
    check(
        Lua54,
        &[
            (
                "print(pcall(table.insert, setmetatable({}, {__len = function() return 1.5 end}), 1))",
                "false\tobject length is not an integer",
            ),
            (
                "print(pcall(table.sort, setmetatable({}, {__len = function() return math.maxinteger end})))",
                "false\tbad argument #1 to 'sort' (array too big)",
            ),
        ],
    );
    check(
        Lua51,
        &[(
            "local t = setmetatable({1}, {__newindex = error}) table.insert(t, 2) print(#t)",
            "2",
        )],
    );
}

#[test]
fn values_are_unpacked_up_to_the_limit_of_the_dialect() {
    check_both(&[
        (
            "local unpack = unpack or table.unpack print(unpack({1, 2, 3}, 2)) print(unpack({1, nil, 3}, 1, 3))",
            "2\t3\n1\tnil\t3",
        ),
        (
            "print(pcall(unpack or table.unpack, {}, 1, 1e8))",
            "false\ttoo many results to unpack",
        ),
        (
            "print(select('#', (unpack or table.unpack)({}, 1, 7000)))",
            "7000",
        ),
    ]);
    check(
        Lua54,
        &[
            (
                "print(pcall(table.unpack, {}, math.mininteger, math.maxinteger))",
                "false\ttoo many results to unpack",
            ),
            ("print(table.pack(nil, 2, nil).n)", "3"),
        ],
    );
}

#[test]
fn ranges_move_without_overwriting_themselves() {
    check(
        Lua54,
        &[
            (
                "print(table.concat(table.move({1, 2, 3, 4}, 1, 3, 2), ' '))",
                "1 1 2 3",
            ),
            (
                "print(table.concat(table.move({1, 2, 3, 4}, 2, 4, 1), ' '))",
                "2 3 4 4",
            ),
            (
                "print(pcall(function() table.move({}, 1, math.maxinteger, 2) end))",
                "false\tscript.lua:1: bad argument #4 to 'move' (destination wrap around)",
            ),
            (
                "print(pcall(function() table.move({}, -1, math.maxinteger, 2) end))",
                "false\tscript.lua:1: bad argument #3 to 'move' (too many elements to move)",
            ),
        ],
    );
}

#[test]
fn sorting_calls_back_and_survives_bad_orders() {
    check_both(&[
        (
            "local t = {3, 1, 2} table.sort(t) table.sort(t, function(a, b) return a > b end) print(table.concat(t, ' '))",
            "3 2 1",
        ),
        (
            "local m = {__lt = function(a, b) return a[1] < b[1] end}
             local t = {} for i = 1, 9 do t[i] = setmetatable({(i * 7) % 10}, m) end
             table.sort(t) for i = 1, 9 do t[i] = t[i][1] end print(table.concat(t, ' '))",
            "1 2 3 4 5 6 7 8 9",
        ),
        (
            "print(pcall(table.sort, {3, 1, 2, 5, 4, 6, 8, 7}, function() return true end))",
            "false\tinvalid order function for sorting",
        ),
        (
            "print(pcall(table.sort, {3, 1, 2}, function() error('no', 0) end))",
            "false\tno",
        ),
        (
            "print(pcall(table.sort, {1, 'x'}))",
            "false\tattempt to compare string with number",
        ),
        (
            "print(pcall(table.sort, {{}, {}}))",
            "false\tattempt to compare two table values",
        ),
        (
            "local t = {} for i = 1, 20000 do t[i] = (i * 7919) % 20011 end table.sort(t)
             for i = 2, #t do assert(t[i - 1] <= t[i]) end print(#t)",
            "20000",
        ),
    ]);
}

#[test]
fn lua_51_has_its_old_functions() {
    check(
        Lua51,
        &[
            (
                "print(table.getn({1, 2}), table.maxn({[5] = 1, [2.5] = 1, x = 1}))",
                "2\t5",
            ),
            (
                "print(pcall(table.setn, {}, 1))",
                "false\t'setn' is obsolete",
            ),
            (
                "print(table.foreachi({'a', 'b', 'c'}, function(i, v) io.write(i, v, ' ') if i == 2 then return v end end))",
                "1a 2b b",
            ),
            ("table.foreach({x = 1}, print)", "x\t1"),
        ],
    );
}
