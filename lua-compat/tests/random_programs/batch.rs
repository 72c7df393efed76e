//! Many programs at once: one process of the real interpreter and one of ours run them all.

use super::corpus::{Block, Version};
use super::tree::Node;
use super::{ours, real};

/// What both said to a program.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub real: String,
    pub ours: String,
}

impl Outcome {
    pub fn differs(&self) -> bool {
        self.real != self.ours
    }
}

/// Runs every program in both. If ours dies or hangs at one, the ones after it start anew.
pub fn run(version: Version, programs: &[Node]) -> Vec<Outcome> {
    let sources: Vec<_> = programs.iter().map(Node::source).collect();
    let wanted = outputs(&real::run(&block(version, &sources)));
    assert_eq!(
        wanted.len(),
        sources.len(),
        "the real interpreter stopped at\n{}",
        sources[wanted.len() - 1]
    );
    let mut got: Vec<String> = Vec::new();
    while got.len() < sources.len() {
        let more = outputs(&ours::run(&block(version, &sources[got.len()..])));
        assert!(!more.is_empty(), "our runtime ran no program at all");
        got.extend(more);
    }
    wanted
        .into_iter()
        .zip(got)
        .map(|(real, ours)| Outcome { real, ours })
        .collect()
}

fn block(version: Version, sources: &[String]) -> Block {
    let mut source: String = include_str!("driver.lua")
        .lines()
        .filter(|line| !line.starts_with("--"))
        .map(|line| line.to_owned() + "\n")
        .collect();
    for program in sources {
        source.push_str(&format!("RUN([=====[\n{program}]=====])\n"));
    }
    Block {
        version,
        name: "random programs".to_owned(),
        chunk: "random.lua".to_owned(),
        source,
        files: Vec::new(),
    }
}

/// The output, program by program. How the process ended belongs to the last one, unless it ended well.
fn outputs(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let text = text.replace("(end of the block) => 0 \n", "");
    let programs = text.split("#program\n").skip(1);
    programs.map(str::to_owned).collect()
}
