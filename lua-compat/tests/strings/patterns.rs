//! Patterns: searches, matches and replacements.

use bulkhead_lua::wit::exports::bulkhead::policy::script::Dialect;

use crate::{expect, expect_both, expect_errors};

#[test]
fn a_search_that_begins_after_the_end() {
    expect(Dialect::Lua51, &[("('abc'):find('', 10)", "4\t3")]);
    expect(Dialect::Lua54, &[("('abc'):find('', 10)", "nil")]);
}

#[test]
fn patterns_match() {
    expect_both(&[
        ("('key = value'):match('^(%w+)%s*=%s*(%w+)$')", "key\tvalue"),
        ("('  trim  '):match('^%s*(.-)%s*$') .. '|'", "trim|"),
        ("('THE (quick) fox'):find('%((%a+)%)')", "5\t11\tquick"),
        ("('f(a(b)c)d'):match('%b()')", "(a(b)c)"),
        ("('THE (quick) fox'):gsub('%f[%a]%a+', 'X')", "X (X) X\t3"),
        ("('aa bb'):match('(%w)%1 (%w)%2')", "a\tb"),
        ("('abc'):match('()b()')", "2\t3"),
        ("(']a^-'):match('[]a^-]+')", "]a^-"),
        ("('a-c'):match('[a%-c]+'), ('x^y'):match('x^y')", "a-c\tx^y"),
        ("('a.b'):find('.', 1, true), ('a.b'):find('%.')", "2\t2\t2"),
        ("('a$b'):match('a$b'), ('ab'):match('^b')", "a$b\tnil"),
        ("(('a'):rep(3000) .. 'b'):match('.-b'):len()", "3001"),
        ("('a\\0b'):find('%z'), ('a\\0b'):find('.b')", "2\t2\t3"),
        ("#(('a'):rep(200000)):match('^(a*)$')", "200000"),
    ]);
}

#[test]
fn lua51_patterns_are_c_strings() {
    expect(
        Dialect::Lua51,
        &[
            ("('abc'):find('b+\\0x')", "2\t2"),
            ("('a\\0b'):find('\\0b')", "2\t3"),
            ("('a.b'):find('%g+')", "nil"),
        ],
    );
    expect(
        Dialect::Lua54,
        &[
            ("('abc'):find('b+\\0x')", "nil"),
            ("('a\\0b'):find('[\\0]')", "2\t2"),
            ("('a.b'):find('%g+')", "1\t3"),
        ],
    );
}

#[test]
fn malformed_patterns_say_what_is_wrong() {
    let both = [
        ("('x'):find('%')", "malformed pattern (ends with '%')"),
        ("('x'):find('[a')", "malformed pattern (missing ']')"),
        ("('x'):find('[a%]')", "malformed pattern (missing ']')"),
        ("('x'):find('%f')", "missing '[' after '%f' in pattern"),
        ("('x'):match(')')", "invalid pattern capture"),
        ("('x'):match('(x')", "unfinished capture"),
        ("('x'):find(('()'):rep(33))", "too many captures"),
        (
            "('x'):gsub('x', {x = {}})",
            "invalid replacement value (a table)",
        ),
        (
            "('x'):gsub('x', function() return true end)",
            "invalid replacement value (a boolean)",
        ),
    ];
    expect_errors(Dialect::Lua51, &both);
    expect_errors(Dialect::Lua54, &both);
    expect_errors(
        Dialect::Lua51,
        &[
            ("('x'):find('%bx')", "unbalanced pattern"),
            ("('x'):find('%1')", "invalid capture index"),
        ],
    );
    expect_errors(
        Dialect::Lua54,
        &[
            (
                "('x'):find('%bx')",
                "malformed pattern (missing arguments to '%b')",
            ),
            ("('x'):find('%1')", "invalid capture index %1"),
            ("('x'):gsub('x', '%2')", "invalid capture index %2"),
            (
                "('x'):gsub('x', '%a')",
                "invalid use of '%' in replacement string",
            ),
            (
                "(('a'):rep(300)):find(('a?'):rep(200))",
                "pattern too complex",
            ),
        ],
    );
    expect(
        Dialect::Lua51,
        &[("(('a'):rep(300)):find(('a?'):rep(200))", "1\t200")],
    );
}

#[test]
fn replacements_are_texts_tables_and_functions() {
    expect_both(&[
        (
            "('hello world'):gsub('%w+', '%0 %0', 1)",
            "hello hello world\t1",
        ),
        ("('abc def'):gsub('(%w)(%w)', '%2%1')", "bac edf\t2"),
        ("('abc'):gsub('%w', '%%%0')", "%a%b%c\t3"),
        ("('abc'):gsub('.', {a = 1, b = 2.5, c = false})", "12.5c\t3"),
        ("('abc'):gsub('()', '%1')", "1a2b3c4\t4"),
        (
            "('abc'):gsub('%w', function(c) if c == 'b' then return 'B' end end)",
            "aBc\t3",
        ),
        (
            "('abc'):gsub('.', setmetatable({}, {__index = function(_, k) return k .. k end}))",
            "aabbcc\t3",
        ),
        ("('abc'):gsub('b', 'x', 0)", "abc\t0"),
        ("('aaa'):gsub('^a', 'b')", "baa\t1"),
        ("('abc'):gsub('', '-')", "-a-b-c-\t4"),
    ]);
    expect(Dialect::Lua51, &[("('abc'):gsub('b', '%x')", "axc\t1")]);
}

#[test]
fn empty_matches_after_a_match() {
    let both = "('abc ab'):gsub('%w*', '<%0>')";
    expect(Dialect::Lua51, &[(both, "<abc><> <ab><>\t4")]);
    expect(Dialect::Lua54, &[(both, "<abc> <ab>\t2")]);
    let count = "(function() local n = 0 for _ in ('abc ab'):gmatch('%w*') do n = n + 1 end return n end)()";
    expect(Dialect::Lua51, &[(count, "4")]);
    expect(Dialect::Lua54, &[(count, "2")]);
}

#[test]
fn replacement_functions_may_yield_and_fail() {
    expect_both(&[
        (
            "(function()
                local co = coroutine.wrap(function()
                    return (('a b'):gsub('%w', function(c) return coroutine.yield(c) end))
                end)
                return co(), co('1'), co('2')
            end)()",
            "a\tb\t1 2",
        ),
        (
            "pcall(string.gsub, 'x', 'x', function() error('no', 0) end)",
            "false\tno",
        ),
    ]);
}
