//! `bulkhead lua run` and `bulkhead plugin inspect`.

use crate::program::{Ran, run};

fn lua(dialect: &str, source: &str, arguments: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("script.lua");
    std::fs::write(&file, source).unwrap();
    std::fs::write(folder.path().join("tools.lua"), "return {answer = 42}").unwrap();
    let mut words = vec!["lua", "run", "--dialect", dialect, file.to_str().unwrap()];
    words.extend(arguments);
    run(&words)
}

#[test]
fn output_of_a_script_goes_to_standard_output() {
    let ran = lua("5.1", "print('a', 1); io.write('b')", &[]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "a\t1\nb"), "{}", ran.err);
}

#[test]
fn the_dialects_differ_as_the_languages_do() {
    assert_eq!(lua("5.1", "print(10/2)", &[]).out, "5\n");
    assert_eq!(lua("5.4", "print(10/2)", &[]).out, "5.0\n");
}

#[test]
fn a_script_gets_its_arguments() {
    let ran = lua(
        "5.1",
        "print(select('#', ...), arg[1], arg[2])",
        &["-x", "y z"],
    );
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "2\t-x\ty z\n"),
        "{}",
        ran.err
    );
}

#[test]
fn a_script_can_require_its_neighbours() {
    let ran = lua("5.1", "print(require('tools').answer)", &[]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "42\n"), "{}", ran.err);
}

#[test]
fn an_uncaught_error_goes_to_standard_error_and_ends_with_1() {
    let ran = lua("5.1", "print('before')\nerror('broken')", &[]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert_eq!(ran.out, "before\n");
    assert!(ran.err.starts_with("lua: "), "{}", ran.err);
    assert!(ran.err.contains("script.lua:2: broken"), "{}", ran.err);
}

#[test]
fn a_syntax_error_names_its_line() {
    let ran = lua("5.1", "local x = 1\nlocal = 2\n", &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("lua: "), "{}", ran.err);
    assert!(ran.err.contains("script.lua:2:"), "{}", ran.err);
}

#[test]
fn os_exit_ends_with_its_code() {
    for (source, code) in [
        ("os.exit(7)", 7),
        ("os.exit(true)", 0),
        ("os.exit(false)", 1),
        ("os.exit()", 0),
    ] {
        assert_eq!(lua("5.1", source, &[]).code, code, "{source}");
    }
}

#[test]
fn inspect_refuses_what_is_no_component_with_65() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("not.wasm");
    std::fs::write(&file, "this is no component").unwrap();
    let ran = run(&["plugin", "inspect", file.to_str().unwrap()]);
    assert_eq!(ran.code, 65, "{}", ran.err);
    assert!(ran.err.contains("not.wasm"), "{}", ran.err);
}

#[test]
fn a_script_can_read_its_own_folder_and_what_is_named() {
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("list.txt");
    std::fs::write(&file, "listed").unwrap();
    let file = file.to_str().unwrap();
    let source = "for _, name in ipairs(arg) do
        local file = io.open(name)
        print(file and file:read('*a'))
    end";
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script.lua");
    std::fs::write(&script, source).unwrap();
    std::fs::write(folder.path().join("own.txt"), "own").unwrap();
    let script = script.to_str().unwrap();
    let ran = run(&["lua", "run", script, "own.txt", file]);
    assert_eq!(ran.out, "own\nnil\n", "{}", ran.err);
    let ran = run(&["lua", "run", "--files", file, script, "own.txt", file]);
    assert_eq!(ran.out, "own\nlisted\n", "{}", ran.err);
}
