//! The libraries `string` and `utf8`, as `lua5.1` and `lua5.4` behave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

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

#[test]
fn formats_numbers_as_c_does() {
    expect_both(&[
        (
            "('%5d|%-5d|%05d|%+d|% d|%.3d|%5.3d'):format(42, 42, 42, 42, 42, 42, 42)",
            "   42|42   |00042|+42| 42|042|  042",
        ),
        (
            "('%x %X %#x %o %#o'):format(255, 255, 255, 8, 8)",
            "ff FF 0xff 10 010",
        ),
        (
            "('%e %.0e %E'):format(12345.678, 15, 0.5)",
            "1.234568e+04 2e+01 5.000000E-01",
        ),
        (
            "('%g %g %g %g'):format(100000, 1000000, 0.0001, 0.00001)",
            "100000 1e+06 0.0001 1e-05",
        ),
        (
            "('%.0f %.0f %.0f %#.0f'):format(0.5, 1.5, 2.5, 1)",
            "0 2 2 1.",
        ),
        (
            "('%08.2f|%-8.1f|%+.1f'):format(-1.25, 1.25, 1.25)",
            "-0001.25|1.2     |+1.2",
        ),
        (
            "('%.17g %.3g'):format(0.1, 1234)",
            "0.10000000000000001 1.23e+03",
        ),
        ("('%5.1f'):format(math.huge)", "  inf"),
        (
            "('%d %s'):format('10', 5), ('%c%c'):format(72, 105)",
            "10 5\tHi",
        ),
        (
            "('[%10s][%-5s][%.2s]'):format('abc', 'abc', 'abc')",
            "[       abc][abc  ][ab]",
        ),
        ("('%5s %%'):format(true)", " true %"),
    ]);
    expect(
        Dialect::Lua54,
        &[
            (
                "('%a %.3a %A'):format(1, 1/3, 0.5)",
                "0x1p+0 0x1.555p-2 0X1P-1",
            ),
            ("('%s %s %d'):format(1, 1.0, 3.0)", "1 1.0 3"),
            ("('%p'):format(1)", "(null)"),
        ],
    );
    expect(
        Dialect::Lua51,
        &[
            ("('%d %d %i'):format(3.7, -3.7, '2.5')", "3 -3 2"),
            ("('%s %s'):format(nil, 1.0)", "nil 1"),
            (
                "('%x %u'):format(-1, -1)",
                "ffffffffffffffff 18446744073709551615",
            ),
            ("('%d'):format(1e300)", "-9223372036854775808"),
        ],
    );
}

#[test]
fn quotes_as_each_dialect_reads_it() {
    expect(
        Dialect::Lua51,
        &[(r#"('%q'):format('a\nb\0c\r"')"#, "\"a\\\nb\\000c\\r\\\"\"")],
    );
    expect(
        Dialect::Lua54,
        &[
            (
                r#"('%q'):format('a\nb\0c\r1"')"#,
                "\"a\\\nb\\0c\\0131\\\"\"",
            ),
            (
                "('%q %q %q'):format(1, 0.5, math.mininteger)",
                "1 0x1p-1 0x8000000000000000",
            ),
            (
                "('%q %q %q'):format(1/0, -1/0, 0/0)",
                "1e9999 -1e9999 (0/0)",
            ),
            ("('%q %q'):format(nil, true)", "nil true"),
        ],
    );
}

#[test]
fn wrong_formats_say_what_is_wrong() {
    expect_errors(
        Dialect::Lua51,
        &[
            ("string.format('%y', 1)", "invalid option '%y' to 'format'"),
            (
                "string.format('%123d', 1)",
                "invalid format (width or precision too long)",
            ),
            (
                "string.format('%------d', 1)",
                "invalid format (repeated flags)",
            ),
            (
                "string.format('%d')",
                "bad argument #2 to 'format' (no value)",
            ),
        ],
    );
    expect_errors(
        Dialect::Lua54,
        &[
            (
                "string.format('%y', 1)",
                "invalid conversion '%y' to 'format'",
            ),
            (
                "string.format('%10.3', 1)",
                "invalid conversion '%10.3' to 'format'",
            ),
            (
                "string.format('%123d', 1)",
                "invalid conversion specification: '%123d'",
            ),
            (
                "string.format('%.3q', 1)",
                "specifier '%q' cannot have modifiers",
            ),
            (
                "string.format('%q', {})",
                "bad argument #2 to 'format' (value has no literal form)",
            ),
            (
                "string.format('%d', 3.5)",
                "bad argument #2 to 'format' (number has no integer representation)",
            ),
            (
                "string.format('%5s', 'a\\0b')",
                "bad argument #2 to 'format' (string contains zeros)",
            ),
            (
                "string.format('%d')",
                "bad argument #2 to 'format' (no value)",
            ),
        ],
    );
}

#[test]
fn format_asks_metamethods() {
    expect_both(&[(
        "('%s|%5s'):format(setmetatable({}, {__tostring = function() return 'T' end}), setmetatable({}, {__tostring = function() return 'U' end}))",
        "T|    U",
    )]);
    expect(
        Dialect::Lua54,
        &[(
            "(('%s'):format(setmetatable({}, {__name = 'Point'})):gsub('0x%x+', 'ADDRESS'))",
            "Point: ADDRESS",
        )],
    );
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
fn packs_and_unpacks() {
    expect(
        Dialect::Lua54,
        &[
            (
                "(string.pack('>I2 <i4 z s1', 258, -2, 'ab', 'c'):gsub('.', function(c) return ('%02x'):format(c:byte()) end))",
                "0102feffffff6162000163",
            ),
            (
                "string.unpack('>I2 <i4 z s1', string.pack('>I2 <i4 z s1', 258, -2, 'ab', 'c'))",
                "258\t-2\tab\tc\t12",
            ),
            (
                "string.packsize('!8 b d'), #string.pack('!4 b i8', 1, 2)",
                "16\t12",
            ),
            (
                "string.unpack('d', string.pack('d', 1/3))",
                "0.33333333333333\t9",
            ),
            ("string.unpack('i16', string.pack('i16', -5))", "-5\t17"),
        ],
    );
    expect_errors(
        Dialect::Lua54,
        &[
            (
                "string.pack('b', 128)",
                "bad argument #2 to 'pack' (integer overflow)",
            ),
            (
                "string.pack('i17', 1)",
                "integral size (17) out of limits [1,16]",
            ),
            ("string.pack('q', 1)", "invalid format option 'q'"),
            (
                "string.packsize('s')",
                "bad argument #1 to 'packsize' (variable-length format)",
            ),
            (
                "string.unpack('i4', 'abc')",
                "bad argument #2 to 'unpack' (data string too short)",
            ),
            (
                "string.unpack('I16', ('x'):rep(16))",
                "16-byte integer does not fit into Lua Integer",
            ),
        ],
    );
    expect(Dialect::Lua51, &[("string.pack, utf8", "nil\tnil")]);
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
