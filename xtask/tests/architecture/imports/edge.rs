//! What a graph of imports consists of.

/// One import: the file `from` needs the file `to`, as `words` say on a line.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Edge {
    pub(crate) from: String,
    pub(crate) to: String,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) words: String,
}

/// The path `file` as seen from `folder`.
pub(super) fn joined(folder: &str, file: &str) -> String {
    let mut words: Vec<&str> = folder.split('/').collect();
    for word in file.split('/') {
        match word {
            "." => {}
            ".." => _ = words.pop(),
            _ => words.push(word),
        }
    }
    words.join("/")
}
