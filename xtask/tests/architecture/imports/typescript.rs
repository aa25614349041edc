//! Which file of TypeScript or JavaScript imports which.

use super::edge::{Edge, joined};
use crate::sources::without_comments;

const ENDINGS: [&str; 4] = [".ts", ".tsx", ".js", ".mjs"];

/// The imports between the files that are given as path and text: of values, of types, and what is handed on.
pub(super) fn edges<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Edge> {
    let sources: Vec<_> = sources.into_iter().collect();
    let mut found = Vec::new();
    for (from, text) in &sources {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (index, line) in without_comments(text).lines().enumerate() {
            let Some(module) = imported_module(line).filter(|module| module.starts_with('.')) else {
                continue;
            };
            let path = joined(folder, module);
            let stem = ENDINGS.iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(&path);
            let mut files = ENDINGS.iter().map(|ending| format!("{stem}{ending}"));
            if let Some(to) = files.find(|file| sources.iter().any(|(path, _)| path == file)) {
                let words = module.to_owned();
                found.push(Edge { from: (*from).to_owned(), to, line: index + 1, words });
            }
        }
    }
    found
}

/// What a line of JavaScript imports.
pub(crate) fn imported_module(line: &str) -> Option<&str> {
    let marks = [" from '", " from \"", "import '", "import \"", "import('", "import(\""];
    let (at, mark) = marks.iter().find_map(|mark| Some((line.find(mark)?, mark)))?;
    let rest = &line[at + mark.len()..];
    Some(&rest[..rest.find(['\'', '"'])?])
}
