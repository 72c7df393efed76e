//! The guide (`README.md`) shows files that exist, compile and are tested: word for word.

use std::{error::Error, fs, path::Path};

/// The code block that follows the marker of a file.
fn shown<'a>(guide: &'a str, file: &str) -> Option<&'a str> {
    let (_, rest) = guide.split_once(&format!("<!-- file: {file} -->\n```rust,ignore\n"))?;
    rest.split_once("```").map(|(block, _)| block)
}

#[test]
fn the_guides_files_are_those_of_the_tested_example() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = fs::read_to_string(here.join("README.md"))?;
    for file in ["only-protocols/src/lib.rs", "only-protocols/src/tests.rs"] {
        let real = fs::read_to_string(here.join("../tests/guests").join(file))?;
        assert_eq!(shown(&guide, file), Some(real.as_str()), "{file}");
    }
    Ok(())
}

#[test]
fn the_guides_manifest_is_that_of_the_tested_example() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = fs::read_to_string(here.join("README.md"))?;
    let real = fs::read_to_string(here.join("../tests/guests/only-protocols/Cargo.toml"))?;
    // A reader gets the SDK from elsewhere than the example does.
    let real = real.replace(
        r#"path = "../../../guest-sdk""#,
        r#"git = "https://github.com/bulkhead-auth/bulkhead""#,
    );
    assert!(guide.contains(&format!("```toml\n{real}```")), "{real}");
    Ok(())
}

#[test]
fn the_guides_filter_takes_little_code() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = fs::read_to_string(here.join("README.md"))?;
    let block = shown(&guide, "only-protocols/src/lib.rs").ok_or("no block")?;
    let code = block
        .lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .filter(|line| line.chars().any(char::is_alphabetic) && !line.starts_with("//"))
        .count();
    assert!(code <= 20, "{code} lines");
    Ok(())
}
