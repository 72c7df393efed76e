//! `require`: where modules are found, when they run, and what their errors say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::rc::Rc;

use bulkhead_lua::wit::exports::bulkhead::policy::script::{Dialect, Kind};
use support::{FakeHost, expect_output, load, output_with};

#[test]
fn modules_are_found_compiled_and_remembered() {
    let host = Rc::new(
        FakeHost::default()
            .with_file("lib/util.lua", "local M = {} M.name = ... function M.f() return require('deep.inner').x end return M")
            .with_file("lib/deep/inner.lua", "return { x = 'inner' }"),
    );
    let mut runtime = load(
        &host,
        Kind::Plain,
        "local u = require 'util' print(u.f(), u.name, require('util') == u, package.loaded.util == u)",
    )
    .unwrap();
    // Both modules were read at load, the nested one too.
    assert!(
        host.read
            .borrow()
            .contains(&"lib/deep/inner.lua".to_owned())
    );
    host.read.borrow_mut().clear();
    runtime.run_plain(&[]).unwrap();
    assert_eq!(host.output_text(), "inner\tutil\ttrue\ttrue\n");
    assert!(host.read.borrow().is_empty(), "nothing is read in a call");
}

#[test]
fn modules_by_other_names_and_paths_are_found_in_a_call() {
    let host = Rc::new(
        FakeHost::default()
            .with_file("lib/a.lua", "return 'a'")
            .with_file("other/b.lua", "return 'b'"),
    );
    assert_eq!(
        output_with(
            &host,
            Dialect::Lua51,
            "local n = 'a' print(require(n))
             package.path = 'other/?.lua;' .. package.path
             print(require('b'))
             package.preload.c = function(name) return 'preloaded ' .. name end
             print(require('c'))",
        ),
        Ok("a\nb\npreloaded c\n".to_owned())
    );
}

#[test]
fn an_unknown_module_lists_where_it_was_looked_for() {
    expect_output(
        "local ok, m = pcall(require, 'nauthilus_redis') print(ok, m)",
        "false\tmodule 'nauthilus_redis' not found:\n\tno field package.preload['nauthilus_redis']\
         \n\tno file 'lib/nauthilus_redis.lua'\
         \n\tno file '/usr/local/share/nauthilus/lua/nauthilus_redis.lua'\
         \n\tno file '/usr/share/nauthilus/lua/nauthilus_redis.lua'\
         \n\tno file '/usr/app/lua-plugins.d/share/nauthilus_redis.lua'",
    );
}

#[test]
fn a_module_that_does_not_compile_fails_the_load() {
    let host = Rc::new(FakeHost::default().with_file("lib/bad.lua", "x =\n= 1"));
    let error = load(&host, Kind::Plain, "local ok, bad = pcall(require, 'bad')")
        .err()
        .unwrap();
    assert_eq!(error.message, "lib/bad.lua:2: unexpected symbol near '='");
    assert_eq!(error.line, 2);
}

#[test]
fn errors_inside_modules_name_the_module() {
    let host = Rc::new(FakeHost::default().with_file(
        "lib/m.lua",
        "local M = {}\nfunction M.f()\n  error('oops')\nend\nreturn M",
    ));
    assert_eq!(
        output_with(&host, Dialect::Lua51, "require('m').f()"),
        Err("lib/m.lua:3: oops".to_owned())
    );
}

#[test]
fn standard_libraries_can_be_required() {
    expect_output(
        "print(require('string') == string, require('math') == math, require('_G') == _G)",
        "true\ttrue\ttrue",
    );
}

#[test]
fn a_module_is_told_its_name_and_in_lua_54_its_file() {
    let host = Rc::new(FakeHost::default().with_file("lib/m.lua", "print(...) return 'value'"));
    assert_eq!(
        output_with(
            &host,
            Dialect::Lua54,
            "print(require 'm') print(require 'm')"
        ),
        Ok("m\tlib/m.lua\nvalue\tlib/m.lua\nvalue\n".to_owned())
    );
    let host = Rc::new(FakeHost::default().with_file("lib/m.lua", "print(...) return 'value'"));
    assert_eq!(
        output_with(&host, Dialect::Lua51, "print(require 'm')"),
        Ok("m\nvalue\n".to_owned())
    );
}

#[test]
fn a_module_that_failed_is_not_tried_again_in_lua_51() {
    let host = Rc::new(FakeHost::default().with_file("lib/bad.lua", "error('boom')"));
    assert_eq!(
        output_with(
            &host,
            Dialect::Lua51,
            "print(pcall(require, 'bad')) print(pcall(require, 'bad'))"
        ),
        Ok("false\tlib/bad.lua:1: boom\n\
            false\tloop or previous error loading module 'bad'\n"
            .to_owned())
    );
}

#[test]
fn scripts_may_add_searchers() {
    for (dialect, table) in [(Dialect::Lua51, "loaders"), (Dialect::Lua54, "searchers")] {
        let source = format!(
            "table.insert(package.{table}, 1, function(name) return function() return 'made ' .. name end end)
             print((require('x' .. 'y')))"
        );
        assert_eq!(
            output_with(&Rc::new(FakeHost::default()), dialect, &source),
            Ok("made xy\n".to_owned())
        );
    }
}

#[test]
fn module_makes_a_table_of_the_globals_of_a_chunk() {
    let host = Rc::new(FakeHost::default().with_file(
        "lib/old.lua",
        "module(..., package.seeall) function greet() return type(print), _NAME end y = 3",
    ));
    assert_eq!(
        output_with(
            &host,
            Dialect::Lua51,
            "require 'old' print(old.greet()) print(old.y, y, old._M == old)"
        ),
        Ok("function\told\n3\tnil\ttrue\n".to_owned())
    );
}
