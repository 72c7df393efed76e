//! How the name of a chunk is shown in messages.
//!
//! A prototype holds the name as it was given: `@file`, `=name`, or the source text itself.

use crate::numbers::{self, Style};

/// Longest name that is shown, in bytes, with the end marker of C.
const SIZE: usize = 60;
/// The same in syntax errors of Lua 5.1.
const SIZE_IN_SYNTAX_ERRORS: usize = 80;

/// `file`, `name` or `[string "first line..."]`, cut off at the length where PUC-Rio does.
pub fn shown(source: &[u8]) -> Vec<u8> {
    match numbers::style() {
        Style::Lua51 => shown_51(source, SIZE),
        Style::Lua54 => shown_54(source),
    }
}

/// As [`shown`], for errors of the compiler.
pub fn shown_in_syntax_error(source: &[u8]) -> Vec<u8> {
    match numbers::style() {
        Style::Lua51 => shown_51(source, SIZE_IN_SYNTAX_ERRORS),
        Style::Lua54 => shown_54(source),
    }
}

/// C's strings end at a zero byte.
fn c_string(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn shown_51(source: &[u8], size: usize) -> Vec<u8> {
    let source = c_string(source);
    match source.split_first() {
        Some((b'=', name)) => start(name, size - 1).to_vec(),
        Some((b'@', file)) => {
            let most = size - " '...' \0".len();
            if file.len() <= most {
                return file.to_vec();
            }
            [b"...", end(file, most)].concat()
        }
        _ => {
            let most = size - " [string \"...\"] \0".len();
            let line = source.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let length = line.unwrap_or(source.len()).min(most);
            quoted(start(source, length), length < source.len())
        }
    }
}

fn shown_54(source: &[u8]) -> Vec<u8> {
    let source = c_string(source);
    match source.split_first() {
        Some((b'=', name)) => start(name, SIZE - 1).to_vec(),
        Some((b'@', file)) if file.len() < SIZE => file.to_vec(),
        Some((b'@', file)) => [b"...", end(file, SIZE - 1 - "...".len())].concat(),
        _ => {
            let most = SIZE - "[string \"...\"]\0".len();
            let line = source.iter().position(|byte| *byte == b'\n');
            let length = line.unwrap_or(source.len()).min(most);
            quoted(start(source, length), line.is_some() || source.len() >= most)
        }
    }
}

fn quoted(line: &[u8], cut: bool) -> Vec<u8> {
    let after: &[u8] = if cut { b"...\"]" } else { b"\"]" };
    [b"[string \"", line, after].concat()
}

fn start(text: &[u8], most: usize) -> &[u8] {
    text.get(..most).unwrap_or(text)
}

fn end(text: &[u8], most: usize) -> &[u8] {
    text.get(text.len().saturating_sub(most)..).unwrap_or(text)
}
