//! The language and its library, as scripts rely on them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::rc::Rc;

use bulkhead_lua::Runtime;
use bulkhead_lua::wit::exports::bulkhead::policy::script::{Dialect, Kind};
use support::{FakeHost, bundle, expect_output, load, output, output_with};

#[test]
fn numbers_print_as_lua51_prints_them() {
    // As `lua5.1` prints them.
    for (expression, wanted) in [
        ("10/2", "5"),
        ("1e15", "1e+15"),
        ("2^31", "2147483648"),
        ("2^53", "9.007199254741e+15"),
        ("0.1 + 0.2", "0.3"),
        ("1e100", "1e+100"),
        ("-0.5", "-0.5"),
        ("1/0", "inf"),
        ("-1/0", "-inf"),
        ("100000000000000", "1e+14"),
        ("99999999999999", "99999999999999"),
        ("1e-5", "1e-05"),
        ("0.0001", "0.0001"),
        ("3.14159265358979", "3.1415926535898"),
        ("'10' + 5", "15"),
        ("'0x10' + 0", "16"),
        ("10 % 3", "1"),
        ("-7 % 3", "2"),
        ("7 % -3", "-2"),
        ("5.5 % 2", "1.5"),
        ("1 .. 2.5", "12.5"),
        ("10/2 .. ''", "5"),
        ("tonumber('  12  ')", "12"),
        ("tonumber('0x1F')", "31"),
        ("tonumber('1e2')", "100"),
        ("tonumber('z', 36)", "35"),
        ("tonumber('')", "nil"),
        ("math.floor(3.7)", "3"),
    ] {
        expect_output(&format!("print({expression})"), wanted);
    }
}

#[test]
fn numbers_print_as_lua54_prints_them() {
    for (expression, wanted) in [
        ("10/2", "5.0"),
        ("1e15", "1e+15"),
        ("2^53", "9.007199254741e+15"),
        ("1 << 53", "9007199254740992"),
        ("3 // 2", "1"),
        ("3.0", "3.0"),
        ("10/2 .. ''", "5.0"),
        ("math.mininteger % -1", "0"),
        ("math.mininteger // -1", "-9223372036854775808"),
    ] {
        assert_eq!(
            output(Dialect::Lua54, &format!("print({expression})")),
            Ok(format!("{wanted}\n")),
            "{expression}"
        );
    }
}

#[test]
fn basic_functions_work() {
    for (source, wanted) in [
        (
            "print(_G == getfenv and 1 or _G._G == _G, _VERSION)",
            "true\tLua 5.1",
        ),
        (
            "print(select('#', 1, nil, nil), select(2, 'a', 'b'))",
            "3\tb",
        ),
        ("print(pcall(error, 'x'))", "false\tx"),
        (
            "print(pcall(function() error('x') end))",
            "false\tscript.lua:1: x",
        ),
        ("print(pcall(function() error('x', 0) end))", "false\tx"),
        (
            "local function f() error('x', 2) end\nprint(pcall(function()\nf()\nend))",
            "false\tscript.lua:3: x",
        ),
        (
            "print(pcall(function() error({code = 5}) end))",
            "false\ttable",
        ),
        (
            "print(pcall(function() return error('tail') end))",
            "false\tscript.lua:1: tail",
        ),
        ("print(pcall(nil))", "false\tattempt to call a nil value"),
        (
            "print(xpcall(function() error('x') end, function(m) return 'handled ' .. m end))",
            "false\thandled script.lua:1: x",
        ),
        (
            "print(xpcall(function(a) return a end, print, 7))",
            "true\tnil",
        ),
        (
            "print(rawequal('a', 'a'), rawequal({}, {}), rawlen, rawget({5}, 1))",
            "true\tfalse\tnil\t5",
        ),
        ("print(unpack({1, 2, 3}))", "1\t2\t3"),
        ("print(loadstring('return 1 + 1')())", "2"),
        (
            "print(loadstring('return 1 +'))",
            "nil\t[string \"return 1 +\"]:1: unexpected symbol near '<eof>'",
        ),
        (
            "local n = 0 print(load(function() n = n + 1 return ({'return ', '42'})[n] end)())",
            "42",
        ),
        (
            "print(next({}), type(next), next({a = 1}))",
            "nil\tfunction\ta\t1",
        ),
        (
            "print(tostring(nil), tostring(true), tostring('x'))",
            "nil\ttrue\tx",
        ),
        (
            "print(setmetatable({}, {__tostring = function() return 'me' end}))",
            "me",
        ),
        (
            "local t = setmetatable({}, {__index = function(_, k) return k .. '!' end}) print(t.x)",
            "x!",
        ),
        (
            "local v = setmetatable({}, {__add = function(a, b) return 'sum' end}) print(v + 1)",
            "sum",
        ),
        (
            "local f = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end) print(f(1), f(10))",
            "2\t20",
        ),
        (
            "print(coroutine.resume(coroutine.create(function() error('in') end)))",
            "false\tscript.lua:1: in",
        ),
        (
            "local co = coroutine.create(function() end) coroutine.resume(co) print(coroutine.resume(co))",
            "false\tcannot resume dead coroutine",
        ),
        (
            "print(assert(1, 'unused'), pcall(assert, false))",
            "1\tfalse\tassertion failed!",
        ),
        (
            "for i = 1, 3 do for j = 1, 3 do if j == 2 then goto next end end ::next:: end print('done')",
            "done",
        ),
        (
            "for i = 1, 3 do if i == 2 then goto out end end ::out:: print('out')",
            "out",
        ),
        (
            "for _, v in ipairs({1, 2}) do local f = function() return v end if v == 1 then goto out end end ::out:: print('out')",
            "out",
        ),
    ] {
        match output(Dialect::Lua51, source) {
            Ok(text) => {
                let text = text.trim_end();
                if wanted.ends_with("\ttable") {
                    assert!(text.starts_with("false\ttable: "), "{text}");
                } else {
                    assert_eq!(text, wanted, "{source}");
                }
            }
            Err(message) => panic!("{message}\nin {source}"),
        }
    }
}

