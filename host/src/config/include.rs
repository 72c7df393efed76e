//! The key `include`: reads the files that a file names, and makes one tree of all.
//!
//! Included files come first, in the order in which they are named (those of a pattern by name), then
//! the file that includes them, which wins where both write the same value (`merge`). A file that
//! cannot be found, cannot be read, includes itself, or takes part twice is an error.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    diagnostic::Severity,
    merge::{self, Rank},
    reader::Reader,
    source::Span,
    source_map::Complaint,
    yaml::{self, Content, Entry, Flaw, Node},
};

/// The key.
pub(super) const KEY: &str = "include";

/// Most bytes of all files together.
pub(super) const MOST_BYTES: u64 = 4 << 20;

/// Most files that include each other in a chain, the main file included.
const MOST_DEPTH: usize = 16;

/// Most files.
const MOST_FILES: usize = 256;

/// What all files together say.
pub(super) struct Assembled {
    pub(super) root: Node,
    /// Folders that patterns search.
    pub(super) folders: Vec<PathBuf>,
}

/// The tree of the main file, which `reader.sources` holds already, and of all that it includes.
/// Nothing if something cannot be read: what the other files say would be judged wrongly.
pub(super) fn assemble(reader: &mut Reader, shown: &Path, text: &str) -> Option<Assembled> {
    let mut assembler = Assembler {
        reader,
        folders: Vec::new(),
        chain: vec![identity(shown)],
        taken: BTreeMap::new(),
        nodes: 0,
        complete: true,
    };
    let root = assembler.file(shown, text, 0)?;
    let (complete, folders) = (assembler.complete, assembler.folders);
    complete.then_some(Assembled { root, folders })
}

struct Assembler<'a> {
    reader: &'a mut Reader,
    folders: Vec<PathBuf>,
    /// The files that are being read, outermost first.
    chain: Vec<PathBuf>,
    /// Every included file, and where it was included.
    taken: BTreeMap<PathBuf, Span>,
    nodes: usize,
    /// Nothing is missing so far.
    complete: bool,
}

/// A file that is to be included.
struct Wanted {
    /// As messages name it.
    shown: PathBuf,
    /// Where it is named.
    span: Span,
}

