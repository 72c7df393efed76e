//! Scripts that try to break the runtime: each must end as an error or a result, never as a panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use bulkhead_lua::wit::exports::bulkhead::policy::script::Dialect;
use support::{expect_output, output};

#[test]
fn library_functions_survive_absurd_arguments() {
    for body in [
        "string.format('%')",
        "string.format('%5')",
        "string.format('%c', 2^40)",
        "('x'):sub(-2^63, 2^63)",
        "('x'):find('x', 2^62)",
        "('x'):find('x', -2^62)",
        "('x'):gsub('x', 'y', -2^62)",
        "('x'):match('x', 2^62)",
        "string.char(-1)",
        "string.char(2^40)",
        "select(2^62, 1)",
        "select(-2^62, 1)",
        "math.random(-2^62, 2^62)",
        "math.random(2^62, -2^62)",
        "math.random(0/0)",
        "math.floor(0/0)",
        "math.floor(1e300)",
        "math.abs(-2^63)",
        "math.ldexp(1, 2^40)",
        "math.frexp(1e-320)",
        "table.sort({3, 1, 2}, function() return true end)",
        "table.sort({3, 1, 2}, function() error({}) end)",
        "table.sort({0/0, 1, 0/0, 2})",
        "table.concat({}, 'x', -2^53, 2^53)",
        "table.insert({}, 2^53, 1)",
        "table.remove({}, -2^53)",
        "(unpack or table.unpack)({}, -2^63, 2^63)",
        "(unpack or table.unpack)({}, 2^62, 2^63)",
        "table.sort(setmetatable({}, {__len = function() return 2^53 end}))",
        "table.sort({3, 1, 2}, coroutine.yield)",
        "coroutine.wrap(table.sort)({3, 1, 2}, coroutine.yield)",
        "table.foreach({1, 2, 3}, function(k) error(k) end)",
        "math.randomseed(0/0) math.random()",
        "math.max()",
        "require('bit32').lshift(1, -2^53)",
        "require('bit32').extract(1, 2^53, 2^53)",
        "require('bit').tohex(0/0, -2^53)",
        "require('bit').lshift(1/0, -1)",
        "os.time(setmetatable({}, {__index = error}))",
        "os.date(('%c'):rep(1000), -2^53)",
        "io.stdin:seek('set', 2^53) io.stdin:read(2^53)",
        "io.lines(nil, ('x'):rep(1000))",
        "getmetatable(io.stdout).__gc(io.stdout) io.write('')",
        "io.output():close() io.write('x')",
        "rawset({}, 0/0, 1)",
        "next({}, 0/0)",
        "tonumber('1', 99)",
        "tonumber(('9'):rep(1000))",
        "tonumber('0x' .. ('f'):rep(1000))",
        "os.time({year = 2^62, month = 2^62, day = -2^62})",
        "os.date('%c', 2^62)",
        "os.date('%c', -2^62)",
        "os.date('*t', 0/0)",
        "os.date('%Q')",
        "os.date('%')",
        "coroutine.wrap(function() coroutine.yield() end)()",
        "coroutine.yield()",
        "coroutine.close(coroutine.running())",
        "coroutine.wrap(coroutine.yield)()",
        "pcall(coroutine.yield)",
        "pcall(pcall)",
        "pcall(pcall, pcall, error)",
        "xpcall(error, error)",
        "error(setmetatable({}, {__tostring = function() error('x') end}))",
        "error(nil, 2^62)",
        "error('x', -2^62)",
        "error('x', 2^40)",
        "print(setmetatable({}, {__tostring = function() return 1, 2 end}))",
        "print(setmetatable({}, {__tostring = function() end}))",
        "print(setmetatable({}, {__tostring = function() error('no') end}))",
        "io.write({})",
        "require('json').encode(setmetatable({}, {__index = error}))",
        "require('json').decode(('['):rep(100000))",
        "require('json').decode('1e999')",
        "require('json').decode('\"\\\\ud800\"')",
        "require(('x'):rep(10000))",
        "require('../../etc/passwd')",
        "load(function() return {} end)",
        "load('x', nil, nil, {})()",
        "loadstring(('x = {'):rep(300))",
        "collectgarbage('collect') collectgarbage(5)",
        "debug.traceback(nil, 2^62)",
        "setmetatable(_G, {__index = function(_, k) return k .. nothing end}) local x = undefined",
        "_G._G = nil pcall = nil error('gone')",
        "string.format = nil string.gsub = 5 local x = ('x'):gsub('a', 'b')",
        "package.loaded = nil require('json')",
        "package.loaded.json = nil require('json')",
        "package.path = 5 require('json5')",
        "package.preload = 5 require('x')",
        "local t = {} t[2^53] = 1 t[-1] = 2 t[1.5] = 3 for k in pairs(t) do t[k] = nil end",
        "return ('('):rep(100):find(('%('):rep(100))",
        "return ('x'):find(('('):rep(40))",
        "return ('x'):find('[')",
        "return ('x'):find('%')",
        "return ('x'):find('%b')",
        "return ('x'):find('%f')",
        "return ('x'):find('[a-')",
        "return ('x'):find('[%')",
        "return ('x'):gsub('x', '%')",
        "return ('x'):gsub('x', '%9')",
    ] {
        for dialect in [Dialect::Lua51, Dialect::Lua54] {
            // Either outcome is fine; a panic is not.
            let _ = output(dialect, body);
            let _ = output(dialect, &format!("pcall(function() {body} end)"));
        }
    }
}

#[test]
fn yielding_outside_a_coroutine_is_an_error() {
    expect_output(
        "print(pcall(coroutine.yield, 1))
         print(coroutine.wrap(function() return (pcall(function() return coroutine.yield('out') end)) end)())",
        "false\tattempt to yield across metamethod/C-call boundary\nout",
    );
}

#[test]
fn strings_do_not_grow_without_bound() {
    for count in ["2^60", "2^32 + 1", "math.maxinteger"] {
        assert_eq!(
            output(
                Dialect::Lua54,
                &format!("print(pcall(string.rep, 'x', {count}))")
            ),
            Ok("false\tresulting string too large\n".to_owned())
        );
    }
    // In Lua 5.1 the count is a C `int`.
    expect_output(
        "print(('x'):rep(2^32 + 1), ('x'):rep(2^60) == '')",
        "x\ttrue",
    );
    expect_output("print(('ab'):rep(2), ('x'):rep(0) == '')", "abab\ttrue");
}

#[test]
fn a_failing_error_handler_does_not_escape() {
    expect_output(
        "print(xpcall(error, function() error('again', 0) end))",
        "false\terror in error handling",
    );
}
