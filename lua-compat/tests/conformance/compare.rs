//! Output as assertions: a label and what was printed for it.

/// What one assertion printed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    pub label: String,
    pub text: String,
}

/// Cuts output at the lines that carry a label. Lines without one (what a block prints itself) belong to the next
/// label. A label that comes again gets a number.
pub fn entries(output: &[u8]) -> Vec<Entry> {
    let output = String::from_utf8_lossy(output);
    let mut seen = std::collections::HashMap::new();
    let mut entries = Vec::new();
    let mut before = String::new();
    for line in output.split('\n') {
        let Some((label, text)) = line.split_once(" => ") else {
            before.push_str(line);
            before.push('\n');
            continue;
        };
        let count: &mut usize = seen.entry(label.to_owned()).or_default();
        *count += 1;
        entries.push(Entry {
            label: match *count {
                1 => label.to_owned(),
                count => format!("{label} #{count}"),
            },
            text: std::mem::take(&mut before) + text,
        });
    }
    entries
}

/// Assertions with different text: label, wanted text, text of ours (`None`: not printed).
pub fn differences(wanted: &[Entry], got: &[Entry]) -> Vec<(String, String, Option<String>)> {
    let ours: std::collections::HashMap<_, _> = got
        .iter()
        .map(|entry| (&*entry.label, &*entry.text))
        .collect();
    wanted
        .iter()
        .filter_map(|entry| {
            let text = ours.get(&*entry.label).copied();
            (text != Some(&*entry.text)).then(|| {
                (
                    entry.label.clone(),
                    entry.text.clone(),
                    text.map(str::to_owned),
                )
            })
        })
        .collect()
}