impl Assembler<'_> {
    /// The tree of one file with all that it includes.
    fn file(&mut self, shown: &Path, text: &str, base: usize) -> Option<Node> {
        let (root, flaws) = yaml::parse(text, base, &mut self.nodes);
        let flaws = flaws.into_iter().map(complaint);
        self.reader.complaints.extend(flaws);
        let Some(root) = root else {
            self.complete = false;
            return None;
        };
        let Some(entry) = root.get(KEY).cloned() else {
            return Some(root);
        };
        let mut below: Option<Node> = None;
        for wanted in self.wanted(shown, &entry) {
            let Some(included) = self.include(&wanted) else {
                continue;
            };
            below = Some(match below {
                None => included,
                Some(before) => merge::roots(self.reader, before, included, Rank::Beside),
            });
        }
        Some(match below {
            None => root,
            Some(below) => merge::roots(self.reader, below, root, Rank::Above),
        })
    }

    /// The files that the key names, patterns resolved.
    fn wanted(&mut self, shown: &Path, entry: &Entry) -> Vec<Wanted> {
        let node = &entry.value;
        let texts = match &node.content {
            Content::Scalar { .. } => {
                let text = self.reader.text(node, KEY);
                text.map(|text| (text, &node.span)).into_iter().collect()
            }
            _ => self.reader.texts(node, KEY),
        };
        let mut wanted = Vec::new();
        for (text, span) in texts {
            let (folder, last) = text.rsplit_once('/').map_or(("", text), |(folder, last)| {
                (text.get(..=folder.len()).unwrap_or(folder), last)
            });
            if folder.contains('*') || last.matches('*').count() > 1 {
                let message = format!("`{KEY}` cannot use the pattern `{text}`");
                let help = "one `*` may stand in the last part, as in `conf.d/*.yaml`";
                self.reader.error(span, message, "", help);
                self.complete = false;
                continue;
            }
            let folder = shown.parent().unwrap_or(Path::new("")).join(folder);
            let Some((before, after)) = last.split_once('*') else {
                wanted.push(Wanted {
                    shown: folder.join(last),
                    span: span.clone(),
                });
                continue;
            };
            let found = matching(&folder, before, after);
            if found.is_empty() {
                let message = format!("no file matches `{text}`");
                let label = match folder.as_os_str().is_empty() || folder.is_dir() {
                    true => "nothing is included here",
                    false => "its folder does not exist",
                };
                let help = format!("looked into {}", absolute(&folder).display());
                self.reader.warning(span, message, label, &help);
            }
            self.folders.push(absolute(&folder));
            wanted.extend(found.into_iter().map(|name| Wanted {
                shown: folder.join(name),
                span: span.clone(),
            }));
        }
        wanted
    }

    /// Reads one file and what it includes.
    fn include(&mut self, wanted: &Wanted) -> Option<Node> {
        let file = identity(&wanted.shown);
        let Some(text) = self.text(wanted, &file) else {
            self.complete = false;
            return None;
        };
        let base = self.reader.sources.add(&wanted.shown, &text);
        self.taken.insert(file.clone(), wanted.span.clone());
        self.chain.push(file);
        let root = self.file(&wanted.shown, &text, base);
        self.chain.pop();
        let root = root?;
        match &root.content {
            Content::Mapping(_) => Some(root),
            _ if root.is_null() => None,
            _ => {
                let help = "write keys as in the main file, such as `plugins:`";
                self.reader
                    .wrong_type(&root, "", "a section with keys", help);
                self.complete = false;
                None
            }
        }
    }

    /// The text of a file that may be included; complains if it may not.
    fn text(&mut self, wanted: &Wanted, file: &Path) -> Option<String> {
        let name = wanted.shown.display();
        let (message, label, help) = if self.chain.last().is_some_and(|last| last == file) {
            let help = "remove it; where a pattern matches the file itself, put the included files \
                        into a folder of their own: `include: conf.d/*.yaml`";
            (format!("{name} includes itself"), String::new(), help)
        } else if self.chain.iter().any(|open| open == file) {
            let names: Vec<_> = self
                .chain
                .iter()
                .skip_while(|open| *open != file)
                .chain([&file.to_path_buf()])
                .map(|open| {
                    open.file_name()
                        .unwrap_or_default()
                        .to_string_lossy()
                        .into_owned()
                })
                .collect();
            let label = names.join(" includes ");
            let help = "remove one of these includes";
            (format!("{name} is included in a circle"), label, help)
        } else if let Some(first) = self.taken.get(file).cloned() {
            let message = format!("{name} is included twice");
            let help = "keep one of the two";
            self.reader.error(&wanted.span, message, "this one", help);
            if first != wanted.span {
                self.reader.and_there(&first, "and this one");
            }
            return None;
        } else if self.chain.len() >= MOST_DEPTH {
            let message = format!("more than {MOST_DEPTH} files include each other in a chain");
            let help = "include the files from the main file";
            (message, format!("{name} would be one more"), help)
        } else if self.taken.len() + 1 >= MOST_FILES {
            let message = format!("the configuration has more than {MOST_FILES} files");
            (message, String::new(), "put some of them into one file")
        } else {
            let room = MOST_BYTES.saturating_sub(self.reader.sources.bytes());
            match read(&wanted.shown, room) {
                Ok(text) => return Some(text),
                Err(why) => {
                    let help = "relative paths start at the folder of the file that names them";
                    (format!("{name} cannot be included"), why, help)
                }
            }
        };
        self.reader.error(&wanted.span, message, &label, help);
        None
    }
}

/// The text of a configuration file of at most so many bytes; the error says why there is none.
pub(super) fn read(path: &Path, room: u64) -> Result<String, String> {
    let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    })?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() {
            "a folder"
        } else {
            "no file"
        };
        return Err(format!("it is {what}"));
    }
    if metadata.len() > room {
        return Err(match room {
            MOST_BYTES => format!("it is larger than {MOST_BYTES} bytes"),
            _ => format!("all files together would be larger than {MOST_BYTES} bytes"),
        });
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("it is not UTF-8 text (byte {at})")
    })
}

/// Names of files in the folder that begin and end so, in order. As in a shell, hidden files need a
/// pattern that begins with a dot.
fn matching(folder: &Path, before: &str, after: &str) -> Vec<String> {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let fits = |name: &str| {
        name.len() >= before.len() + after.len()
            && name.starts_with(before)
            && name.ends_with(after)
            && (before.starts_with('.') || !name.starts_with('.'))
    };
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| fits(name))
        .collect();
    names.sort();
    names
}

/// One path for one file, however it is written.
fn identity(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| absolute(path))
}

fn absolute(path: &Path) -> PathBuf {
    // An empty path is the current folder.
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn complaint(flaw: Flaw) -> Complaint {
    Complaint {
        severity: Severity::Error,
        message: flaw.message,
        labels: flaw.labels,
        help: (!flaw.help.is_empty()).then(|| flaw.help.to_owned()),
    }
}
