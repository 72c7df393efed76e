//! The libraries `os` and `io`: time, granted files, and what a script cannot do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::rc::Rc;

use bulkhead_lua::wit::exports::bulkhead::policy::script::Dialect::{self, Lua51, Lua54};
use bulkhead_lua::wit::exports::bulkhead::policy::script::Kind;
use support::{FakeHost, load, logged, output_with, request};

fn host() -> Rc<FakeHost> {
    let host = FakeHost::default();
    host.seconds.set(1_709_208_305);
    let text = b"first line\nsecond\n\n 12 0x1F -3.5e2 abc\nlast".to_vec();
    host.granted.borrow_mut().insert("users".to_owned(), text);
    Rc::new(host)
}

fn check(dialect: Dialect, cases: &[(&str, &str)]) {
    for (source, wanted) in cases {
        match output_with(&host(), dialect, source) {
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
fn dates_are_those_of_the_c_locale_in_utc() {
    check_both(&[
        (
            "print(os.time(), os.date())",
            "1709208305\tThu Feb 29 12:05:05 2024",
        ),
        (
            "print(os.date('!%Y-%m-%dT%H:%M:%S %Z'), os.date('%z %Z %j %p'))",
            "2024-02-29T12:05:05 GMT\t+0000 UTC 060 PM",
        ),
        ("print(os.date('%c', -2^31))", "Fri Dec 13 20:45:52 1901"),
        (
            "local t = os.date('*t', 86399) print(t.hour, t.min, t.wday, t.yday, t.isdst)",
            "23\t59\t5\t1\tfalse",
        ),
        (
            "print(os.time({year = 2024, month = 14, day = 0, hour = 25, min = -1, sec = 60}))",
            "1738371600",
        ),
        (
            "print(os.time(setmetatable({}, {__index = function(_, k) return k == 'year' and 2000 or 1 end})))",
            "946684861",
        ),
    ]);
    check(
        Lua51,
        &[
            ("print(os.date('%Q %', 0))", "%Q %"),
            (
                "print(os.date('%c', 2^60), os.time({year = 1969, month = 12, day = 31, hour = 23, min = 59, sec = 59}))",
                "nil\tnil",
            ),
            (
                "print(pcall(os.time, {year = 1970}))",
                "false\tfield 'day' missing in date table",
            ),
        ],
    );
    check(
        Lua54,
        &[
            (
                "print(pcall(function() os.date('%Ez') end))",
                "false\tscript.lua:1: bad argument #1 to 'date' (invalid conversion specifier '%Ez')",
            ),
            (
                "print(pcall(os.date, '%c', 2^60))",
                "false\tdate result cannot be represented in this installation",
            ),
            (
                "print(pcall(os.time, {year = 1970}))",
                "false\tfield 'month' missing in date table",
            ),
            (
                "print(pcall(os.time, {year = 'x'}))",
                "false\tfield 'year' is not an integer",
            ),
            (
                "print(pcall(os.time, {year = 2024, month = 2^40, day = 1}))",
                "false\tfield 'month' is out-of-bound",
            ),
            (
                "local t = {year = 2024, month = 2, day = 30} os.time(t) print(t.month, t.day, t.wday, t.hour)",
                "3\t1\t6\t12",
            ),
            (
                "print(os.difftime(5, 3), pcall(function() os.difftime(5) end))",
                "2.0\tfalse\tscript.lua:1: bad argument #2 to 'difftime' (number expected, got no value)",
            ),
        ],
    );
}

#[test]
fn granted_files_are_read_in_all_formats() {
    check_both(&[
        (
            "local f = io.open('users') print(f:seek('end'), f:seek('set', 6), f:read(4), f:seek('cur', -4)) print(f:seek('set', -1))",
            "43\t6\tline\t6\nnil\tInvalid argument\t22",
        ),
        (
            "local n = 0 for line in io.lines('users') do n = n + 1 end print(n)",
            "5",
        ),
        (
            "local f = io.open('users') for line in f:lines() do io.write('[', line, ']') end print(io.type(f))",
            "[first line][second][][ 12 0x1F -3.5e2 abc][last]file",
        ),
        (
            "io.input('users') print(io.read(), io.type(io.input()), io.close(io.input()))",
            "first line\tfile\ttrue",
        ),
    ]);
    let formats = "local f = io.open('users') print(f:read(), f:read('*l'), f:read('*l') == '', f:read('*n', '*n', '*n')) print(f:read(4, 0, '*a')) print(f:read('*a') == '', f:read('*l'), f:read(0))";
    check(
        Lua51,
        &[(
            formats,
            "first line\tsecond\ttrue\t12\t31\t-350\n abc\t\t\nlast\ntrue\tnil\tnil",
        )],
    );
    check(
        Lua54,
        &[
            (
                formats,
                "first line\tsecond\ttrue\t12\t31\t-350.0\n abc\t\t\nlast\ntrue\tnil\tnil",
            ),
            (
                "local f = io.open('users') print(#f:read('L'), f:lines(3)())",
                "11\tsec",
            ),
            ("print(select('#', io.lines('users')))", "4"),
        ],
    );
}

#[test]
fn files_that_cannot_be_had_are_nil_and_a_reason() {
    check_both(&[
        (
            "print(io.open('none'))",
            "nil\tnone: No such file or directory\t2",
        ),
        (
            "print(io.open('users', 'w'))",
            "nil\tusers: scripts cannot write files\t30",
        ),
        (
            "print(io.open('users', 'r+'))",
            "nil\tusers: scripts cannot write files\t30",
        ),
        (
            "local f = io.open('users') print(f:write('x'))",
            "nil\tBad file descriptor\t9",
        ),
        (
            "print(io.read(), io.read(0), io.read('*a') == '')",
            "nil\tnil\ttrue",
        ),
        ("print(io.stdout:read())", "nil\tBad file descriptor\t9"),
        ("print(io.stdin:close())", "nil\tcannot close standard file"),
    ]);
    check(
        Lua51,
        &[
            (
                "print(pcall(function() io.lines('none') end))",
                "false\tscript.lua:1: bad argument #1 to 'lines' (none: No such file or directory)",
            ),
            (
                "print(io.open('users', 'z'))",
                "nil\tusers: Invalid argument\t22",
            ),
            (
                "print(pcall(function() io.read('l') end))",
                "false\tscript.lua:1: bad argument #1 to 'read' (invalid option)",
            ),
        ],
    );
    check(
        Lua54,
        &[
            (
                "print(pcall(function() io.lines('none') end))",
                "false\tscript.lua:1: cannot open file 'none' (No such file or directory)",
            ),
            (
                "print(pcall(function() io.open('users', 'rw') end))",
                "false\tscript.lua:1: bad argument #2 to 'open' (invalid mode)",
            ),
            (
                "print(pcall(function() io.read('x') end))",
                "false\tscript.lua:1: bad argument #1 to 'read' (invalid format)",
            ),
        ],
    );
}

#[test]
fn closed_files_say_so() {
    check_both(&[
        (
            "local f = io.open('users') print(f:close(), io.type(f), tostring(f))",
            "true\tclosed file\tfile (closed)",
        ),
        (
            "local f = io.open('users') f:close() print(pcall(function() f:read() end))",
            "false\tscript.lua:1: attempt to use a closed file",
        ),
        (
            "local f = io.open('users') local next = f:lines() f:close() print(pcall(next))",
            "false\tfile is already closed",
        ),
        (
            "print(io.type(io.stdout), io.type(5), (tostring(io.stdout):gsub('0x%x+', 'address')))",
            "file\tnil\tfile (address)",
        ),
        (
            "print(pcall(io.stdout.read))",
            "false\tbad argument #1 to 'read' (FILE* expected, got no value)",
        ),
    ]);
    check(
        Lua54,
        &[(
            "local f = io.open('users') getmetatable(f).__close(f) print(io.type(f), getmetatable(f).__name)",
            "closed file\tFILE*",
        )],
    );
}

#[test]
fn a_login_writes_to_the_log_line_by_line() {
    let host = host();
    let source =
        "io.write('one\\ntwo ') io.stderr:write('and more\\n') print('three') io.write('rest')
        function nauthilus_call_feature() return false, false, 0 end";
    let mut runtime = load(&host, Kind::Feature, source).unwrap();
    runtime.run_feature(&request()).unwrap();
    assert_eq!(logged(&host), ["one", "two and more", "three", "rest"]);
}

#[test]
fn leaving_a_login_is_a_failure_that_nothing_catches() {
    for call in [
        "os.exit(0)",
        "pcall(os.exit, true)",
        "coroutine.wrap(function() os.exit() end)()",
    ] {
        let source = format!("function nauthilus_call_feature() {call} return true, false, 0 end");
        let mut runtime = load(&host(), Kind::Feature, &source).unwrap();
        let failure = runtime.run_feature(&request()).unwrap_err();
        assert_eq!(failure.message, "the script called os.exit(0)", "{call}");
    }
}