#[test]
fn strings_have_methods_and_patterns() {
    for (source, wanted) in [
        (
            "print(('Abc'):upper(), ('Abc'):lower(), ('abc'):len(), ('abc'):sub(2))",
            "ABC\tabc\t3\tbc",
        ),
        ("print(('a@b.c'):match('^([^@]+)@(.+)$'))", "a\tb.c"),
        (
            "print(('a,b'):find(',', 1, true), ('x'):rep(3), ('abc'):byte(1, -1))",
            "2\txxx\t97\t98\t99",
        ),
        (
            "print((('k=v; j=w'):gsub('(%w)=(%w)', '%2=%1')))",
            "v=k; w=j",
        ),
        ("print((('abc'):gsub('%w', {a = '1', b = false})))", "1bc"),
        (
            "print((('abc'):gsub('%w', function(c) return c:upper() end)))",
            "ABC",
        ),
        (
            "for k, v in ('a=1,b=2'):gmatch('(%w)=(%w)') do io.write(k, v, ' ') end",
            "a1 b2",
        ),
        (
            "print(('%d %s %5.2f %02X %%'):format(42, 'x', 3.14159, 10))",
            "42 x  3.14 0A %",
        ),
        ("print(('%q'):format('a\"b'))", "\"a\\\"b\""),
        (
            "print(#'äö', ('x'):reverse(), string.char(72, 105))",
            "4\tx\tHi",
        ),
    ] {
        match output(Dialect::Lua51, source) {
            Ok(text) => assert_eq!(text.trim_end(), wanted, "{source}"),
            Err(message) => panic!("{message}\nin {source}"),
        }
    }
}

#[test]
fn tables_and_math_have_their_51_names() {
    for (source, wanted) in [
        (
            "local t = {3, 1, 2} table.sort(t) print(table.concat(t, ','))",
            "1,2,3",
        ),
        (
            "local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) print(table.concat(t, ','))",
            "3,2,1",
        ),
        (
            "local t = {} table.insert(t, 'a') table.insert(t, 1, 'b') print(t[1], t[2], table.remove(t), #t)",
            "b\ta\ta\t1",
        ),
        ("print(table.getn({1, 2}), table.maxn({[5] = 1}))", "2\t5"),
        (
            "print(math.pow(2, 10), math.max(1, 5, 3), math.min(2, 1), math.fmod(7, 3), math.mod(7, 3))",
            "1024\t5\t1\t1\t1",
        ),
        (
            "print(math.log10(100), math.ldexp(0.5, 3), math.frexp(8))",
            "2\t4\t0.5\t4",
        ),
        (
            "print(math.abs(-3), math.ceil(1.2), math.sqrt(16), math.huge, math.modf(3.5))",
            "3\t2\t4\tinf\t3\t0.5",
        ),
        (
            "math.randomseed(42) local a = math.random(1, 100) math.randomseed(42) print(a == math.random(1, 100), a >= 1 and a <= 100)",
            "true\ttrue",
        ),
    ] {
        expect_output(source, wanted);
    }
}

#[test]
fn time_comes_from_the_host() {
    let host = Rc::new(FakeHost::default());
    host.seconds.set(1_709_208_305);
    host.environment
        .borrow_mut()
        .insert("HOME".to_owned(), "/here".to_owned());
    let printed = output_with(
        &host,
        Dialect::Lua51,
        r#"print(os.time(), os.clock(), os.difftime(5, 3))
           print(os.date("!%Y-%m-%dT%H:%M:%S"), os.date("%H", 0), os.date("*t", 0).year)
           print(os.time({year = 1970, month = 1, day = 2, hour = 0}))
           print(os.getenv("HOME"), os.getenv("SECRET"))
           print(pcall(os.time, {year = 1970}))"#,
    )
    .unwrap();
    assert_eq!(
        printed,
        "1709208305\t1.5\t2\n2024-02-29T12:05:05\t00\t1970\n86400\n/here\tnil\n\
         false\tfield 'day' missing in date table\n"
    );
}

