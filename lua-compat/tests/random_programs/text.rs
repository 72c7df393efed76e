//! Random patterns, replacements and formats, well formed for the most part.

use super::numbers::Random;

const LETTERS: [&str; 12] = ["a", "b", "l", "o", "x", "1", "2", ",", " ", "=", "%.", "%%"];
const CLASSES: [&str; 14] = [
    ".", "%a", "%d", "%s", "%w", "%p", "%l", "%u", "%x", "%c", "%S", "%D", "%W", "%A",
];
const SETS: [&str; 10] = [
    "[abc]", "[^abc]", "[%w_]", "[^%s]", "[a-f0-9]", "[^,]", "[%a%d]", "[]a]", "[^]]", "[a%-z]",
];

/// A pattern, as the content of a Lua string in double quotes.
pub fn pattern(random: &mut Random) -> String {
    let mut text = String::new();
    let mut open = 0;
    let mut closed = 0;
    if random.percent(15) {
        text.push('^');
    }
    for _ in 0..1 + random.below(4) {
        match random.below(20) {
            0..3 => {
                text.push('(');
                open += 1;
            }
            3 => {
                text.push_str("()");
                closed += 1;
            }
            4 if closed > 0 => text.push_str(&format!("%{}", 1 + random.below(closed))),
            5 => text.push_str(random.pick(&["%b()", "%bxy", "%f[%w]", "%f[%A]", "%f[^a]"])),
            // Broken ones.
            6 if random.percent(15) => {
                text.push_str(random.pick(&["%", "[", "(", ")", "[a", "%9", "%f", "%b", "[^"]));
            }
            _ => {
                text.push_str(match random.below(3) {
                    0 => random.pick(&LETTERS),
                    1 => random.pick(&CLASSES),
                    _ => random.pick(&SETS),
                });
                text.push_str(random.pick(&["", "", "", "*", "+", "-", "?"]));
            }
        }
        if open > 0 && random.percent(50) {
            text.push(')');
            open -= 1;
            closed += 1;
        }
    }
    text.push_str(&")".repeat(open));
    if random.percent(12) {
        text.push('$');
    }
    text
}

/// The third argument of `gsub`, if it is a string.
pub fn replacement(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..random.below(4) {
        text.push_str(random.pick(&["<", ">", "x", "%0", "%1", "%1", "%%", "%2", "-"]));
    }
    text
}

/// A format and, for each conversion, whether it takes a number, a whole number or a string.
pub fn format(random: &mut Random, fractions: bool) -> (String, Vec<char>) {
    let mut text = String::new();
    let mut kinds = Vec::new();
    for _ in 0..1 + random.below(3) {
        text.push_str(random.pick(&["", " ", "a=", "%%", "|"]));
        let (kind, letters): (char, &[&str]) = match random.below(3) {
            0 => ('d', &["d", "i", "x", "X", "o", "c"]),
            1 if fractions => ('f', &["f", "g", "e", "G", "E"]),
            _ => ('s', &["s", "s", "q"]),
        };
        let letter = random.pick(letters);
        text.push('%');
        // The manual allows no more than these, and 5.4 checks it.
        if letter != "q" {
            let flags: &[&str] = match letter {
                "d" | "i" => &["", "", "-", "0", "+", " "],
                "x" | "X" | "o" => &["", "", "-", "0", "#"],
                "c" | "s" => &["", "", "-"],
                _ => &["", "", "-", "0", "+", " ", "#"],
            };
            text.push_str(random.pick(flags));
            if random.percent(40) {
                text.push_str(&(1 + random.below(12)).to_string());
            }
            if letter != "c" && random.percent(30) {
                text.push_str(&format!(".{}", random.below(8)));
            }
        }
        text.push_str(letter);
        kinds.push(if letter == "c" { 'c' } else { kind });
    }
    (text, kinds)
}