#[test]
fn what_a_sandbox_cannot_do_is_an_error_that_names_the_rule() {
    for (call, wanted) in [
        (
            "os.execute('ls')",
            "os.execute is not available: scripts cannot start processes or change files",
        ),
        (
            "os.remove('x')",
            "os.remove is not available: scripts cannot start processes or change files",
        ),
        (
            "io.popen('ls')",
            "io.popen is not available: scripts cannot start processes",
        ),
        (
            "io.tmpfile()",
            "io.tmpfile is not available: scripts cannot write files",
        ),
    ] {
        expect_output(
            &format!("print(pcall(function() {call} end))"),
            &format!("false\tscript.lua:1: {wanted}"),
        );
    }
}

#[test]
fn a_plain_script_gets_arguments_and_sets_the_exit_code() {
    for (source, wanted) in [
        ("print(#arg, arg[1], arg[2], ...)", 0),
        ("os.exit(3)", 3),
        ("pcall(os.exit, 4) print('never')", 4),
        ("os.exit(256 + 7)", 7),
    ] {
        let host = Rc::new(FakeHost::default());
        let mut runtime = load(&host, Kind::Plain, source).unwrap();
        let code = runtime
            .run_plain(&["a".to_owned(), "b".to_owned()])
            .unwrap_or_else(|error| panic!("{}", error.message));
        assert_eq!(code, wanted, "{source}");
        let text = host.output_text();
        assert_eq!(
            text,
            if wanted == 0 && source.contains("#arg") {
                "2\ta\tb\ta\tb\n"
            } else {
                ""
            }
        );
    }
}

#[test]
fn gsub_treats_empty_matches_as_each_dialect_does() {
    // As `lua5.1` and `lua5.4` print them.
    for (call, wanted51, wanted54) in [
        ("('abc'):gsub('', '-')", "-a-b-c-\t4", "-a-b-c-\t4"),
        (
            "('abc'):gsub('', function() return '.' end)",
            ".a.b.c.\t4",
            ".a.b.c.\t4",
        ),
        (
            "('abc'):gsub('x*', {[''] = '-'})",
            "-a-b-c-\t4",
            "-a-b-c-\t4",
        ),
        ("('aaa'):gsub('^a', 'b')", "baa\t1", "baa\t1"),
        ("('a,,b'):gsub(',*', '-')", "-a--b-\t4", "-a-b-\t3"),
        (
            "('hello world'):gsub('%w*', '<%0>')",
            "<hello><> <world><>\t4",
            "<hello> <world>\t2",
        ),
    ] {
        for (dialect, wanted) in [(Dialect::Lua51, wanted51), (Dialect::Lua54, wanted54)] {
            assert_eq!(
                output(dialect, &format!("print({call})")),
                Ok(format!("{wanted}\n")),
                "{call}"
            );
        }
    }
    expect_output(
        r#"for w in ("a\nb"):gmatch("([^\n]*)\n?") do io.write("[", w, "]") end print()"#,
        "[a][b][]",
    );
}

#[test]
fn format_takes_numbers_as_each_dialect_does() {
    expect_output(
        "print(('%s %s %s %d %d %5.1f %x'):format(10/2, nil, true, '10', 3.7, '2.25', 255))",
        "5 nil true 10 3   2.2 ff",
    );
    assert_eq!(
        output(
            Dialect::Lua54,
            "print(('%s %d'):format(10/2, '10'), pcall(string.format, '%d', 3.7))"
        ),
        Ok(
            "5.0 10\tfalse\tbad argument #2 to 'string.format' (number has no integer representation)\n"
                .to_owned()
        )
    );
}

#[test]
fn random_numbers_differ_between_calls_of_one_snapshot() {
    let host = Rc::new(FakeHost::default());
    let mut runtime = load(
        &host,
        Kind::Plain,
        "print(math.random(), math.random(1, 1000000))",
    )
    .unwrap();
    runtime.run_plain(&[]).unwrap();
    let first = host.output_text();
    host.output.borrow_mut().clear();
    runtime.run_plain(&[]).unwrap();
    assert_ne!(first, host.output_text());
}

#[test]
fn shebang_and_byte_order_mark_are_skipped() {
    for source in [
        "#!/usr/bin/lua\nprint('x')",
        "\u{feff}print('x')",
        "\u{feff}#!lua\nprint('x')",
    ] {
        expect_output(source, "x");
    }
    let error = load(&Rc::default(), Kind::Plain, "#!/usr/bin/lua\nx = =")
        .err()
        .unwrap();
    assert_eq!(error.line, 2);
    let mut binary = bundle(Kind::Plain, Dialect::Lua51, "");
    binary.source = b"\x1bLua".to_vec();
    assert!(Runtime::load(Rc::new(FakeHost::default()), binary).is_err());
}
